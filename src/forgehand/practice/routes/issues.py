"""Issues and labels; pull requests are among them. https://docs.github.com/en/rest/issues"""

from forgehand.practice import render
from forgehand.practice.acts import accounts, threads
from forgehand.practice.auth import permitted
from forgehand.practice.errors import Refusal, forbidden, invalid, not_found
from forgehand.practice.records import Issue, Pull
from forgehand.practice.router import Reply, Request, route

EITHER_READ, EITHER_WRITE = ("issues:read", "pull_requests:read"), ("issues:write", "pull_requests:write")


@route("GET", "/repos/{owner}/{repo}/issues", *EITHER_READ)
def list_issues(request: Request) -> Reply:
    query = request.query
    state = query.get("state", "open")
    mine = [t for t in request.world.threads.values() if t.repo_id == request.repo.id]
    found = [t for t in mine if state in ("all", t.state)]
    if not permitted(request.caller, ["issues:read"]) and request.caller.kind == "installation":
        found = [t for t in found if isinstance(t, Pull)]
    if labels := query.get("labels"):
        found = [t for t in found if set(labels.split(",")) <= set(t.labels)]
    if creator := query.get("creator"):
        found = [t for t in found if t.user == creator]
    if since := query.get("since"):
        found = [t for t in found if render.iso(t.updated) >= since]
    sort = query.get("sort", "created")
    found.sort(key=lambda t: (t.updated if sort == "updated" else t.created, t.number))
    if query.get("direction", "desc") == "desc":
        found.reverse()
    return request.page(request.fresh(found), lambda t: render.threads.issue(request.world, t))


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}", *EITHER_READ)
def get_issue(request: Request) -> Reply:
    return Reply(render.threads.full_issue(request.world, issue_of(request)))


@route("POST", "/repos/{owner}/{repo}/issues", "issues:write")
def create_issue(request: Request) -> Reply:
    made = threads.open_issue(
        request.world,
        request.repo,
        request.need_text("title"),
        request.text("body"),
        request.caller.login,
        _names(request.body.get("labels")),
        request.caller.app_id,
    )
    body = render.threads.full_issue(request.world, made)
    return Reply(body, 201, {"Location": body["url"]})


@route("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", *EITHER_WRITE, user="write")
def update_issue(request: Request) -> Reply:
    by = request.caller.login
    changed = threads.change_issue(
        request.world,
        issue_of(request, writing=True),
        by,
        title=request.text("title"),
        body=request.text("body"),
        state=request.text("state"),
        reason=request.text("state_reason"),
    )
    if "labels" in request.body:
        changed = threads.set_labels(request.world, changed, _names(request.body["labels"]), by)
    return Reply(render.threads.full_issue(request.world, changed))


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/labels", *EITHER_READ)
def list_labels_of_issue(request: Request) -> Reply:
    return request.page(render.threads.labels(request.world, issue_of(request)), lambda label: label)


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", *EITHER_WRITE, user="triage")
def add_labels(request: Request) -> Reply:
    issue = issue_of(request, writing=True)
    return _relabel(request, [*issue.labels, *_given_names(request)])


@route("PUT", "/repos/{owner}/{repo}/issues/{issue_number}/labels", *EITHER_WRITE, user="triage")
def set_labels(request: Request) -> Reply:
    return _relabel(request, _given_names(request))


@route("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels", *EITHER_WRITE, user="triage")
def remove_all_labels(request: Request) -> Reply:
    _relabel(request, [])
    return Reply(status=204)


@route("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", *EITHER_WRITE, user="triage")
def remove_label(request: Request) -> Reply:
    issue, name = issue_of(request, writing=True), request.params["name"].lower()
    if name not in {label.lower() for label in issue.labels}:
        raise Refusal(404, "Label does not exist")
    return _relabel(request, [label for label in issue.labels if label.lower() != name])


@route("GET", "/repos/{owner}/{repo}/labels", *EITHER_READ)
def list_labels(request: Request) -> Reply:
    found = [label for label in request.world.labels.values() if label.repo_id == request.repo.id]
    return request.page(found, lambda label: render.threads.label(request.world, label))


@route("GET", "/repos/{owner}/{repo}/labels/{name}", *EITHER_READ)
def get_label(request: Request) -> Reply:
    found = accounts.find_label(request.world, request.repo, request.params["name"])
    if found is None:
        raise not_found()
    return Reply(render.threads.label(request.world, found))


@route("POST", "/repos/{owner}/{repo}/labels", *EITHER_WRITE, user="write")
def create_label(request: Request) -> Reply:
    name = request.need_text("name")
    if accounts.find_label(request.world, request.repo, name):
        raise invalid("Label", "name", "already_exists")
    color, description = request.text("color") or "ededed", request.text("description")
    made = accounts.create_label(request.world, request.repo, name, color, description)
    body = render.threads.label(request.world, made)
    return Reply(body, 201, {"Location": body["url"]})


def issue_of(request: Request, writing: bool = False) -> Issue:
    """The issue of the path. `issues` opens issues only, `pull_requests` pull requests only; for the parts
    they share, such as comments and labels of a pull request, either will do."""
    found = request.world.issue(request.repo, request.number("issue_number"))
    level = "write" if writing else "read"
    needs = [f"issues:{level}", f"pull_requests:{level}"] if isinstance(found, Pull) else [f"issues:{level}"]
    strict = writing or request.repo.private or request.world.quirks.strict_reads
    if strict and request.caller.kind == "installation" and not permitted(request.caller, needs):
        raise forbidden("; ".join(need.replace(":", "=") for need in needs))
    return found


def _relabel(request: Request, names: list[str]) -> Reply:
    issue = issue_of(request, writing=True)
    changed = threads.set_labels(request.world, issue, names, request.caller.login)
    return Reply(render.threads.labels(request.world, changed))


def _given_names(request: Request) -> list[str]:
    return _names(request.json if isinstance(request.json, list) else request.body.get("labels"))


def _names(given: object) -> list[str]:
    items = given if isinstance(given, list) else []
    return [str(item.get("name")) if isinstance(item, dict) else str(item) for item in items]
