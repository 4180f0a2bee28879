"""What the forge answers and sends has the shape that GitHub's own OpenAPI document gives."""

import base64
from typing import Any

import pytest

from support import openapi
from support.forge import Receiver, Sample, app_jwt, client

pytestmark = pytest.mark.needs("node")
R = "/repos/octo/sample"


def test_every_answer_fits_github_s_document(sample: Sample) -> None:
    _visit(sample)
    openapi.assert_conforms(sample.forge.calls)
    assert not [call for call in sample.forge.calls if call.status >= 500]


def test_every_event_fits_github_s_document(sample: Sample) -> None:
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        _visit(sample)
        forge, name = sample.forge, "octo/sample"
        forge.ping(sample.app)
        forge.commit(name, "third", {"t": "1\n"})
        third = forge.open_pull(name, "third", title="Third", draft=True)
        forge.set_draft(name, third.number, False)
        forge.commit(name, "third", {"t": "2\n"})
        forge.edit_pull(name, third.number, title="New title")
        forge.set_labels(name, third.number, ["a label"])
        forge.set_labels(name, third.number, [])
        forge.close_pull(name, third.number)
        forge.reopen_pull(name, third.number)
        forge.set_branch(name, "third", None)
        forge.suspend(sample.installation)
        narrowed = forge.suspend(sample.installation, False)
        forge.create_repository("octo/other")
        forge.select_repositories(narrowed, ["sample"])
        forge.uninstall(narrowed)
        forge.webhooks.settle()
        deliveries = forge.deliveries(sample.app)
    problems: dict[str, None] = {}
    for delivery in deliveries:
        found = _webhook_problems(delivery.event, delivery.action, delivery.payload)
        problems.update(dict.fromkeys(f"{delivery.event} {delivery.action}: {problem}" for problem in found))
    assert not problems, "\n".join(problems)
    assert len({(d.event, d.action) for d in deliveries}) >= 30


