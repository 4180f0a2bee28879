"""`forgehand dispatch`: look at a `dispatching.yml`, and see what a run starts elsewhere, and why not."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.opening import with_app
from forgehand.cli.printing import Json, details, emit_json
from forgehand.cli.tables import Column, Room, table
from forgehand.cli.validity import say_validity

if TYPE_CHECKING:
    from forgehand.assembly.dispatching import Plan
    from forgehand.domain.dispatches import Dispatch

dispatch = typer.Typer(help="Validate `dispatching.yml`, and explain what a run starts.", no_args_is_help=True)


@dispatch.command()
def validate(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="PATH",
            help="The file. Default: `dispatching.yml`, else `.github/dispatching.yml`.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say what is wrong with a `dispatching.yml`, with line and fix. Exits 1 when something is."""
    from forgehand.assembly.dispatching import validated

    notes = say_validity(lambda: validated(path), json=json)
    raise typer.Exit(1 if notes else 0)


@dispatch.command()
def schema() -> None:
    """Print the JSON Schema of the file, for editors."""
    from forgehand.assembly.dispatching import schema as made

    emit_json(made())


@dispatch.command()
def explain(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="A run's number or address, or a file with a `workflow_run` event.")
    ],
    source: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The source's file, for an event. Default: `dispatching.yml`, else `.github/dispatching.yml`.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OWNER/NAME=PATH",
            help="A target's file, for an event; nothing after the = where it has none. As often as there are targets.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """What a run starts elsewhere, and why not: of a run that was planned, as it is stored; of an event, what would be
    planned with the files given. Asks GitHub nothing. Exits 1 when a target is not started (yet) or ended badly, or
    nothing is."""
    if run := _number(what):
        from forgehand.assembly.dispatching import told

        stored = with_app(lambda app: told(app, run))
        _show_stored(stored, json=json)
        raise typer.Exit(0 if stored.counts.success == len(stored.targets) + stored.more else 1)
    from forgehand.assembly.dispatching import Explanation, explained
    from forgehand.assembly.settings import read_settings

    plan = explained(read_settings(), Explanation(Path(what), source, _files(target or ())))
    _show_plan(plan, json=json)
    raise typer.Exit(0 if plan.targets and len(plan.allowed) == len(plan.targets) + plan.more else 1)


def _number(what: str) -> int | None:
    """The number of a run: `901`, or the last of an address such as https://github.com/acme/api/actions/runs/901."""
    found = re.fullmatch(r"(?:https?://\S+/actions/runs/)?([0-9]{1,18})(?:/\S*)?", what)
    return int(found[1]) if found and not Path(what).is_file() else None


def _files(given: Sequence[str]) -> dict[str, Path | None]:
    files: dict[str, Path | None] = {}
    for each in given:
        name, equals, path = each.partition("=")
        if not equals or not re.fullmatch(r"[^/\s]+/[^/\s]+", name):
            raise typer.BadParameter(f"{each!r} is no OWNER/NAME=PATH", param_hint="--target")
        files[name] = Path(path) if path else None
    return files


def _show_stored(stored: "Dispatch", *, json: bool) -> None:
    from forgehand.cli.trees import print_tree
    from forgehand.domain.rulings import to_json

    if json:
        told = {"run": stored.run, "attempt": stored.attempt, "standing": "planned", "reason": None}
        rows = [
            {
                "repository": each.repository,
                "workflow": each.workflow,
                "ref": each.ref,
                "stand": each.stand,
                "reason": each.reason or None,
                "why": each.why,
                "run": each.run or None,
                "url": each.url,
                "conclusion": each.conclusion or None,
            }
            for each in stored.targets
        ]
        emit_json({**told, "counts": stored.counts, "targets": rows, "ruling": to_json(stored.ruling)})
        return
    details(
        {
            "run": f"{stored.run} of {stored.workflow} in {stored.repository}, attempt {stored.attempt}",
            "head": f"{stored.head_sha[:7]} on {stored.head_branch}, {stored.conclusion}",
            "delivery": stored.delivery,
        }
    )
    typer.echo("")
    print_tree(stored.ruling)
    typer.echo("")
    targets = [
        (each.repository, each.workflow, each.ref, each.conclusion or each.stand, each.reason, each.run or "", each.url)
        for each in stored.targets
    ]
    table(_TARGETS, targets, "No targets.")


_TARGETS = (
    Column("target"),
    Column("workflow"),
    Column("ref"),
    Column("stands", Room.WHOLE),
    Column("reason"),
    Column("run", Room.TERMINAL),
    Column("run", Room.PIPE),
)


def _show_plan(plan: "Plan", *, json: bool) -> None:
    from forgehand.cli.trees import print_tree
    from forgehand.domain.rulings import to_json

    if not json:
        print_tree(plan.ruling)
        return
    told = {"run": plan.source.run, "attempt": plan.source.attempt, "standing": plan.standing, "reason": plan.reason}
    rows = [
        {
            "repository": each.asked.repository,
            "workflow": each.asked.workflow,
            "ref": each.asked.ref,
            "allowed": each.allowed,
            "reason": each.reason,
            "why": each.ruling.reason,
            "inputs": dict(each.inputs),
        }
        for each in plan.targets
    ]
    emit_json({**told, "targets": rows, "ruling": to_json(plan.ruling)})
