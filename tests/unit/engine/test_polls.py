from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.adapters.wakeups import InProcessWakeups
from forgehand.domain.deliveries import Delivery
from forgehand.domain.events import Event, Moved
from forgehand.domain.jobs import Change, Done, Failed, Job, JobState, Outcome, Retry, Waiting, settle
from forgehand.domain.policy import RepositoryPolicy, ReviewPolicy
from forgehand.domain.pulls import PullStage
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import Match, Trigger, WorkerSpec
from forgehand.domain.rulings import Ruling
from forgehand.engine.desk import JobDesk
from forgehand.engine.gate import Gate
from forgehand.engine.overlooked import DAY, covers, day_of
from forgehand.engine.planner import job_for
from forgehand.engine.reconcile import Reconcile
from forgehand.engine.rescue import Rescue
from forgehand.engine.schedule import Poll, tick
from forgehand.engine.sweep import Sweep, is_due, unheard
from forgehand.ports.github import (
    GitHubError,
    HookDelivery,
    NotFound,
    NotPermitted,
    PullRequest,
    Throttled,
    Unprocessable,
    Unreachable,
)
from forgehand.ports.policies import Loaded
from forgehand.ports.store import Fence, Pause, Unclaimed
from forgehand.ports.workflows import Run, WatchedRuns
from support.engine import Clock, OneObjectPerSlot, a_job
from support.stores import a_pull

pytestmark = pytest.mark.anyio

DECIDE = WorkerSpec("decide", "decide", (Trigger("pull_request"), Trigger("push")))
REVIEW = WorkerSpec("review", "review", (Trigger("pull_request", actions=("opened", "synchronize"), draft=False),))
DISPATCH = WorkerSpec("dispatch", "dispatch", (Trigger("workflow_run", actions=("completed",)),))
SHOP = Repo(1, 2, "octo/shop")


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


def attempt(id: int, guid: str, at: float, *, ok: bool = False) -> HookDelivery:
    return HookDelivery(id, guid, at, ok, "pull_request")


def test_only_deliveries_that_never_arrived_are_asked_for_again_oldest_first() -> None:
    attempts = [
        attempt(5, "lost", 50),
        attempt(4, "later", 40, ok=True),
        attempt(3, "later", 30),
        attempt(2, "lost", 20),
        attempt(1, "stored", 10),
        attempt(6, "early", 5),
    ]
    assert [[each.id for each in tries] for tries in unheard(attempts, frozenset({"stored"}))] == [[6], [2, 5]]


def test_what_fails_again_and_again_is_asked_for_ever_more_rarely_and_never_given_up() -> None:
    tries = [attempt(1, "lost", 1000.0)]
    assert is_due(tries, 1000.0, every=300)
    waits = []
    for number in range(2, 12):
        tries.append(attempt(number, "lost", 1000.0))
        waits.append(next(wait for wait in range(0, 10**6, 300) if is_due(tries, 1000.0 + wait, every=300)))
    assert waits[:4] == [300, 900, 2100, 4500]
    assert waits == sorted(waits)


@dataclass
class SomeHooks:
    attempts: list[HookDelivery]
    asked: list[float] = field(default_factory=list)

    async def hook_deliveries(self, since: float) -> Sequence[HookDelivery]:
        self.asked.append(since)
        return self.attempts


async def swept(store: MemoryStore, hooks: SomeHooks, github: OneObjectPerSlot, clock: Clock) -> object:
    gate = Gate(store, {"redelivery": github}, clock)
    await store.commit(Change(enqueue=(tick(Poll("sweep", 300), clock()),)), clock())
    (job,) = await store.claim_due("here", 120, clock(), 10)
    outcome = await Sweep(hooks, store, every=300).run(JobDesk(job, gate, clock))
    await store.settle(settle(job, outcome, clock(), 0.5), Fence(job.id, job.fence), clock())
    return outcome


async def test_a_sweep_asks_once_and_again_only_when_the_redelivery_failed_too(store: MemoryStore) -> None:
    clock = Clock()
    github = OneObjectPerSlot(clock)
    hooks = SomeHooks([attempt(1, "lost", clock() - 3600), attempt(2, "here", clock() - 10)])
    await store.record(Delivery("here", "push", b"{}", clock()), Change())
    assert isinstance(await swept(store, hooks, github, clock), Done)
    assert github.sent == 1
    clock.forward(300)
    await swept(store, hooks, github, clock)
    assert github.sent == 1
    assert hooks.asked[1] < hooks.attempts[0].delivered_at
    hooks.attempts.insert(0, attempt(3, "lost", clock()))
    clock.forward(300)
    await swept(store, hooks, github, clock)
    assert github.sent == 2


