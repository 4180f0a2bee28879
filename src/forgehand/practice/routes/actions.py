"""Workflows and their runs. https://docs.github.com/en/rest/actions/workflows and .../rest/actions/workflow-runs"""

from collections.abc import Callable

from forgehand.practice import render
from forgehand.practice.acts import runs, workflows
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.records import Workflow, WorkflowRun
from forgehand.practice.router import Reply, Request, route
from forgehand.practice.times import parse

ROOT = "/repos/{owner}/{repo}/actions"


@route("GET", f"{ROOT}/workflows", "actions:read")
def list_workflows(request: Request) -> Reply:
    found = request.fresh(workflows.known(request.world, request.repo))
    return request.page(found, lambda w: workflows.shown(request.world, request.repo, w), "workflows")


@route("GET", f"{ROOT}/workflows/{{workflow_id}}", "actions:read")
def get_workflow(request: Request) -> Reply:
    return Reply(workflows.shown(request.world, request.repo, _workflow(request)))


@route("PUT", f"{ROOT}/workflows/{{workflow_id}}/disable", "actions:write")
def disable_workflow(request: Request) -> Reply:
    workflows.switch(request.world, _workflow(request), False)
    return Reply(status=204)


@route("PUT", f"{ROOT}/workflows/{{workflow_id}}/enable", "actions:write")
def enable_workflow(request: Request) -> Reply:
    workflows.switch(request.world, _workflow(request), True)
    return Reply(status=204)


@route("POST", f"{ROOT}/workflows/{{workflow_id}}/dispatches", "actions:write")
def dispatch(request: Request) -> Reply:
    """200 with the run's id where `return_run_details` asks for it, else an empty 204. A server that does not know
    that key refuses it in the words of https://github.com/benc-uk/workflow-dispatch/issues/86"""
    if "return_run_details" in request.body and not request.world.quirks.run_details:
        raise Refusal(422, 'Invalid request.\n\n"return_run_details" is not a permitted key.')
    inputs = request.body.get("inputs") or {}
    if not isinstance(inputs, dict):
        raise Refusal(422, "Invalid request.\n\nFor 'properties/inputs', it is not an object.")
    run_id = workflows.dispatch(
        request.world, request.repo, _workflow(request), request.need_text("ref"), inputs, request.caller.login
    )
    if request.body.get("return_run_details") is True:
        return Reply(render.actions.dispatched(request.world, request.repo, run_id))
    return Reply(status=204)


@route("GET", f"{ROOT}/workflows/{{workflow_id}}/runs", "actions:read")
def list_runs_of_workflow(request: Request) -> Reply:
    workflow = _workflow(request)
    return _runs(request, [run for run in request.world.runs.values() if run.workflow_id == workflow.id])


@route("GET", f"{ROOT}/runs", "actions:read")
def list_runs(request: Request) -> Reply:
    return _runs(request, [run for run in request.world.runs.values() if run.repo_id == request.repo.id])


@route("GET", f"{ROOT}/runs/{{run_id}}", "actions:read")
def get_run(request: Request) -> Reply:
    return Reply(render.actions.run(request.world, _run(request)))


@route("GET", f"{ROOT}/runs/{{run_id}}/jobs", "actions:read")
def list_jobs(request: Request) -> Reply:
    found = request.fresh(runs.jobs_of(request.world, _run(request)))
    return request.page(found, lambda job: render.actions.job(request.world, job), "jobs")


@route("GET", f"{ROOT}/jobs/{{job_id}}", "actions:read")
def get_job(request: Request) -> Reply:
    found = request.world.jobs.get(request.number("job_id"))
    if found is None or request.world.runs[found.run_id].repo_id != request.repo.id:
        raise not_found()
    return Reply(render.actions.job(request.world, found))


def _runs(request: Request, found: list[WorkflowRun]) -> Reply:
    """Newest first. https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository"""
    query = request.query
    if created := query.get("created"):
        found = [run for run in found if _since(created) <= run.created]
    wanted: dict[str, Callable[[WorkflowRun], str | None]] = {
        "actor": lambda run: run.actor,
        "branch": lambda run: run.head_branch,
        "event": lambda run: run.event,
        "head_sha": lambda run: run.head_sha,
        "check_suite_id": lambda run: str(run.suite_id),
    }
    for name, value in wanted.items():
        if name in query:
            found = [run for run in found if value(run) == query[name]]
    if status := query.get("status"):
        found = [run for run in found if status in (run.status, run.conclusion)]
    found = request.fresh(sorted(found, key=lambda run: run.id, reverse=True))
    return request.page(found, lambda run: render.actions.run(request.world, run), "workflow_runs")


def _since(created: str) -> float:
    """Of a filter such as `>=2026-01-31T09:00:00Z`; the other forms are refused rather than overlooked.
    https://docs.github.com/en/search-github/getting-started-with-searching-on-github/understanding-the-search-syntax#query-for-dates"""
    if not created.startswith(">="):
        raise Refusal(501, "of the filter `created` only `>=` is modelled by the practice forge")
    return parse(created.removeprefix(">="))


def _workflow(request: Request) -> Workflow:
    return workflows.find(request.world, request.repo, request.params["workflow_id"])


def _run(request: Request) -> WorkflowRun:
    found = request.world.runs.get(request.number("run_id"))
    if found is None or found.repo_id != request.repo.id:
        raise not_found()
    return found
