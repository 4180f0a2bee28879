"""`forgehand effects`: what was written to GitHub, and deciding what is not known."""

from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.jobs import Limit, say
from forgehand.cli.opening import RECENT, one_of, who, with_app
from forgehand.cli.printing import Json, emit_json, moment, table

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.engine.operations import Acted

effects = typer.Typer(help="List the ledger of effects, and settle the unknown ones.", no_args_is_help=True)


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
        (each.slot[:12], each.state, each.summary, moment(each.updated_at), each.why, each.remote_url or "")
        for each in listed
    ]
    table(["slot", "state", "what", "when", "why", "where"], rows, "No effects.")


@effects.command()
def settle(
    slot: Annotated[str, typer.Argument(metavar="SLOT", help="The effect's slot, as `effects list` shows it.")],
    happened: Annotated[
        bool | None,
        typer.Option("--happened/--again", help="It happened, record it as done; or look for it and do it again."),
    ] = None,
) -> None:
    """Decide an effect whose answer never came, after looking at GitHub. Its job goes on."""
    if happened is None:
        raise typer.BadParameter("say --happened or --again", param_hint="--happened / --again")

    async def act(app: "App") -> "Acted":
        whole = slot
        if await app.store.entry(slot) is None:
            whole = one_of(slot, [each.slot for each in await app.store.entries(RECENT)], "effect")
        return await app.operations.settle_effect(whole, happened=happened, by=who())

    say(with_app(act))
