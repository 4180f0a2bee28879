"""The merge queue's worker: performs one step of `rules.queue` in each job, and keeps the state with its outcome, so
that a crash anywhere goes on where it was. Run by the engine; jobs of one base branch run one at a time.

Pull requests come and go by jobs that `decide_worker` asks for. Whoever's standing changes is decided about again.
"""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from forgehand.crafts.markdown import code, prose
from forgehand.crafts.subjects import repo_of
from forgehand.domain import tested
from forgehand.domain.effects.comment import StickyComment
from forgehand.domain.effects.merge_into import MergeInto
from forgehand.domain.effects.ref import SCRATCH, UpdateRef
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.followups import look_again, tell_failure, test_commit
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Refused, Retry
from forgehand.domain.policy import QueuePolicy
from forgehand.domain.rulings import Ruling, State
from forgehand.ports.desk import Desk, Landing
from forgehand.workers.review import documents, followups
from forgehand.workers.review.given_up import as_check, gave_up, untested
from forgehand.workers.review.landing import Merged, NotMerged, delete_branch, merge, merged_fact
from forgehand.workers.review.reading import Read, Sources, read
from forgehand.workers.review.rules import queue as q
from forgehand.workers.review.rules.checks import as_tested, checked, needs_own_run
from forgehand.workers.review.rules.decision import Step, judge
from forgehand.workers.review.rules.facts import Attempt

SHORTEST, LONGEST = 2.0, 30.0
"""Seconds between two looks at the checks of a combination: half as long again each time."""
MOST_TRIES = 4
MOST_TOLD = 20
"""So many are told their new place at once; the others learn it when they are next decided about."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step made: the state, the pull requests to be decided about again, and what else goes with it. `stop`
    ends the job its way, with the state as it was; `after` is when to go on."""

    queue: q.Queue
    changed: tuple[int, ...] = ()
    facts: tuple[Fact, ...] = ()
    documents: dict[str, str] = field(default_factory=dict)
    jobs: tuple[Job, ...] = ()
    after: float = 0.0
    stop: Outcome | None = None