@pytest.mark.parametrize(
    ("refusal", "later"),
    [
        (NotFound("GitHub keeps it no more"), 1),
        (Unprocessable("it cannot be redelivered"), 1),
        (Throttled("wait", 9), 0),
    ],
)
async def test_a_delivery_that_github_refuses_to_redeliver_holds_up_no_later_one(
    store: MemoryStore, refusal: GitHubError, later: int
) -> None:
    clock = Clock()
    refusals = iter([refusal])
    github = OneObjectPerSlot(clock, before=lambda: _raise(next(refusals, None)))
    hooks = SomeHooks([attempt(1, "older", clock() - 3600), attempt(2, "newer", clock() - 60)])
    outcome = await swept(store, hooks, github, clock)
    assert github.sent == later
    if later:
        assert isinstance(outcome, Done)
        assert outcome.result == {"attempts": 2, "missing": 2, "asked": 1, "refused": 1}
    else:
        assert outcome == Retry("wait", after=9)


def _raise(error: Exception | None) -> None:
    if error:
        raise error


def pull(number: int, head: str, *, draft: bool = False) -> PullRequest:
    return PullRequest(
        number=number,
        title="t",
        state="open",
        merged=False,
        draft=draft,
        author="dev",
        head_sha=head,
        head_ref="feature",
        head_repository="octo/shop",
        base_sha="b" * 40,
        base_ref="main",
        mergeable=None,
        html_url="",
    )


@dataclass
class SomePulls:
    pulls: list[PullRequest]
    etag: str = "one"
    asked: list[str | None] = field(default_factory=list)
    repos: tuple[Repo, ...] = (SHOP,)
    refused: dict[str, GitHubError] = field(default_factory=dict)
    """What a repository's list is refused with, by its name."""
    tips: dict[str, str] = field(default_factory=dict)
    tips_asked: list[str] = field(default_factory=list)

    async def repositories(self) -> Sequence[Repo]:
        return self.repos

    async def open_pulls(self, repo: Repo, etag: str | None) -> tuple[Sequence[PullRequest], str | None] | None:
        self.asked.append(etag)
        if refusal := self.refused.get(repo.full_name):
            raise refusal
        return None if etag == self.etag else (self.pulls, self.etag)

    async def tip(self, repo: Repo, branch: str, etag: str | None) -> tuple[str | None, str | None] | None:
        sha = self.tips.get(branch)
        self.tips_asked.append(branch)
        return None if sha and etag == f"at {sha}" else (sha, f"at {sha}" if sha else None)


@dataclass
class SomePolicy:
    """One policy for all branches."""

    loaded: Loaded = field(default_factory=lambda: Loaded(RepositoryPolicy(), "p" * 40))
    asked: list[str] = field(default_factory=list)

    async def policy(self, repo: Repo, base_ref: str) -> Loaded:
        self.asked.append(base_ref)
        return self.loaded

    async def proposal(self, repo: Repo, base_ref: str, head_sha: str) -> Ruling:
        raise AssertionError("nobody asks")


@dataclass
class NoRuns:
    """Lists of runs that are refused."""

    refusal: GitHubError

    async def newest(self, repo: Repo, etag: str | None, known: int = 0) -> tuple[Sequence[Run], str | None] | None:
        raise self.refusal

    async def under_way(self, repo: Repo, etag: str | None) -> tuple[Sequence[Run], str | None] | None:
        raise self.refusal

    async def run(self, repo: Repo, run: int) -> Run | None:
        raise self.refusal


async def polled(
    store: MemoryStore,
    pulls: SomePulls,
    clock: Clock,
    *workers: WorkerSpec,
    page: Job | None = None,
    runs: WatchedRuns | None = None,
    policy: SomePolicy | None = None,
) -> Done:
    job = page or tick(Poll("reconcile", 300), clock())
    poll = Reconcile(pulls, store, workers or (REVIEW,), policy or SomePolicy(), runs)
    outcome = await poll.run(JobDesk(job, Gate(store, {}, clock), clock))
    assert isinstance(outcome, Done)
    await store.commit(Change(enqueue=outcome.jobs, facts=outcome.facts, marks=outcome.marks), clock())
    return outcome


