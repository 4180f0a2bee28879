"""`forgehand effects`: what was written to GitHub, and deciding what is not known."""

from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.errors import Stop
from forgehand.cli.jobs import Limit, say
from forgehand.cli.opening import SEVERAL, one_of, who, with_app
from forgehand.cli.printing import Json, details, emit_json, lines, moment
from forgehand.cli.tables import At, Column, Id, Room, listing

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.domain.ledger import LedgerEntry
    from forgehand.engine.operations import Acted

effects = typer.Typer(
    help="List and show the effects of the ledger, and settle the unknown ones.", no_args_is_help=True
)

Slot = Annotated[str, typer.Argument(metavar="SLOT", help="The effect's slot, or its first 6 characters or more.")]


@effects.command("list")
def list_effects(
    state: Annotated[str, typer.Option(help="Only those in this state, such as `unknown`.")] = "",
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """The last effects, newest first."""
    from forgehand.domain.ledger import EffectState

    known = [each.value for each in EffectState]
    wanted = state.strip().lower()
    if wanted and wanted not in known:
        raise typer.BadParameter(f"no state {state!r}: there are {', '.join(known)}", param_hint="--state")
    listed = with_app(lambda app: app.store.entries(limit, EffectState(wanted) if wanted else None))
    if json:
        emit_json(listed)
        return
    rows = [
        (Id(each.slot), each.state, each.summary, At(each.updated_at), each.why, each.remote_url or "")
        for each in listed
    ]
    listing(_LISTED, rows, "No effects.")


_LISTED = (
    Column("slot", Room.WHOLE),
    Column("state", Room.WHOLE),
    Column("what"),
    Column("when", Room.WHOLE),
    Column("why"),
    Column("where", Room.SPARE),
)


@effects.command()
def show(slot: Slot, json: Json = False) -> None:
    """One effect: what was or would be written, where, by which job, and what is known of it."""
    from forgehand.engine.queries import exactness

    async def find(app: "App") -> "LedgerEntry | None":
        return await app.store.entry(await _resolve(app, slot))

    entry = with_app(find)
    if entry is None:
        raise Stop(f"no effect {slot} is stored")
    if json:
        emit_json(entry)
        return
    details(
        {
            "slot": entry.slot,
            "what": entry.summary,
            "state": entry.state,
            "why": entry.why,
            "where": entry.remote_url,
            "kind": entry.kind,
            "how often": exactness(entry.kind),
            "commit": entry.sha,
            "worker": entry.worker,
            "job": entry.job,
            "delivery": entry.delivery,
            "last sent": moment(entry.sent_at),
            "updated": moment(entry.updated_at),
        }
    )
    typer.echo("\nWhat it says")
    details({name: lines(value) for name, value in entry.content.items() if value != []})


@effects.command()
def settle(
    slot: Slot,
    happened: Annotated[
        bool | None,
        typer.Option("--happened/--again", help="It happened, record it as done; or look for it and do it again."),
    ] = None,
) -> None:
    """Decide an effect whose answer never came, after looking at GitHub. Its job goes on."""
    if happened is None:
        raise typer.BadParameter("say --happened or --again", param_hint="--happened / --again")

    async def act(app: "App") -> "Acted":
        return await app.operations.settle_effect(await _resolve(app, slot), happened=happened, by=who())

    say(with_app(act))


async def _resolve(app: "App", typed: str) -> str:
    if await app.store.entry(typed):
        return typed
    return one_of(typed, [each.slot for each in await app.store.entries_like(typed, SEVERAL)], "effect")
