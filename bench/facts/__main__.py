"""`./dev bench facts`: facts written and folded into projections, beside the raw insert of the same facts in the same
store. `bench/README.md` says how to read it."""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.facts.raw import raw_rate
from bench.facts.sample import facts
from bench.support import machine, report
from bench.support.postgres import Cluster, cluster

from forgehand.adapters.sql import SqlStore
from forgehand.domain.jobs import Change
from forgehand.domain.projections import ALL, TOTALS
from forgehand.domain.tallies import tally_from
from forgehand.engine.projector import Projector

AT_ONCE = 50
"""Facts in one commit."""


@dataclass(frozen=True)
class Rates:
    """Facts a second: `raw` by the driver alone, `written` through the store, `folded` by the projector afterwards,
    `both` written while the projector folds, until the last one is folded."""

    raw: float
    written: float
    folded: float
    both: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench facts", description=__doc__)
    parser.add_argument("--facts", type=int, default=20_000, help="in each of the runs (default 20,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each store has its turn (default 3)")
    options = parser.parse_args()
    seen: dict[str, list[Rates]] = {"SQLite": [], "PostgreSQL": []}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="forgehand-bench-")))
        postgres = stack.enter_context(cluster())
        made_on = machine.describe(folder, "psycopg") | {"load before": f"{machine.load():.1f}"}
        # In turn, so that a slow minute of the machine is everybody's.
        for number in range(1, options.rounds + 1):
            for name, rates in seen.items():
                rates.append(_measure(name, folder, postgres, options.facts))
                report.say(f"round {number}: {name}: {rates[-1]}")
    _show(made_on, options.facts, seen)
    kept = report.keep(
        "bench-facts", {"machine": made_on, "rates": {n: [asdict(r) for r in s] for n, s in seen.items()}}
    )
    report.say(f"kept in {kept}")
    return 0


def _measure(name: str, folder: Path, postgres: Cluster, number: int) -> Rates:
    with _database(name, folder, postgres) as url:
        asyncio.run(_opened_once(url))
        raw = raw_rate(url, facts(number), AT_ONCE)
    with _database(name, folder, postgres) as url:
        written, folded = asyncio.run(_one_after_the_other(url, number))
    with _database(name, folder, postgres) as url:
        both = asyncio.run(_at_once(url, number))
    return Rates(raw, written, folded, both)


async def _opened_once(url: str) -> None:
    """Our schema, and nothing in it."""
    store = SqlStore(url)
    await store.open()
    await store.close()


async def _one_after_the_other(url: str, number: int) -> tuple[float, float]:
    store = SqlStore(url)
    await store.open()
    start = time.monotonic()
    await _write(store, number)
    written = time.monotonic()
    await Projector(store, time.time, holder="bench").once()
    folded = time.monotonic()
    await _check(store, number)
    return number / (written - start), number / (folded - written)


async def _at_once(url: str, number: int) -> float:
    store, stop = SqlStore(url), asyncio.Event()
    await store.open()
    projecting = asyncio.create_task(Projector(store, time.time, holder="bench", every=0.1).run(stop))
    start = time.monotonic()
    await _write(store, number)
    while await store.unfolded_since() is not None:
        await asyncio.sleep(0.01)
    rate = number / (time.monotonic() - start)
    stop.set()
    await projecting
    await _check(store, number)
    return rate


async def _write(store: SqlStore, number: int) -> None:
    made = facts(number)
    for first in range(0, number, AT_ONCE):
        await store.commit(Change(facts=tuple(made[first : first + AT_ONCE])), time.time())


async def _check(store: SqlStore, number: int) -> None:
    """Each was counted once."""
    row = await store.projection(TOTALS, ALL)
    tally = tally_from(row.content, row.at) if row else None
    kinds = ("delivery.received", "delivery.planned", "plan.completed", "job.completed", "job.failed", "effect.done")
    counted = sum(tally.count(kind) for kind in kinds) if tally else 0
    await store.close()
    if counted != number:
        raise SystemExit(f"{number} facts were written, and {counted} are counted")


@contextmanager
def _database(name: str, folder: Path, postgres: Cluster) -> Iterator[str]:
    if name == "PostgreSQL":
        with postgres.database() as url:
            yield url
    else:
        with TemporaryDirectory(dir=folder) as own:
            yield f"sqlite:///{own}/facts.db"


def _show(made_on: dict[str, str], number: int, seen: dict[str, list[Rates]]) -> None:
    rows = []
    for name, rates in seen.items():
        share = report.middle([each.both for each in rates]) / report.middle([each.raw for each in rates])
        columns = [
            report.spread([getattr(each, what) for each in rates]) for what in ("raw", "written", "folded", "both")
        ]
        rows.append([name, *columns, f"{share:.2f}"])
    titles = ("store", "raw inserts/s", "written/s", "folded/s", "written and folded/s", "of raw")
    report.show(f"{number:,} facts, {AT_ONCE} to a commit", made_on, titles, rows)


if __name__ == "__main__":
    sys.exit(main())
