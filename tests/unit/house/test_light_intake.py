"""Taking in a webhook must start fast everywhere, so its imports stay light."""

import subprocess
import sys
from pathlib import Path

HEAVY = ["sqlalchemy", "githubkit", "jinja2", "pydantic_ai", "procrastinate", "typer", "rich", "boto3", "apprise"]


def test_importing_the_intake_loads_no_heavy_package() -> None:
    script = "import sys, forgehand.web.intake; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=240)
    assert set(done.stdout.split()).isdisjoint(HEAVY)


def test_a_store_on_sqlite_opens_without_the_client_of_postgresql(tmp_path: Path) -> None:
    script = "import asyncio, sys; from forgehand.adapters.sql import SqlStore; store = SqlStore(sys.argv[1]);"
    script += "asyncio.run(store.open()); asyncio.run(store.close()); print(*sys.modules)"
    argv = [sys.executable, "-c", script, f"sqlite:///{tmp_path}/a.db"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=240)
    assert not [name for name in done.stdout.split() if name.startswith("psycopg")]
