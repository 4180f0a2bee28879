"""Whose review is asked for, what becomes of approvals after a push, and what people are to a repository."""

from typing import Any

import httpx2

from support.forge import Receiver, Sample, client

R = "/repos/octo/sample"
NAME = "octo/sample"
ASKED = f"{R}/pulls/1/requested_reviewers"


def _states(sample: Sample) -> list[tuple[str, str]]:
    return [(review.user, review.state) for review in sample.forge.reviews(NAME, 1)]


def test_a_review_is_asked_for_given_and_asked_for_no_longer(sample: Sample, api: httpx2.Client) -> None:
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        made = api.post(ASKED, json={"reviewers": ["octo"]})
        assert made.status_code == 201
        assert [user["login"] for user in made.json()["requested_reviewers"]] == ["octo"]
        assert [user["login"] for user in api.get(ASKED).json()["users"]] == ["octo"]
        sample.forge.review(NAME, 1, "octo", "APPROVE")
        assert api.get(ASKED).json()["users"] == []
        api.post(ASKED, json={"reviewers": ["octo"]})
        api.request("DELETE", ASKED, json={"reviewers": ["octo"]})
        sample.forge.webhooks.settle()
        told = [d for d in sample.forge.deliveries(sample.app) if d.event == "pull_request"]
    actions = sorted(str(d.action) for d in told)
    assert actions == ["review_request_removed", "review_requested", "review_requested"]
    assert {d.payload["requested_reviewer"]["login"] for d in told} == {"octo"}


def test_only_collaborators_and_not_the_author_are_asked(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.create_user("passer-by")
    refused = api.post(ASKED, json={"reviewers": ["passer-by"]})
    assert refused.status_code == 422
    assert refused.json()["message"].startswith("Reviews may only be requested from collaborators.")
    words = "Review cannot be requested from pull request author."
    assert api.post(ASKED, json={"reviewers": ["dev"]}).json()["message"] == words


def test_a_push_that_changes_the_diff_dismisses_stale_approvals(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, approvals=1, dismiss_stale=True)
    sample.forge.review(NAME, 1, "octo", "APPROVE")
    sample.forge.commit(NAME, "main", {"later.txt": "x\n"})
    assert api.put(f"{R}/pulls/1/update-branch").status_code == 202
    assert _states(sample) == [("octo", "APPROVED")]
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        sample.forge.commit(NAME, "feature", {"notes.txt": "other\n"})
        sample.forge.webhooks.settle()
        told = [d for d in sample.forge.deliveries(sample.app) if d.event == "pull_request_review"]
    assert _states(sample) == [("octo", "DISMISSED")]
    assert [(d.action, d.payload["review"]["state"]) for d in told] == [("dismissed", "dismissed")]
    assert api.put(f"{R}/pulls/1/merge").status_code == 405


def test_without_that_rule_an_approval_outlives_a_push(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, approvals=1)
    sample.forge.review(NAME, 1, "octo", "APPROVE")
    sample.forge.commit(NAME, "feature", {"notes.txt": "other\n"})
    assert api.put(f"{R}/pulls/1/merge").status_code == 200


def test_a_dismissed_review_counts_for_neither_side(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, approvals=1)
    made = sample.forge.review(NAME, 1, "octo", "REQUEST_CHANGES", "no")
    assert "requesting changes" in api.put(f"{R}/pulls/1/merge").json()["message"]
    path = f"{R}/pulls/1/reviews/{made.id}/dismissals"
    assert api.put(path, json={"message": "settled"}).json()["state"] == "DISMISSED"
    assert "At least 1 approving review" in api.put(f"{R}/pulls/1/merge").json()["message"]


def test_an_association_says_what_the_author_is_to_the_repository(sample: Sample, api: httpx2.Client) -> None:
    forge = sample.forge
    forge.create_user("acme", type="Organization")
    forge.create_repository("acme/tool")
    forge.commit("acme/tool", "main", {"a": "1\n"})
    forge.install(sample.app, "acme")
    forge.add_member("acme", "mia")
    forge.set_collaborator("acme/tool", "otto", "read")
    forge.open_issue("acme/tool", "Talk")
    forge.commit("acme/tool", "gift", {"b": "1\n"})
    forge.merge_pull("acme/tool", forge.open_pull("acme/tool", "gift", user="giver").number)

    def of(login: str, where: str = "acme/tool") -> Any:
        made = forge.comment(where, 1, login, "hello")
        found = forge.world.comments[made.id]
        with client(sample.url, forge.create_token("acme" if where == "acme/tool" else "octo")) as person:
            return person.get(f"/repos/{where}/issues/comments/{found.id}").json()["author_association"]

    assert [of(login) for login in ("mia", "otto", "giver", "passer-by")] == [
        "MEMBER",
        "COLLABORATOR",
        "CONTRIBUTOR",
        "NONE",
    ]
    assert [of(login, NAME) for login in ("octo", "dev")] == ["OWNER", "COLLABORATOR"]
    assert api.get(f"{R}/pulls/1").json()["author_association"] == "COLLABORATOR"
    assert api.post(f"{R}/pulls/1/reviews", json={"event": "APPROVE"}).json()["author_association"] == "NONE"


def test_roles_are_shown_beside_the_old_permissions(sample: Sample, api: httpx2.Client) -> None:
    for role in ("triage", "maintain", "admin"):
        sample.forge.set_collaborator(NAME, f"{role}r", role)
    sample.forge.create_user("passer-by")
    sample.forge.create_user("acme", type="Organization")

    def held(login: str) -> tuple[Any, Any]:
        body = api.get(f"{R}/collaborators/{login}/permission").json()
        return body["permission"], body["role_name"]

    assert held("triager") == ("read", "triage")
    assert held("maintainr") == ("write", "maintain")
    assert held("adminr") == ("admin", "admin")
    assert held("octo") == ("admin", "admin")
    assert held("passer-by") == ("read", "read")
    for login in ("nobody", "forgehand[bot]", "acme"):
        missing = api.get(f"{R}/collaborators/{login}/permission")
        assert (missing.status_code, missing.json()["message"]) == (404, f"{login} is not a user")


def test_triage_labels_and_does_no_more(sample: Sample) -> None:
    sample.forge.set_collaborator(NAME, "tim", "triage")
    with client(sample.url, sample.forge.create_token("tim")) as tim:
        assert tim.post(f"{R}/issues/1/labels", json={"labels": ["seen"]}).status_code == 200
        assert tim.put(f"{R}/pulls/1/merge").status_code == 403
        shown = tim.get(R).json()["permissions"]
    assert shown == {"admin": False, "maintain": False, "push": False, "triage": True, "pull": True}