def _visit(sample: Sample) -> None:
    """Call every route that is modelled, with what makes it answer at length."""
    forge, name, sha = sample.forge, "octo/sample", sample.pull.head_sha
    forge.create_label(name, "bug", "d73a4a", "Broken")
    with client(sample.url, app_jwt(sample.app)) as app:
        for path in ("/app", "/app/installations", f"/app/installations/{sample.installation.id}"):
            app.get(path)
        for path in (f"{R}/installation", "/users/octo/installation", "/app/hook/config"):
            app.get(path)
        forge.comment(name, 1, "dev", "for the history")
        forge.webhooks.settle()
        for item in app.get("/app/hook/deliveries", params={"per_page": 2}).json()[:1]:
            app.get(f"/app/hook/deliveries/{item['id']}")
            app.post(f"/app/hook/deliveries/{item['id']}/attempts")
        app.patch("/app/hook/config", json={"secret": "another"})
        app.post(
            f"/app/installations/{sample.installation.id}/access_tokens",
            json={"repositories": ["sample"], "permissions": {"contents": "read"}},
        )
    with client(sample.url, forge.create_token("octo")) as person:
        for path in ("/user", "/users/dev", "/rate_limit", "/meta", "/zen", R):
            person.get(path)
        _protect(person)
    forge.protect(name, checks=["c"], approvals=0, ruleset="Main", bypass=("forgehand[bot]",))
    with sample.client() as api:
        text = base64.b64encode(b"x\n").decode()
        made = api.put(f"{R}/contents/new.txt", json={"message": "m", "content": text}).json()
        api.request("DELETE", f"{R}/contents/new.txt", json={"message": "m", "sha": made["content"]["sha"]})
        api.post(f"{R}/git/refs", json={"ref": "refs/heads/topic", "sha": sha})
        api.patch(f"{R}/git/refs/heads/topic", json={"sha": sha})
        api.delete(f"{R}/git/refs/heads/topic")
        api.post(f"{R}/statuses/{sha}", json={"state": "success", "context": "ci", "description": "fine"})
        output = {
            "title": "t",
            "summary": "s",
            "annotations": [
                {"path": "app.py", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
            ],
        }
        run = api.post(f"{R}/check-runs", json={"name": "c", "head_sha": sha, "external_id": "k", "output": output})
        run_id, suite_id = run.json()["id"], run.json()["check_suite"]["id"]
        api.patch(f"{R}/check-runs/{run_id}", json={"conclusion": "success"})
        api.get(f"{R}/check-runs/{run_id}/annotations")
        api.get(f"{R}/check-runs/{run_id}")
        api.post(f"{R}/check-runs/{run_id}/rerequest")
        api.get(f"{R}/check-suites/{suite_id}")
        api.get(f"{R}/check-suites/{suite_id}/check-runs")
        api.post(f"{R}/check-suites/{suite_id}/rerequest")
        _review(api, sha)
        _ask(sample, api)
        _act(sample, api)
        _branches(sample, api)
        _talk(api)
        for path in READS:
            api.get(R + path)
        api.get(f"{R}/commits", params={"sha": "feature", "per_page": 1})
        api.post(f"{R}/pulls", json={"title": "None", "head": "main", "base": "main"})
        forge.commit(name, "second", {"s": "1\n"})
        made = api.post(f"{R}/pulls", json={"title": "Second", "head": "second", "base": "main", "body": "b"}).json()
        api.patch(f"{R}/pulls/{made['number']}", json={"body": "changed"})
        api.put(f"{R}/pulls/1/merge", json={"sha": sha})
        api.get(f"{R}/pulls/1/merge")
        api.put(f"{R}/pulls/1/merge", json={"sha": sha})
        api.get(f"{R}/pulls/1")
        tree = api.get(f"{R}/git/trees/main").json()
        api.get(f"{R}/git/blobs/{tree['tree'][0]['sha']}")
        api.get(f"{R}/git/commits/{sha}")


WORKFLOW = """
name: Ship
on:
  workflow_dispatch:
    inputs:
      target: {required: true}
jobs:
  ship:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: test -f app.py
"""


def _act(sample: Sample, api: Any) -> None:
    forge, name, path = sample.forge, "octo/acts", "/repos/octo/acts/actions"
    forge.create_repository(name)
    forge.enable_actions(name)
    forge.commit(name, "main", {".github/workflows/ship.yml": WORKFLOW, "app.py": "1\n"})
    body = {"ref": "main", "inputs": {"target": "x"}}
    for asked in (body | {"return_run_details": True}, body, {"ref": "none"}):
        api.post(f"{path}/workflows/ship.yml/dispatches", json=asked)
    run = forge.wait_for(lambda: [run for run in forge.runs(name) if run.status == "completed"], timeout=240)[0]
    assert run.conclusion == "success", forge.jobs(run)
    forge.wait_for(lambda: all(run.status == "completed" for run in forge.runs(name)), timeout=240)
    for shown in ("workflows", "workflows/ship.yml", "workflows/ship.yml/runs", "runs?event=workflow_dispatch"):
        api.get(f"{path}/{shown}")
    for shown in (f"runs/{run.id}", f"runs/{run.id}/jobs", f"jobs/{forge.jobs(run)[0].id}"):
        api.get(f"{path}/{shown}")
    for verb in ("disable", "enable"):
        api.put(f"{path}/workflows/ship.yml/{verb}")


def _ask(sample: Sample, api: Any) -> None:
    sample.forge.create_user("nobody")
    for login in ("octo", "nobody"):
        api.post(f"{R}/pulls/1/requested_reviewers", json={"reviewers": [login]})
    api.get(f"{R}/pulls/1/requested_reviewers")
    api.get(f"{R}/pulls/1")
    api.request("DELETE", f"{R}/pulls/1/requested_reviewers", json={"reviewers": ["octo"]})
    for comment in sample.forge.review_comments("octo/sample", 1)[:1]:
        sample.forge.resolve_thread(comment)


def _branches(sample: Sample, api: Any) -> None:
    forge, name = sample.forge, "octo/sample"
    blob = api.post(f"{R}/git/blobs", json={"content": "x"}).json()["sha"]
    entry = {"path": "made.txt", "mode": "100644", "type": "blob", "sha": blob}
    tree = api.post(f"{R}/git/trees", json={"tree": [entry], "base_tree": sample.pull.base_sha}).json()["sha"]
    body = {"message": "m", "tree": tree, "parents": [sample.pull.base_sha]}
    sha = api.post(f"{R}/git/commits", json=body).json()["sha"]
    api.post(f"{R}/git/commits", json=body | {"tree": blob})
    api.post(f"{R}/git/refs", json={"ref": "refs/heads/made", "sha": sha})
    for head in ("feature", "feature", "none"):
        api.post(f"{R}/merges", json={"base": "made", "head": head, "commit_message": "m"})
    forge.commit(name, "left", {"left.txt": "1\n"}, parent=sample.pull.base_sha)
    forge.fork(name, "leaver")
    forge.open_pull(name, head="left", base="made", title="Left")
    last = forge.open_pull(name, head="leaver:left", base="made", title="Left", user="leaver").number
    api.put(f"{R}/pulls/{last - 1}/update-branch", json={"expected_head_sha": "0" * 40})
    api.put(f"{R}/pulls/{last - 1}/update-branch")
    forge.delete_repository("leaver/sample")
    api.get(f"{R}/pulls/{last}")


def _protect(admin: Any) -> None:
    path = f"{R}/branches/main/protection"
    admin.get(path)
    allowed = {"users": ["dev"], "teams": [], "apps": ["forgehand"]}
    reviews = {"required_approving_review_count": 1, "bypass_pull_request_allowances": allowed}
    body = {"required_status_checks": {"strict": True, "contexts": ["ci"]}, "required_pull_request_reviews": reviews}
    admin.put(path, json=body | {"enforce_admins": True, "restrictions": None})
    for shown in (path, f"{R}/branches/main", f"{R}/branches"):
        admin.get(shown)
    admin.put(f"{R}/pulls/1/merge")
    admin.delete(path)


READS = (
    "", "/pulls", "/pulls/1", "/pulls/1", "/pulls/1/files", "/pulls/1/commits", "/pulls/1/reviews", "/pulls/1/comments",
    "/pulls/1/requested_reviewers", "/pulls/comments", "/issues", "/issues/1", "/issues/1/comments", "/issues/comments",
    "/issues/1/labels", "/labels", "/labels/bug", "/commits", "/commits/feature", "/compare/main...feature",
    "/branches",    "/branches/main", "/git/ref/heads/main", "/git/matching-refs/heads/", "/git/trees/main?recursive=1",
    "/contents/app.py", "/commits/feature/check-suites", "/commits/feature/check-runs", "/commits/feature/status",
    "/commits/feature/statuses", "/commits/feature/pulls", "/collaborators/dev/permission", "/collaborators/dev",
    "/rules/branches/main", "/branches/none", "/contents/none", "/pulls/99", "/issues/99",
)  # fmt: skip


def _review(api: Any, sha: str) -> None:
    anchors = [
        {"path": "app.py", "line": 1, "side": "RIGHT", "body": "a"},
        {"path": "notes.txt", "line": 3, "start_line": 1, "side": "RIGHT", "start_side": "RIGHT", "body": "b"},
    ]
    path = f"{R}/pulls/1/reviews"
    made = api.post(path, json={"event": "COMMENT", "body": "x", "commit_id": sha, "comments": anchors}).json()
    api.get(f"{path}/{made['id']}")
    api.put(f"{path}/{made['id']}", json={"body": "edited"})
    api.get(f"{path}/{made['id']}/comments")
    pending = api.post(path, json={"body": "wait"}).json()
    api.post(path, json={"body": "two", "event": "COMMENT"})
    api.delete(f"{path}/{pending['id']}")
    pending = api.post(path, json={"body": "wait"}).json()
    api.post(f"{path}/{pending['id']}/events", json={"event": "APPROVE"})
    api.put(f"{path}/{pending['id']}/dismissals", json={"message": "no"})
    api.post(path, json={"event": "COMMENT", "body": "x", "comments": [anchors[0] | {"line": 99}]})
    single = {"path": "app.py", "line": 2, "side": "RIGHT", "body": "c", "commit_id": sha}
    comment = api.post(f"{R}/pulls/1/comments", json=single).json()
    api.post(f"{R}/pulls/1/comments", json=single | {"line": 99})
    reply = api.post(f"{R}/pulls/1/comments/{comment['id']}/replies", json={"body": "r"}).json()
    api.get(f"{R}/pulls/comments/{comment['id']}")
    api.patch(f"{R}/pulls/comments/{reply['id']}", json={"body": "r2"})
    api.delete(f"{R}/pulls/comments/{reply['id']}")


def _talk(api: Any) -> None:
    comment = api.post(f"{R}/issues/1/comments", json={"body": "hello"}).json()
    api.patch(f"{R}/issues/comments/{comment['id']}", json={"body": "again"})
    reaction = api.post(f"{R}/issues/comments/{comment['id']}/reactions", json={"content": "eyes"}).json()
    api.post(f"{R}/issues/comments/{comment['id']}/reactions", json={"content": "eyes"})
    api.get(f"{R}/issues/comments/{comment['id']}/reactions")
    api.get(f"{R}/issues/comments/{comment['id']}")
    api.delete(f"{R}/issues/comments/{comment['id']}/reactions/{reaction['id']}")
    api.delete(f"{R}/issues/comments/{comment['id']}")
    api.post(f"{R}/issues/1/comments", json={"body": "x" * 65_537})
    api.post(f"{R}/labels", json={"name": "extra", "color": "ff0000", "description": "More"})
    api.post(f"{R}/labels", json={"name": "extra"})
    api.post(f"{R}/issues/1/labels", json={"labels": ["bug", "extra"]})
    api.delete(f"{R}/issues/1/labels/extra")
    api.put(f"{R}/issues/1/labels", json={"labels": ["bug"]})
    issue = api.post(f"{R}/issues", json={"title": "One", "body": "b", "labels": ["bug"]}).json()
    changes: list[dict[str, Any]] = [{"title": "New"}, {"state": "closed"}, {"state": "open"}, {"labels": []}]
    for change in changes:
        api.patch(f"{R}/issues/{issue['number']}", json=change)


def test_a_payload_that_lacks_a_field_is_noticed(sample: Sample) -> None:
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        sample.forge.comment("octo/sample", 1, "dev", "x")
        sample.forge.webhooks.settle()
        payload = sample.forge.deliveries(sample.app)[0].payload
    assert _webhook_problems("issue_comment", "created", payload) == []
    del payload["comment"]["user"]
    assert _webhook_problems("issue_comment", "created", payload) != []


def _webhook_problems(event: str, action: str | None, payload: Any) -> list[str]:
    """Problems of a payload against the schema that the document gives for its event and action."""
    hooks = openapi._document()["x-webhooks"]
    name = "-".join(filter(None, (event, action))).replace("_", "-")
    if name not in hooks:
        return [f"the document knows no event {name}"]
    schema = hooks[name]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return openapi._problems(schema, payload)
