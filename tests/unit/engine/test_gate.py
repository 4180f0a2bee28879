from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.effects import Effect, Merge, UpdateRef
from forgehand.domain.jobs import Failed, Refused, Retry, Waiting
from forgehand.domain.ledger import EffectState
from forgehand.domain.repositories import Repo
from forgehand.engine.dry_run import DryGate
from forgehand.engine.gate import Gate, GateTimes
from forgehand.ports.desk import Landing
from forgehand.ports.effects import Receipt
from forgehand.ports.github import Conflict, GitHubError, NotPermitted, Throttled, TooLate, Unprocessable, Unreachable
from forgehand.ports.store import Pause
from support.engine import REPO, Clock, OneObjectPerSlot, a_job, comment, held

pytestmark = pytest.mark.anyio

TIMES = GateTimes(settle=15.0, again=0.0, window=5.0, answer=10.0)


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github(clock: Clock) -> OneObjectPerSlot:
    return OneObjectPerSlot(clock)


@pytest.fixture
def gate(store: MemoryStore, github: OneObjectPerSlot, clock: Clock) -> Gate:
    return Gate(store, {"comment": github, "merge": github, "ref": github}, clock, TIMES)


def fails(error: GitHubError) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def works() -> None:
    pass


async def state(store: MemoryStore, effect: Effect) -> EffectState | None:
    entry = await store.entry(effect.slot)
    return entry.state if entry else None


