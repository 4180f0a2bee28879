import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from forgehand.adapters.github.identity import Self
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.arrivals import planning_job
from forgehand.domain.caps import HELD_BACK, Caps
from forgehand.domain.deliveries import Delivery
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change, Done, Job, JobState, Retry
from forgehand.domain.pulls import PullStage, PullState, Standing
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.engine.desk import JobDesk
from forgehand.engine.dry_run import DryGate
from forgehand.engine.planner import JOBS_A_PAGE, MOST_IN_A_ROW, Planner
from support import stories

pytestmark = pytest.mark.anyio

NOW = 1_000_000.0
US, OUR_APP = "forgehand[bot]", 7
REVIEW = WorkerSpec("review", "review", (Trigger("pull_request", actions=("opened", "synchronize")),), costly=True)
DECIDE = WorkerSpec(
    "decide",
    "decide",
    tuple(
        Trigger(each) for each in ("pull_request", "check_run", "check_suite", "status", "push", "pull_request_review")
    ),
)
COMMANDS = WorkerSpec("commands", "commands", (Trigger("issue_comment", actions=("created",)),))


def shas(number: int) -> str:
    return f"{number:040x}"


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


class Planned:
    """A planner over a store, and what it makes of deliveries."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.caps = Caps()
        self.now = NOW
        self.facts: list[Fact] = []
        self._count = 0

    async def __call__(self, event: str, *, sender: str = "dev", replay: str = "", **payload: Any) -> list[Job]:
        """The jobs of one delivery, committed."""
        done = await self.outcome(event, sender=sender, replay=replay, **payload)
        await self.store.commit(Change(enqueue=done.jobs, facts=done.facts), NOW)
        self.facts = [*self.facts, *done.facts]
        return list(done.jobs)

    async def outcome(self, event: str, *, sender: str = "dev", replay: str = "", **payload: Any) -> Done:
        self._count += 1
        guid = f"{self._count:08x}-guid"
        kind = "Bot" if sender.endswith("[bot]") else "User"
        about = {"installation": {"id": 1}, "repository": {"id": 2, "full_name": "octo/shop"}}
        body = json.dumps({**about, "sender": {"login": sender, "type": kind}, **payload}).encode()
        plan = planning_job(guid, event, NOW, replay=replay)
        await self.store.record(Delivery(guid, event, body, NOW), Change(enqueue=(plan,)))
        planner = Planner(self.store, (REVIEW, DECIDE, COMMANDS), us, self.caps)
        outcome = await planner.run(JobDesk(plan, DryGate(self.store), lambda: self.now))
        assert isinstance(outcome, Done)
        return outcome


@pytest.fixture
def plan(store: MemoryStore) -> Planned:
    return Planned(store)


async def us() -> Self:
    return Self(US, "Bot", OUR_APP)


def pull(number: int = 7, head: str = shas(1)) -> dict[str, Any]:
    base = {"ref": "main", "repo": {"id": 2}}
    return {"number": number, "head": {"sha": head, "ref": "topic"}, "base": base, "draft": False}


def check(*pulls: dict[str, Any], app: int = 9) -> dict[str, Any]:
    return {"head_sha": shas(1), "app": {"id": app}, "pull_requests": list(pulls)}


def comment(number: int, body: str = "/forgehand help") -> dict[str, Any]:
    return {
        "action": "created",
        "comment": {"id": number, "body": body, "user": {"login": "kim"}},
        "issue": {"number": 7, "pull_request": {}},
    }


async def test_a_check_wakes_the_decision_about_each_of_its_pull_requests(plan: Planned) -> None:
    jobs = await plan("check_run", action="completed", check_run=check(pull(7), pull(8)))
    assert [(job.worker, job.subject, job.revision) for job in jobs] == [
        ("decide", "pull/7", shas(1)),
        ("decide", "pull/8", shas(1)),
    ]
    assert len({job.id for job in jobs}) == 2


async def test_a_check_of_a_fork_and_a_status_wake_it_about_the_commit(plan: Planned) -> None:
    for event, payload in (("check_suite", {"check_suite": check()}), ("status", {"sha": shas(1)})):
        [job] = await plan(event, **payload)
        assert (job.subject, job.revision) == (f"commit/{shas(1)}", shas(1))
        assert job.lane == f"decide:2:commit/{shas(1)}"


async def test_a_push_wakes_it_about_the_branch(plan: Planned) -> None:
    [job] = await plan("push", ref="refs/heads/main", before=shas(1), after=shas(2))
    assert (job.subject, job.revision, job.lane) == ("branch/main", shas(2), "decide:2:branch/main")
    assert (job.payload["before"], job.payload["after"]) == (shas(1), shas(2))


@pytest.mark.parametrize("changes", [{"base": {"ref": {"from": "dev"}}}, {"title": {"from": "A title"}}])
async def test_a_pull_request_that_got_another_base_says_so(plan: Planned, changes: dict[str, Any]) -> None:
    jobs = await plan("pull_request", action="edited", changes=changes, pull_request=pull())
    assert {job.payload.get("rebased", False) for job in jobs} == {"base" in changes}


async def test_a_light_event_never_supersedes_heavy_work(plan: Planned, store: MemoryStore) -> None:
    review, _ = await plan("pull_request", action="opened", pull_request=pull())
    [first] = await plan("check_run", action="completed", check_run=check(pull()))
    [second] = await plan("pull_request_review", action="submitted", pull_request=pull())
    states = {job.id: await store.job(job.id) for job in (review, first, second)}
    assert [found.state for found in states.values() if found] == [
        JobState.PENDING,
        JobState.SUPERSEDED,
        JobState.PENDING,
    ]


async def test_each_comment_is_a_wish_of_its_own(plan: Planned, store: MemoryStore) -> None:
    [first] = await plan("issue_comment", **comment(1, "/forgehand stop\nplease"))
    [second] = await plan("issue_comment", **comment(2))
    assert (first.subject, first.payload["comment"], first.payload["first_line"]) == ("pull/7", 1, "/forgehand stop")
    stored = await store.job(first.id)
    assert stored is not None
    assert stored.state is JobState.PENDING
    assert second.payload["comment"] == 2


async def test_comments_on_one_pull_request_are_obeyed_one_at_a_time(plan: Planned) -> None:
    [first] = await plan("issue_comment", **comment(1))
    [second] = await plan("issue_comment", **comment(2))
    assert first.key == second.key == "commands:2:pull/7"


async def test_a_comment_is_about_the_head_that_was_last_told_of(plan: Planned, store: MemoryStore) -> None:
    [unknown] = await plan("issue_comment", **comment(1))
    state = PullState(
        repo=Repo(1, 2, "octo/shop"),
        number=7,
        title="",
        author="dev",
        base_ref="main",
        head_sha=shas(3),
        state=PullStage.OPEN,
        standing=Standing.READY,
        url="",
        generation=1,
        updated_at=NOW,
    )
    await store.commit(Change(pulls=(state,)), NOW)
    [known] = await plan("issue_comment", **comment(2))
    assert (unknown.revision, known.revision) == ("", shas(3))


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("check_run", {"action": "completed", "check_run": check(pull())}),
        ("check_suite", {"action": "completed", "check_suite": check(pull())}),
        ("status", {"sha": shas(1)}),
        ("issue_comment", comment(1)),
        ("pull_request_review", {"action": "submitted", "pull_request": pull()}),
        ("pull_request", {"action": "labeled", "pull_request": pull()}),
    ],
)
async def test_what_we_say_ourselves_wakes_nobody(plan: Planned, event: str, payload: dict[str, Any]) -> None:
    outcome = await plan.outcome(event, sender=US, **payload)
    assert outcome.result == {"jobs": 0, "why": "our own App sent it"}
    assert await plan(event, **payload) != []


@pytest.mark.parametrize("event", ["check_run", "check_suite"])
async def test_a_check_of_ours_is_known_whoever_is_said_to_have_sent_it(plan: Planned, event: str) -> None:
    assert await plan(event, action="completed", **{event: check(pull(), app=OUR_APP)}) == []


async def test_a_person_may_ask_for_our_check_again(plan: Planned) -> None:
    assert await plan("check_run", action="rerequested", check_run=check(pull(), app=OUR_APP)) != []


async def test_our_own_merges_and_pushes_wake_us(plan: Planned) -> None:
    assert await plan("push", sender=US, ref="refs/heads/main", before=shas(1), after=shas(2)) != []
    assert await plan("pull_request", sender=US, action="closed", pull_request=pull()) != []


async def pushed(plan: Planned, step: int, sender: str = US, after: str = "") -> Done:
    """The head moves from one numbered commit to the next."""
    to = after or shas(step + 1)
    moved = {"action": "synchronize", "before": shas(step), "after": to, "pull_request": pull(head=to)}
    outcome = await plan.outcome("pull_request", sender=sender, **moved)
    await plan.store.commit(Change(enqueue=outcome.jobs), NOW)
    return outcome


async def test_our_own_pushes_to_one_head_come_to_an_end(plan: Planned) -> None:
    for step in range(MOST_IN_A_ROW):
        assert (await pushed(plan, step)).jobs
    stopped = await pushed(plan, MOST_IN_A_ROW)
    assert stopped.jobs == ()
    why = f"our own App moved pull/7 {MOST_IN_A_ROW + 1} times in a row: it rests until somebody else pushes"
    assert stopped.result["why"] == stopped.facts[0].data["why"] == why


async def test_somebody_elses_push_begins_the_count_anew(plan: Planned) -> None:
    for step in range(MOST_IN_A_ROW):
        await pushed(plan, step)
    assert (await pushed(plan, MOST_IN_A_ROW, "kim")).jobs
    assert (await pushed(plan, MOST_IN_A_ROW + 1)).jobs


async def test_planning_the_same_push_twice_counts_it_once(plan: Planned) -> None:
    for _ in range(2 * MOST_IN_A_ROW):
        assert (await pushed(plan, 0)).jobs


async def test_many_pull_requests_are_planned_page_by_page(plan: Planned) -> None:
    pulls = [pull(number) for number in range(1, JOBS_A_PAGE + 3)]
    jobs = await plan("check_run", action="completed", check_run=check(*pulls))
    assert [job.type for job in jobs] == ["decide"] * JOBS_A_PAGE + ["plan"]
    assert jobs[-1].payload["cursor"] == JOBS_A_PAGE


async def _pushed(plan: Planned, head: int, number: int = 7, sender: str = "dev", replay: str = "") -> Job:
    """The review job of one more push; the decision, which is no costly one, begins at once."""
    jobs = await plan(
        "pull_request", sender=sender, replay=replay, action="synchronize", pull_request=pull(number, shas(head))
    )
    review, decide = sorted(jobs, key=lambda job: job.worker, reverse=True)
    assert (review.worker, decide.worker, decide.run_at) == ("review", "decide", plan.now)
    return review


async def test_beyond_a_cap_costly_work_begins_later_and_says_when(plan: Planned) -> None:
    plan.caps = Caps(pull=2)
    assert [(await _pushed(plan, head)).run_at for head in (1, 2)] == [NOW, NOW]
    held = await _pushed(plan, 3)
    assert (held.run_at, held.state, held.payload[HELD_BACK]) == (NOW + 1800, JobState.PENDING, True)
    assert held.why == "#7 had 2 runs within an hour (FORGEHAND_PULL_RUNS_PER_HOUR): it begins at 14:16 UTC"
    (fact,) = [fact for fact in plan.facts if fact.kind == "delivery.held_back"]
    assert (fact.data["why"], fact.data["until"], fact.data["subject"]) == (held.why, held.run_at, "pull/7")
    assert (await _pushed(plan, 4, number=8)).run_at == NOW


async def test_what_supersedes_held_back_work_has_its_turn_and_nothing_is_lost(
    plan: Planned, store: MemoryStore
) -> None:
    plan.caps = Caps(pull=2)
    turns = [await _pushed(plan, head) for head in range(1, 40)]
    assert {job.run_at for job in turns[2:]} == {NOW + 1800}
    last = await store.job(turns[-1].id)
    assert last is not None
    assert (last.state, last.revision, last.why) == (JobState.PENDING, shas(39), turns[2].why)
    begun = await store.claim_due("here", 60.0, NOW + 1801, 100)
    assert [job.id for job in begun if job.worker == "review"] == [last.id]


async def test_what_had_begun_and_failed_hands_its_pause_to_nobody(plan: Planned, store: MemoryStore) -> None:
    plan.caps = Caps(pull=2)
    for head in (1, 2):
        await _pushed(plan, head)
    held = await _pushed(plan, 3)
    await stories.claimed(store, held.id, NOW + 1800)
    await stories.end(store, held.id, Retry("GitHub answered 502"), NOW + 1801)
    plan.now = NOW + 1801
    following = await _pushed(plan, 4)
    assert following.run_at == NOW + 3600
    assert following.why.startswith("#7 had 2 runs within an hour")


class Crowded(MemoryStore):
    """Between reading a mark and what is done about it, others have their turn."""

    async def mark(self, key: str) -> str | None:
        found = await super().mark(key)
        await checkpoint()
        return found


@pytest.fixture
async def crowded() -> AsyncIterator[Planned]:
    store = Crowded()
    await store.open()
    yield Planned(store)
    await store.close()


async def test_a_flood_that_several_processes_plan_at_once_is_held_back_all_the_same(crowded: Planned) -> None:
    crowded.caps = Caps(user=2)
    jobs = await asyncio.gather(*(_pushed(crowded, number, number) for number in range(1, 9)))
    assert sorted(job.run_at - NOW for job in jobs) == [0, 0, *(1800 * late for late in range(1, 7))]


async def test_moves_of_our_own_that_are_planned_at_once_are_all_counted(crowded: Planned) -> None:
    await pushed(crowded, 0)
    await asyncio.gather(*(pushed(crowded, step) for step in (1, 2)))
    assert await crowded.store.mark("own:2:pull/7") == f"3:{shas(3)}"


async def test_a_cap_of_a_person_spares_our_own_app_and_replays(plan: Planned) -> None:
    plan.caps = Caps(user=1)
    assert (await _pushed(plan, 1, number=1)).why == ""
    assert (await _pushed(plan, 2, number=2)).why.startswith("dev had 1 run within")
    assert (await _pushed(plan, 3, number=3, sender="kim")).why == ""
    assert (await _pushed(plan, 4, number=4, replay="by kim")).why == ""
    assert [(await _pushed(plan, number, number=number, sender=US)).why for number in (5, 6)] == ["", ""]
