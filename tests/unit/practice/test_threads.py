"""Issues, comments, labels and reactions."""

import httpx2

from support.forge import Receiver, Sample, client

R = "/repos/octo/sample"


def test_a_comment_is_made_edited_and_deleted_by_its_author(sample: Sample, api: httpx2.Client) -> None:
    made = api.post(f"{R}/issues/1/comments", json={"body": "one"}).json()
    assert made["user"]["login"] == "forgehand[bot]"
    assert made["performed_via_github_app"]["slug"] == "forgehand"
    changed = api.patch(f"{R}/issues/comments/{made['id']}", json={"body": "two"}).json()
    assert changed["body"] == "two"
    theirs = sample.forge.comment("octo/sample", 1, "dev", "not yours")
    assert api.patch(f"{R}/issues/comments/{theirs.id}", json={"body": "mine"}).status_code == 403
    assert api.delete(f"{R}/issues/comments/{made['id']}").status_code == 204
    assert api.get(f"{R}/issues/comments/{made['id']}").status_code == 404


def test_a_comment_s_body_has_an_end_and_a_beginning(api: httpx2.Client) -> None:
    path = f"{R}/issues/1/comments"
    assert api.post(path, json={"body": "x" * 65_536}).status_code == 201
    refused = api.post(path, json={"body": "x" * 65_537})
    assert refused.status_code == 422
    assert "maximum is 65536 characters" in refused.json()["errors"][0]["message"]
    assert api.post(path, json={"body": "  "}).status_code == 422


def test_either_permission_comments_on_a_pull_request_and_only_issues_on_an_issue(sample: Sample) -> None:
    issue = sample.forge.open_issue("octo/sample", "An issue")
    pulls, issues = sample.client({"pull_requests": "write"}), sample.client({"issues": "write"})
    body = {"body": "x"}
    assert pulls.post(f"{R}/issues/1/comments", json=body).status_code == 201
    assert issues.post(f"{R}/issues/1/comments", json=body).status_code == 201
    assert issues.post(f"{R}/issues/{issue.number}/comments", json=body).status_code == 201
    assert pulls.post(f"{R}/issues/{issue.number}/comments", json=body).status_code == 403


def test_labels_are_added_set_and_removed(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.create_label("octo/sample", "bug", "d73a4a")
    path = f"{R}/issues/1/labels"
    assert [x["name"] for x in api.post(path, json={"labels": ["bug", "new one"]}).json()] == ["bug", "new one"]
    assert [x["name"] for x in api.post(path, json=["Bug"]).json()] == ["bug", "new one"]
    assert [x["name"] for x in api.delete(f"{path}/new%20one").json()] == ["bug"]
    assert api.delete(f"{path}/absent").status_code == 404
    assert [x["name"] for x in api.get(f"{R}/labels").json()] == ["bug", "new one"]
    assert [x["name"] for x in api.put(path, json={"labels": ["other"]}).json()] == ["other"]
    assert api.delete(path).status_code == 204
    assert sample.forge.issue("octo/sample", 1).labels == ()


def test_the_labels_of_a_new_issue_are_told_after_it_once_each(sample: Sample, api: httpx2.Client) -> None:
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        made = api.post(f"{R}/issues", json={"title": "Second", "labels": ["bug", "new", "Bug"]}).json()
        sample.forge.webhooks.settle()
        told = [d.payload for d in reversed(sample.forge.deliveries(sample.app))]
    assert [label["name"] for label in made["labels"]] == ["bug", "new"]
    assert [(each["action"], each.get("label", {}).get("name")) for each in told] == [
        ("opened", None),
        ("labeled", "bug"),
        ("labeled", "new"),
    ]
    assert all(len(each["issue"]["labels"]) == 2 for each in told)


def test_issues_and_pull_requests_share_their_numbers(api: httpx2.Client) -> None:
    made = api.post(f"{R}/issues", json={"title": "Second", "labels": ["x"]}).json()
    assert made["number"] == 2
    assert [i["number"] for i in api.get(f"{R}/issues").json()] == [2, 1]
    assert "pull_request" in api.get(f"{R}/issues/1").json()
    assert api.get(f"{R}/pulls/2").status_code == 404
    closed = api.patch(f"{R}/issues/2", json={"state": "closed", "state_reason": "not_planned"}).json()
    assert (closed["state"], closed["state_reason"], closed["closed_by"]["login"]) == (
        "closed",
        "not_planned",
        "forgehand[bot]",
    )
    assert [i["number"] for i in api.get(f"{R}/issues", params={"state": "all", "labels": "x"}).json()] == [2]


def test_a_reaction_of_a_kind_is_given_once(sample: Sample, api: httpx2.Client) -> None:
    comment = sample.forge.comment("octo/sample", 1, "dev", "/help")
    path = f"{R}/issues/comments/{comment.id}/reactions"
    first, again = api.post(path, json={"content": "eyes"}), api.post(path, json={"content": "eyes"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert api.post(path, json={"content": "sob"}).status_code == 422
    assert api.get(f"{R}/issues/comments/{comment.id}").json()["reactions"]["eyes"] == 1
    assert api.delete(f"{path}/{first.json()['id']}").status_code == 204
    assert api.get(path).json() == []


def test_a_maintainer_may_edit_anybody_s_comment(sample: Sample) -> None:
    comment = sample.forge.comment("octo/sample", 1, "stranger", "rude")
    owner = client(sample.url, sample.forge.create_token("octo"))
    assert owner.patch(f"{R}/issues/comments/{comment.id}", json={"body": "polite"}).status_code == 200
