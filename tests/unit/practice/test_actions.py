"""Workflows: what makes them run, what their runs report, and how a dispatch is refused."""

import os
from pathlib import Path
from typing import Any

import httpx2
import pytest

from forgehand.practice.actions.steps import Workspace
from forgehand.practice.records import Quirks, WorkflowRun
from support.forge import Receiver, Sample, client, sample_forge

NAME = "octo/sample"
R = f"/repos/{NAME}/actions"
DISPATCH = f"{R}/workflows/ship.yml/dispatches"
SHIP = """
name: Ship
on:
  workflow_dispatch:
    inputs:
      target: {required: true, type: choice, options: [test, live]}
      dry: {type: boolean, default: false}
jobs:
  ship:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Look
        run: test -f app.py && test "$TARGET" = "${{ inputs.target }}" && echo "$TARGET dry=${{ inputs.dry }}"
        env: {TARGET: "${{ github.event.inputs.target }}"}
"""
CI = """
name: CI
on:
  push: {branches: [main, "release/*"]}
  pull_request:
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: %s
  after:
    needs: test
    runs-on: [self-hosted, big]
    steps:
      - run: "true"
"""

LOOK = """
on: {pull_request: {types: [%s]}}
jobs:
  look:
    steps:
      - uses: actions/checkout@v4
      - run: git rev-parse HEAD HEAD^1 HEAD^2; env | grep -E '^GITHUB_(SHA|REF|REF_NAME|HEAD_REF|BASE_REF)=' | sort
"""


def _workflow(sample: Sample, file_name: str = "ship.yml", text: str = SHIP, branch: str = "main") -> str:
    sample.forge.enable_actions(NAME)
    return sample.forge.commit(NAME, branch, {f".github/workflows/{file_name}": text})


def _done(sample: Sample, count: int = 1) -> list[WorkflowRun]:
    """The runs, once there are `count` and all have ended."""

    def ended() -> list[WorkflowRun] | None:
        runs = list(sample.forge.runs(NAME))
        return runs if len(runs) >= count and all(run.status == "completed" for run in runs) else None

    found = sample.forge.wait_for(ended, timeout=240)
    assert found is not None
    return found


def test_a_step_that_cannot_start_fails_and_ends_its_job_and_its_check(sample: Sample) -> None:
    lost = '"true"\n        working-directory: nowhere'
    _workflow(sample, "ci.yml", CI % lost)
    (run,) = _done(sample)
    assert run.conclusion == "failure"
    checks = {each.name: (each.status, each.conclusion) for each in sample.forge.check_runs(NAME, run.head_sha)}
    assert checks == {"test": ("completed", "failure"), "after": ("completed", "skipped")}


def test_a_run_that_breaks_the_forge_leaves_no_job_open(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Workspace, "perform", breaks)
    _workflow(sample, "ci.yml", CI % '"true"')
    (run,) = _done(sample)
    assert run.conclusion == "startup_failure"
    found = sample.forge.check_runs(NAME, run.head_sha)
    assert {(each.name, each.status, each.conclusion) for each in found} == {
        ("test", "completed", "failure"),
        ("after", "completed", "failure"),
    }


def _refusal(api: httpx2.Client, **body: Any) -> tuple[int, str]:
    reply = api.post(DISPATCH, json=body)
    return reply.status_code, reply.json()["message"]


