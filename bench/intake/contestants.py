"""Who is measured: us in four ways, and those beside us, each in processes of its own. Called by `__main__`."""

import json
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pysqlite3
from bench.intake.payload import SECRET
from bench.intake.raw_store import make_schema
from bench.support.postgres import Cluster
from bench.support.process import ROOT, line, running
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from forgehand.assembly.settings import Settings

OURS = "/webhooks/github"
PROBOT = ROOT / "bench" / "node_modules" / "probot"


@dataclass(frozen=True)
class Server:
    """One that runs. `stored` counts what it holds, `planned` how much of it is planned; None where it does neither."""

    port: int
    path: str
    stored: Callable[[], int] | None = None
    planned: Callable[[], int] | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


Start = Callable[[], AbstractContextManager[Server]]


@dataclass(frozen=True)
class Contestant:
    """`durable`: what it answered is on the disk, and is counted there afterwards."""

    name: str
    start: Start
    ours: bool = False
    durable: bool = False

    @property
    def ceiling(self) -> str:
        """Whose rate is what a server of its kind could reach."""
        return POSTGRES_CEILING if "PostgreSQL" in self.name else CEILING


ECHO = "bare ASGI echo"
RAW = "bare ASGI, group-committed SQLite, raw bodies"
CEILING = "bare ASGI, group-committed SQLite, same rows"
POSTGRES_CEILING = "bare ASGI, group-committed PostgreSQL, same rows"
PROBOT_NAME = "Probot (stores nothing)"


def everyone(folder: Path, cluster: Cluster) -> list[Contestant]:
    sqlite, postgres = partial(_on_sqlite, folder), partial(_on_postgres, folder, cluster)
    return [
        Contestant(ECHO, partial(_bare_echo, folder)),
        Contestant(RAW, partial(_bare_store, folder, "raw"), durable=True),
        Contestant(CEILING, partial(_bare_store, folder, "packed"), durable=True),
        Contestant(POSTGRES_CEILING, partial(_bare_on_postgres, folder, cluster), durable=True),
        Contestant(PROBOT_NAME, partial(_probot, folder)),
        Contestant("Forgehand, SQLite, planning paused", partial(sqlite, "paused"), ours=True, durable=True),
        Contestant("Forgehand, SQLite, planning", partial(sqlite, "planning"), ours=True, durable=True),
        Contestant("Forgehand, PostgreSQL, planning paused", partial(postgres, "paused"), ours=True, durable=True),
        Contestant("Forgehand, PostgreSQL, planning", partial(postgres, "planning"), ours=True, durable=True),
    ]


def probot_version() -> str:
    """Ends with what to do where Probot is not installed."""
    if not PROBOT.exists():
        raise SystemExit("Probot is needed: `./dev bench intake` installs it")
    return str(json.loads((PROBOT / "package.json").read_text())["version"])


@contextmanager
def _bare_echo(folder: Path) -> Iterator[Server]:
    log = folder / "log"
    with running([sys.executable, "-m", "bench.intake.bare", "echo"], log=log) as process:
        yield Server(int(line(process, log)), "/")


@contextmanager
def _bare_store(folder: Path, bodies: str) -> Iterator[Server]:
    log = folder / "log"
    with TemporaryDirectory(dir=folder) as own:
        path = Path(own) / "bare.db"
        make_schema(f"sqlite:///{path}")
        command = [sys.executable, "-m", "bench.intake.bare", bodies, str(path)]
        with running(command, env={"WEBHOOK_SECRET": SECRET}, log=log) as process:
            yield Server(int(line(process, log)), "/", stored=partial(_count_sqlite, path, _DELIVERIES))


@contextmanager
def _bare_on_postgres(folder: Path, cluster: Cluster) -> Iterator[Server]:
    log = folder / "log"
    with cluster.database() as url:
        make_schema(url)
        command = [sys.executable, "-m", "bench.intake.bare", "packed", url]
        with running(command, env={"WEBHOOK_SECRET": SECRET}, log=log) as process:
            yield Server(int(line(process, log)), "/", stored=partial(_count_postgres, url, _DELIVERIES))


@contextmanager
def _probot(folder: Path) -> Iterator[Server]:
    log = folder / "log"
    env = {
        "NODE_ENV": "production",
        "LOG_LEVEL": "warn",
        "HOST": "127.0.0.1",
        # 0 would mean the default, 3000.
        "PORT": str(_free_port()),
        "APP_ID": "1",
        "PRIVATE_KEY": _private_key(),
        "WEBHOOK_SECRET": SECRET,
    }
    with running(["node", str(Path(__file__).with_name("probot.mjs"))], env=env, log=log) as process:
        yield Server(int(line(process, log)), "/api/github/webhooks")


@contextmanager
def _on_sqlite(folder: Path, planning: str) -> Iterator[Server]:
    with TemporaryDirectory(dir=folder) as own:
        path = Path(own) / "forgehand.db"
        with _serving(Path(own), f"sqlite:///{path}", planning) as port:
            yield Server(
                port,
                OURS,
                stored=partial(_count_sqlite, path, _DELIVERIES),
                planned=partial(_count_sqlite, path, _PLANNED),
            )


@contextmanager
def _on_postgres(folder: Path, cluster: Cluster, planning: str) -> Iterator[Server]:
    with TemporaryDirectory(dir=folder) as own, cluster.database() as url, _serving(Path(own), url, planning) as port:
        yield Server(
            port,
            OURS,
            stored=partial(_count_postgres, url, _DELIVERIES),
            planned=partial(_count_postgres, url, _PLANNED),
        )


@contextmanager
def _serving(folder: Path, database: str, planning: str) -> Iterator[int]:
    """`forgehand serve` with nothing but itself: it never has a reason to ask GitHub."""
    given: dict[str, Any] = {
        "github_app_id": "1",
        "github_app_slug": "bench",
        "github_app_private_key": SecretStr(_private_key()),
        "github_webhook_secret": SecretStr(SECRET),
        "github_api_url": "http://127.0.0.1:9",
        "port": 0,
        "admin_port": 0,
        "database_url": database,
        "data_dir": folder,
        "poll_seconds": 0.0,
        "sweep_seconds": 0.0,
        "log_level": "WARNING",
        "log_format": "json",
    }
    settings = Settings.model_construct(**{**Settings.model_construct().__dict__, **given})
    log = folder.parent / "log"
    command = [sys.executable, "-m", "bench.intake.serving", planning]
    with running(command, stdin=settings.to_json() + b"\n", log=log) as process:
        yield int(json.loads(line(process, log)).split(":")[2].split("/")[0])


_DELIVERIES = "SELECT count(*) FROM deliveries"
_PLANNED = "SELECT count(*) FROM jobs WHERE type = 'plan' AND state = 'completed'"


def _count_sqlite(path: Path, query: str) -> int:
    connection = pysqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()


def _count_postgres(url: str, query: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


@cache
def _private_key() -> str:
    """Of this measurement alone: nothing is ever signed with it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain).decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
