"""Check runs with their limits, suites and statuses."""

from typing import Any

import httpx2
import pytest

from support.forge import Sample, client

R = "/repos/octo/sample"


def annotation(line: int = 1) -> dict[str, Any]:
    return {"path": "app.py", "start_line": line, "end_line": line, "annotation_level": "warning", "message": "hm"}


def run(sample: Sample, **changed: Any) -> dict[str, Any]:
    return {"name": "review", "head_sha": sample.pull.head_sha, "external_id": "key-1", **changed}


def test_a_run_is_made_finished_and_found(sample: Sample, api: httpx2.Client) -> None:
    made = api.post(f"{R}/check-runs", json=run(sample, status="in_progress"))
    assert made.status_code == 201
    assert (made.json()["status"], made.json()["conclusion"], made.json()["external_id"]) == (
        "in_progress",
        None,
        "key-1",
    )
    assert [p["number"] for p in made.json()["pull_requests"]] == [1]
    done = api.patch(
        f"{R}/check-runs/{made.json()['id']}",
        json={"conclusion": "neutral", "output": {"title": "t", "summary": "s", "annotations": [annotation()]}},
    ).json()
    assert (done["status"], done["output"]["annotations_count"]) == ("completed", 1)
    assert done["completed_at"] is not None
    found = api.get(f"{R}/commits/feature/check-runs", params={"check_name": "review"}).json()
    assert (found["total_count"], found["check_runs"][0]["id"]) == (1, made.json()["id"])


def test_fifty_annotations_fit_in_one_request_and_more_are_added(sample: Sample, api: httpx2.Client) -> None:
    fifty = {"title": "t", "summary": "s", "annotations": [annotation(i + 1) for i in range(50)]}
    made = api.post(f"{R}/check-runs", json=run(sample, output=fifty)).json()
    too_many = fifty | {"annotations": [annotation()] * 51}
    refused = api.post(f"{R}/check-runs", json=run(sample, output=too_many))
    assert refused.status_code == 422
    assert "No more than 50 items are allowed; 51 were supplied." in refused.json()["message"]
    api.patch(f"{R}/check-runs/{made['id']}", json={"output": fifty})
    first = api.get(f"{R}/check-runs/{made['id']}/annotations", params={"per_page": 100})
    assert len(first.json()) == 100


def test_an_output_has_a_limit_and_a_title(sample: Sample, api: httpx2.Client) -> None:
    long = {"title": "t", "summary": "x" * 65_536}
    assert api.post(f"{R}/check-runs", json=run(sample, output=long)).status_code == 422
    assert (
        api.post(f"{R}/check-runs", json=run(sample, output={"title": "t", "summary": "x" * 65_535})).status_code == 201
    )
    assert api.post(f"{R}/check-runs", json=run(sample, output={"title": "t"})).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "completed"},
        {"conclusion": "fine"},
        {"status": "done"},
        {"head_sha": "0" * 40},
        {"name": ""},
        {"completed_at": "yesterday", "conclusion": "success"},
        {"output": {"title": "t", "summary": "s", "annotations": [annotation() | {"annotation_level": "error"}]}},
    ],
)
def test_what_a_run_cannot_be_is_refused(sample: Sample, api: httpx2.Client, wrong: dict[str, Any]) -> None:
    assert api.post(f"{R}/check-runs", json=run(sample, **wrong)).status_code == 422
    assert sample.forge.check_runs("octo/sample", sample.pull.head_sha) == ()


def test_the_list_shows_the_latest_of_a_name_unless_all_are_asked_for(sample: Sample, api: httpx2.Client) -> None:
    ids = [api.post(f"{R}/check-runs", json=run(sample)).json()["id"] for _ in range(2)]
    path = f"{R}/commits/{sample.pull.head_sha}/check-runs"
    assert [r["id"] for r in api.get(path).json()["check_runs"]] == [ids[1]]
    assert sorted(r["id"] for r in api.get(path, params={"filter": "all"}).json()["check_runs"]) == ids


def test_a_run_belongs_to_the_app_that_made_it(sample: Sample, api: httpx2.Client) -> None:
    made = api.post(f"{R}/check-runs", json=run(sample)).json()
    other = sample.forge.create_app("other", {"checks": "write"})
    installed = sample.forge.install(other, "octo")
    theirs = client(sample.url, type(sample)(sample.server, other, installed, sample.repository, sample.pull).token())
    assert theirs.patch(f"{R}/check-runs/{made['id']}", json={"conclusion": "failure"}).status_code == 403
    person = client(sample.url, sample.forge.create_token("dev"))
    assert person.post(f"{R}/check-runs", json=run(sample)).status_code == 403


def test_a_suite_folds_its_runs(sample: Sample, api: httpx2.Client) -> None:
    def suite() -> tuple[str, str | None]:
        (one,) = api.get(f"{R}/commits/feature/check-suites").json()["check_suites"]
        return one["status"], one["conclusion"]

    assert suite() == ("queued", None)
    first = api.post(f"{R}/check-runs", json=run(sample, conclusion="success")).json()
    assert suite() == ("completed", "success")
    api.post(f"{R}/check-runs", json=run(sample, name="second", conclusion="failure"))
    assert suite() == ("completed", "failure")
    suite_id = first["check_suite"]["id"]
    assert api.get(f"{R}/check-suites/{suite_id}/check-runs").json()["total_count"] == 2
    assert api.post(f"{R}/check-suites/{suite_id}/rerequest").status_code == 201
    assert api.post(f"{R}/check-runs/{first['id']}/rerequest").status_code == 201


def test_statuses_combine(sample: Sample, api: httpx2.Client) -> None:
    sha = sample.pull.head_sha

    def combined() -> str:
        return str(api.get(f"{R}/commits/feature/status").json()["state"])

    def post(**body: str) -> int:
        return api.post(f"{R}/statuses/{sha}", json=body).status_code

    assert combined() == "pending"
    assert post(state="success", context="ci") == 201
    assert combined() == "success"
    assert post(state="failure", context="lint") == 201
    assert combined() == "failure"
    assert post(state="success", context="lint") == 201
    assert combined() == "success"
    assert len(api.get(f"{R}/commits/feature/statuses").json()) == 3
    assert post(state="fine") == 422
    assert post(state="success", description="x" * 141) == 422


def test_a_red_check_makes_the_merge_unstable(sample: Sample, api: httpx2.Client) -> None:
    api.post(f"{R}/check-runs", json=run(sample, conclusion="failure"))
    api.get(f"{R}/pulls/1")
    assert api.get(f"{R}/pulls/1").json()["mergeable_state"] == "unstable"