class QueueWorker:
    type: ClassVar[str] = followups.QUEUE

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def run(self, desk: Desk) -> Outcome:
        base = desk.job.payload.get("base")
        if not isinstance(base, str):
            return Failed("a step of the merge queue needs the name of its base branch")
        key = documents.queue_key(desk.job.repository_id, base)
        queue = documents.read_queue(await self._sources.kept.document(key))
        if desk.job.payload.get("revive", q.stands(queue)) != q.stands(queue):
            return Done({"base": base, "moved": True})
        stepped = await self._perform(desk, base, queue) if desk.job.payload.get("step") else _asked(desk.job, queue)
        if stepped.stop is not None:
            return stepped.stop
        for thrown in q.thrown_between(queue, stepped.queue):
            if stopped := await self._tell(desk, thrown):
                return stopped
        return _done(desk, base, key, queue, stepped)

    async def _perform(self, desk: Desk, base: str, queue: q.Queue) -> Stepped:
        step = q.next_step(queue)
        desk.say("queue", base=base, step=type(step).__name__.lower(), waiting=len(queue.order))
        match step:
            case q.Sweep():
                return await self._sweep(desk, queue, step.scratch)
            case q.Start():
                return await self._start(desk, base, queue)
            case q.Build():
                return await self._build(desk, base, queue, step)
            case q.Trial():
                return await self._test(desk, base, queue, step)
            case q.Land():
                return await self._land(desk, base, queue, step)
            case q.Finish():
                return Stepped(q.finished(queue))
        return Stepped(queue)

    async def _sweep(self, desk: Desk, queue: q.Queue, scratch: q.Scratch) -> Stepped:
        """A scratch branch that somebody else moved or removed is theirs now: it stays as it is."""
        effect = UpdateRef(**_about(desk, f"remove {scratch.sha}"), ref=scratch.ref, to="", expected=scratch.sha)
        landed = await desk.perform(effect)
        if landed.stop is not None and landed.landing not in (Landing.CONFLICT, Landing.REFUSED):
            return Stepped(queue, stop=landed.stop)
        return Stepped(q.swept(queue, scratch))

    async def _start(self, desk: Desk, base: str, queue: q.Queue) -> Stepped:
        repo = repo_of(desk.job)
        tip = await self._sources.branches.tip(repo, base)
        if tip is None:
            return Stepped(queue, stop=Failed(f"there is no branch {base} to merge into"))
        policy = (await self._sources.policies.policy(repo, base)).policy.merge.queue
        begun = q.started(queue, tip, max(1, policy.most))
        return Stepped(begun, changed=tuple(entry.number for entry in begun.order[: policy.most]))

    async def _build(self, desk: Desk, base: str, queue: q.Queue, step: q.Build) -> Stepped:
        entry, branch = step.entry, f"{_prefix(base, queue)}/build"
        known = await read(self._sources, repo_of(desk.job), entry.number)
        if gone := _gone(desk, queue, known, entry, base):
            return gone
        repo = repo_of(desk.job)
        if step.index == 0:
            made = await desk.perform(UpdateRef(**_about(desk, branch), ref=f"refs/heads/{branch}", to=step.onto))
            if made.stop is not None:
                return Stepped(queue, stop=made.stop)
            queue = q.uses(queue, q.Scratch(f"refs/heads/{branch}", step.onto))
        effect = MergeInto(
            **_about(desk, f"{branch} {step.index} {entry.number}"),
            sha=entry.head,
            branch=branch,
            onto=step.onto,
            message=f"Try #{entry.number} with what lands before it",
        )
        landed = await desk.perform(effect)
        if landed.landing is Landing.CONFLICT:
            return _does_not_fit(queue, step, base)
        if landed.stop is not None:
            return _not_built(desk, queue, entry, landed.stop)
        tree = await self._sources.branches.tree(repo, landed.remote_id)
        queue = q.uses(queue, q.Scratch(f"refs/heads/{branch}", landed.remote_id))
        return Stepped(q.built(queue, entry, landed.remote_id, tree))

    async def _test(self, desk: Desk, base: str, queue: q.Queue, step: q.Trial) -> Stepped:
        ref = f"refs/heads/{_prefix(base, queue)}/test-{step.prefix}"
        made = await desk.perform(UpdateRef(**_about(desk, ref), ref=ref, to=step.commit))
        if made.stop is not None:
            return Stepped(queue, stop=made.stop)
        queue = q.waits_since(q.uses(queue, q.Scratch(ref, step.commit)), desk.now())
        policy = (await self._sources.policies.policy(repo_of(desk.job), base)).policy
        ruling, asked = await self._judged(desk, base, step.commit, ref, asked=policy.tests.enabled)
        match ruling.state:
            case State.SATISFIED:
                return _tested(desk, queue, step, passed=True)
            case State.VIOLATED:
                return replace(_tested(desk, queue, step, passed=False, why=ruling.reason), jobs=asked)
            case State.NOT_APPLICABLE if not policy.merge.require_tests:
                return _tested(desk, queue, step, passed=True)
        minutes, why = _patience(policy.merge.queue, ruling)
        if queue.train and desk.now() - queue.train.since > minutes * 60:
            return Stepped(q.never_tested(queue, why))
        waited = int(desk.job.payload.get("waited", 0))
        return Stepped(queue, jobs=asked, after=min(LONGEST, min(SHORTEST, desk.lag) * 1.5**waited))

    async def _judged(
        self, desk: Desk, base: str, commit: str, ref: str, *, asked: bool
    ) -> tuple[Ruling, tuple[Job, ...]]:
        """Whether a combination is tested, and the job that it takes: the test run where nothing else makes it happen,
        or the word about one that ended without any."""
        job, now, repo = desk.job, desk.now(), repo_of(desk.job)
        shown = await self._sources.checks.checks(repo, commit)
        own_run = await self._sources.kept.document(tested.key(repo.id, f"commit/{commit}", commit))
        checks = as_tested(shown, tested.from_json(own_run), base)
        required = (await self._sources.branches.protection(repo, base)).checks
        if not needs_own_run(checks, required, asked=asked):
            return checked(commit, checks, required, asked=asked), ()
        own = test_commit(job, commit, ref, now, base=base)
        lost = gave_up(await self._sources.jobs.job(own.id), commit)
        if lost is None:
            return checked(commit, checks, required, asked=asked), (own,)
        ruling = checked(commit, [*checks, as_check(lost)], required, asked=asked)
        return ruling, (tell_failure(job, lost, commit, untested(lost), now),)

    async def _land(self, desk: Desk, base: str, queue: q.Queue, step: q.Land) -> Stepped:
        repo, entry = repo_of(desk.job), step.car.entry
        known = await read(self._sources, repo, entry.number)
        pull = known.facts.pull
        if not (pull.merged and pull.head_sha == entry.head):
            if gone := _gone(desk, queue, known, entry, base):
                return gone
            if await self._sources.branches.tip(repo, base) != step.tip:
                return Stepped(q.dissolved(queue))
        # Of one that is merged already the ledger knows whether a step that was lost did it, or somebody else.
        result = await merge(desk, self._sources, pull, known.loaded.policy.merge)
        match result:
            case Merged():
                return await self._landed(desk, queue, step, known, result)
            case NotMerged(why):
                return await self._refused(desk, queue, entry, why)
            case Failed(why) | Refused(why):
                return Stepped(q.thrown_out(queue, entry, why))
        return Stepped(queue, stop=result)

    async def _landed(self, desk: Desk, queue: q.Queue, step: q.Land, known: Read, merged: Merged) -> Stepped:
        after = q.landed(queue, step.car.entry.number, merged.commit, merged.tree)
        pull = known.facts.pull
        if merged.others:
            return Stepped(after, changed=(pull.number,))
        stopped = await delete_branch(desk, self._sources, known.facts, known.loaded.policy.merge)
        attempt = documents.write_attempt(Attempt(pull.head_sha, step.tip, merged=merged.commit))
        return Stepped(
            after,
            changed=(pull.number,),
            facts=(merged_fact(desk.job, pull, merged, step.car.tree, desk.now()),),
            documents={documents.attempt_key(desk.job.repository_id, pull.number): attempt},
            stop=stopped,
        )

    async def _refused(self, desk: Desk, queue: q.Queue, entry: q.Entry, why: str) -> Stepped:
        """Right after another merge GitHub may refuse for a moment."""
        pull = await self._sources.pulls.pull(repo_of(desk.job), entry.number)
        if pull.head_sha != entry.head or pull.state != "open":
            return Stepped(q.left(queue, entry.number), changed=(entry.number,))
        if pull.mergeable is not False and desk.job.attempts < MOST_TRIES:
            return Stepped(queue, stop=Retry(why, after=SHORTEST))
        return Stepped(q.thrown_out(queue, entry, why))

    async def _tell(self, desk: Desk, thrown: q.Thrown) -> Outcome | None:
        """Its author is to hear of it, which an edit of the summary would not bring about. That it cannot be said (the
        conversation is locked, say) is no reason to keep the others waiting."""
        reason = prose(thrown.why.rstrip("."))
        body = (
            f"🚫 **The merge queue threw this out** at {code(thrown.head[:7])}: {reason}.\n\n"
            "It comes back by itself once another commit is approved.\n"
        )
        comment = StickyComment(
            repo=repo_of(desk.job),
            subject=f"pull/{thrown.number}",
            worker=desk.job.worker,
            purpose=f"thrown out at {thrown.head}",
            number=thrown.number,
            body=body,
        )
        stop = (await desk.perform(comment)).stop
        return None if isinstance(stop, Failed | Refused) else stop


