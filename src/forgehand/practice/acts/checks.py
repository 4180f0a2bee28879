"""Check suites, check runs with annotations, and commit statuses. Called by `routes.checks` and `acts.refs`.

https://docs.github.com/en/rest/checks/runs and https://docs.github.com/en/rest/commits/statuses
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from forgehand.practice import render
from forgehand.practice.acts import events
from forgehand.practice.acts.limits import check_count, check_output
from forgehand.practice.errors import Refusal, invalid
from forgehand.practice.records import (
    Annotation,
    App,
    CheckRun,
    CheckSuite,
    Repository,
    Status,
)
from forgehand.practice.times import parse
from forgehand.practice.world import World

MOST_ANNOTATIONS = 50
"""In one request; more are added by updates."""

MOST_ACTIONS = 3
MOST_BRANCHES = 10
"""In a status event."""

RUN_STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out")
FAILED = ("action_required", "cancelled", "failure", "timed_out", "stale")
LEVELS = ("notice", "warning", "failure")
STATES = ("error", "failure", "pending", "success")


def request_suites(world: World, repo: Repository, sha: str, branch: str | None, before: str | None, by: str) -> None:
    """A push makes one suite for each app with `checks: write`, and asks the app to check.
    https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-checks"""
    for installation in list(world.installations.values()):
        mine = installation.repository_ids is None or repo.id in installation.repository_ids
        if not mine or installation.account.lower() != repo.owner.lower():
            continue
        if installation.permissions.get("checks") == "write" and not _suite(world, repo, installation.app_id, sha):
            suite = make_suite(world, repo, installation.app_id, sha, branch, before)
            events.check_suite(world, repo, suite, "requested", by)


def create_run(
    world: World, repo: Repository, app: App, given: Mapping[str, Any], suite: CheckSuite | None = None
) -> CheckRun:
    """`given` is the request's JSON. A run belongs to the app's suite for its commit, or to the one that is given."""
    name, sha = given.get("name"), given.get("head_sha")
    if not isinstance(name, str) or not name:
        raise Refusal(422, 'Invalid request.\n\n"name" wasn\'t supplied.')
    if not isinstance(sha, str) or world.git(repo).kind(sha) != "commit":
        raise Refusal(422, f"No commit found for SHA: {sha}")
    now = world.now()
    suite = suite or _suite(world, repo, app.id, sha) or make_suite(world, repo, app.id, sha, None, None)
    run = CheckRun(
        id=world.new_id(),
        repo_id=repo.id,
        suite_id=suite.id,
        app_id=app.id,
        name=name,
        head_sha=sha,
        external_id="",
        details_url=app.external_url,
        status="queued",
        conclusion=None,
        started=now,
        completed=None,
        title=None,
        summary=None,
        text=None,
        annotations=(),
        actions=(),
        created=now,
    )
    run = _changed(world, run, given)
    world.check_runs[run.id] = run
    world.suites[suite.id] = replace(suite, updated=now)
    events.check_run(world, repo, run, "completed" if run.status == "completed" else "created", app.bot)
    _tell_completed(world, repo, world.suites[suite.id], app)
    return run


def update_run(world: World, repo: Repository, app: App, old: CheckRun, given: Mapping[str, Any]) -> CheckRun:
    """Annotations are added to those that the run has."""
    if old.app_id != app.id:
        raise Refusal(
            403,
            "Invalid app_id `" + str(app.id) + "` - check run can only be modified by the GitHub App that created it.",
        )
    run = _changed(world, old, given)
    if isinstance(given.get("name"), str):
        run = replace(run, name=given["name"])
    world.check_runs[run.id] = run
    if run.status == "completed" and old.status != "completed":
        events.check_run(world, repo, run, "completed", app.bot)
        _tell_completed(world, repo, world.suites[run.suite_id], app)
    return run


def report(world: World, repo: Repository, app: App, given: Mapping[str, Any]) -> CheckRun:
    """Bring on the app's latest run of this name while it is not done, else make a new one."""
    for run in runs(world, repo, str(given["head_sha"]), app.id):
        if run.name == given["name"] and run.status != "completed":
            return update_run(world, repo, app, run, given)
    return create_run(world, repo, app, given)


