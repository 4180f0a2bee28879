"""The merge queue over many jobs, on a repository in memory: every job may die before its state is kept."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from forgehand.domain.checks import CheckState
from forgehand.domain.effects import Effect, Merge, MergeInto, StickyComment
from forgehand.domain.followups import DECIDE, TESTING
from forgehand.domain.jobs import Done, Failed, Job, JobState, Outcome, Refused, Retry
from forgehand.domain.policy import MergePolicy, QueuePolicy, RepositoryPolicy
from forgehand.ports.checks import Check, Protection, RequiredCheck
from forgehand.ports.desk import Landed, Landing
from forgehand.workers.review import DecideWorker, QueueWorker, documents, followups
from forgehand.workers.review.rules.queue import Entry, Queue
from support.decisions import NOTHING_TO_RUN, QUEUED
from support.shop import REPO, Shop, ShopDesk

pytestmark = pytest.mark.anyio
KEY = documents.queue_key(REPO.id, "main")
JOB = Job("j", "decide", "decide", 1, REPO.id, REPO.full_name, "pull/1", 0.0, attempts=1)


@dataclass
class Line:
    """Runs the queue's jobs one after the other, as the key makes the engine do. `dies` says of a job that runs for the
    first time whether it dies once its effects are done; then it runs again, or where it was `superseded` another job
    does its work."""

    shop: Shop
    dies: Callable[[int], bool] = lambda at: False
    receipts_get_lost: bool = False
    superseded: bool = False
    clock: float = 1000.0
    ran: int = 0
    made: list[Job] = field(default_factory=list)
    merges: dict[str, int] = field(default_factory=dict)
    """By the fact that tells of each: the numbers of those that count as merged by us."""

    async def join(self, *numbers: int) -> None:
        for number in numbers:
            entry = Entry(number, self.shop.pulls[number].head_sha, since=float(number))
            await self.run(followups.join(JOB, "main", entry, self.clock))

    async def run(self, job: Job) -> Outcome:
        """One job; if it dies it runs again, as if by rescue."""
        worker = QueueWorker(self.shop.sources)
        attempt, first = replace(job, attempts=1), True
        while True:
            outcome = await worker.run(ShopDesk(self.shop, attempt, self.clock))
            self.ran += 1
            if first and self.dies(self.ran):
                attempt = replace(attempt, id="next") if self.superseded else replace(attempt, attempts=2)
                first = False
                if self.receipts_get_lost:
                    self.shop.lose_last_receipt()
            elif isinstance(outcome, Retry) and attempt.attempts < 8:
                attempt = replace(attempt, attempts=attempt.attempts + 1)
            else:
                break
        if isinstance(outcome, Done):
            self.shop.kept |= outcome.documents
            self.made += outcome.jobs
            self.merges |= {fact.id: fact.data["number"] for fact in outcome.facts if fact.kind == "pull.merged"}
        return outcome

    async def step(self) -> bool:
        """The last step that was asked for, when it is due; False where none was."""
        steps = [job for job in self.made if job.type == followups.QUEUE]
        self.made = [job for job in self.made if job.type != followups.QUEUE]
        if steps:
            self.clock = max(self.clock, steps[-1].run_at)
            await self.run(steps[-1])
        return bool(steps)

    async def until(self, there: Callable[[], bool]) -> None:
        while not there():
            assert await self.step()

    async def to_the_end(self, most: int = 400) -> None:
        for _ in range(most):
            if not await self.step():
                return
        raise AssertionError("the queue never comes to rest")

    @property
    def queue(self) -> Queue:
        return documents.read_queue(self.shop.kept.get(KEY))


def _shop(count: int, **changes: object) -> Shop:
    shop = Shop(policy_in_force=QUEUED, **changes)  # type: ignore[arg-type]
    for number in range(1, count + 1):
        shop.open_pull(number)
    return shop


def _landed(shop: Shop) -> list[int]:
    return [number for number, pull in shop.pulls.items() if pull.merged]


def _scratch(shop: Shop) -> list[str]:
    return [name for name in shop.branches if name.startswith("forgehand/")]


async def test_those_that_wait_are_tested_together_once_and_land_one_after_the_other() -> None:
    shop = _shop(3)
    line = Line(shop)
    await line.join(1, 2, 3)
    await line.to_the_end()
    assert _landed(shop) == [1, 2, 3]
    assert len(shop.tested) == 1
    assert shop.commits[shop.tested[0]] == shop.commits[shop.branches["main"]]
    assert [effect.sha for effect in shop.performed if isinstance(effect, Merge)] == [
        shop.pulls[number].head_sha for number in (1, 2, 3)
    ]
    assert _scratch(shop) == []
    assert line.queue == Queue(serial=1)


@pytest.mark.parametrize("bad", [1, 5, 10])
async def test_of_ten_with_one_bad_nine_land_and_the_bad_one_is_told(bad: int) -> None:
    shop = _shop(10, red=[frozenset({f"word-{bad}"})])
    line = Line(shop)
    await line.join(*range(1, 11))
    await line.to_the_end()
    assert _landed(shop) == [number for number in range(1, 11) if number != bad]
    assert len(shop.tested) <= 8
    ((number, purpose), body) = next(iter(shop.comments.items()))
    assert (number, purpose) == (bad, f"thrown out at {shop.pulls[bad].head_sha}")
    assert "The merge queue threw this out" in body
    assert "unit failed" in body
    assert _scratch(shop) == []


async def test_two_that_fail_only_together_part_and_the_first_lands() -> None:
    shop = _shop(4, red=[frozenset({"word-2", "word-3"})])
    line = Line(shop)
    await line.join(1, 2, 3, 4)
    await line.to_the_end()
    assert _landed(shop) == [1, 2, 4]


@pytest.mark.parametrize("superseded", [False, True])
@pytest.mark.parametrize("receipts_get_lost", [False, True])
@pytest.mark.parametrize("every", [1, 2, 3])
async def test_a_crash_after_every_step_changes_nothing_about_the_end(
    every: int, receipts_get_lost: bool, superseded: bool
) -> None:
    shop = _shop(6, red=[frozenset({"word-4"})])
    line = Line(shop, dies=lambda at: at % every == 0, receipts_get_lost=receipts_get_lost, superseded=superseded)
    await line.join(*range(1, 7))
    await line.to_the_end()
    assert _landed(shop) == [1, 2, 3, 5, 6]
    merges = [effect.number for effect in shop.performed if isinstance(effect, Merge)]
    assert sorted(set(merges)) == [1, 2, 3, 5, 6]
    assert sorted(line.merges.values()) == [1, 2, 3, 5, 6]
    assert list(shop.comments) == [(4, f"thrown out at {shop.pulls[4].head_sha}")]
    assert _scratch(shop) == []


async def test_one_that_somebody_else_merged_just_now_is_not_counted_as_ours() -> None:
    shop = _shop(2)
    line = Line(shop)
    await line.join(1, 2)
    await line.until(lambda: bool(shop.tested))
    shop.merged_by_hand(1)
    await line.to_the_end()
    assert _landed(shop) == [1, 2]
    assert list(line.merges.values()) == [2]


async def test_one_that_is_pushed_to_leaves_and_the_others_land() -> None:
    shop = _shop(3)
    line = Line(shop)
    await line.join(1, 2, 3)
    shop.push(2, "more")
    await line.to_the_end()
    assert _landed(shop) == [1, 3]
    assert line.queue.order == ()


async def test_one_that_loses_its_approval_while_it_is_tested_does_not_land() -> None:
    shop = _shop(2)
    line = Line(shop)
    await line.join(1, 2)
    await line.until(lambda: bool(shop.tested))
    shop.pulls[1] = replace(shop.pulls[1], draft=True)
    await line.to_the_end()
    assert _landed(shop) == [2]
    assert len(shop.tested) == 2


async def test_a_base_that_moves_between_test_and_landing_is_tested_anew() -> None:
    shop = _shop(2)
    line = Line(shop)
    await line.join(1, 2)
    await line.until(lambda: bool(shop.tested))
    shop.push_to_main("by a person")
    await line.to_the_end()
    assert _landed(shop) == [1, 2]
    assert len(shop.tested) == 2
    assert shop.commits[shop.tested[1]] == shop.commits[shop.branches["main"]]


async def test_one_that_conflicts_with_the_base_is_thrown_out_and_told() -> None:
    shop = _shop(2, conflicts=[frozenset({"base", "word-1"})])
    line = Line(shop)
    await line.join(1, 2)
    await line.to_the_end()
    assert _landed(shop) == [2]
    assert "it conflicts with main" in shop.comments[1, f"thrown out at {shop.pulls[1].head_sha}"]


async def test_one_that_conflicts_with_another_waits_for_the_next_train() -> None:
    shop = _shop(3, conflicts=[frozenset({"word-1", "word-2"})])
    line = Line(shop)
    await line.join(1, 2, 3)
    await line.to_the_end()
    assert _landed(shop) == [1, 3]
    assert "it conflicts with main" in shop.comments[2, f"thrown out at {shop.pulls[2].head_sha}"]


async def test_where_nothing_reports_the_testing_worker_is_asked_once_for_each_combination() -> None:
    shop = _shop(2, tests_run=False)
    line = Line(shop)
    await line.join(1, 2)
    for _ in range(8):
        (step,) = [job for job in line.made if job.type == followups.QUEUE][-1:]
        line.made = [job for job in line.made if job.type != followups.QUEUE]
        line.clock = max(line.clock, step.run_at)
        await line.run(step)
    asked = [job for job in line.made if job.type == TESTING]
    assert len({job.id for job in asked}) == 1
    assert asked[0].payload["ref"] == "refs/heads/forgehand/queue/main/1/test-2"
    assert asked[0].payload["base"] == "main"
    shop.given[asked[0].revision] = [Check("Forgehand tests", 1, CheckState.PASSED, "success", ours=True)]
    # Shown on the commit, it may be of somebody's pull request with this head into another branch.
    await line.run(replace(step, id="shown"))
    assert _landed(shop) == []
    shop.ran_own(asked[0].subject, asked[0].revision, "main", "success")
    await line.run(replace(step, id="again"))
    await line.to_the_end()
    assert _landed(shop) == [1, 2]


async def test_a_combination_whose_test_run_ended_without_a_word_is_told_as_one_that_failed() -> None:
    shop = _shop(1, tests_run=False)
    line = Line(shop)
    await line.join(1)
    while not (asked := [job for job in line.made if job.type == TESTING]):
        await line.step()
    shop.jobs[asked[0].id] = replace(asked[0], state=JobState.FAILED, why="it took longer than 7200 s, its time limit")
    line.made = [job for job in line.made if job.type != TESTING]
    await line.to_the_end()
    (told,) = [job for job in line.made if job.type == TESTING]
    assert (told.subject, told.revision) == (asked[0].subject, asked[0].revision)
    assert "its time limit" in told.payload["failed"]
    assert "its time limit" in shop.comments[1, f"thrown out at {shop.pulls[1].head_sha}"]


async def test_looks_at_checks_that_take_long_grow_apart_and_end() -> None:
    shop = _shop(1, tests_run=False)
    shop.policy_in_force = RepositoryPolicy(
        merge=MergePolicy(auto=True, queue=QueuePolicy(enabled=True, timeout_minutes=10))
    )
    shop.protections["main"] = Protection((RequiredCheck("unit"),))
    line = Line(shop)
    await line.join(1)
    await line.to_the_end()
    assert _landed(shop) == []
    assert line.ran < 40
    assert "its checks took longer than 10 minutes" in shop.comments[1, f"thrown out at {shop.pulls[1].head_sha}"]
    assert _scratch(shop) == []


async def test_where_nothing_is_required_or_run_here_slow_checks_of_others_are_waited_for() -> None:
    shop = _shop(2, tests_run=False)
    line = Line(shop)
    await line.join(1, 2)
    await line.until(lambda: bool(line.queue.train and line.queue.train.since))
    (tested,) = [sha for name, sha in shop.branches.items() if "/test-" in name]
    shop.given[tested] = [NOTHING_TO_RUN]
    shop.ran_own(f"commit/{tested}", tested, "main")
    for _ in range(5):
        await line.step()
    assert line.queue.thrown == ()
    shop.given[tested] = [NOTHING_TO_RUN, Check("slow", 15, CheckState.PASSED, "success")]
    await line.to_the_end()
    assert _landed(shop) == [1, 2]


async def test_they_are_not_waited_for_for_ever() -> None:
    shop = _shop(1, tests_run=False)
    queue = QueuePolicy(enabled=True, wait_for_checks_minutes=5)
    shop.policy_in_force = RepositoryPolicy(merge=MergePolicy(auto=True, queue=queue))
    line = Line(shop)
    await line.join(1)
    await line.until(lambda: bool(line.queue.train and line.queue.train.since))
    began = line.clock
    (tested,) = [sha for name, sha in shop.branches.items() if "/test-" in name]
    shop.given[tested] = [NOTHING_TO_RUN]
    shop.ran_own(f"commit/{tested}", tested, "main")
    await line.to_the_end()
    assert began + 300 < line.clock < began + 400
    told = shop.comments[1, f"thrown out at {shop.pulls[1].head_sha}"]
    assert "no check reported on it within 5 minutes" in told


async def test_a_refused_landing_is_tried_again_and_in_the_end_told() -> None:
    shop = _shop(2)
    no = Landed(Landing.REFUSED, "405: a rule of the branch", stop=Failed("405"))
    shop.refusals = [no]
    line = Line(shop)
    await line.join(1, 2)
    await line.to_the_end()
    assert _landed(shop) == [1, 2]
    stubborn = _shop(2)
    stubborn.refusals = [no] * 4
    line = Line(stubborn)
    await line.join(1, 2)
    await line.to_the_end()
    assert _landed(stubborn) == [2]


async def test_who_comes_and_who_lands_is_decided_about_again() -> None:
    shop = _shop(1)
    line = Line(shop)
    await line.join(1)
    assert [job.subject for job in line.made if job.type == DECIDE] == ["pull/1"]
    await line.to_the_end()
    assert {job.subject for job in line.made} == {"pull/1"}
    assert all(job.type == DECIDE for job in line.made)


async def test_leaving_takes_it_out() -> None:
    shop = _shop(2)
    line = Line(shop)
    await line.join(1, 2)
    await line.run(followups.leave(JOB, "main", 1, line.clock))
    assert [each.number for each in line.queue.order] == [2]
    await line.to_the_end()
    assert _landed(shop) == [2]


async def test_what_another_version_kept_counts_as_an_empty_queue() -> None:
    shop = _shop(1)
    shop.kept[KEY] = '{"waiting": 7}'
    line = Line(shop)
    await line.join(1)
    await line.to_the_end()
    assert _landed(shop) == [1]


async def test_every_merge_of_the_scratch_branch_is_on_the_commit_that_the_state_knows() -> None:
    shop = _shop(3)
    line = Line(shop)
    await line.join(1, 2, 3)
    await line.to_the_end()
    merges = [effect for effect in shop.performed if isinstance(effect, MergeInto)]
    assert {effect.branch for effect in merges} == {"forgehand/queue/main/1/build"}
    assert len({effect.onto for effect in merges}) == 3


async def test_a_job_without_a_base_fails_and_says_so() -> None:
    outcome = await Line(_shop(0)).run(replace(JOB, type="queue", payload={}))
    assert outcome == Failed("a step of the merge queue needs the name of its base branch")


async def test_a_mergeability_that_has_to_be_worked_out_anew_keeps_nobody_from_landing() -> None:
    shop = _shop(2)
    for number in (1, 2):
        shop.pulls[number] = replace(shop.pulls[number], mergeable=None)
    line = Line(shop)
    await line.join(1, 2)
    await line.to_the_end()
    assert _landed(shop) == [1, 2]


async def test_checks_of_a_head_that_run_again_are_waited_for_but_not_for_ever() -> None:
    shop = _shop(2)
    again = Check("unit", 15, CheckState.PENDING, "in_progress")
    shop.given[shop.pulls[1].head_sha][0] = again
    line = Line(shop)
    await line.join(1, 2)
    await line.to_the_end()
    assert _landed(shop) == [2]
    assert line.queue.order == ()


async def _decided(shop: Shop, number: int, now: float) -> list[Job]:
    """What a decision about it, as the poll asks for, has the queue do."""
    nobody: Any = None
    job = replace(JOB, id=f"poll {now}", subject=f"pull/{number}", payload={"event": "poll"})
    outcome = await DecideWorker(shop.sources, nobody, lambda *at: "https://forge").run(ShopDesk(shop, job, now))
    assert isinstance(outcome, Done)
    return [job for job in outcome.jobs if job.type == followups.QUEUE]


async def test_a_queue_whose_step_ended_for_good_goes_on_after_a_decision() -> None:
    shop = _shop(2)
    line = Line(shop)
    await line.join(1, 2)
    while not line.queue.train:
        (step,) = [job for job in line.made if job.type == followups.QUEUE][-1:]
        line.made.clear()
        await line.run(step)
    # Its next step is a dead letter.
    line.made.clear()
    (revived,) = await _decided(shop, 1, line.clock)
    assert revived.run_at == line.clock + followups.STILL
    await line.run(revived)
    await line.to_the_end()
    assert _landed(shop) == [1, 2]


async def test_a_queue_that_moved_meanwhile_needs_no_help() -> None:
    shop = _shop(2)
    line = Line(shop)
    await line.join(1)
    (revived,) = await _decided(shop, 1, line.clock)
    await line.to_the_end()
    line.made.clear()
    assert await line.run(revived) == Done({"base": "main", "moved": True})
    assert line.made == []


def _answering(shop: Shop, kind: type[Effect], number: int, answer: Landed) -> None:
    """Effects of this kind about this pull request, and no others, get this answer."""
    perform, head = shop.perform, shop.pulls[number].head_sha

    def answered(effect: Effect) -> Landed:
        mine = isinstance(effect, kind) and (effect.sha == head or effect.subject == f"pull/{number}")
        return answer if mine else perform(effect)

    shop.perform = answered  # type: ignore[method-assign]


@pytest.mark.parametrize("kind", [Merge, MergeInto])
@pytest.mark.parametrize("stop", [Failed("no such commit"), Refused("worker queue may not merge")])
async def test_what_is_refused_for_one_for_good_throws_that_one_out(kind: type[Effect], stop: Failed | Refused) -> None:
    shop = _shop(3)
    _answering(shop, kind, 2, Landed(Landing.REFUSED, stop.why, stop=stop))
    line = Line(shop)
    await line.join(1, 2, 3)
    await line.to_the_end()
    assert _landed(shop) == [1, 3]
    assert stop.why in shop.comments[2, f"thrown out at {shop.pulls[2].head_sha}"]


async def test_that_it_cannot_be_told_keeps_nobody_waiting() -> None:
    shop = _shop(2, conflicts=[frozenset({"base", "word-1"})])
    _answering(shop, StickyComment, 1, Landed(Landing.REFUSED, "locked", stop=Failed("locked")))
    line = Line(shop)
    await line.join(1, 2)
    await line.to_the_end()
    assert _landed(shop) == [2]
    assert [thrown.number for thrown in line.queue.thrown] == [1]


async def test_a_scratch_branch_that_stays_elsewhere_is_left_for_a_new_one() -> None:
    shop = _shop(2)
    line = Line(shop)
    await line.join(1, 2)
    while not (line.queue.train and line.queue.train.cars):
        (step,) = [job for job in line.made if job.type == followups.QUEUE][-1:]
        line.made = [job for job in line.made if job.type != followups.QUEUE]
        await line.run(step)
    shop.branches["forgehand/queue/main/1/build"] = shop.branches["main"]
    await line.to_the_end()
    assert _landed(shop) == [1, 2]
    assert line.queue.thrown == ()
    assert line.queue.serial == 2