def _asked(job: Job, queue: q.Queue) -> Stepped:
    """Somebody comes, or goes, or the queue as it is has to go on."""
    if given := job.payload.get("join"):
        entry = q.Entry(int(given["number"]), str(given["head"]), int(given["priority"]), float(given["since"]))
        return Stepped(q.joined(queue, entry), changed=(entry.number,))
    number = int(job.payload.get("leave", 0))
    return Stepped(q.left(queue, number), changed=(number,) if number else ())


def _gone(desk: Desk, queue: q.Queue, known: Read, entry: q.Entry, base: str) -> Stepped | None:
    """None where it still is what was approved, and still is approved; else what becomes of it. What nobody can say yet
    is waited for, but not for ever: the others wait with it."""
    pull, facts = known.facts.pull, known.facts
    if pull.mergeable is None:
        # After each landing GitHub has to work it out anew. Here the scratch branch tells.
        facts = replace(facts, pull=replace(pull, mergeable=True))
    decision = judge(facts, known.loaded.policy)
    same = pull.head_sha == entry.head and pull.base_ref == base
    if same and decision.step is Step.QUEUE:
        return None
    if same and pull.state == "open" and not decision.broken and desk.job.attempts < MOST_TRIES:
        return Stepped(queue, stop=Retry(f"#{entry.number}: {decision.why_not}", after=SHORTEST))
    return Stepped(q.left(queue, entry.number), changed=(entry.number,))


