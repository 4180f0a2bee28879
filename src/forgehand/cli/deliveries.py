"""`forgehand deliveries` and `forgehand replay`: what GitHub sent, and planning it again."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.errors import Stop
from forgehand.cli.jobs import Limit, say, short_id
from forgehand.cli.opening import SEVERAL, one_of, who, with_app
from forgehand.cli.printing import Json, clean, counted, details, emit_json, moment, words
from forgehand.cli.tables import At, Column, Id, Room, listing, table

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.domain.jobs import Job
    from forgehand.engine.dry_run import Preview
    from forgehand.engine.operations import Acted
    from forgehand.engine.queries import JobWithEffects, Journey, Quiet

deliveries = typer.Typer(help="List and show the webhook deliveries that are stored.", no_args_is_help=True)

Guid = Annotated[
    str,
    typer.Argument(metavar="GUID", help="The delivery's GUID (X-GitHub-Delivery), or its first 6 characters or more."),
]


@deliveries.command("list")
def list_deliveries(
    limit: Limit = 20,
    every: Annotated[bool, typer.Option("--all", help="A line for each, also where neighbors woke no worker.")] = False,
    json: Json = False,
) -> None:
    """The last deliveries, newest first, with what they woke; neighbors that woke no worker share a line."""
    from forgehand.engine import queries

    listed = with_app(lambda app: queries.recent_journeys(app.store, limit))
    if json:
        emit_json([_summary(each) for each in listed])
        return
    rows = [_row(part) for part in (listed if every else queries.folded(listed))]
    listing(_LISTED, rows, "No deliveries.")


@deliveries.command()
def show(guid: Guid, json: Json = False) -> None:
    """One delivery's path: what was planned and why, its jobs, and what each did."""
    from forgehand.engine import queries

    async def find(app: "App") -> "Journey | None":
        return await queries.journey(app.store, await _resolve(app, guid))

    journey = with_app(find)
    if journey is None:
        raise Stop(f"no delivery {guid} is stored")
    if json:
        emit_json(journey)
        return
    _print_journey(journey)


def replay(
    guid: Guid,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be written; nothing is changed anywhere.")
    ] = False,
    json: Json = False,
) -> None:
    """Plan a stored delivery again. What is already as it should be on GitHub stays as it is."""
    if dry_run:
        _preview(guid, json)
        return

    async def act(app: "App") -> "tuple[str, Acted]":
        whole = await _resolve(app, guid)
        return whole, await app.operations.replay(whole, who())

    whole, acted = with_app(act)
    if json:
        emit_json(acted)
        raise typer.Exit(0 if acted.done else 1)
    say(acted)
    typer.echo(clean(f"`forgehand deliveries show {whole}` tells what comes of it."))


def _preview(guid: str, json: bool) -> None:
    async def act(app: "App") -> "list[Preview]":
        return await app.preview(await _resolve(app, guid))

    previews = with_app(act, ready=True)
    if json:
        shown = [
            {
                "kind": each.effect.kind,
                "what": each.effect.describe(),
                "landing": each.landing,
                "why": each.why,
                "content": each.effect.content(),
            }
            for each in previews
        ]
        emit_json(shown)
        return
    rows = [(each.landing, each.effect.describe(), each.why) for each in previews]
    table([Column("", Room.WHOLE), Column("effect"), Column("why")], rows, "It would write nothing.")


async def _resolve(app: "App", typed: str) -> str:
    if await app.store.delivery(typed):
        return typed
    found = await app.store.deliveries_like(typed, SEVERAL)
    return one_of(typed, [each.delivery.guid for each in found], "delivery")


def _row(part: "Journey | Quiet") -> tuple[object, ...]:
    from forgehand.engine.queries import Quiet

    if isinstance(part, Quiet):
        newest, woke = At(part.journeys[0].received.delivery.received_at), "no worker; see --all"
        return f"{len(part.journeys)} deliveries", newest, part.events, "", woke, woke
    return (
        Id(part.received.delivery.guid),
        At(part.received.delivery.received_at),
        _event(part),
        part.repository,
        _by_state([one.job for one in part.jobs]) or part.nothing,
        ", ".join(f"{one.job.worker}: {one.job.state}" for one in part.jobs) or part.nothing,
    )


_LISTED = (
    Column("delivery", Room.WHOLE),
    Column("received", Room.WHOLE),
    Column("event"),
    Column("repository"),
    Column("woke", Room.TERMINAL),
    Column("woke", Room.PIPE),
)


def _by_state(jobs: "Sequence[Job]") -> str:
    """Each worker once for each state of its jobs, what asks for a look first: it is the beginning that is seen."""
    ordered = sorted(jobs, key=lambda job: (not job.state.gave_up, job.state.ended, job.state))
    workers = {state: dict.fromkeys(job.worker for job in of) for state, of in groupby(ordered, lambda job: job.state)}
    return "; ".join(f"{words(state)}: {', '.join(names)}" for state, names in workers.items())


def _event(journey: "Journey") -> str:
    event = journey.received.delivery.event
    return f"{event}.{journey.action}" if journey.action else event


def _summary(journey: "Journey") -> dict[str, object]:
    return {
        "guid": journey.received.delivery.guid,
        "received_at": journey.received.delivery.received_at,
        "event": journey.received.delivery.event,
        "action": journey.action,
        "repository": journey.repository,
        "duplicates": journey.received.duplicates,
        "nothing": journey.nothing,
        "jobs": [{"id": one.job.id, "worker": one.job.worker, "state": one.job.state} for one in journey.jobs],
    }


def _print_journey(journey: "Journey") -> None:
    from forgehand.engine.queries import came_of

    received = journey.received
    details(
        {
            "delivery": received.delivery.guid,
            "event": _event(journey),
            "received": moment(received.delivery.received_at),
            "repository": journey.repository,
            "size": f"{len(received.delivery.body):,} bytes",
            "came again": counted(received.duplicates, "time") if received.duplicates else "",
            "woke nothing": journey.nothing,
        }
    )
    typer.echo("\nPlanned")
    plans = [
        (At(plan.at), verdict, worker, why)
        for plan in journey.planned
        for verdict, workers in (("woken", plan.matched), ("left asleep", plan.missed))
        for worker, why in workers.items()
    ]
    table(_PLANNED, plans, "  nothing")
    typer.echo("\nJobs")
    jobs = [
        (short_id(each.job), each.job.state, each.job.worker, each.job.subject, _effects(each), came_of(each.job))
        for each in journey.jobs
    ]
    table(_JOBS, jobs, "  none")
    if journey.more_jobs:
        typer.echo("These are its first jobs: it made more.")


_PLANNED = (Column("when", Room.WHOLE), Column("", Room.WHOLE), Column("worker", Room.WHOLE), Column("why"))
_JOBS = (
    Column("id", Room.WHOLE),
    Column("state", Room.WHOLE),
    Column("worker", Room.WHOLE),
    Column("subject"),
    Column("effects", Room.WHOLE),
    Column("why"),
)


def _effects(worked: "JobWithEffects") -> int:
    return len(worked.effects) + len(worked.overtaken)
