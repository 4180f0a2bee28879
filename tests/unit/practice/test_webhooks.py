"""Signed deliveries, their history and redelivery, and what gets lost on the way."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from forgehand.practice.records import Quirks
from support.forge import Receiver, Sample, app_jwt, client, sample_forge

SECRET = "between us"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def told(tmp_path: Path, receiver: Receiver) -> Iterator[Sample]:
    """The sample, whose app hears of all that happened while it was made."""
    with sample_forge(tmp_path, webhook_url=receiver.url, webhook_secret=SECRET) as sample:
        sample.forge.webhooks.settle()
        yield sample


def test_a_delivery_is_signed_and_named(told: Sample, receiver: Receiver) -> None:
    opened = next(one for one in receiver.received if one.headers["x-github-event"] == "pull_request")
    digest = hmac.new(SECRET.encode(), opened.body, hashlib.sha256).hexdigest()
    assert opened.headers["x-hub-signature-256"] == f"sha256={digest}"
    assert len(opened.headers["x-github-delivery"]) == 36
    assert opened.headers["x-github-hook-id"] == str(told.app.hook_id)
    assert opened.headers["user-agent"].startswith("GitHub-Hookshot/")
    payload = json.loads(opened.body)
    assert (payload["action"], payload["number"]) == ("opened", 1)
    assert payload["pull_request"]["head"]["sha"] == told.pull.head_sha
    assert payload["pull_request"]["mergeable"] is None
    assert payload["installation"]["id"] == told.installation.id
    assert payload["sender"]["login"] == "dev"


def test_an_app_hears_what_happened_since_it_was_installed(told: Sample, receiver: Receiver) -> None:
    assert sorted(receiver.events()) == ["check_suite", "create", "installation", "pull_request", "push"]


def test_a_push_synchronizes_the_pull_request(told: Sample, receiver: Receiver) -> None:
    before = told.pull.head_sha
    after = told.forge.commit("octo/sample", "feature", {"more.txt": "x\n"}, "More")
    told.forge.webhooks.settle()
    payloads = {one.headers["x-github-event"]: json.loads(one.body) for one in receiver.received[5:]}
    assert set(payloads) == {"push", "pull_request", "check_suite"}
    assert payloads["pull_request"]["action"] == "synchronize"
    assert (payloads["pull_request"]["before"], payloads["pull_request"]["after"]) == (before, after)
    assert (payloads["push"]["ref"], payloads["push"]["forced"]) == ("refs/heads/feature", False)
    assert payloads["push"]["commits"][0]["added"] == ["more.txt"]
    assert payloads["check_suite"]["action"] == "requested"


def test_a_force_push_says_so(told: Sample) -> None:
    main = told.forge.branch("octo/sample", "main")
    told.forge.commit("octo/sample", "feature", {"other.txt": "x\n"}, parent=main)
    told.forge.webhooks.settle()
    push = next(d for d in told.forge.deliveries(told.app) if d.event == "push")
    assert push.payload["forced"] is True


def test_what_an_app_does_is_told_to_it_as_its_bot_s_doing(told: Sample) -> None:
    with told.client() as api:
        api.post("/repos/octo/sample/issues/1/comments", json={"body": "hi"})
    told.forge.webhooks.settle()
    payload = told.forge.deliveries(told.app)[0].payload
    assert payload["sender"]["login"] == "forgehand[bot]"
    assert payload["comment"]["performed_via_github_app"]["slug"] == "forgehand"
    assert payload["issue"]["pull_request"]["url"].endswith("/pulls/1")


def test_an_app_hears_only_what_it_may_and_wants(tmp_path: Path, receiver: Receiver) -> None:
    with sample_forge(tmp_path) as sample:
        deaf = sample.forge.create_app("deaf", {"contents": "read"}, ["push", "issues"], receiver.url)
        sample.forge.create_repository("octo/other")
        sample.forge.install(deaf, "octo", ["sample"])
        sample.forge.commit("octo/sample", "main", {"a": "1"})
        sample.forge.commit("octo/other", "main", {"a": "1"})
        sample.forge.open_issue("octo/sample", "needs a permission")
        sample.forge.webhooks.settle()
        assert sorted(receiver.events()) == ["installation", "push"]


def test_the_history_is_read_by_cursor_and_by_status(told: Sample, receiver: Receiver) -> None:
    receiver.status = 500
    told.forge.comment("octo/sample", 1, "dev", "hello")
    told.forge.webhooks.settle()
    api = client(told.url, app_jwt(told.app))
    first = api.get("/app/hook/deliveries", params={"per_page": 4})
    second = api.get(first.links["next"]["url"])
    assert "next" not in second.links
    ids = [d["id"] for d in first.json() + second.json()]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 6
    failed = api.get("/app/hook/deliveries", params={"status": "failure"}).json()
    assert [(d["event"], d["action"], d["status_code"]) for d in failed] == [("issue_comment", "created", 500)]
    assert failed[0]["repository_id"] == told.repository.id
    whole = api.get(f"/app/hook/deliveries/{failed[0]['id']}").json()
    assert whole["request"]["headers"]["X-GitHub-Delivery"] == failed[0]["guid"]
    assert whole["request"]["payload"]["comment"]["body"] == "hello"


def test_a_redelivery_keeps_guid_and_body_under_a_new_id(told: Sample, receiver: Receiver) -> None:
    api = client(told.url, app_jwt(told.app))
    old = api.get("/app/hook/deliveries").json()[0]
    assert api.post(f"/app/hook/deliveries/{old['id']}/attempts").status_code == 202
    told.forge.webhooks.settle()
    new = api.get("/app/hook/deliveries").json()[0]
    assert (new["guid"], new["redelivery"]) == (old["guid"], True)
    assert new["id"] > old["id"]
    same = [one.body for one in receiver.received if one.headers["x-github-delivery"] == old["guid"]]
    assert len(same) == 2
    assert same[0] == same[1]


def test_old_deliveries_leave_the_history(told: Sample) -> None:
    assert len(told.forge.deliveries(told.app)) == 5
    now = told.forge.world.now()
    told.forge.webhooks.clock = lambda: now + 4 * 24 * 3600
    assert told.forge.deliveries(told.app) == []


def test_a_dead_or_silent_receiver_is_a_failed_delivery(tmp_path: Path) -> None:
    with Receiver(status=None) as silent, sample_forge(tmp_path, Quirks(webhook_timeout=0.2)) as sample:
        sample.app.webhook_url = silent.url
        sample.forge.comment("octo/sample", 1, "dev", "anybody?")
        sample.forge.webhooks.settle()
        sample.app.webhook_url = "http://127.0.0.1:1/nobody"
        sample.forge.comment("octo/sample", 1, "dev", "nobody")
        sample.forge.webhooks.settle()
        found = [(d.status, d.status_code) for d in sample.forge.deliveries(sample.app)]
        assert found == [("failed to connect to host", 502), ("timed out", 504)]
        # Its sender may have given up before it had read it.
        sample.forge.wait_for(lambda: len(silent.received) == 1)


def test_lost_webhooks_leave_no_trace(told: Sample, receiver: Receiver) -> None:
    told.forge.webhooks.mode = "lost"
    told.forge.comment("octo/sample", 1, "dev", "unheard")
    told.forge.webhooks.settle()
    assert "issue_comment" not in receiver.events()
    assert len(told.forge.deliveries(told.app)) == 5


def test_doubled_webhooks_have_one_guid(told: Sample, receiver: Receiver) -> None:
    told.forge.webhooks.mode = "doubled"
    told.forge.comment("octo/sample", 1, "dev", "twice")
    told.forge.webhooks.settle()
    twice = [one for one in receiver.received if one.headers["x-github-event"] == "issue_comment"]
    assert len(twice) == 2
    assert len({one.headers["x-github-delivery"] for one in twice}) == 1


def test_shuffled_webhooks_wait_and_change_places(tmp_path: Path, receiver: Receiver) -> None:
    with sample_forge(tmp_path, Quirks(webhooks_in_order=True)) as sample:
        sample.app.webhook_url = receiver.url
        sample.forge.webhooks.mode = "shuffled"
        for i in range(8):
            sample.forge.comment("octo/sample", 1, "dev", f"{i}")
        assert receiver.received == []
        sample.forge.webhooks.release()
        sample.forge.webhooks.settle()
        bodies = [json.loads(one.body)["comment"]["body"] for one in receiver.received]
        assert sorted(bodies) == [f"{i}" for i in range(8)]
        assert bodies != sorted(bodies)


def test_in_order_webhooks_stay_in_order(tmp_path: Path, receiver: Receiver) -> None:
    with sample_forge(tmp_path, Quirks(webhooks_in_order=True)) as sample:
        sample.app.webhook_url = receiver.url
        for i in range(8):
            sample.forge.comment("octo/sample", 1, "dev", f"{i}")
        sample.forge.webhooks.settle()
        bodies = [json.loads(one.body)["comment"]["body"] for one in receiver.received]
        assert bodies == [f"{i}" for i in range(8)]


def test_delayed_webhooks_come_by_themselves_later(told: Sample, receiver: Receiver) -> None:
    told.forge.webhooks.mode, told.forge.webhooks.delay = "delayed", 0.05
    told.forge.comment("octo/sample", 1, "dev", "later")
    told.forge.wait_for(lambda: "issue_comment" in receiver.events())


def test_delayed_webhooks_come_at_once_when_released(told: Sample, receiver: Receiver) -> None:
    told.forge.webhooks.mode, told.forge.webhooks.delay = "delayed", 600
    told.forge.comment("octo/sample", 1, "dev", "later")
    assert "issue_comment" not in receiver.events()
    told.forge.webhooks.release()
    told.forge.webhooks.settle()
    assert receiver.events().count("issue_comment") == 1


def test_an_installation_s_changes_are_told(told: Sample, receiver: Receiver) -> None:
    told.forge.create_repository("octo/other")
    narrowed = told.forge.select_repositories(told.installation, ["other"])
    told.forge.select_repositories(narrowed, ["other", "sample"])
    told.forge.uninstall(told.installation)
    told.forge.webhooks.settle()
    actions = [(d.event, d.action) for d in reversed(told.forge.deliveries(told.app))][5:]
    assert sorted(actions, key=str) == [
        ("installation", "deleted"),
        ("installation_repositories", "added"),
        ("installation_repositories", "removed"),
    ]


def test_a_check_is_run_again_by_a_person(told: Sample) -> None:
    with told.client() as api:
        body = {"name": "review", "head_sha": told.pull.head_sha, "status": "completed", "conclusion": "success"}
        assert api.post("/repos/octo/sample/check-runs", json=body).status_code == 201
    run = told.forge.check_runs("octo/sample", told.pull.head_sha)[0]
    told.forge.rerequest(run, "dev")
    told.forge.webhooks.settle()
    told_of = {(d.event, d.action) for d in told.forge.deliveries(told.app)}
    assert {("check_run", "completed"), ("check_run", "rerequested"), ("check_suite", "completed")} <= told_of


def test_the_hook_can_be_pointed_elsewhere(told: Sample) -> None:
    api = client(told.url, app_jwt(told.app))
    changed = api.patch("/app/hook/config", json={"url": "http://127.0.0.1:1/x", "secret": "s"}).json()
    assert (changed["url"], changed["secret"]) == ("http://127.0.0.1:1/x", "********")
    assert told.app.webhook_secret == "s"


def test_a_push_names_what_was_added_removed_and_modified(told: Sample) -> None:
    files = {"moved.txt": "one\ntwo\nthree\n", "notes.txt": None, "app.py": "pass\n", "README.md": None}
    told.forge.commit("octo/sample", "feature", files)
    told.forge.webhooks.settle()
    push = next(d for d in told.forge.deliveries(told.app) if d.event == "push").payload
    names = {kind: sorted(push["commits"][0][kind]) for kind in ("added", "removed", "modified")}
    assert names == {"added": ["moved.txt"], "removed": ["README.md", "notes.txt"], "modified": ["app.py"]}