async def run_due(store: MemoryStore, clock: Clock, outcome: Outcome) -> None:
    """Let every due review come to this outcome."""
    for job in await store.claim_due("here", 120, clock(), 100):
        await store.settle(settle(job, outcome, clock(), 0.5), Fence(job.id, job.fence), clock())


async def test_a_pull_request_that_no_webhook_told_of_gets_its_job_once(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(7, "a" * 40), pull(8, "c" * 40, draft=True)])
    found = await polled(store, pulls, clock)
    assert [(job.worker, job.subject, job.revision) for job in found.jobs] == [("review", "pull/7", "a" * 40)]
    assert (await polled(store, pulls, clock)).jobs == ()
    await run_due(store, clock, Done({"head": "a" * 40}))
    assert (await polled(store, pulls, clock)).jobs == ()
    assert (await polled(store, pulls, clock)).jobs == ()
    # Only once everything had ended was the list's ETag trusted.
    assert pulls.asked == [None, None, None, "one"]
    pulls.etag, pulls.pulls = "two", [pull(7, "d" * 40)]
    assert [job.revision for job in (await polled(store, pulls, clock)).jobs] == ["d" * 40]


async def test_a_review_that_saw_an_older_head_or_a_draft_is_made_again(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(7, "b" * 40)])
    await polled(store, pulls, clock)
    await run_due(store, clock, Done({"head": "a" * 40}))
    assert len((await polled(store, pulls, clock)).jobs) == 1
    await run_due(store, clock, Done({"head": "b" * 40, "skipped": "draft"}))
    clock.forward(300)
    assert len((await polled(store, pulls, clock)).jobs) == 1
    await run_due(store, clock, Done({"head": "b" * 40}))
    assert (await polled(store, pulls, clock)).jobs == ()


async def test_what_the_policy_leaves_out_is_looked_at_again_once_another_is_in_force(store: MemoryStore) -> None:
    clock, pulls, policy = Clock(), SomePulls([pull(7, "a" * 40), pull(8, "a" * 40)]), SomePolicy()
    await polled(store, pulls, clock)
    skipped = {"skipped": "switched off", "head": "a" * 40, "base": "main", "policy": policy.loaded.digest}
    await run_due(store, clock, Done(skipped))
    # Another commit of the file that says the same is no other policy.
    for sha in ("p" * 40, "q" * 40):
        policy.loaded = replace(policy.loaded, sha=sha)
        clock.forward(300)
        assert (await polled(store, pulls, clock, policy=policy)).result == {"pulls": 2, "jobs": 0, "unreadable": 0}
    policy.loaded = replace(policy.loaded, policy=RepositoryPolicy(ReviewPolicy(max_findings=1)))
    clock.forward(300)
    found = await polled(store, pulls, clock, policy=policy)
    assert [job.subject for job in found.jobs] == ["pull/7", "pull/8"]
    assert policy.asked == ["main"] * 3


@pytest.mark.parametrize("change", [{"head_sha": "d" * 40}, {"base_ref": "dev"}])
async def test_what_the_policy_left_out_is_looked_at_again_with_another_head_or_base(
    store: MemoryStore, change: dict[str, str]
) -> None:
    clock, pulls, policy = Clock(), SomePulls([pull(7, "a" * 40)]), SomePolicy()
    await polled(store, pulls, clock)
    skipped = {"skipped": "switched off", "head": "a" * 40, "base": "main", "policy": policy.loaded.digest}
    await run_due(store, clock, Done(skipped))
    pulls.etag, pulls.pulls = "two", [replace(pull(7, "a" * 40), **change)]  # type: ignore[arg-type]
    assert [job.subject for job in (await polled(store, pulls, clock, policy=policy)).jobs] == ["pull/7"]


async def test_a_review_for_another_base_is_made_again(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(7, "a" * 40)])
    await polled(store, pulls, clock)
    await run_due(store, clock, Done({"head": "a" * 40, "base": "main"}))
    assert (await polled(store, pulls, clock)).jobs == ()
    pulls.etag, pulls.pulls = "two", [replace(pull(7, "a" * 40), base_ref="dev")]
    assert [job.subject for job in (await polled(store, pulls, clock)).jobs] == ["pull/7"]


