"""A PostgreSQL of our own for a measurement: its own defaults, fsync on, on 127.0.0.1. Called by each bench."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from support import needs, postgres

Cluster = postgres.Cluster


def binaries() -> Path:
    """The folder of PostgreSQL's programs; ends with the reason where there is none."""
    found = needs.find("postgres")
    if isinstance(found, needs.Missing):
        raise SystemExit(f"PostgreSQL is needed: {found.why}")
    return found


@contextmanager
def cluster() -> Iterator[postgres.Cluster]:
    """A running cluster with the settings of a fresh installation, not as small as the tests', and with the log of one
    that has run for a while."""
    binaries()
    with postgres.own(fsync=True) as made:
        with (made.folder / "data" / "postgresql.conf").open("a") as conf:
            conf.write("shared_buffers = '128MB'\nmax_wal_size = '1GB'\n")
        made.restart()
        _write_log_through(made)
        yield made


def _write_log_through(made: postgres.Cluster) -> None:
    """Leave files of the log behind to be written over. For lack of one, a commit must wait until 16 MB of zeros are on
    disk, and in a new cluster that is once a second in a crowd."""
    with psycopg.connect(made.url, autocommit=True) as conn:
        for _ in range(_LOG_FILES):
            conn.execute("SELECT pg_logical_emit_message(true, '', ''), pg_switch_wal()")
        conn.execute("CHECKPOINT")


_LOG_FILES = 64
"""1 GB, after which a checkpoint comes by itself, and makes the next ones."""