def test_a_dispatch_runs_the_file_of_its_ref_with_its_inputs(sample: Sample, api: httpx2.Client) -> None:
    tip = _workflow(sample)
    asked = {"ref": "main", "inputs": {"target": "live"}, "return_run_details": True}
    reply = api.post(DISPATCH, json=asked)
    assert reply.status_code == 200
    (run,) = _done(sample)
    assert reply.json()["workflow_run_id"] == run.id
    assert (run.conclusion, run.event, run.head_branch, run.head_sha) == ("success", "workflow_dispatch", "main", tip)
    (job,) = sample.forge.jobs(run)
    assert [(step.name, step.conclusion) for step in job.steps] == [
        ("Run actions/checkout@v4", "success"),
        ("Look", "success"),
    ]
    assert job.steps[1].output == "live dry=false\n"
    shown = api.get(f"{R}/runs/{run.id}").json()
    assert (shown["status"], shown["conclusion"], shown["actor"]["login"]) == ("completed", "success", "forgehand[bot]")
    assert api.get(f"{R}/runs/{run.id}/jobs").json()["jobs"][0]["steps"][1]["conclusion"] == "success"


def test_without_details_a_dispatch_answers_nothing(sample: Sample, api: httpx2.Client) -> None:
    _workflow(sample)
    reply = api.post(DISPATCH, json={"ref": "refs/heads/main", "inputs": {"target": "test", "dry": True}})
    assert (reply.status_code, reply.content) == (204, b"")
    (run,) = _done(sample)
    assert sample.forge.jobs(run)[0].steps[1].output == "test dry=true\n"


def test_an_older_server_refuses_to_be_asked_for_details(tmp_path: Path) -> None:
    with sample_forge(tmp_path, Quirks(run_details=False)) as sample, sample.client() as api:
        _workflow(sample)
        asked = {"ref": "main", "inputs": {"target": "test"}}
        refused = (422, 'Invalid request.\n\n"return_run_details" is not a permitted key.')
        assert _refusal(api, **asked, return_run_details=True) == refused
        assert api.post(DISPATCH, json=asked).status_code == 204
        (run,) = _done(sample)
        assert api.get(f"{R}/runs", params={"actor": "forgehand[bot]"}).json()["workflow_runs"][0]["id"] == run.id


def test_runs_are_listed_since_a_moment(sample: Sample, api: httpx2.Client) -> None:
    _workflow(sample)
    api.post(DISPATCH, json={"ref": "main", "inputs": {"target": "test"}})
    (run,) = _done(sample)

    def since(moment: str) -> list[int]:
        reply = api.get(f"{R}/runs", params={"created": moment})
        return [each["id"] for each in reply.json()["workflow_runs"]]

    assert since(">=2001-01-01T00:00:00Z") == [run.id]
    assert since(">=2999-01-01T00:00:00Z") == []
    assert api.get(f"{R}/runs", params={"created": "2001-01-01..2002-01-01"}).status_code == 501
    # Asked on purpose.
    sample.forge.clear_calls()