async def test_a_decision_that_waits_is_looked_at_again_at_each_poll(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(7, "a" * 40)])
    await polled(store, pulls, clock, DECIDE)
    for waits, more in ((True, 1), (True, 1), (False, 0)):
        await run_due(store, clock, Done({"head": "a" * 40, "waits": waits}))
        clock.forward(300)
        found = await polled(store, pulls, clock, DECIDE)
        assert [job.subject for job in found.jobs] == ["pull/7"] * more
    # Nothing waits any more: the list's ETag is trusted.
    assert (await polled(store, pulls, clock, DECIDE)).result["pulls"] == 0


async def test_what_is_done_to_a_pull_request_without_a_push_is_decided_about_once(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(7, "a" * 40)])
    await polled(store, pulls, clock, DECIDE)
    await run_due(store, clock, Done({"head": "a" * 40, "hears": True}))
    for etag, done_later, more in (("its own summary", 0, []), ("a label", 10, ["pull/7"])):
        pulls.etag, pulls.pulls = etag, [replace(pull(7, "a" * 40), updated_at=clock() + done_later)]
        clock.forward(300)
        assert [job.subject for job in (await polled(store, pulls, clock, DECIDE)).jobs] == more
    assert (await polled(store, pulls, clock, DECIDE)).jobs == ()
    await run_due(store, clock, Done({"head": "a" * 40, "hears": True}))
    for looked in (1, 0, 0):
        clock.forward(300)
        found = await polled(store, pulls, clock, DECIDE)
        assert (found.jobs, found.result["pulls"]) == ((), looked)


async def test_a_head_that_was_reviewed_is_not_reviewed_again_for_a_label(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(7, "a" * 40)])
    await polled(store, pulls, clock)
    await run_due(store, clock, Done({"head": "a" * 40}))
    clock.forward(300)
    pulls.etag, pulls.pulls = "two", [replace(pull(7, "a" * 40), updated_at=clock())]
    assert (await polled(store, pulls, clock)).jobs == ()


async def test_one_poll_looks_at_each_waiting_decision_once_however_many_pages_it_takes(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(n, f"{n:040}") for n in range(1, 41)])
    page, subjects = None, list[str]()
    for _ in range(3):
        found = await polled(store, pulls, clock, DECIDE, page=page)
        subjects += [job.subject for job in found.jobs if job.type == "decide"]
        page = next((job for job in found.jobs if job.type == "reconcile"), None)
        clock.forward(1)
        for job in await store.claim_due("here", 120, clock(), 100):
            done = Done({"head": job.revision, "waits": True})
            await store.settle(settle(job, done, clock(), 0.5), Fence(job.id, job.fence), clock())
    assert page is None
    assert sorted(subjects) == sorted(f"pull/{n}" for n in range(1, 41))


async def test_a_pull_request_that_ended_unheard_is_decided_once_more(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([])
    known = a_pull(7, repo=SHOP, head_sha="a" * 40)
    await store.commit(Change(pulls=(known, a_pull(8, repo=replace(SHOP, id=99)))), clock())
    found = await polled(store, pulls, clock, REVIEW, DECIDE)
    assert [(job.worker, job.subject, job.payload["action"]) for job in found.jobs] == [("decide", "pull/7", "closed")]
    await run_due(store, clock, Done({"head": "a" * 40}))
    await store.commit(Change(pulls=(replace(known, state=PullStage.MERGED, generation=2),)), clock())
    assert (await polled(store, pulls, clock, REVIEW, DECIDE)).jobs == ()


async def test_a_push_to_a_base_that_no_webhook_told_of_is_found(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(7, "a" * 40)], tips={"main": "b" * 40})
    await polled(store, pulls, clock, DECIDE)
    await run_due(store, clock, Done({"head": "a" * 40}))
    assert (await polled(store, pulls, clock, DECIDE)).jobs == ()
    pulls.tips["main"] = "c" * 40
    found = await polled(store, pulls, clock, DECIDE)
    assert [(job.subject, job.revision, job.payload["before"]) for job in found.jobs] == [
        ("branch/main", "c" * 40, "b" * 40)
    ]
    assert (await polled(store, pulls, clock, DECIDE)).jobs == ()


async def test_a_push_that_a_webhook_told_of_is_not_found_again(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(7, "a" * 40)], tips={"main": "b" * 40})
    await polled(store, pulls, clock, DECIDE)
    event = Event("guid", "push", None, SHOP, "kim", False, moved=Moved("refs/heads/main", "b" * 40, "c" * 40))
    await store.commit(Change(enqueue=(job_for(Match(DECIDE, "push"), event, clock()),)), clock())
    await run_due(store, clock, Done({"head": "c" * 40}))
    pulls.tips["main"] = "c" * 40
    assert [job.subject for job in (await polled(store, pulls, clock, DECIDE)).jobs] == ["pull/7"]


