"""Reviews: anchors in the diff, pending ones, who may approve, and comments that age."""

from typing import Any

import httpx2
import pytest

from support.forge import Sample, client

R = "/repos/octo/sample"
REVIEWS = f"{R}/pulls/1/reviews"


def review(**changed: Any) -> dict[str, Any]:
    return {"event": "COMMENT", "body": "Look", **changed}


def on(path: str, line: int, **more: Any) -> dict[str, Any]:
    return {"path": path, "line": line, "side": "RIGHT", "body": "here", **more}


def test_a_review_with_comments_is_made_in_one_call(sample: Sample, api: httpx2.Client) -> None:
    made = api.post(REVIEWS, json=review(commit_id=sample.pull.head_sha, comments=[on("app.py", 1)]))
    assert made.status_code == 200
    assert made.json()["state"] == "COMMENTED"
    assert made.json()["user"]["login"] == "forgehand[bot]"
    comment = api.get(f"{R}/pulls/1/comments").json()[0]
    assert (comment["line"], comment["side"], comment["path"]) == (1, "RIGHT", "app.py")
    assert comment["diff_hunk"] == "@@ -1,2 +1,5 @@\n+import os"
    assert comment["pull_request_review_id"] == made.json()["id"]
    below = api.get(f"{REVIEWS}/{made.json()['id']}/comments").json()
    assert [c["id"] for c in below] == [comment["id"]]


@pytest.mark.parametrize(
    ("comment", "sentence"),
    [
        (on("app.py", 6), "Line could not be resolved"),
        (on("app.py", 3, side="LEFT"), "Line could not be resolved"),
        (on("README.md", 1), "Path could not be resolved"),
        (on("notes.txt", 1, start_line=1), "Pull request review thread start line must precede the end line."),
        (
            on("notes.txt", 3, start_line=9),
            "Pull request review thread start line must be part of the same hunk as the line.",
        ),
    ],
)
def test_a_comment_off_the_diff_refuses_the_whole_review(
    sample: Sample, api: httpx2.Client, comment: dict[str, Any], sentence: str
) -> None:
    reply = api.post(REVIEWS, json=review(comments=[on("app.py", 1), comment]))
    assert reply.status_code == 422
    assert reply.json()["errors"] == [sentence]
    assert sample.forge.reviews("octo/sample", 1, pending=True) == ()
    assert sample.forge.review_comments("octo/sample", 1) == ()


def test_context_lines_and_ranges_can_be_commented(sample: Sample, api: httpx2.Client) -> None:
    comments = [on("app.py", 5), on("app.py", 2, side="LEFT"), on("notes.txt", 3, start_line=1, start_side="RIGHT")]
    assert api.post(REVIEWS, json=review(comments=comments)).status_code == 200
    ranged = api.get(f"{R}/pulls/1/comments").json()[2]
    assert (ranged["start_line"], ranged["line"], ranged["start_side"]) == (1, 3, "RIGHT")


def test_a_single_comment_off_the_diff_says_so_in_its_own_words(sample: Sample, api: httpx2.Client) -> None:
    body = on("app.py", 60) | {"commit_id": sample.pull.head_sha}
    reply = api.post(f"{R}/pulls/1/comments", json=body)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["message"] == "pull_request_review_thread.line must be part of the diff"
    assert api.post(f"{R}/pulls/1/comments", json=body | {"line": 1}).status_code == 201


def test_a_commit_that_is_not_of_the_pull_request_is_refused(sample: Sample, api: httpx2.Client) -> None:
    other = sample.forge.commit("octo/sample", "elsewhere", {"z": "z\n"})
    sample.forge.set_branch("octo/sample", "main", other)
    assert api.post(REVIEWS, json=review(commit_id="0" * 40)).status_code == 422


def test_without_an_event_it_stays_pending_and_is_seen_by_its_author_only(sample: Sample, api: httpx2.Client) -> None:
    pending = api.post(REVIEWS, json={"body": "wait", "comments": [on("app.py", 1)]}).json()
    assert pending["state"] == "PENDING"
    assert "submitted_at" not in pending
    assert [r["id"] for r in api.get(REVIEWS).json()] == [pending["id"]]
    other = client(sample.url, sample.forge.create_token("dev"))
    assert other.get(REVIEWS).json() == []
    assert other.get(f"{R}/pulls/1/comments").json() == []
    second = api.post(REVIEWS, json=review())
    assert second.status_code == 422
    assert second.json()["errors"] == ["User can only have one pending review per pull request"]


def test_a_pending_review_is_deleted_or_submitted(api: httpx2.Client) -> None:
    first = api.post(REVIEWS, json={"body": "wait"}).json()
    assert api.delete(f"{REVIEWS}/{first['id']}").status_code == 200
    second = api.post(REVIEWS, json={"body": "wait", "comments": [on("app.py", 1)]}).json()
    sent = api.post(f"{REVIEWS}/{second['id']}/events", json={"event": "APPROVE"})
    assert sent.json()["state"] == "APPROVED"
    assert api.delete(f"{REVIEWS}/{second['id']}").status_code == 422
    assert len(api.get(f"{R}/pulls/1/comments").json()) == 1


