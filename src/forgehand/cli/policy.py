"""`forgehand policy`: look at a policy file, try it out, and see what it makes of a pull request."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.opening import with_app
from forgehand.cli.printing import Json, clean, counted, details, emit_json
from forgehand.cli.tables import Column, Room, table
from forgehand.cli.validity import say_validity

if TYPE_CHECKING:
    from forgehand.assembly.policies import Explained, Trial, Tried

policy = typer.Typer(help="Validate, test and try out `.forgehand/config.yml`.", no_args_is_help=True)

FILE = Path(".forgehand/config.yml")
Config = Annotated[Path, typer.Option("--config", metavar="PATH", help="The policy file.")]


@policy.command()
def validate(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The policy file.")] = FILE, json: Json = False
) -> None:
    """Say what is wrong with a policy file, with line and fix. Exits 1 when something is."""
    from forgehand.assembly.policies import validated
    from forgehand.assembly.settings import read_settings

    say_validity(lambda: (path, validated(read_settings(), path)), json=json)


@policy.command()
def schema() -> None:
    """Print the JSON Schema of the file, for editors."""
    from forgehand.assembly.policies import schema as made

    emit_json(made())


@policy.command("test")
def try_cases(
    cases: Annotated[Path, typer.Argument(metavar="CASES", help="A file of cases.")],
    config: Config = FILE,
    json: Json = False,
) -> None:
    """Try a policy on a file of cases, each with the verdict that is expected. Exits 1 when one is another."""
    from forgehand.assembly.policies import tried
    from forgehand.assembly.settings import read_settings

    results = tried(read_settings(), cases, config)
    failed = [each for each in results if each.misses]
    if json:
        emit_json({"ok": not failed, "cases": [_case(each) for each in results]})
    else:
        for each in results:
            _print_case(each)
        typer.echo(f"{counted(len(results), 'case')}, {len(failed)} not as expected.")
    raise typer.Exit(1 if failed else 0)


@policy.command()
def explain(
    pull: Annotated[str, typer.Argument(metavar="PULL", help="The pull request, as OWNER/NAME#NUMBER.")],
    json: Json = False,
) -> None:
    """What is decided about a pull request, and why: the whole tree. Reads GitHub and writes nothing."""
    from forgehand.assembly.policies import explained

    repository, number = _named(pull)
    found = with_app(lambda app: explained(app, repository, number), ready=True)
    if json:
        emit_json(_explained(found))
    else:
        _print_explained(found, pull)


@policy.command()
def simulate(
    days: Annotated[float, typer.Option(min=0, help="How many days back.")] = 30,
    config: Config = FILE,
    repo: Annotated[str, typer.Option(metavar="OWNER/NAME", help="Only pull requests of this repository.")] = "",
    json: Json = False,
) -> None:
    """Which pull requests of the last days would be judged otherwise under a policy file. Writes nothing."""
    from forgehand.assembly.policies import simulated

    trials = with_app(lambda app: simulated(app, config, days, repo))
    changed = [each for each in trials if each.differs]
    if json:
        emit_json({"judged": len(trials), "changed": [_trial(each) for each in changed]})
        return
    rows = [row for each in changed for row in _rows(each)]
    what = [Column("pull request", Room.WHOLE), Column("what", Room.WHOLE)]
    policies = [Column("under the policy in force"), Column(f"under {config}")]
    table([*what, *policies], rows, "Nothing would change.")
    typer.echo("")
    typer.echo(f"{counted(len(trials), 'pull request')} judged, {len(changed)} would be judged otherwise.")


def _named(pull: str) -> tuple[str, int]:
    match = re.fullmatch(r"([^/\s#]+/[^/\s#]+)#([0-9]{1,9})", pull)
    if match is None:
        raise typer.BadParameter(f"{pull!r} is no OWNER/NAME#NUMBER", param_hint="PULL")
    return match[1], int(match[2])


def _explained(found: "Explained") -> dict[str, object]:
    from forgehand.domain.rulings import to_json

    return {
        "head": found.pull.head_sha,
        "standing": found.decision.standing,
        "why": found.decision.why_not,
        "policy": {
            "sha": found.loaded.sha,
            "source": found.loaded.source,
            "problems": found.loaded.problems,
            "notes": found.loaded.notes,
        },
        "ruling": to_json(found.decision.ruling),
    }


def _print_explained(found: "Explained", pull: str) -> None:
    from forgehand.cli.trees import print_tree

    loaded, decision = found.loaded, found.decision
    details(
        {
            "pull request": f"{pull} {found.pull.title}",
            "head": f"{found.pull.head_sha[:7]} into {found.pull.base_ref}",
            "standing": decision.standing,
            "why": decision.why_not,
            "policy": loaded.source,
            "problems": "\n".join(map(str, loaded.problems)),
            "notes": "\n".join(loaded.notes),
        }
    )
    typer.echo("")
    print_tree(decision.ruling)


def _case(tried: "Tried") -> dict[str, object]:
    from forgehand.domain.rulings import to_json

    return {"name": tried.case.name, "ok": not tried.misses, "misses": tried.misses, "ruling": to_json(tried.ruling)}


def _print_case(tried: "Tried") -> None:
    from forgehand.cli.trees import print_tree

    typer.echo(clean(f"{'not as expected' if tried.misses else 'ok'}: {tried.case.name}"))
    if not tried.misses:
        return
    for miss in tried.misses:
        typer.echo(clean(f"  {miss}"))
    expected = tried.case.expected
    print_tree(tried.ruling, {"policy": str(expected.verdict), **{name: str(state) for name, state in expected.rules}})


def _trial(trial: "Trial") -> dict[str, object]:
    from forgehand.domain.rulings import to_json

    return {
        "repository": trial.pull.repo.full_name,
        "number": trial.pull.number,
        "title": trial.pull.title,
        "before": {"policy": to_json(trial.asked[0]), "automatic_merge": to_json(trial.automatic[0])},
        "after": {"policy": to_json(trial.asked[1]), "automatic_merge": to_json(trial.automatic[1])},
    }


def _rows(trial: "Trial") -> list[tuple[str, str, str, str]]:
    pull = f"{trial.pull.repo.full_name}#{trial.pull.number}"
    both = (("verdict", trial.asked), ("automatic merge", trial.automatic))
    return [
        (pull, what, f"{old.state}. {old.reason}", f"{new.state}. {new.reason}")
        for what, (old, new) in both
        if (old.state, old.reason) != (new.state, new.reason)
    ]