async def test_bases_are_watched_only_for_workers_that_wake_on_pushes(store: MemoryStore) -> None:
    pulls = SomePulls([pull(7, "a" * 40)])
    await polled(store, pulls, Clock(), REVIEW)
    assert pulls.tips_asked == []


async def test_a_head_that_comes_back_gets_a_job_of_its_own(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([])
    for number, head in enumerate(("a" * 40, "b" * 40, "a" * 40)):
        pulls.etag, pulls.pulls = str(number), [pull(7, head)]
        assert len((await polled(store, pulls, clock)).jobs) == 1
        await run_due(store, clock, Done({"head": head}))


async def test_what_failed_at_this_head_is_tried_again_once_a_day(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(7, "a" * 40)])
    await polled(store, pulls, clock)
    for _ in range(3):
        await run_due(store, clock, Failed("checks: write is missing"))
        for _ in range(3):
            clock.forward(300)
            assert (await polled(store, pulls, clock)).jobs == ()
        clock.forward(DAY)
        assert [job.subject for job in (await polled(store, pulls, clock)).jobs] == ["pull/7"]
    await run_due(store, clock, Done({"head": "a" * 40}))
    clock.forward(DAY)
    assert (await polled(store, pulls, clock)).jobs == ()


async def test_in_a_day_the_list_that_did_not_change_is_asked_for_once(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([])
    for _ in range(3):
        await polled(store, pulls, clock)
        clock.forward(DAY / 4)
    assert pulls.asked == [None, "one", None]


@pytest.mark.parametrize(
    ("state", "again"),
    [
        (JobState.FAILED, True),
        (JobState.DEAD_LETTER, True),
        (JobState.REFUSED, False),
        (JobState.CANCELLED, False),
        (JobState.SUPERSEDED, False),
    ],
)
def test_only_what_somebody_or_time_may_have_mended_is_tried_again(state: JobState, again: bool) -> None:
    ended = replace(a_job(), state=state, revision="a" * 40, ended_at=10 * DAY)
    assert covers(ended, "a" * 40, since=10 * DAY + 3600)
    assert covers(ended, "a" * 40, since=11 * DAY) is not again
    assert not covers(ended, "b" * 40, since=10 * DAY)


def test_days_begin_at_other_times_for_other_repositories() -> None:
    assert len({day_of(number * 977, 10.5 * DAY) for number in range(90)}) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        NotPermitted("pull_requests: read is missing"),
        NotFound("it is not there"),
        Unprocessable("no"),
        Unreachable("502"),
    ],
)
async def test_one_repository_that_cannot_be_read_hides_no_other_and_is_told_once_a_day(
    store: MemoryStore, refusal: GitHubError
) -> None:
    clock, closed = Clock(), Repo(1, 1, "octo/closed")
    pulls = SomePulls([pull(7, "a" * 40)], repos=(SHOP, closed), refused={"octo/closed": refusal})
    found = await polled(store, pulls, clock)
    assert [job.repository for job in found.jobs] == ["octo/shop"]
    assert [fact.kind for fact in found.facts] == ["poll.unreadable", "poll.found"]
    for seconds, told in ((300, 1), (24 * 3600, 2)):
        clock.forward(seconds)
        await polled(store, pulls, clock)
        facts = await store.unfolded(100)
        assert [each.fact.data["why"] for each in facts if each.fact.kind == "poll.unreadable"] == [refusal.why] * told


async def test_an_installation_that_is_throttled_is_left_alone_and_hides_no_other(store: MemoryStore) -> None:
    repos = (Repo(1, 1, "octo/one"), Repo(1, 2, "octo/two"), Repo(9, 3, "kim/three"))
    pulls = SomePulls([pull(7, "a" * 40)], repos=repos, refused={"octo/one": Throttled("slow down", 60)})
    found = await polled(store, pulls, Clock(), runs=NoRuns(AssertionError("nobody asks")))  # type: ignore[arg-type]
    assert [job.repository for job in found.jobs] == ["kim/three"]
    assert [fact.data.get("why") for fact in found.facts] == ["slow down", None]
    assert len(pulls.asked) == 2


