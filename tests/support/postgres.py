"""Private PostgreSQL clusters for tests: one shared by the session, others to be killed. Called by conftest's fixtures.

A cluster listens on 127.0.0.1 only, trusts local connections, and lives in a temporary folder.
"""

import contextlib
import fcntl
import json
import os
import pwd
import random
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import psycopg

from support import needs

_USER = "forgehand"
_STATE = "postgres.json"


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL server in its own folder. `url` names its `postgres` database."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start and wait until it answers (pg_ctl waits by itself)."""
        _run("pg_ctl", "start", "-w", "-t", "60", "-D", str(self._data), "-l", str(self.folder / "log"), "-s")

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop; `immediate` leaves it as a crash would, to be recovered at the next start."""
        _run("pg_ctl", "stop", "-w", "-t", "60", "-D", str(self._data), "-m", mode, "-s")

    def kill(self) -> None:
        """kill -9 of the server and of everything it started; returns when they are gone."""
        server = psutil.Process(self.pid())
        victims = [server, *server.children(recursive=True)]
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        deadline = time.monotonic() + 20
        while any(_alive(victim) for victim in victims):
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL {server.pid} survived kill -9")
            time.sleep(0.01)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def restart(self, *, immediate: bool = False) -> None:
        self.stop("immediate" if immediate else "fast")
        self.start()

    def pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def running(self) -> bool:
        return (self._data / "postmaster.pid").exists()

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The address of a new, empty database that is dropped at the end."""
        name = f"t_{secrets.token_hex(6)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield self.url_of(name)
        finally:
            if self.running():
                with psycopg.connect(self.url, autocommit=True) as connection:
                    connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def remove(self) -> None:
        if self.running():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self.folder / "data"


@contextlib.contextmanager
def own(*, fsync: bool = True) -> Iterator[Cluster]:
    """A running cluster for one test, that may be stopped or killed."""
    cluster = _create(fsync=fsync)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


def shared(session_folder: Path) -> Cluster:
    """The session's cluster, made by whichever test process asks first. No fsync: it is never killed."""
    with _locked(session_folder):
        state = session_folder / _STATE
        if not state.exists():
            cluster = _create(fsync=False)
            state.write_text(json.dumps({"folder": str(cluster.folder), "port": cluster.port}))
            cluster.start()
        found = json.loads(state.read_text())
        return Cluster(Path(found["folder"]), found["port"])


def stop_shared(session_folder: Path) -> None:
    """End the session's cluster, if any test made one. Called once, by the controlling pytest process."""
    state = session_folder / _STATE
    if state.exists():
        found = json.loads(state.read_text())
        Cluster(Path(found["folder"]), found["port"]).remove()
        state.unlink()


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _create(*, fsync: bool) -> Cluster:
    needs.require("postgres")
    folder = Path(tempfile.mkdtemp(prefix="forgehand-postgres-"))
    cluster = Cluster(folder, _free_port())
    if (account := _account()) is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    _run("initdb", "-D", str(folder / "data"), "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    settings = {
        "listen_addresses": "'127.0.0.1'",
        "port": cluster.port,
        "unix_socket_directories": "''",
        "fsync": "on" if fsync else "off",
        "max_connections": 200,
        "shared_buffers": "'64MB'",
        "max_wal_size": "'256MB'",
    }
    with (folder / "data" / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = {value}\n" for name, value in settings.items())
    return cluster


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, as an unprivileged user where we are root: it refuses root."""
    binaries = needs.require("postgres")
    done = subprocess.run(
        [str(binaries / program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
        preexec_fn=_become_unprivileged(),
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program} {' '.join(arguments)} failed: {done.stderr.strip()}")


def _become_unprivileged() -> Callable[[], None] | None:
    account = _account()
    if account is None:
        return None

    def drop() -> None:
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)

    return drop


def _account() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _free_port() -> int:
    """Below the range of outgoing connections, so that nothing takes the port while a test has the server down."""
    for _ in range(200):
        port = random.SystemRandom().randrange(15_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port between 15000 and 30000 on 127.0.0.1")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