def rerequest_run(world: World, repo: Repository, run: CheckRun, by: str) -> None:
    """Tells the app; the run itself stays as it is."""
    events.check_run(world, repo, run, "rerequested", by)


def rerequest_suite(world: World, repo: Repository, suite: CheckSuite, by: str) -> None:
    events.check_suite(world, repo, suite, "rerequested", by)


def runs(world: World, repo: Repository, sha: str, app_id: int | None = None) -> list[CheckRun]:
    """Newest first."""
    found = [r for r in world.check_runs.values() if (r.repo_id, r.head_sha) == (repo.id, sha)]
    return [r for r in reversed(found) if app_id is None or r.app_id == app_id]


def latest(found: Sequence[CheckRun]) -> list[CheckRun]:
    """The newest run of each name and suite, from runs that are newest first. A suite is one app's."""
    kept: dict[tuple[int, str], CheckRun] = {}
    for run in found:
        kept.setdefault((run.suite_id, run.name), run)
    return list(kept.values())


def suite_state(world: World, suite: CheckSuite) -> tuple[str, str | None]:
    """Status and conclusion, folded from the suite's latest runs."""
    return render.checks.suite_state(world, suite)


def set_status(world: World, repo: Repository, sha: str, by: str, given: Mapping[str, Any]) -> Status:
    """https://docs.github.com/en/rest/commits/statuses#create-a-commit-status"""
    if given.get("state") not in STATES:
        raise invalid("Status", "state", "custom", "state is not included in the list")
    if world.git(repo).kind(sha) != "commit":
        raise Refusal(422, f"No commit found for SHA: {sha}")
    if len(str(given.get("description") or "")) > 140:
        raise invalid("Status", "description", "custom", "description is too long (maximum is 140 characters)")
    status = Status(
        id=world.new_id(),
        repo_id=repo.id,
        sha=sha,
        state=str(given["state"]),
        context=str(given.get("context") or "default"),
        description=given.get("description"),
        target_url=given.get("target_url"),
        creator=by,
        created=world.now(),
    )
    world.statuses[status.id] = status
    rendered = render.checks.status(world, status)
    fields = {
        key: rendered[key]
        for key in ("id", "state", "description", "target_url", "context", "created_at", "updated_at", "avatar_url")
    }
    commit, branches = render.git.commit(world, repo, sha), _branches_with(world, repo, sha)
    events.emit(world, repo, "status", by, sha=sha, name=repo.full_name, commit=commit, branches=branches, **fields)
    return status


def statuses(world: World, repo: Repository, sha: str) -> list[Status]:
    """Newest first."""
    found = [s for s in world.statuses.values() if (s.repo_id, s.sha) == (repo.id, sha)]
    return list(reversed(found))


def latest_statuses(world: World, repo: Repository, sha: str) -> list[Status]:
    """The newest of each context."""
    kept: dict[str, Status] = {}
    for status in statuses(world, repo, sha):
        kept.setdefault(status.context, status)
    return list(kept.values())


def failing(world: World, repo: Repository, sha: str) -> bool:
    """Whether anything about the commit is red or unfinished; a merge is then `unstable`."""
    red_runs = any(r.conclusion in FAILED or r.status != "completed" for r in latest(runs(world, repo, sha)))
    return red_runs or any(s.state != "success" for s in latest_statuses(world, repo, sha))


def _branches_with(world: World, repo: Repository, sha: str) -> list[dict[str, Any]]:
    """Those that hold the commit, "but the SHA may or may not be the head of the branch".
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#status"""
    if not events.heard(world, repo):
        return []
    git = world.git(repo)
    holding = [(name, tip) for name, tip in git.refs("refs/heads/") if git.is_ancestor(sha, tip)]
    names = [(name.removeprefix("refs/heads/"), tip) for name, tip in holding[:MOST_BRANCHES]]
    return [render.git.branch(world, repo, name, tip) for name, tip in names]


