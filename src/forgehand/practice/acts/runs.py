"""A workflow run from its request to its end: events, check runs, and the jobs that `actions` executes.

Called by `acts.workflows`. https://docs.github.com/en/rest/actions/workflow-runs
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from forgehand.practice import render
from forgehand.practice.actions.files import Job, WorkflowFile
from forgehand.practice.actions.steps import Workspace
from forgehand.practice.acts import accounts, checks, events
from forgehand.practice.records import App, Pull, Repository, StepResult, Workflow, WorkflowJob, WorkflowRun
from forgehand.practice.world import World

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cause:
    """What made a workflow run, and the commit `sha` that it runs on."""

    event: str
    branch: str
    ref: str
    sha: str
    head_repo_id: int
    by: str
    title: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    pull: Pull | None = None

    @property
    def head_sha(self) -> str:
        """Where the run and its checks are shown: the head of a pull request, though its test merge is what runs.
        https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run"""
        return self.pull.head_sha if self.pull else self.sha


def begin(world: World, repo: Repository, workflow: Workflow, file: WorkflowFile, cause: Cause) -> int:
    """The id of a run, which appears at once, or as late as the quirks say."""
    run_id = world.new_id()

    def appear() -> None:
        with world.lock:
            _request(world, repo, workflow, file, cause, run_id)

    if world.quirks.late_seconds > 0:
        world.later.hold(appear, world.quirks.late_seconds)
    else:
        appear()
    return run_id


def jobs_of(world: World, run: WorkflowRun) -> list[WorkflowJob]:
    return [job for job in world.jobs.values() if job.run_id == run.id]


def _request(world: World, repo: Repository, workflow: Workflow, file: WorkflowFile, cause: Cause, run_id: int) -> None:
    now = world.now()
    suite = checks.make_suite(world, repo, _app(world).id, cause.head_sha, cause.branch, None)
    run = WorkflowRun(
        id=run_id,
        repo_id=repo.id,
        workflow_id=workflow.id,
        number=sum(r.workflow_id == workflow.id for r in world.runs.values()) + 1,
        name=file.name or workflow.path,
        title=cause.title,
        event=cause.event,
        head_branch=cause.branch,
        head_sha=cause.head_sha,
        head_repo_id=cause.head_repo_id,
        actor=cause.by,
        suite_id=suite.id,
        status="queued",
        conclusion=None,
        created=now,
        updated=now,
        inputs=cause.inputs,
        problem=file.problem,
    )
    world.runs[run.id] = run
    _announce(world, run, "requested")
    if file.problem is not None:
        log.warning("%s of %s does not run: %s", workflow.path, repo.full_name, file.problem)
        _finish(world, run, "failure")
    elif cause.head_repo_id != repo.id:
        _finish(world, run, "action_required")
    else:
        queued = [_queue(world, repo, run, job) for job in file.jobs]
        world.crew.submit(lambda: _execute(world, repo, run, file, cause, queued))


def _execute(
    world: World, repo: Repository, run: WorkflowRun, file: WorkflowFile, cause: Cause, queued: list[WorkflowJob]
) -> None:
    """In a thread of the crew: the lock is held between the steps only."""
    try:
        with world.lock:
            _set(world, run, "in_progress")
        ended: dict[str, str] = {}
        for job, record in zip(file.jobs, queued, strict=True):
            if any(ended.get(need) != "success" for need in job.needs):
                ended[job.key] = "skipped"
                with world.lock:
                    _complete(world, repo, record, "skipped", ())
            else:
                ended[job.key] = _perform(world, repo, run, file, cause, job, record)
        with world.lock:
            _finish(world, run, "failure" if "failure" in ended.values() else "success")
    except Exception:
        log.exception("run %s of %s broke the practice forge", run.id, repo.full_name)
        with world.lock:
            for record in queued:
                if world.jobs[record.id].status != "completed":
                    _complete(world, repo, record, "failure", ())
            _finish(world, run, "startup_failure")


def _perform(
    world: World, repo: Repository, run: WorkflowRun, file: WorkflowFile, cause: Cause, job: Job, record: WorkflowJob
) -> str:
    with world.lock:
        _take(world, repo, record)
    until = time.monotonic() + job.minutes * 60
    results: list[StepResult] = []
    values = _values(repo, run, cause)
    with Workspace(world.crew, repo.path, cause.sha, values, _environment(repo, run, cause)) as workspace:
        for number, step in enumerate(job.steps, 1):
            good, output = workspace.perform(step, {**file.env, **job.env}, until - time.monotonic())
            result = StepResult(
                name=step.name, number=number, conclusion="success" if good else "failure", output=output
            )
            results.append(result)
            if not good:
                break
    conclusion = "success" if all(r.conclusion == "success" for r in results) else "failure"
    with world.lock:
        _complete(world, repo, record, conclusion, tuple(results))
    return conclusion


def _queue(world: World, repo: Repository, run: WorkflowRun, job: Job) -> WorkflowJob:
    given = {"name": job.name, "head_sha": run.head_sha, "status": "queued"}
    check = checks.create_run(world, repo, _app(world), given, world.suites[run.suite_id])
    made = WorkflowJob(
        id=check.id,
        run_id=run.id,
        name=job.name,
        labels=job.labels,
        check_run_id=check.id,
        status="queued",
        conclusion=None,
        created=world.now(),
        started=world.now(),
        completed=None,
    )
    world.jobs[made.id] = made
    _announce_job(world, made, "queued")
    return made


def _take(world: World, repo: Repository, job: WorkflowJob) -> None:
    started = replace(job, status="in_progress", started=world.now())
    world.jobs[job.id] = started
    checks.update_run(world, repo, _app(world), world.check_runs[job.check_run_id], {"status": "in_progress"})
    _announce_job(world, started, "in_progress")


def _complete(world: World, repo: Repository, job: WorkflowJob, conclusion: str, steps: tuple[StepResult, ...]) -> None:
    now, last = world.now(), world.jobs[job.id]
    done = replace(last, status="completed", conclusion=conclusion, completed=now, steps=steps)
    world.jobs[job.id] = done
    checks.update_run(world, repo, _app(world), world.check_runs[job.check_run_id], {"conclusion": conclusion})
    _announce_job(world, done, "completed")


def _finish(world: World, run: WorkflowRun, conclusion: str) -> None:
    _set(world, run, "completed", conclusion)


def _set(world: World, run: WorkflowRun, status: str, conclusion: str | None = None) -> None:
    changed = replace(run, status=status, conclusion=conclusion, updated=world.now())
    world.runs[run.id] = changed
    _announce(world, changed, status)


def _announce(world: World, run: WorkflowRun, action: str) -> None:
    repo, workflow = world.repositories[run.repo_id], world.workflows[run.workflow_id]
    if events.heard(world, repo):
        shown = render.actions.workflow(world, workflow, run.name)
        rendered = render.actions.run(world, run)
        events.emit(world, repo, "workflow_run", run.actor, action=action, workflow_run=rendered, workflow=shown)


def _announce_job(world: World, job: WorkflowJob, action: str) -> None:
    run = world.runs[job.run_id]
    repo = world.repositories[run.repo_id]
    rendered = render.actions.job(world, job)
    events.emit(world, repo, "workflow_job", run.actor, action=action, workflow_job=rendered)


def _app(world: World) -> App:
    """The app that reports every run's jobs as checks."""
    found = next((app for app in world.apps.values() if app.slug == "github-actions"), None)
    held = {"actions": "write", "checks": "write", "contents": "write", "statuses": "write"}
    return found or accounts.create_app(world, "github-actions", held, (), None, "", name="GitHub Actions")


def _values(repo: Repository, run: WorkflowRun, cause: Cause) -> dict[str, str]:
    """https://docs.github.com/en/actions/reference/workflows-and-actions/contexts"""
    values = {
        "github.sha": cause.sha,
        "github.ref": cause.ref,
        "github.ref_name": cause.ref.split("/", 2)[2],
        "github.head_ref": cause.pull.head_ref if cause.pull else "",
        "github.base_ref": cause.pull.base_ref if cause.pull else "",
        "github.repository": repo.full_name,
        "github.run_id": str(run.id),
        "github.run_number": str(run.number),
        "github.event_name": run.event,
        "github.actor": run.actor,
        "github.workflow": run.name,
    }
    for name, value in run.inputs.items():
        values |= {f"inputs.{name}": value, f"github.event.inputs.{name}": value}
    return values


def _environment(repo: Repository, run: WorkflowRun, cause: Cause) -> dict[str, str]:
    """https://docs.github.com/en/actions/reference/workflows-and-actions/variables"""
    values = _values(repo, run, cause)
    names = [name for name in values if name.startswith("github.") and "inputs" not in name]
    return {name.upper().replace(".", "_"): values[name] for name in names}