@pytest.mark.parametrize("refusal", [NotFound("Actions are off"), Unprocessable("no"), Unreachable("502")])
async def test_runs_that_cannot_be_listed_hide_no_pull_request(store: MemoryStore, refusal: GitHubError) -> None:
    runs = NoRuns(refusal)
    found = await polled(store, SomePulls([pull(7, "a" * 40)]), Clock(), REVIEW, DISPATCH, runs=runs)
    assert [job.subject for job in found.jobs] == ["pull/7"]
    assert [fact.data.get("why") for fact in found.facts] == [refusal.why, None]


async def test_more_than_a_page_goes_on_in_pages_until_all_are_found(store: MemoryStore) -> None:
    clock, pulls = Clock(), SomePulls([pull(n, f"{n:040}") for n in range(1, 41)])
    page, subjects = None, set[str]()
    for _ in range(3):
        found = await polled(store, pulls, clock, page=page)
        subjects |= {job.subject for job in found.jobs if job.type == "review"}
        page = next((job for job in found.jobs if job.type == "reconcile"), None)
        clock.forward(1)
    assert page is None
    assert subjects == {f"pull/{n}" for n in range(1, 41)}


def test_many_processes_make_one_tick_per_interval() -> None:
    poll = Poll("sweep", 300)
    assert tick(poll, 600.0).id == tick(poll, 899.9).id
    assert tick(poll, 899.9).id != tick(poll, 900.0).id


async def test_leases_of_dead_local_holders_are_taken_back_at_once(store: MemoryStore) -> None:
    clock = Clock()
    await store.commit(Change(enqueue=(tick(Poll("sweep", 300), clock()),)), clock())
    (job,) = await store.claim_due("dead", 120, clock(), 10)
    rescue = Rescue(store, InProcessWakeups(), lambda holder: holder == "dead", clock)
    assert await rescue.once() == 1
    assert not isinstance(await store.claim(job.id, "alive", 120, clock()), Unclaimed)


async def test_a_test_run_that_dies_each_time_has_its_pull_request_looked_at_again(store: MemoryStore) -> None:
    clock = Clock()
    await store.commit(Change(enqueue=(replace(a_job("t", type="testing"), max_attempts=1),)), clock())
    await store.claim_due("far away", 120, clock(), 10)
    clock.forward(126)
    assert await Rescue(store, InProcessWakeups(), lambda holder: False, clock).once() == 1
    look, dead = sorted(await store.jobs(10), key=lambda job: job.type)
    assert (look.type, look.subject, dead.state) == ("decide", "pull/7", JobState.DEAD_LETTER)


async def test_a_start_whose_last_attempt_dies_with_its_process_is_told(store: MemoryStore) -> None:
    clock = Clock()
    start = replace(a_job("t", type="dispatch-target"), max_attempts=1)
    await store.commit(Change(enqueue=(start,)), clock())
    await store.claim_due("dead", 120, clock(), 10)
    rescue = Rescue(store, InProcessWakeups(), lambda holder: holder == "dead", clock)
    assert await rescue.once() == 1
    (told,) = [job for job in await store.jobs(10) if job.id != "t"]
    assert (told.type, told.payload["gave up"]) == ("dispatch-target", "gave up after 1 attempts: its holder dead died")


async def test_leases_of_others_run_out_first_and_are_granted_a_grace(store: MemoryStore) -> None:
    clock = Clock()
    await store.commit(Change(enqueue=(tick(Poll("sweep", 300), clock()),)), clock())
    await store.claim_due("far away", 120, clock(), 10)
    rescue = Rescue(store, InProcessWakeups(), lambda holder: False, clock, grace=5.0)
    clock.forward(124)
    assert await rescue.once() == 0
    clock.forward(2)
    assert await rescue.once() == 1


async def test_a_job_that_began_to_wait_after_the_pause_was_lifted_is_woken(store: MemoryStore) -> None:
    clock = Clock()
    await store.commit(Change(enqueue=(tick(Poll("sweep", 300), clock()),)), clock())
    (job,) = await store.claim_due("here", 120, clock(), 10)
    await store.pause(Pause("kim", "", clock()))
    await store.resume(clock())
    await store.settle(settle(job, Waiting("resume"), clock(), 0.5), Fence(job.id, job.fence), clock())
    rescue = Rescue(store, InProcessWakeups(), lambda holder: False, clock)
    assert await rescue.once() == 1
    assert len(await store.claim_due("here", 120, clock(), 10)) == 1
