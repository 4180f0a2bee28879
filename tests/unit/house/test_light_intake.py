"""Taking in a webhook must start fast everywhere, so its imports stay light."""

import subprocess
import sys

HEAVY = ["sqlalchemy", "githubkit", "jinja2", "pydantic_ai", "procrastinate", "typer", "rich", "boto3", "apprise"]


def test_importing_the_intake_loads_no_heavy_package() -> None:
    script = "import sys, forgehand.web.intake; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=240)
    assert set(done.stdout.split()).isdisjoint(HEAVY)