def test_nobody_approves_their_own_pull_request(sample: Sample) -> None:
    author = client(sample.url, sample.forge.create_token("dev"))
    reply = author.post(REVIEWS, json=review(event="APPROVE"))
    assert (reply.status_code, reply.json()["errors"]) == (422, ["Can not approve your own pull request"])
    assert author.post(REVIEWS, json=review()).status_code == 200


def test_an_approval_can_be_dismissed_and_a_comment_cannot(api: httpx2.Client) -> None:
    approved = api.post(REVIEWS, json=review(event="APPROVE")).json()
    gone = api.put(f"{REVIEWS}/{approved['id']}/dismissals", json={"message": "changed"})
    assert gone.json()["state"] == "DISMISSED"
    plain = api.post(REVIEWS, json=review()).json()
    assert api.put(f"{REVIEWS}/{plain['id']}/dismissals", json={"message": "changed"}).status_code == 422


def test_a_review_and_its_dismissal_are_updates_of_the_pull_request(sample: Sample, api: httpx2.Client) -> None:
    before = sample.forge.pull("octo/sample", 1).updated
    approved = api.post(REVIEWS, json=review(event="APPROVE")).json()
    then = sample.forge.pull("octo/sample", 1).updated
    api.put(f"{REVIEWS}/{approved['id']}/dismissals", json={"message": "changed"})
    assert before < then < sample.forge.pull("octo/sample", 1).updated


def test_a_review_needs_something_to_say_and_not_too_much(api: httpx2.Client) -> None:
    assert api.post(REVIEWS, json={"event": "COMMENT"}).status_code == 422
    assert api.post(REVIEWS, json={"event": "REQUEST_CHANGES", "body": " "}).status_code == 422
    assert api.post(REVIEWS, json={"event": "APPROVE"}).status_code == 200
    assert api.post(REVIEWS, json=review(body="x" * 65_536)).status_code == 200
    assert api.post(REVIEWS, json=review(body="x" * 65_537)).status_code == 422


def test_a_comment_follows_its_line_until_the_line_changes(sample: Sample, api: httpx2.Client) -> None:
    api.post(REVIEWS, json=review(comments=[on("notes.txt", 2)]))
    original = sample.pull.head_sha
    moved = sample.forge.commit("octo/sample", "feature", {"notes.txt": "zero\none\ntwo\nthree\n"})
    comment = api.get(f"{R}/pulls/1/comments").json()[0]
    assert (comment["line"], comment["original_line"]) == (3, 2)
    assert (comment["commit_id"], comment["original_commit_id"]) == (moved, original)
    sample.forge.commit("octo/sample", "feature", {"notes.txt": "zero\none\nchanged\nthree\n"})
    assert api.get(f"{R}/pulls/1/comments").json()[0]["line"] is None


def test_a_comment_is_outdated_once_its_line_is_not_in_the_diff_any_more(sample: Sample, api: httpx2.Client) -> None:
    long = "".join(f"line {number}\n" for number in range(1, 41))
    sample.forge.commit("octo/sample", "main", {"long.txt": long})
    sample.forge.commit(
        "octo/sample", "long", {"long.txt": long.replace("line 9\n", "nine\n").replace("line 30", "30")}
    )
    number = sample.forge.open_pull("octo/sample", head="long").number
    comments = f"{R}/pulls/{number}/comments"
    kept, context, removed = (on("long.txt", 30), on("long.txt", 10), {**on("long.txt", 9), "side": "LEFT"})
    api.post(f"{R}/pulls/{number}/reviews", json=review(comments=[kept, context, removed]))
    assert [each["position"] for each in api.get(comments).json()] == [14, 6, 4]
    sample.forge.commit("octo/sample", "long", {"long.txt": long.replace("line 30", "30")})
    lines = [(each["line"], each["position"], each["original_line"]) for each in api.get(comments).json()]
    assert lines == [(30, 5, 30), (None, None, 10), (None, None, 9)]


def test_a_reply_is_made_below_the_pull_request_of_its_thread_only(sample: Sample, api: httpx2.Client) -> None:
    first = api.post(f"{R}/pulls/1/comments", json=on("app.py", 1, commit_id=sample.pull.head_sha)).json()
    sample.forge.commit("octo/sample", "second", {"x": "y\n"})
    other = sample.forge.open_pull("octo/sample", head="second")
    path = f"{R}/pulls/{other.number}/comments"
    assert api.post(f"{path}/{first['id']}/replies", json={"body": "yes"}).status_code == 404
    assert api.post(path, json={"body": "yes", "in_reply_to": first["id"]}).status_code == 404
    assert api.get(path).json() == []


def test_a_reply_stays_in_its_thread(api: httpx2.Client) -> None:
    api.post(REVIEWS, json=review(comments=[on("app.py", 1)]))
    first = api.get(f"{R}/pulls/1/comments").json()[0]
    reply = api.post(f"{R}/pulls/1/comments/{first['id']}/replies", json={"body": "yes"})
    assert reply.status_code == 201
    assert reply.json()["in_reply_to_id"] == first["id"]
    assert api.delete(f"{R}/pulls/comments/{reply.json()['id']}").status_code == 204
