"""`./dev bench dashboard`: every admin page, JSON route and the metrics, with a short and a long history in turn.
`bench/README.md` says how to read it."""

import argparse
import asyncio
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pysqlite3
from bench.dashboard.copies import multiply
from bench.dashboard.history import END, SECONDS, write_history
from bench.dashboard.visitor import Endpoint, Visitor, endpoints
from bench.support import machine, report
from bench.support.postgres import Cluster, cluster
from bench.support.process import line, running

MOST = 1.5
"""The long history's p99 may be so many times the short one's."""
TRIES = 5
BYTES_A_FACT = 1100
"""What a fact and its share of everything else takes on the disk, at most."""


@dataclass(frozen=True)
class Seen:
    """Milliseconds, with the short history and with the long one."""

    endpoint: str
    p50: tuple[float, float]
    p99: tuple[float, float]
    tries: int

    @property
    def ratio(self) -> float:
        return self.p99[1] / self.p99[0]


def main() -> int:
    options = _options()
    seen: dict[str, list[Seen]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="forgehand-bench-", dir=options.folder)))
        _check_room(folder, options.facts * options.copies)
        # PostgreSQL's cluster goes where temporary files go.
        os.environ["TMPDIR"] = str(folder)
        postgres = stack.enter_context(cluster())
        made_on = machine.describe(folder, "uvicorn", "psycopg") | {"load before": f"{machine.load():.1f}"}
        for name in ("SQLite", "PostgreSQL"):
            if options.only.lower() not in name.lower():
                continue
            with ExitStack() as own:
                short = own.enter_context(_database(name, folder, postgres))
                long = own.enter_context(_database(name, folder, postgres))
                counted = [
                    _fill(name, url, options.facts, copies) for url, copies in ((short, 1), (long, options.copies))
                ]
                seen[name] = _measure(folder, (short, long), options)
                _show(made_on, name, counted, options.samples, seen[name])
    kept = report.keep(
        "bench-dashboard",
        {"machine": made_on, "seen": {name: [asdict(e) for e in each] for name, each in seen.items()}},
    )
    report.say(f"kept in {kept}")
    slow = [f"{name}: {each.endpoint}" for name, found in seen.items() for each in found if each.ratio >= MOST]
    for each in slow:
        report.say(f"{each} takes {MOST} times as long, or longer, with the long history")
    return 1 if slow else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench dashboard", description=__doc__)
    parser.add_argument("--facts", type=int, default=10_000, help="in the short history (default 10,000)")
    parser.add_argument(
        "--copies", type=int, default=1000, help="the long one is so many times as long (default 1,000)"
    )
    parser.add_argument("--samples", type=int, default=400, help="requests of each endpoint and size (default 400)")
    parser.add_argument("--only", default="", help="only this store: sqlite or postgresql")
    parser.add_argument("--path", default="", help="only endpoints with this in their names, such as /admin/pulls")
    parser.add_argument("--folder", type=Path, help="where the databases lie meanwhile (default: temporary files)")
    return parser.parse_args()


def _check_room(folder: Path, facts: int) -> None:
    needed, free = 2 * facts * BYTES_A_FACT, shutil.disk_usage(folder).free
    if free < needed:
        raise SystemExit(
            f"{needed / 1e9:.0f} GB are needed in {folder}, {free / 1e9:.0f} are free: give --folder or --copies"
        )


@contextmanager
def _database(name: str, folder: Path, postgres: Cluster) -> Iterator[str]:
    if name == "PostgreSQL":
        with postgres.database() as url:
            yield url
    else:
        with TemporaryDirectory(dir=folder) as own:
            yield f"sqlite:///{own}/forgehand.db"


def _fill(name: str, url: str, facts: int, copies: int) -> int:
    """Gives how many facts there are."""
    asyncio.run(write_history(url, facts))
    multiply(url, copies - 1)
    counted = _facts(url)
    report.say(f"{name}: {counted:,} facts")
    return counted


def _facts(url: str) -> int:
    counting = "SELECT count(*) FROM facts"
    if url.startswith("sqlite"):
        connection = pysqlite3.connect(url.removeprefix("sqlite:///"))
        (number,) = connection.execute(counting).fetchone()
        connection.close()
        return int(number)
    with psycopg.connect(url) as postgres:
        row = postgres.execute(counting).fetchone()
        return int(row[0]) if row else 0


def _measure(folder: Path, urls: tuple[str, str], options: argparse.Namespace) -> list[Seen]:
    with ExitStack() as stack:
        visitors = [
            stack.enter_context(_served(folder, url, END - SECONDS * copies))
            for url, copies in zip(urls, (1, options.copies), strict=True)
        ]
        chosen = [each for each in endpoints(visitors[0].document()) if options.path in each.name]
        return [_seen(visitors, each, options.samples) for each in chosen]


@contextmanager
def _served(folder: Path, url: str, begin: float) -> Iterator[Visitor]:
    log = folder / "log"
    with running([sys.executable, "-m", "bench.dashboard.serving", url], log=log) as process:
        said = json.loads(line(process, log))
        yield Visitor(said["port"], said["link"], begin)


def _seen(visitors: list[Visitor], endpoint: Endpoint, samples: int) -> Seen:
    """Once more where the machine may have hiccuped; what is slow stays slow."""
    for tries in range(1, TRIES + 1):
        short, long = _samples(visitors, endpoint, samples)
        p50, p99 = ((report.percentile(short, share), report.percentile(long, share)) for share in (0.50, 0.99))
        seen = Seen(endpoint.name, p50, p99, tries)
        if seen.ratio < MOST:
            break
    report.say(f"{seen.endpoint}: p99 {seen.p99[0]:.1f} and {seen.p99[1]:.1f} ms, {seen.ratio:.2f}")
    return seen


def _samples(visitors: list[Visitor], endpoint: Endpoint, samples: int) -> tuple[list[float], list[float]]:
    """In turn, so that a slow moment of the machine is everybody's, and each as often the first."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(-20, samples):
        for which in (0, 1) if turn % 2 else (1, 0):
            seconds = visitors[which].open(endpoint)
            if turn >= 0:
                taken[which].append(seconds * 1000)
    return taken


def _show(made_on: dict[str, str], name: str, facts: list[int], samples: int, seen: list[Seen]) -> None:
    rows = [
        [
            f"`{each.endpoint}`",
            *(f"{value:.1f}" for value in (*each.p50, *each.p99)),
            f"{each.ratio:.2f}{'' if each.tries == 1 else f' (try {each.tries})'}",
        ]
        for each in seen
    ]
    short, long = (f"{number / 1e6:.2f} M" for number in facts)
    columns = ("endpoint", f"p50 ms, {short}", f"p50 ms, {long}", f"p99 ms, {short}", f"p99 ms, {long}", "of p99s")
    report.show(f"{name}, {facts[0]:,} and {facts[1]:,} facts, {samples} requests of each", made_on, columns, rows)
    worst = max(seen, key=lambda each: each.ratio)
    print(f"{len(seen)} endpoints; the largest ratio is {worst.ratio:.2f}, of `{worst.endpoint}`", flush=True)


if __name__ == "__main__":
    sys.exit(main())
