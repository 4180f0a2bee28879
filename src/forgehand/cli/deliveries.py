"""`forgehand deliveries` and `forgehand replay`: what GitHub sent, and planning it again."""

from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.errors import Stop
from forgehand.cli.jobs import Limit, say
from forgehand.cli.opening import RECENT, one_of, who, with_app
from forgehand.cli.printing import Json, clean, counted, details, emit_json, moment, table

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.engine.dry_run import Preview
    from forgehand.engine.operations import Acted
    from forgehand.engine.queries import JobWithEffects, Journey, Quiet

deliveries = typer.Typer(help="List and show the webhook deliveries that are stored.", no_args_is_help=True)

Guid = Annotated[
    str,
    typer.Argument(
        metavar="GUID", help="The delivery's GUID (X-GitHub-Delivery); the first 6 characters of a recent one do."
    ),
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
    table(["delivery", "received", "event", "repository", "woke"], rows, "No deliveries.")


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
    table(["", "effect", "why"], rows, "It would write nothing.")


async def _resolve(app: "App", typed: str) -> str:
    if await app.store.delivery(typed):
        return typed
    return one_of(typed, [each.delivery.guid for each in await app.store.deliveries(RECENT)], "delivery")


def _row(part: "Journey | Quiet") -> tuple[str, ...]:
    from forgehand.engine.queries import Quiet

    if isinstance(part, Quiet):
        newest = moment(part.journeys[0].received.delivery.received_at)
        return f"{len(part.journeys)} deliveries", newest, part.events, "", "no worker; --all shows each"
    return (
        part.received.delivery.guid,
        moment(part.received.delivery.received_at),
        _event(part),
        part.repository,
        ", ".join(f"{one.job.worker}: {one.job.state}" for one in part.jobs) or part.nothing,
    )


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
        (moment(plan.at), verdict, worker, why)
        for plan in journey.planned
        for verdict, workers in (("woken", plan.matched), ("left asleep", plan.missed))
        for worker, why in workers.items()
    ]
    table(["when", "", "worker", "why"], plans, "  nothing")
    typer.echo("\nJobs")
    jobs = [
        (each.job.id[:12], each.job.state, each.job.worker, each.job.subject, _effects(each), came_of(each.job))
        for each in journey.jobs
    ]
    table(["id", "state", "worker", "subject", "effects", "why"], jobs, "  none")
    if journey.more_jobs:
        typer.echo("These are its first jobs: it made more.")


def _effects(worked: "JobWithEffects") -> int:
    return len(worked.effects) + len(worked.overtaken)