def _suite(world: World, repo: Repository, app_id: int, sha: str) -> CheckSuite | None:
    found = (s for s in world.suites.values() if (s.repo_id, s.app_id, s.head_sha) == (repo.id, app_id, sha))
    return next(found, None)


def make_suite(
    world: World, repo: Repository, app_id: int, sha: str, branch: str | None, before: str | None
) -> CheckSuite:
    now = world.now()
    if branch is None:
        heads = (name for name, tip in world.git(repo).refs("refs/heads/") if tip == sha)
        branch = next((name.removeprefix("refs/heads/") for name in heads), None)
    suite = CheckSuite(
        id=world.new_id(),
        repo_id=repo.id,
        app_id=app_id,
        head_sha=sha,
        head_branch=branch,
        before=before,
        created=now,
        updated=now,
    )
    world.suites[suite.id] = suite
    return suite


def _changed(world: World, run: CheckRun, given: Mapping[str, Any]) -> CheckRun:
    status = str(given.get("status") or run.status)
    conclusion = given.get("conclusion") or (run.conclusion if status == "completed" else None)
    if status not in RUN_STATUSES:
        raise Refusal(422, f"Invalid request.\n\n{status} is not a member of {list(RUN_STATUSES)}.")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise Refusal(422, f"Invalid request.\n\n{conclusion} is not a member of {list(CONCLUSIONS)}.")
    if given.get("conclusion"):
        # "Providing conclusion will automatically set the status parameter to completed."
        status = "completed"
    if status == "completed" and conclusion is None:
        raise Refusal(422, 'Invalid request.\n\n"conclusion" is required when "status" is "completed".')
    completed = _moment(given.get("completed_at")) or run.completed
    if status == "completed":
        completed = completed or world.now()
    output = given.get("output") or {}
    annotations = output.get("annotations") or []
    check_count(len(annotations), MOST_ANNOTATIONS)
    check_count(len(given.get("actions") or []), MOST_ACTIONS)
    for text in (output.get("summary"), output.get("text")):
        check_output(text)
    if output and not run.title and not (output.get("title") and output.get("summary")):
        raise Refusal(422, 'Invalid request.\n\n"title" and "summary" are required in "output".')
    return replace(
        run,
        status=status,
        conclusion=conclusion,
        started=_moment(given.get("started_at")) or run.started,
        completed=completed if status == "completed" else None,
        external_id=str(given.get("external_id") or run.external_id),
        details_url=given.get("details_url") or run.details_url,
        title=output.get("title") or run.title,
        summary=output.get("summary") or run.summary,
        text=output.get("text") or run.text,
        annotations=run.annotations + tuple(_annotation(item) for item in annotations),
        actions=tuple(given.get("actions") or run.actions),
    )


def _annotation(given: Mapping[str, Any]) -> Annotation:
    for name in ("path", "start_line", "end_line", "annotation_level", "message"):
        if name not in given:
            raise Refusal(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
    if given["annotation_level"] not in LEVELS:
        raise Refusal(422, f"Invalid request.\n\n{given['annotation_level']} is not a member of {list(LEVELS)}.")
    if given.get("start_column") is not None and given["start_line"] != given["end_line"]:
        # "Annotations only support start_column and end_column on the same line."
        raise Refusal(422, "Invalid request.\n\nstart_column is only allowed on a single line.")
    return Annotation(
        path=given["path"],
        start_line=given["start_line"],
        end_line=given["end_line"],
        annotation_level=given["annotation_level"],
        message=given["message"],
        title=given.get("title"),
        raw_details=given.get("raw_details"),
        start_column=given.get("start_column"),
        end_column=given.get("end_column"),
    )


def _moment(text: Any) -> float | None:
    if not isinstance(text, str):
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise Refusal(422, f"Invalid request.\n\n{text} is not a valid date-time.") from error


def _tell_completed(world: World, repo: Repository, suite: CheckSuite, app: App) -> None:
    if suite_state(world, suite)[0] == "completed":
        events.check_suite(world, repo, suite, "completed", app.bot)
