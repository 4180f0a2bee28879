"""`./dev bench intake`: deliveries taken in durably, beside servers that do less. `bench/README.md` explains."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.intake import wrk
from bench.intake.contestants import PROBOT_NAME, Contestant, everyone, probot_version
from bench.intake.payload import SIZE, deliveries
from bench.intake.raw_store import Raw, measure
from bench.intake.wrk import Load
from bench.support import machine, report
from bench.support.postgres import cluster

WARM_UP_SECONDS = 2

Loads = dict[Contestant, list[Load]]


def main() -> int:
    options = _options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="forgehand-bench-")))
        postgres = stack.enter_context(cluster())
        made_on = machine.describe(folder, "uvicorn", "uvloop", "httptools", "psycopg")
        made_on |= {"Probot": probot_version(), "wrk": wrk.version(), "load before": f"{machine.load():.1f}"}
        chosen = [each for each in everyone(folder, postgres) if options.only.lower() in each.name.lower()]
        loads: Loads = {each: [] for each in chosen}
        raw: dict[int, list[Raw]] = {1: [], wrk.CONNECTIONS: []}
        # In turn, so that a slow minute of the machine is everybody's.
        for number in range(1, options.rounds + 1):
            for each in chosen:
                loads[each].append(_measure(each, folder, options.seconds))
                report.say(f"round {number}: {each.name}: {_told(loads[each][-1])}")
            for batch, seen in raw.items() if not options.only else ():
                seen.append(measure(folder, batch, options.seconds / 4))
    _show(made_on, loads, raw)
    kept = report.keep(
        "bench-intake",
        {
            "machine": made_on,
            "bytes": SIZE,
            "connections": wrk.CONNECTIONS,
            "seconds": options.seconds,
            "loads": {each.name: [asdict(load) for load in seen] for each, seen in loads.items()},
            "raw": [asdict(each) for seen in raw.values() for each in seen],
        },
    )
    report.say(f"kept in {kept}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench intake", description=__doc__)
    parser.add_argument("--seconds", type=int, default=8, help="of load, for each server and round (default 8)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each server has its turn (default 3)")
    parser.add_argument("--only", default="", help="only servers with this in their names, such as sqlite")
    return parser.parse_args()


def _measure(contestant: Contestant, folder: Path, seconds: int) -> Load:
    """One server, started, warmed, loaded, and its promises counted."""
    with contestant.start() as server, TemporaryDirectory(dir=folder) as requests:
        wrk.write_requests(Path(requests), server.host, server.path, deliveries())
        url = f"http://{server.host}"
        warm = wrk.load(url, Path(requests), len(deliveries()), WARM_UP_SECONDS)
        load = wrk.load(url, Path(requests), len(deliveries()), seconds)
        if server.stored:
            _check_promises(contestant.name, warm.requests + load.requests, server.stored())
    if load.refused or load.broken:
        raise SystemExit(
            f"{contestant.name}: {load.refused} answers of 400 and above, {load.broken} broken connections"
        )
    return load


def _check_promises(name: str, accepted: int, stored: int) -> None:
    """Every accepted delivery is stored. At the end of each of two loads, wrk leaves without its last answers."""
    unanswered = 2 * wrk.CONNECTIONS
    if not accepted <= stored <= accepted + unanswered:
        raise SystemExit(f"{name}: {accepted} deliveries were accepted, but {stored} are stored")


def _show(made_on: dict[str, str], loads: Loads, raw: dict[int, list[Raw]]) -> None:
    rates = {each.name: report.middle([load.rate for load in seen]) for each, seen in loads.items()}
    rows = [_row(each, seen, rates) for each, seen in loads.items()]
    columns = ("server", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "× Probot", "of the ceiling")
    report.show("Intake", made_on, columns, rows)
    for batch, seen in raw.items():
        if seen:
            rate, p99 = report.spread([each.rate for each in seen]), report.spread([each.p99 for each in seen], 1)
            print(f"SQLite alone, {batch} to a FULL commit: {rate} deliveries/s, p99 of a commit {p99} ms")
    print(flush=True)


def _row(contestant: Contestant, seen: Sequence[Load], rates: dict[str, float]) -> list[str]:
    def share(of: str) -> str:
        return f"{rates[contestant.name] / rates[of]:.2f}" if of in rates else ""

    return [
        contestant.name,
        report.spread([load.rate for load in seen]),
        *(report.spread([getattr(load, name) for load in seen], 1) for name in ("p50", "p99", "p999")),
        share(PROBOT_NAME),
        share(contestant.ceiling) if contestant.durable else "",
    ]


def _told(load: Load) -> str:
    return f"{load.rate:,.0f}/s, p99 {load.p99:.1f} ms, longest {load.longest:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
