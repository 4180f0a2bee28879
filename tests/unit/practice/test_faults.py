"""Each kind of failure, ordered and struck."""

import threading

import httpx2
import pytest

from support.forge import Sample, client, sample_forge

R = "/repos/octo/sample"
COMMENTS = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
PATH = f"{R}/issues/1/comments"


def post(api: httpx2.Client) -> int:
    return api.post(PATH, json={"body": "x"}).status_code


def count(sample: Sample) -> int:
    return len(sample.forge.comments("octo/sample", 1))


def test_an_error_before_the_effect_leaves_nothing(sample: Sample, api: httpx2.Client) -> None:
    fault = sample.forge.faults.add("error_before", route=COMMENTS, method="POST", status=503)
    assert post(api) == 503
    assert (count(sample), fault.hits) == (0, 1)
    assert post(api) == 201


def test_an_error_after_the_effect_hides_it(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.faults.add("error_after", route=COMMENTS, method="POST")
    assert post(api) == 502
    assert count(sample) == 1
    call = sample.forge.calls[-1]
    assert (call.fault, call.landed, call.status) == ("error_after", True, 502)


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_says_how_long_to_wait(sample: Sample, api: httpx2.Client, status: int) -> None:
    sample.forge.faults.add("secondary", route=COMMENTS, status=status, retry_after=7)
    refused = api.post(PATH, json={"body": "x"})
    assert (refused.status_code, refused.headers["retry-after"], count(sample)) == (status, "7", 0)
    assert "secondary rate limit" in refused.json()["message"]


def test_a_primary_limit_says_when_it_resets(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.faults.add("primary", retry_after=60)
    refused = api.get(R)
    assert refused.status_code == 403
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert int(refused.headers["x-ratelimit-reset"]) > sample.forge.world.now()
    assert "retry-after" not in refused.headers


@pytest.mark.parametrize(("kind", "header"), [("primary", "x-ratelimit-reset"), ("secondary", "retry-after")])
def test_a_limit_refuses_every_call_of_its_caller_until_its_time(sample: Sample, kind: str, header: str) -> None:
    forge, now = sample.forge, [1_800_000_000.0]
    forge.world.clock = lambda: now[0]
    with client(sample.url, forge.create_token("dev")) as dev, client(sample.url, forge.create_token("ann")) as ann:
        forge.faults.add(kind, route=COMMENTS, retry_after=60)  # type: ignore[arg-type]
        assert post(dev) == 403
        now[0] += 30
        refused = dev.get(R)
        left = {"primary": "1800000060", "secondary": "30"}
        assert (refused.status_code, refused.headers[header]) == (403, left[kind])
        assert dev.get("/rate_limit").status_code == 200
        assert ann.get(R).status_code == 200
        now[0] += 30
        assert dev.get(R).status_code == 200


def test_a_limit_on_content_looks_like_content_that_is_wrong(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.faults.add("content", route=COMMENTS, retry_after=7)
    refused = api.post(PATH, json={"body": "x"})
    assert (refused.status_code, refused.headers["retry-after"], count(sample)) == (422, "7", 0)
    assert refused.json()["errors"][0]["message"] == "was submitted too quickly"


@pytest.mark.parametrize(("kind", "made"), [("cut_before", 0), ("cut_after", 1)])
def test_a_connection_is_cut_before_or_after_the_effect(
    sample: Sample, api: httpx2.Client, kind: str, made: int
) -> None:
    sample.forge.faults.add(kind, route=COMMENTS, method="POST")  # type: ignore[arg-type]
    with pytest.raises(httpx2.TransportError):
        post(api)
    assert count(sample) == made
    assert sample.forge.calls[-1].status == 0


def test_a_slow_answer_comes_after_the_effect(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.faults.add("slow", route=COMMENTS, method="POST", seconds=30)
    with pytest.raises(httpx2.ReadTimeout):
        api.post(PATH, json={"body": "x"}, timeout=0.3)
    sample.forge.wait_for(lambda: count(sample) == 1)


def test_a_stale_list_lacks_the_newest(sample: Sample, api: httpx2.Client) -> None:
    post(api)
    sample.forge.faults.add("stale", route=COMMENTS, method="GET")
    assert api.get(PATH).json() == []
    assert len(api.get(PATH).json()) == 1


def test_what_fails_now_can_land_when_the_test_says_so(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.faults.add("lands_later", route=COMMENTS, method="POST")
    assert post(api) == 502
    assert count(sample) == 0
    assert sample.forge.land_now() == 1
    assert count(sample) == 1
    assert sample.forge.land_now() == 0


def test_what_fails_now_lands_by_itself_after_its_time(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.faults.add("lands_later", route=COMMENTS, method="POST", seconds=0.05)
    assert post(api) == 502
    sample.forge.wait_for(lambda: count(sample) == 1)


def test_what_lands_after_its_time_is_there_for_a_call_after_it_however_late_the_timer_is(
    sample: Sample, api: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Timer, "run", lambda timer: None)
    sample.forge.faults.add("lands_later", route=COMMENTS, method="POST", seconds=0.05)
    assert post(api) == 502
    sample.forge.wait_for(lambda: len(api.get(PATH).json()) == 1)


def test_a_fault_strikes_as_often_as_ordered_after_the_calls_it_lets_pass(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.faults.add("error_before", route=COMMENTS, method="POST", skip=1, count=2)
    assert [post(api) for _ in range(4)] == [201, 502, 502, 201]


def test_a_fault_can_be_bound_to_a_path_or_to_any_condition(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.faults.add("error_before", when=lambda asked: asked.query.get("page") == "2", count=None)
    sample.forge.faults.add("error_before", route=f"{R}/branches/main", count=None)
    assert api.get(PATH).status_code == 200
    assert api.get(PATH, params={"page": "2"}).status_code == 502
    assert api.get(f"{R}/branches/main").status_code == 502
    assert api.get(f"{R}/branches/feature").status_code == 200
    sample.forge.faults.clear()
    assert api.get(f"{R}/branches/main").status_code == 200


def test_a_token_can_fail_to_be_minted(sample: Sample) -> None:
    sample.forge.faults.add("error_before", route="/app/installations/{installation_id}/access_tokens")
    with pytest.raises(AssertionError):
        sample.token()
    assert sample.token()


def test_what_was_to_land_is_dropped_with_the_forge(tmp_path: object) -> None:
    from pathlib import Path

    with sample_forge(Path(str(tmp_path))) as sample, sample.client() as api:
        sample.forge.faults.add("lands_later", route=COMMENTS, method="POST", seconds=600)
        assert post(api) == 502
    assert count(sample) == 0