def test_a_dispatch_is_refused_in_github_s_words(sample: Sample, api: httpx2.Client) -> None:
    _workflow(sample)
    good = {"target": "live"}
    assert _refusal(api, ref="none", inputs=good) == (422, "No ref found for: none")
    assert _refusal(api, ref="main", inputs=good | {"x": "y"}) == (422, 'Unexpected inputs provided: ["x"]')
    assert _refusal(api, ref="main") == (422, "Required input 'target' not provided")
    words = "Provided value 'moon' for input 'target' not in the list of allowed values"
    assert _refusal(api, ref="main", inputs={"target": "moon"}) == (422, words)
    no_trigger = (422, "Workflow does not have 'workflow_dispatch' trigger")
    assert _refusal(api, ref="feature", inputs=good) == no_trigger
    sample.forge.disable_workflow(NAME, "ship.yml")
    disabled = (422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    assert _refusal(api, ref="main", inputs=good) == disabled
    assert api.put(f"{R}/workflows/ship.yml/enable").status_code == 204
    sample.forge.enable_actions(NAME, False)
    assert _refusal(api, ref="main", inputs=good) == (422, "Actions has been disabled for this repository.")
    assert api.post(f"{R}/workflows/none.yml/dispatches", json={"ref": "main"}).status_code == 404
    assert sample.forge.runs(NAME) == ()


def test_a_dispatch_needs_actions_write(sample: Sample) -> None:
    _workflow(sample)
    body = {"ref": "main", "inputs": {"target": "test"}}
    refused = sample.client({"actions": "read", "contents": "write"}).post(DISPATCH, json=body)
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    assert refused.headers["x-accepted-github-permissions"] == "actions=write"
    assert sample.client({"contents": "write"}).get(f"{R}/runs").status_code == 403


def test_each_installation_s_token_reaches_its_own_owner_s_workflows_only(sample: Sample, api: httpx2.Client) -> None:
    forge = sample.forge
    forge.create_repository("acme/target")
    forge.enable_actions("acme/target")
    forge.commit("acme/target", "main", {".github/workflows/ship.yml": SHIP, "app.py": ""})
    other = forge.install(sample.app, "acme")
    path = "/repos/acme/target/actions/workflows/ship.yml/dispatches"
    body = {"ref": "main", "inputs": {"target": "test"}}
    assert api.post(path, json=body).status_code == 404
    sample.installation = other
    with sample.client() as acme:
        assert acme.post(path, json=body).status_code == 204
    forge.wait_for(lambda: [run for run in forge.runs("acme/target") if run.conclusion == "success"], timeout=240)


def test_a_push_and_a_pull_request_run_what_wants_them(sample: Sample, api: httpx2.Client) -> None:
    tip = _workflow(sample, "ci.yml", CI % '"true"')
    (run,) = _done(sample)
    assert (run.event, run.conclusion, run.head_sha) == ("push", "success", tip)
    assert [job.conclusion for job in sample.forge.jobs(run)] == ["success", "success"]
    sample.forge.commit(NAME, "topic", {"new.txt": "x\n"})
    pull = sample.forge.open_pull(NAME, "topic")
    last = _done(sample, 2)[-1]
    assert (last.event, last.head_branch, last.head_sha) == ("pull_request", "topic", pull.head_sha)
    runs = api.get(f"/repos/{NAME}/commits/{pull.head_sha}/check-runs").json()["check_runs"]
    assert {(check["app"]["slug"], check["name"], check["conclusion"]) for check in runs} == {
        ("github-actions", "test", "success"),
        ("github-actions", "after", "success"),
    }
    assert api.get(f"{R}/runs", params={"event": "push", "branch": "main"}).json()["total_count"] == 1


def test_a_pull_request_runs_the_file_of_its_test_merge_on_it_and_shows_the_run_at_its_head(
    sample: Sample, api: httpx2.Client
) -> None:
    base = _workflow(sample, "look.yml", LOOK % "synchronize")
    head = sample.forge.commit(NAME, "feature", {"new.txt": "x\n"})
    (run,) = _done(sample)
    merge = _test_merge(api)
    assert _printed(sample, run) == [
        *(merge, base, head),
        "GITHUB_BASE_REF=main",
        "GITHUB_HEAD_REF=feature",
        "GITHUB_REF=refs/pull/1/merge",
        "GITHUB_REF_NAME=1/merge",
        f"GITHUB_SHA={merge}",
    ]
    assert (run.event, run.head_branch, run.head_sha) == ("pull_request", "feature", head)
    assert [check.conclusion for check in sample.forge.check_runs(NAME, head)] == ["success"]
    assert sample.forge.check_runs(NAME, merge) == ()


def test_a_pull_request_with_a_conflict_runs_nothing_until_a_push_resolves_it(
    sample: Sample, api: httpx2.Client
) -> None:
    _workflow(sample, "look.yml", LOOK % "synchronize, closed, reopened")
    sample.forge.commit(NAME, "main", {"app.py": "nothing like before\n"})
    sample.forge.commit(NAME, "feature", {"new.txt": "x\n"})
    sample.forge.close_pull(NAME, 1)
    sample.forge.reopen_pull(NAME, 1)
    assert sample.forge.runs(NAME) == ()
    resolved = sample.forge.commit(NAME, "feature", {"app.py": "nothing like before\n"})
    (run,) = _done(sample)
    assert (run.conclusion, run.head_sha) == ("success", resolved)
    assert _printed(sample, run)[0] == _test_merge(api)


def test_what_a_merge_ends_runs_on_the_base_that_it_went_into(sample: Sample) -> None:
    base = _workflow(sample, "look.yml", LOOK % "closed")
    merged = sample.forge.merge_pull(NAME, 1)
    (run,) = _done(sample)
    assert _printed(sample, run) == [
        *(merged, base, sample.pull.head_sha),
        "GITHUB_BASE_REF=main",
        "GITHUB_HEAD_REF=feature",
        "GITHUB_REF=refs/heads/main",
        "GITHUB_REF_NAME=main",
        f"GITHUB_SHA={merged}",
    ]
    assert run.head_sha == sample.pull.head_sha


def _test_merge(api: httpx2.Client) -> str:
    """As it shows once it is asked for again."""
    shown = [api.get(f"/repos/{NAME}/pulls/1").json() for _ in range(2)][-1]
    assert shown["mergeable"] is True
    return str(shown["merge_commit_sha"])


def _printed(sample: Sample, run: WorkflowRun) -> list[str]:
    """The lines of its one job's last step."""
    (job,) = sample.forge.jobs(run)
    return job.steps[-1].output.splitlines()


def test_a_failing_step_ends_its_job_and_what_needs_it(sample: Sample) -> None:
    _workflow(sample, "ci.yml", CI % "echo broken; exit 3")
    (run,) = _done(sample)
    assert run.conclusion == "failure"
    first, second = sample.forge.jobs(run)
    assert (first.conclusion, first.steps[0].output, second.conclusion) == ("failure", "broken\n", "skipped")


def test_a_run_is_told_from_its_request_to_its_end(sample: Sample, api: httpx2.Client) -> None:
    with Receiver() as receiver:
        sample.app.webhook_url = receiver.url
        _workflow(sample)
        api.post(DISPATCH, json={"ref": "main", "inputs": {"target": "test"}})
        _done(sample)
        sample.forge.webhooks.settle()
        told = {(d.event, d.action): d.payload for d in sample.forge.deliveries(sample.app)}
    assert {("workflow_run", action) for action in ("requested", "in_progress", "completed")} <= set(told)
    assert {("workflow_job", action) for action in ("queued", "in_progress", "completed")} <= set(told)
    assert {("check_run", "created"), ("check_run", "completed"), ("check_suite", "completed")} <= set(told)
    run = told["workflow_run", "completed"]["workflow_run"]
    assert (run["conclusion"], run["path"]) == ("success", ".github/workflows/ship.yml")
    assert told["workflow_run", "completed"]["workflow"]["name"] == "Ship"
    assert told["workflow_dispatch", None]["inputs"] == {"target": "test"}


def test_a_late_run_has_its_id_before_it_can_be_seen(tmp_path: Path) -> None:
    with sample_forge(tmp_path, Quirks(late_seconds=600)) as sample, sample.client() as api:
        _workflow(sample)
        asked = {"ref": "main", "inputs": {"target": "test"}, "return_run_details": True}
        run_id = api.post(DISPATCH, json=asked).json()["workflow_run_id"]
        assert api.get(f"{R}/runs").json()["total_count"] == 0
        assert api.get(f"{R}/runs/{run_id}").status_code == 404
        sample.forge.land_now()
        assert [run.id for run in _done(sample)] == [run_id]


def test_a_dispatch_that_failed_can_land_later(sample: Sample, api: httpx2.Client) -> None:
    _workflow(sample)
    sample.forge.faults.add("lands_later", route=DISPATCH)
    assert api.post(DISPATCH, json={"ref": "main", "inputs": {"target": "test"}}).status_code == 502
    assert sample.forge.runs(NAME) == ()
    sample.forge.land_now()
    assert _done(sample)[0].conclusion == "success"


def test_workflows_are_listed_by_name_or_path(sample: Sample, api: httpx2.Client) -> None:
    _workflow(sample)
    sample.forge.commit(NAME, "main", {".github/workflows/z.yaml": "on: push\njobs: []\n"})
    found = api.get(f"{R}/workflows").json()["workflows"]
    assert {(w["name"], w["path"], w["state"]) for w in found} == {
        ("Ship", ".github/workflows/ship.yml", "active"),
        (".github/workflows/z.yaml", ".github/workflows/z.yaml", "active"),
    }
    ship = api.get(f"{R}/workflows/ship.yml").json()
    assert api.get(f"{R}/workflows/{ship['id']}").json() == ship
    assert api.put(f"{R}/workflows/ship.yml/disable").status_code == 204
    assert api.get(f"{R}/workflows/ship.yml").json()["state"] == "disabled_manually"


@pytest.mark.parametrize(
    ("job", "why"),
    [
        ("steps: [{uses: someone/thing@v1}]", "only a plain actions/checkout is modelled"),
        ("strategy: {matrix: {a: [1]}}\n    steps: [{run: 'true'}]", "has strategy"),
        ("steps: [{run: 'true', if: always()}]", "has if"),
        ("needs: none\n    steps: [{run: 'true'}]", "need unknown jobs"),
    ],
)
def test_what_is_not_modelled_fails_and_says_why(sample: Sample, job: str, why: str) -> None:
    _workflow(sample, "odd.yml", f"on: push\njobs:\n  odd:\n    runs-on: x\n    {job}\n")
    (run,) = _done(sample)
    assert run.conclusion == "failure"
    assert why in str(run.problem)
    assert sample.forge.jobs(run) == ()


def test_an_unknown_expression_fails_its_step(sample: Sample) -> None:
    _workflow(sample, "odd.yml", "on: push\njobs: {odd: {steps: [{run: 'echo ${{ secrets.KEY }}'}]}}\n")
    (run,) = _done(sample)
    assert "secrets.KEY" in sample.forge.jobs(run)[0].steps[0].output


def test_a_step_has_a_clean_environment(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRACTICE_SECRET", "do not show")
    _workflow(sample, "env.yml", "on: push\njobs: {env: {steps: [{run: env | sort}]}}\n")
    (run,) = _done(sample)
    output = sample.forge.jobs(run)[0].steps[0].output
    assert "PRACTICE_SECRET" not in output
    assert f"GITHUB_SHA={run.head_sha}\n" in output
    assert "GITHUB_HEAD_REF=\n" in output


def test_a_fork_s_workflow_waits_for_an_approval(sample: Sample) -> None:
    _workflow(sample, "ci.yml", CI % '"true"')
    _done(sample)
    sample.forge.fork(NAME, "stranger")
    sample.forge.commit("stranger/sample", "idea", {"idea.txt": "1\n"}, author="stranger")
    sample.forge.open_pull(NAME, head="stranger:idea", user="stranger")
    last = _done(sample, 2)[-1]
    assert (last.conclusion, sample.forge.jobs(last)) == ("action_required", ())


def test_nothing_runs_where_nobody_switched_it_on(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.commit(NAME, "main", {".github/workflows/ci.yml": CI % "exit 1"})
    assert sample.forge.runs(NAME) == ()
    with client(sample.url, sample.forge.create_token("dev")) as person:
        assert person.get(f"{R}/runs").json()["total_count"] == 0


def test_a_run_in_hand_ends_with_the_forge(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with sample_forge(tmp_path) as sample:
        steps = f"[{{run: 'echo $$ > {note}.new && mv {note}.new {note} && exec sleep 600'}}]"
        _workflow(sample, "long.yml", f"on: push\njobs: {{long: {{steps: {steps}}}}}\n")
        sample.forge.wait_for(note.exists, timeout=240)
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