def _patience(policy: QueuePolicy, ruling: Ruling) -> tuple[int, str]:
    """For how many minutes a combination waits, and what is said then. That nothing has been tested yet says little:
    checks of others may be slow to begin."""
    if ruling.state is State.NOT_APPLICABLE:
        minutes = policy.wait_for_checks_minutes
        return minutes, f"no check reported on it within {minutes} minutes. {ruling.reason}"
    return policy.timeout_minutes, f"its checks took longer than {policy.timeout_minutes} minutes: {ruling.reason}"


def _does_not_fit(queue: q.Queue, step: q.Build, base: str) -> Stepped:
    if step.index:
        return Stepped(q.does_not_fit(queue, step.entry), changed=(step.entry.number,))
    return Stepped(q.thrown_out(queue, step.entry, f"it conflicts with {base}"))


def _not_built(desk: Desk, queue: q.Queue, entry: q.Entry, stop: Outcome) -> Stepped:
    """What will not do at all keeps nobody else waiting. Where only the scratch branch stays another than it should be,
    the next train has a new one."""
    if isinstance(stop, Failed | Refused):
        return Stepped(q.thrown_out(queue, entry, stop.why))
    if isinstance(stop, Retry) and desk.job.attempts >= MOST_TRIES:
        return Stepped(q.dissolved(queue))
    return Stepped(queue, stop=stop)


def _tested(desk: Desk, queue: q.Queue, step: q.Trial, *, passed: bool, why: str = "") -> Stepped:
    cars = queue.train.cars[: step.prefix] if queue.train else ()
    together = [car.entry.number for car in cars]
    others = ", ".join(f"#{number}" for number in together[:-1])
    why = f"with {others or 'its base'} its tests fail: {why}" if why else ""
    ran = Fact(
        id=fact_id("queue.tested", desk.job.repository_id, step.commit, passed),
        kind="queue.tested",
        at=desk.now(),
        job=desk.job.id,
        repository_id=desk.job.repository_id,
        data={"repository": desk.job.repository, "commit": step.commit, "pulls": together, "passed": passed},
    )
    return Stepped(q.answered(queue, step.prefix, step.commit, passed=passed, why=why), facts=(ran,))


def _prefix(base: str, queue: q.Queue) -> str:
    return f"{SCRATCH}queue/{base}/{queue.serial}"


def _about(desk: Desk, purpose: str) -> dict[str, Any]:
    job = desk.job
    return {"repo": repo_of(job), "subject": job.subject, "worker": job.worker, "purpose": purpose}


def _done(desk: Desk, base: str, key: str, before: q.Queue, stepped: Stepped) -> Done:
    job, now, after = desk.job, desk.now(), stepped.queue
    changed = {*stepped.changed, *(each.number for each in q.thrown_between(before, after))}
    if before.train is not None and after.train is None:
        # All move up.
        changed.update(each.number for each in after.order[:MOST_TOLD])
    jobs = [*stepped.jobs, *(look_again(job, number, now, because=followups.MOVED) for number in sorted(changed))]
    step = q.next_step(after)
    if not isinstance(step, q.Idle):
        waited = int(job.payload.get("waited", 0)) + 1 if stepped.after else 0
        jobs.append(followups.go_on(job, base, now, after=stepped.after, waited=waited))
    return Done(
        {"base": base, "waiting": len(after.order), "next": type(step).__name__.lower()},
        jobs=tuple(jobs),
        facts=stepped.facts,
        documents={**stepped.documents, key: documents.write_queue(after)},
    )
