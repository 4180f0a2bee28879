"""`forgehand review`: review a repository's pull requests from here, once or every few minutes, without webhooks."""

import signal
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forgehand.cli.errors import FAILED, USAGE, Stop
from forgehand.cli.opening import quiet_logs, with_app
from forgehand.cli.origin import origin, repository
from forgehand.cli.printing import Json, clean, console, emit_json

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.assembly.rounds import Round
    from forgehand.assembly.settings import Settings
    from forgehand.domain.pulls import PullState

BLOCKED, NOT_YET = 3, 4
"""Exit codes of --review."""
LOG = Path("logs/review.log")


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
    if daemon is not None:
        _stay(name, daemon, json)
        return
    done = _once(name, number, json)
    _print_round(done, json)
    raise typer.Exit(_code(done, number))


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
        "last_checked": _iso(counted.last_checked),
    }


def _once(name: str, number: int | None, json: bool) -> "Round":
    import asyncio

    from forgehand.assembly.settings import ready_settings

    settings = ready_settings(webhooks=False)
    quiet_logs(settings)

    async def run() -> "Round":
        from forgehand.assembly.build import opened
        from forgehand.assembly.rounds import rounds

        async with opened(settings) as app, rounds(app, name, _begin(json)) as looks:
            return await (looks.look() if number is None else looks.look_at(number))

    with _spinner(json):
        return asyncio.run(run())


def _stay(name: str, seconds: int, json: bool) -> None:
    import asyncio

    from forgehand.assembly.logs import RotatingLog, set_up_logs
    from forgehand.assembly.settings import ready_settings

    settings = ready_settings(webhooks=False)
    LOG.parent.mkdir(parents=True, exist_ok=True)
    set_up_logs(settings, RotatingLog(LOG))
    if not json:
        typer.echo(f"Reviewing {name} every {seconds} s; the log is {LOG}. Ctrl-C ends it.")
    asyncio.run(_rounds_until_stopped(settings, name, seconds, json))


async def _rounds_until_stopped(settings: "Settings", name: str, seconds: int, json: bool) -> None:
    import asyncio

    from forgehand.assembly.build import opened
    from forgehand.assembly.rounds import rounds
    from forgehand.ports.github import GitHubError
    from forgehand.ports.store import StoreUnavailable

    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with opened(settings) as app, rounds(app, name, _begin(json)) as looks:
        while not stop.is_set():
            try:
                _print_round(await looks.look(), json)
            except (GitHubError, StoreUnavailable) as error:
                # It may answer in the next round.
                typer.echo(f"forgehand: {error.why}", err=True)
            try:
                await asyncio.wait_for(stop.wait(), seconds)
            except TimeoutError:
                continue


def _begin(json: bool) -> Any:
    return (lambda number: None) if json else (lambda number: typer.echo(f"Processing PR #{number}"))


def _spinner(json: bool) -> Any:
    """For work that takes a while, on a terminal."""
    shown = console(err=True)
    return nullcontext() if json or not shown.is_terminal else shown.status("Reviewing")


def _print_round(done: "Round", json: bool) -> None:
    if json:
        emit_json(
            {"repository": done.repository, "pulls": [_plain(pull) for pull in done.pulls], "failed": done.failed}
        )
        return
    for pull in done.pulls:
        for line in _lines(pull):
            typer.echo(clean(line))
    for number, why in done.failed:
        typer.echo(clean(f"❌ PR #{number} failed: {why}"))
    if not done.pulls and not done.failed:
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
    standing = next((pull.standing.value for pull in done.pulls), "") if number is not None else ""
    return {"blocked": BLOCKED, "waiting": NOT_YET}.get(standing, 0)


def _iso(at: float | None) -> str | None:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else None
