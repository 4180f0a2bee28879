"""Check runs, suites and statuses. https://docs.github.com/en/rest/checks"""

from forgehand.practice import render
from forgehand.practice.acts import checks
from forgehand.practice.errors import Refusal, not_found
from forgehand.practice.records import App, CheckRun, CheckSuite
from forgehand.practice.router import Reply, Request, route
from forgehand.practice.routes.commits import resolve


@route("POST", "/repos/{owner}/{repo}/check-runs", "checks:write")
def create_run(request: Request) -> Reply:
    run = checks.create_run(request.world, request.repo, _app(request), request.body)
    return Reply(render.checks.run(request.world, run), 201)


@route("GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:read")
def get_run(request: Request) -> Reply:
    return Reply(render.checks.run(request.world, _run(request)))


@route("PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:write")
def update_run(request: Request) -> Reply:
    run = checks.update_run(request.world, request.repo, _app(request), _run(request), request.body)
    return Reply(render.checks.run(request.world, run))


@route("GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", "checks:read")
def list_annotations(request: Request) -> Reply:
    run = _run(request)
    return request.page(list(run.annotations), lambda a: render.checks.annotation(request.world, run, a))


@route("POST", "/repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest", "checks:write")
def rerequest_run(request: Request) -> Reply:
    checks.rerequest_run(request.world, request.repo, _run(request), request.caller.login)
    return Reply({}, 201)


@route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", "checks:read")
def list_runs_of_ref(request: Request) -> Reply:
    sha = resolve(request, request.params["ref"])
    return _runs(request, checks.runs(request.world, request.repo, sha))


@route("GET", "/repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs", "checks:read")
def list_runs_of_suite(request: Request) -> Reply:
    suite = _suite(request)
    found = checks.runs(request.world, request.repo, suite.head_sha)
    return _runs(request, [run for run in found if run.suite_id == suite.id])


@route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-suites", "checks:read")
def list_suites(request: Request) -> Reply:
    sha = resolve(request, request.params["ref"])
    found = [s for s in request.world.suites.values() if (s.repo_id, s.head_sha) == (request.repo.id, sha)]
    if app_id := request.query.get("app_id"):
        found = [s for s in found if str(s.app_id) == app_id]
    return request.page(request.fresh(found), lambda s: render.checks.suite(request.world, s), "check_suites")


@route("GET", "/repos/{owner}/{repo}/check-suites/{check_suite_id}", "checks:read")
def get_suite(request: Request) -> Reply:
    return Reply(render.checks.suite(request.world, _suite(request)))


@route("POST", "/repos/{owner}/{repo}/check-suites/{check_suite_id}/rerequest", "checks:write")
def rerequest_suite(request: Request) -> Reply:
    checks.rerequest_suite(request.world, request.repo, _suite(request), request.caller.login)
    return Reply({}, 201)


@route("GET", "/repos/{owner}/{repo}/commits/{ref}/status", "statuses:read")
def combined_status(request: Request) -> Reply:
    sha = resolve(request, request.params["ref"])
    latest = request.fresh(checks.latest_statuses(request.world, request.repo, sha))
    page = request.page(latest, lambda status: status)
    body = render.checks.combined(request.world, request.repo, sha, latest)
    body["statuses"] = [render.checks.simple_status(request.world, status) for status in page.body]
    return Reply(body, headers=page.headers)


@route("GET", "/repos/{owner}/{repo}/commits/{ref}/statuses", "statuses:read")
def list_statuses(request: Request) -> Reply:
    sha = resolve(request, request.params["ref"])
    found = request.fresh(checks.statuses(request.world, request.repo, sha))
    return request.page(found, lambda status: render.checks.status(request.world, status))


@route("POST", "/repos/{owner}/{repo}/statuses/{sha}", "statuses:write")
def create_status(request: Request) -> Reply:
    sha = request.params["sha"]
    made = checks.set_status(request.world, request.repo, sha, request.caller.login, request.body)
    body = render.checks.status(request.world, made)
    return Reply(body, 201, {"Location": body["url"]})


def _runs(request: Request, found: list[CheckRun]) -> Reply:
    """https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference"""
    query = request.query
    found = request.fresh(found)
    if query.get("filter", "latest") == "latest":
        found = checks.latest(found)
    if name := query.get("check_name"):
        found = [run for run in found if run.name == name]
    if status := query.get("status"):
        found = [run for run in found if run.status == status]
    if app_id := query.get("app_id"):
        found = [run for run in found if str(run.app_id) == app_id]
    return request.page(found, lambda run: render.checks.run(request.world, run), "check_runs")


def _app(request: Request) -> App:
    if request.caller.app is None:
        # "Write permission for the REST API to interact with checks is only available to GitHub Apps."
        raise Refusal(403, "You must authenticate via a GitHub App.")
    return request.caller.app


def _run(request: Request) -> CheckRun:
    found = request.world.check_runs.get(request.number("check_run_id"))
    if found is None or found.repo_id != request.repo.id:
        raise not_found()
    return found


def _suite(request: Request) -> CheckSuite:
    found = request.world.suites.get(request.number("check_suite_id"))
    if found is None or found.repo_id != request.repo.id:
        raise not_found()
    return found