async def test_an_effect_lands_once_and_its_receipt_is_kept(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    landed = await gate.perform(comment(), job)
    assert (landed.landing, landed.url, landed.stop) == (Landing.DONE, "https://github.test/1", None)
    entry = await store.entry(comment().slot)
    assert entry is not None
    assert (entry.state, entry.remote_id) == (EffectState.DONE, "1")


async def test_the_same_revision_again_is_no_call_at_all(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    await gate.perform(comment(), job)
    calls = (github.sent, github.looked)
    landed = await gate.perform(comment(), job)
    assert landed.landing is Landing.UNCHANGED
    assert (github.sent, github.looked) == calls


async def test_another_body_edits_the_same_object(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    await gate.perform(comment("one"), job)
    await gate.perform(comment("two"), job)
    assert github.objects == {comment().slot: ["1"]}
    assert github.bodies[comment().slot] == comment("two").digest


@pytest.mark.parametrize(
    "effect",
    [
        Merge(repo=REPO, subject="pull/7", worker="review", purpose="merge", sha="a" * 40, number=7, base="main"),
        UpdateRef(repo=REPO, subject="pull/7", worker="review", purpose="push", ref="refs/heads/x", to="b" * 40),
    ],
)
async def test_comment_only_refuses_to_push_or_merge_and_says_so(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock, effect: Effect
) -> None:
    job = await held(store, a_job(), clock())
    landed = await gate.perform(effect, job)
    assert landed.landing is Landing.REFUSED
    assert isinstance(landed.stop, Refused)
    assert "comment-only" in landed.why
    assert (github.sent, github.looked) == (0, 0)
    assert await state(store, effect) is EffectState.REFUSED


@pytest.mark.parametrize("other", [Repo(1, 99, "octo/other"), Repo(9, 0, "octo/other"), Repo(9, 2, "octo/other")])
async def test_an_effect_on_another_repository_is_refused(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock, other: Repo
) -> None:
    job = await held(store, a_job(), clock())
    landed = await gate.perform(replace(comment(), repo=other), job)
    assert landed.why == "the job is for octo/shop, not for octo/other"
    assert github.sent == 0


async def test_nothing_is_sent_while_paused_and_the_job_waits_for_resume(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    await store.pause(Pause("kim", "freeze", clock()))
    landed = await gate.perform(comment(), job)
    assert landed.stop == Waiting("resume", "paused by kim: freeze")
    assert github.sent == 0


async def test_a_pause_that_comes_while_looking_holds_the_write_back(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    look = github.find

    async def look_slowly(effect: Effect, remote_id: str | None) -> Receipt | None:
        await store.pause(Pause("kim", "", clock()))
        return await look(effect, remote_id)

    github.find = look_slowly  # type: ignore[method-assign]
    assert isinstance((await gate.perform(comment(), job)).stop, Waiting)
    assert github.sent == 0


async def test_a_look_up_comes_after_everything_that_a_request_can_still_do() -> None:
    default = GateTimes()
    assert default.settle >= default.window + 10


async def test_a_double_that_was_left_is_removed_when_it_is_met_again(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    github.objects[comment().slot] = ["1", "2"]
    await gate.perform(comment(), job)
    assert github.objects[comment().slot] == ["1"]


async def test_a_lost_answer_is_looked_up_before_anything_is_repeated(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    github.after = fails(Unreachable("the answer was cut"))
    assert (await gate.perform(comment(), job)).stop == Retry("the answer was cut", after=15.0)
    assert await state(store, comment()) is EffectState.SENDING
    github.after = works

    early = await gate.perform(comment(), job)
    assert isinstance(early.stop, Retry)
    assert early.stop.after == 15.0
    clock.forward(15.1)
    assert (await gate.perform(comment(), job)).landing is Landing.DONE
    assert github.objects == {comment().slot: ["1"]}


async def test_what_others_made_is_told_apart_from_what_we_sent_however_often_it_is_asked_for(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    github.objects[comment().slot] = ["1"]
    github.after = fails(Unreachable("no answer", sent=True))
    assert (await gate.perform(comment(), job)).landing is Landing.NOT_NOW
    github.after = works
    clock.forward(20.0)
    assert [(await gate.perform(comment(), job)).found for _ in range(2)] == [True, True]
    assert (await gate.perform(comment("other"), job)).found


async def test_what_was_sent_without_an_answer_is_ours_for_the_next_job_too(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    github.after = fails(Unreachable("no answer", sent=True))
    await gate.perform(comment(), await held(store, a_job("lost"), clock()))
    github.after = works
    clock.forward(20.0)
    job = await held(store, a_job("next"), clock())
    assert [(await gate.perform(comment(), job)).found for _ in range(2)] == [False, False]
    assert github.objects[comment().slot] == ["1"]


async def test_what_never_landed_is_sent_again_after_two_look_ups(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    github.before = fails(Unreachable("502"))
    await gate.perform(comment(), job)
    github.before, looked = works, github.looked
    clock.forward(15.1)
    assert (await gate.perform(comment(), job)).landing is Landing.DONE
    assert github.looked - looked == 2
    assert github.objects == {comment().slot: ["1"]}


async def test_a_failure_that_surely_sent_nothing_is_simply_tried_again(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    github.before = fails(Unreachable("connection refused", sent=False))
    assert (await gate.perform(comment(), job)).stop == Retry("connection refused")
    assert await state(store, comment()) is EffectState.INTENDED


async def test_what_cannot_be_repeated_becomes_unknown_and_waits_for_a_person(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    github.repeatable = False
    job = await held(store, a_job(), clock())
    github.before = fails(Unreachable("502"))
    await gate.perform(comment(), job)
    github.before = works
    clock.forward(15.1)
    landed = await gate.perform(comment(), job)
    assert isinstance(landed.stop, Waiting)
    assert landed.stop.for_ == f"effect:{comment().slot}"
    assert await state(store, comment()) is EffectState.UNKNOWN
    assert github.sent == 0


async def test_a_rate_limit_postpones_the_job_as_long_as_github_asked(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    github.before = fails(Throttled("slow down", after=61.0))
    assert (await gate.perform(comment(), job)).stop == Retry("slow down", after=61.0)
    assert await state(store, comment()) is EffectState.INTENDED


async def test_a_no_from_github_ends_the_job_with_its_words(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    github.before = fails(NotPermitted("the App lacks pull_requests: write"))
    assert (await gate.perform(comment(), job)).stop == Failed("the App lacks pull_requests: write")
    assert await state(store, comment()) is EffectState.REJECTED


async def test_a_refusal_carries_the_word_that_its_kind_has_for_it(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    refused = Unprocessable("No ref found for: gone")
    refused.reason = "ref_not_found"
    github.before = fails(refused)
    assert (await gate.perform(comment(), job)).reason == "ref_not_found"


async def test_a_conflict_is_told_apart_for_the_worker_that_can_go_on(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    github.before = fails(Conflict("Merge conflict"))
    landed = await gate.perform(comment(), job)
    assert (landed.landing, landed.stop) == (Landing.CONFLICT, Failed("Merge conflict"))
    assert await state(store, comment()) is EffectState.REJECTED


async def test_a_request_that_comes_too_late_was_not_sent_and_can_simply_be_repeated(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    github.before = fails(TooLate("frozen for too long"))
    assert isinstance((await gate.perform(comment(), job)).stop, Retry)
    assert await state(store, comment()) is EffectState.INTENDED


async def test_a_holder_whose_lease_was_taken_over_sends_nothing(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    frozen = await held(store, a_job(), clock())
    clock.forward(200)
    await store.reclaim(clock(), grace=5.0)
    await store.claim("job", "another", 120.0, clock())
    landed = await gate.perform(comment(), frozen)
    assert landed.landing is Landing.NOT_NOW
    assert github.sent == 0


async def test_a_lease_that_ends_too_soon_sends_nothing(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock(), lease=14.0)
    landed = await gate.perform(comment(), job)
    assert "lease ends too soon" in landed.why
    assert github.sent == 0


async def test_an_older_generation_never_overwrites_a_newer_one(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    lane = "review:2:pull/7"
    older = await held(store, a_job("older", lane=lane), clock())
    newer = await held(store, a_job("newer", lane=lane), clock())
    assert newer.generation > older.generation
    await gate.perform(comment("new"), newer)
    landed = await gate.perform(comment("old"), older)
    assert landed.stop == Refused("a newer job has already spoken here")
    assert github.bodies[comment().slot] == comment("new").digest


async def test_a_newer_job_that_says_the_same_makes_the_row_its_own(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    lane = "review:2:pull/7"
    await gate.perform(comment(), await held(store, a_job("older", lane=lane), clock()))
    newer = await held(store, a_job("newer", lane=lane), clock())
    assert (await gate.perform(comment(), newer)).landing is Landing.UNCHANGED
    entry = await store.entry(comment().slot)
    assert entry is not None
    assert entry.generation == newer.generation
    assert github.sent == 1


async def test_doubles_that_slipped_through_are_tidied_to_the_lowest(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    slot = comment().slot
    # A write that landed late, between our look-up and our create.
    github.before = lambda: github.objects.setdefault(slot, ["1"]) and None
    await gate.perform(comment(), job)
    assert github.objects[slot] == ["1"]


async def test_a_dry_run_judges_like_the_gate_and_writes_nothing(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, a_job(), clock())
    await gate.perform(comment("said", purpose="old"), job)
    sent, change = github.sent, await store.latest_change()
    dry = DryGate(store)
    merge = Merge(repo=REPO, subject="pull/7", worker="review", purpose="merge", sha="a" * 40, number=7, base="main")
    for effect in (comment(), comment("said", purpose="old"), comment("else", purpose="old"), merge):
        await dry.perform(effect, job)
    assert [(each.landing, each.why.partition(" (")[0]) for each in dry.previews] == [
        (Landing.WOULD, "it would be created"),
        (Landing.UNCHANGED, "it is there already"),
        (Landing.WOULD, "it would be edited"),
        (Landing.REFUSED, "worker review may not merge"),
    ]
    assert (github.sent, await store.latest_change()) == (sent, change)


async def test_every_state_of_an_effect_leaves_a_fact(
    gate: Gate, store: MemoryStore, github: OneObjectPerSlot, clock: Clock
) -> None:
    job = await held(store, replace(a_job(), delivery="guid"), clock())
    await gate.perform(comment(), job)
    kinds = [fact.kind for fact in await store.facts_of(job=job.id)]
    assert kinds == ["effect.intended", "effect.sending", "effect.done"]
