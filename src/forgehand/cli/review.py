"""`forgehand review`: review a repository's pull requests from here, once or every few minutes, without webhooks."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forgehand.cli.errors import FAILED, USAGE, Stop
from forgehand.cli.going_round import Manner, once, stay
from forgehand.cli.opening import with_app
from forgehand.cli.origin import origin, repository
from forgehand.cli.printing import Json, clean, emit_json, iso

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.assembly.rounds import Round, Rounds
    from forgehand.domain.pulls import PullState

BLOCKED, NOT_YET = 3, 4
"""Exit codes of --review."""


def review(
    daemon: Annotated[
        int | None, typer.Option(metavar="SECONDS", min=1, help="Look again every so many seconds, such as 300.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--review", metavar="N", min=1, help="Review this pull request.")
    ] = None,
    run_once: Annotated[bool, typer.Option("--run-once", help="Review whatever is new, and exit.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Print the numbers so far, as JSON.")] = False,
    repo: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="The repository. Default: `origin` of the current folder.")
    ] = "",
    json: Json = False,
) -> None:
    """Review a repository's pull requests from here, by the same engine and into the same store as `serve`.

    Exits 0 when it is done, 1 when something failed; --review exits 3 when changes are needed, 4 when nobody can say
    yet."""
    if sum((daemon is not None, number is not None, run_once, status)) != 1:
        raise Stop("give one of --daemon SECONDS, --review N, --run-once and --status", USAGE)
    if status:
        emit_json(with_app(lambda app: _status(app, repo or origin(Path.cwd()))))
        return
    name = repository(repo)
    manner = Manner("Reviewing", Path("logs/review.log"), _rounds)
    if daemon is not None:
        stay(manner, name, daemon, _print_round, json=json)
        return
    done = once(manner, name, lambda looks: looks.look() if number is None else looks.look_at(number), json=json)
    _print_round(done, json)
    raise typer.Exit(_code(done, number))


def _rounds(app: "App", name: str, begin: Callable[[int], None]) -> "AbstractAsyncContextManager[Rounds]":
    from forgehand.assembly.rounds import rounds

    return rounds(app, name, begin)


async def _status(app: "App", name: str) -> dict[str, Any]:
    """Each head counts once, however often it was reviewed. Of all repositories where none is named."""
    from forgehand.engine import queries

    counted = await queries.reviewed(app.store, name)
    return {
        "worker": "pr_review_worker",
        "prs_reviewed": counted.prs_reviewed,
        "prs_merged": counted.prs_merged,
        "prs_rejected": counted.prs_rejected,
        "approval_rate": counted.approval_rate,
        "last_checked": iso(counted.last_checked),
    }


def _print_round(done: "Round", json: bool) -> None:
    if json:
        pulls = [_plain(pull) for pull in done.pulls]
        emit_json({"repository": done.repository, "pulls": pulls, "failed": done.failed, "unjudged": done.unjudged})
        return
    for pull in done.pulls:
        for line in _lines(pull):
            typer.echo(clean(line))
    for number, why in done.failed:
        typer.echo(clean(f"❌ PR #{number} failed: {why}"))
    for number, why in done.unjudged:
        typer.echo(clean(f"⏳ PR #{number} is not judged yet: {why}"))
    if not (done.pulls or done.failed or done.unjudged):
        typer.echo(f"Nothing new in {done.repository}.")


def _lines(pull: "PullState") -> list[str]:
    """As the reader of a log wants them: what became of it, then why it is not merged."""
    pr, why = f"PR #{pull.number}", pull.blocker.rstrip(".")
    match pull.standing.value:
        case "merged":
            return [f"✅ {pr} approved", f"✅ {pr} merged"]
        case "ready":
            return [f"✅ {pr} approved", *([f"   Not merged: {why}"] if why else [])]
        case "queued":
            return [f"✅ {pr} approved", f"⏳ {pr} is in the merge queue, at position {pull.position}"]
        case "blocked":
            return [f"❌ {pr} needs changes: {why}", f"   {pull.url}"]
        case "waiting":
            return [f"⏳ {pr} waits: {why}"]
    return [f"{pr} is closed"]


def _plain(pull: "PullState") -> dict[str, Any]:
    return {
        "number": pull.number,
        "title": pull.title,
        "head": pull.head_sha,
        "standing": pull.standing,
        "why": pull.blocker,
        "url": pull.url,
    }


def _code(done: "Round", number: int | None) -> int:
    if done.failed:
        return FAILED
    if number is None:
        return 0
    standings = [pull.standing.value for pull in done.pulls]
    return {"blocked": BLOCKED, "waiting": NOT_YET}.get(standings[0], 0) if standings else NOT_YET
