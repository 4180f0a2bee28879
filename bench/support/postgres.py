"""A PostgreSQL of our own for a measurement: its own defaults, fsync on, on 127.0.0.1. Called by each bench."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    """A running cluster as a fresh installation has it, not as small as the tests'."""
    binaries()
    with postgres.own(fsync=True) as made:
        with (made.folder / "data" / "postgresql.conf").open("a") as conf:
            conf.write("shared_buffers = '128MB'\nmax_wal_size = '1GB'\n")
        made.restart()
        yield made
