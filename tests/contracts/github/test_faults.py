"""What our client makes of a GitHub in trouble: what is repeated, what never is, and what a worker is told."""

import asyncio
import time

import anyio
import pytest

from forgehand.adapters.github import GitHub, PullReader, performers
from forgehand.domain.effects import StickyComment
from forgehand.ports.github import Throttled, TooLate, Unreachable
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

PULL = "/repos/{owner}/{repo}/pulls/{pull_number}"
COMMENTS = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
MINT = "/app/installations/{installation_id}/access_tokens"


def reader(stage: Stage) -> PullReader:
    return PullReader(stage.github, stage.tokens, stage.identity)


def comment(stage: Stage) -> StickyComment:
    subject = f"pull/{stage.number}"
    return StickyComment(
        repo=stage.repo, subject=subject, worker="review", purpose="summary", number=stage.number, body="All good."
    )


def asked(stage: Stage, route: str, method: str) -> int:
    return len([call for call in stage.forge.calls if (call.route, call.method) == (route, method)])


@pytest.mark.parametrize("fault", ["error_before", "error_after", "cut_before", "cut_after"])
async def test_a_read_survives_two_failures(stage: Stage, fault: str) -> None:
    stage.forge.faults.add(fault, route=PULL, method="GET", count=2)  # type: ignore[arg-type]
    assert (await reader(stage).pull(stage.repo, stage.number)).number == stage.number
    assert asked(stage, PULL, "GET") == 3


async def test_a_read_gives_up_after_three(stage: Stage) -> None:
    stage.forge.faults.add("error_before", route=PULL, method="GET", count=None)
    with pytest.raises(Unreachable):
        await reader(stage).pull(stage.repo, stage.number)
    assert asked(stage, PULL, "GET") == 3


@pytest.mark.parametrize("fault", ["error_before", "error_after", "cut_before", "cut_after", "lands_later"])
async def test_a_write_is_sent_once_whatever_happens(stage: Stage, fault: str) -> None:
    stage.forge.faults.add(fault, route=COMMENTS, method="POST")  # type: ignore[arg-type]
    with pytest.raises(Unreachable) as caught:
        await stage.do(comment(stage))
    assert caught.value.sent
    assert asked(stage, COMMENTS, "POST") == 1


async def test_a_failed_mint_does_not_make_a_write_ambiguous(stage: Stage) -> None:
    effect = comment(stage)
    stage.forge.faults.add("error_before", route=MINT)
    with pytest.raises(Unreachable) as caught:
        await stage.performer(effect).perform(effect, None, time.time() + 30)
    assert not caught.value.sent
    assert stage.writes() == []


async def test_a_server_that_is_not_there_has_not_got_the_write(stage: Stage) -> None:
    token = await stage.tokens.token(stage.repo, comment(stage).permissions)
    async with GitHub("http://127.0.0.1:1") as github:
        with pytest.raises(Unreachable, match="could not be reached") as caught:
            await github.write("POST", "/x", token)
    assert not caught.value.sent


@pytest.mark.parametrize("status", [403, 429])
async def test_a_secondary_limit_says_how_long_to_wait(stage: Stage, status: int) -> None:
    stage.forge.faults.add("secondary", route=COMMENTS, method="POST", status=status, retry_after=7)
    with pytest.raises(Throttled) as caught:
        await stage.do(comment(stage))
    assert caught.value.after == 7
    assert asked(stage, COMMENTS, "POST") == 1


async def test_while_limited_the_installation_is_left_in_peace(stage: Stage) -> None:
    stage.forge.faults.add("secondary", route=PULL, retry_after=600)
    with pytest.raises(Throttled):
        await reader(stage).pull(stage.repo, stage.number)
    stage.forge.clear_calls()
    with pytest.raises(Throttled) as caught:
        await reader(stage).files(stage.repo, stage.number)
    assert 500 < caught.value.after <= 600
    assert stage.forge.calls == ()


async def test_a_primary_limit_waits_for_its_reset(stage: Stage) -> None:
    stage.forge.faults.add("primary", route=PULL, retry_after=900)
    with pytest.raises(Throttled) as caught:
        await reader(stage).pull(stage.repo, stage.number)
    # By the date in its answer, which a busy forge renews late.
    assert 800 < caught.value.after < 1000


async def test_an_answer_that_takes_too_long_is_given_up_in_time(stage: Stage) -> None:
    effect = comment(stage)
    # What comes before the write has all its time.
    assert await stage.performer(effect).find(effect, None) is None
    async with stage.client(answer_seconds=1) as github:
        own = performers(github, stage.tokens, stage.identity, stage.store)["comment"]
        stage.forge.faults.add("slow", route=COMMENTS, method="POST", seconds=60)
        began = time.monotonic()
        with pytest.raises(Unreachable) as caught:
            await own.perform(effect, None, time.time() + 120)
        assert time.monotonic() - began < 30
    assert caught.value.sent


async def test_nothing_is_sent_after_its_time_even_behind_another_write(stage: Stage) -> None:
    effect = comment(stage)
    performer = stage.performer(effect)
    assert await performer.find(effect, None) is None
    stage.forge.faults.add("slow", route=COMMENTS, method="POST", seconds=5)
    async with anyio.create_task_group() as group:
        group.start_soon(performer.perform, effect, None, time.time() + 30)
        await asyncio.to_thread(stage.forge.wait_for, lambda: stage.forge.comments(stage.name, stage.number))
        with pytest.raises(TooLate):
            await performer.perform(effect, None, time.time() + 0.1)
        group.cancel_scope.cancel()
    assert asked(stage, COMMENTS, "POST") == 1


@pytest.mark.parametrize("in_time", [4, 5])
async def test_the_clock_is_read_again_when_the_connection_stands_and_before_the_body(
    stage: Stage, in_time: int
) -> None:
    """Time runs out between the call and the first byte, or between that and the body."""
    effect = comment(stage)
    deadline = time.time() + 1000
    token = await stage.tokens.token(stage.repo, effect.permissions)
    looks = iter([0.0] * in_time)

    def clock() -> float:
        # In time for every look but the last one, or the last two.
        return deadline - 500 + next(looks, 1000.0)

    async with stage.client(clock=clock) as github:
        with pytest.raises(TooLate):
            await github.write("POST", "/repos/octo/sample/issues", token, body={"title": "x"}, send_before=deadline)
    assert next(looks, None) is None
    assert stage.writes() == []
