"""The decide worker: reads what is known of a pull request, has it judged as a whole, and says it. Run by the engine,
woken by everything that can change the decision.

It is the only voice: one summary for each pull request, one check run for each head. Whoever learns something new
(a review, a test run, a merge) asks for another look by a job, and says nothing itself.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from forgehand.crafts.subjects import number_of, repo_of
from forgehand.domain.effects.check_run import CheckRun
from forgehand.domain.effects.comment import StickyComment
from forgehand.domain.followups import ANOTHER_BASE, DECIDE, DISPATCHING, run_anew, tell_failure, tell_proposal
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Retry
from forgehand.domain.policy import queue_priority
from forgehand.domain.policy.facts import to_json as facts_to_json
from forgehand.domain.pulls import PullStage, PullState, Standing
from forgehand.domain.rulings import State, to_json
from forgehand.ports.desk import Desk
from forgehand.ports.github import PullRequest, PullsAbout
from forgehand.workers.review import decision_text, documents, followups
from forgehand.workers.review.decision_text import Words
from forgehand.workers.review.given_up import untested
from forgehand.workers.review.reading import Read, Sources, read
from forgehand.workers.review.review_text import annotations
from forgehand.workers.review.rules.checks import DECISION
from forgehand.workers.review.rules.decision import Decision, Step, judge
from forgehand.workers.review.rules.facts import Facts, pull_facts
from forgehand.workers.review.rules.queue import Entry
from forgehand.workers.review.rules.static import Told, told
from forgehand.workers.review.waking import woken

EVENTS = (
    "pull_request",
    "pull_request_review",
    "pull_request_review_thread",
    "check_run",
    "check_suite",
    "status",
    "push",
    "command",
)
"""What can change a decision. That a check runs says nothing new before it ends."""
CHECK_EVENTS = ("check_run", "check_suite", "status")
READING_SECONDS = 60.0
"""How long reading all that a decision needs may take, however slow GitHub is."""
SOON, LATER = 2.0, 30.0
"""Seconds until the first look at what GitHub works out by itself, and at what others take their time for."""


class DecideWorker:
    """`pull_url` gives the page of a pull request, by its repository's id and its number: it shows the verdict."""

    type: ClassVar[str] = DECIDE

    def __init__(self, sources: Sources, about: PullsAbout, pull_url: Callable[[int, int], str]) -> None:
        self._sources = sources
        self._about = about
        self._pull_url = pull_url

    async def run(self, desk: Desk) -> Outcome:
        job, number = desk.job, number_of(desk.job)
        if number is None:
            about = await woken(job, self._about, desk.now())
            return about or Failed(f"a decision needs a pull request, not {job.subject!r}")
        known = _afresh(job, await read(self._sources, repo_of(job), number))
        facts = known.facts
        if job.revision and job.revision != facts.pull.head_sha and job.attempts == 1:
            # Either the push that woke us is not to be read everywhere yet, or a newer one will supersede this job.
            return Retry(f"GitHub shows {facts.pull.head_sha[:7]}, not {job.revision[:7]}", after=desk.lag)
        decision = judge(facts, known.loaded.policy)
        desk.say("decided", standing=str(decision.standing), why=decision.why_not, step=str(decision.step))
        before = await self._sources.kept.document(documents.verdict_key(job.repository_id, number))
        spoke = before is not None and bool(json.loads(before).get("said"))
        speaks = spoke or (facts.pull.state == "open" and not facts.pull.draft)
        stopped = await self._say(desk, known, decision, speaks=speaks)
        return stopped or self._done(desk, known, decision, speaks=speaks)

    async def _say(self, desk: Desk, known: Read, decision: Decision, *, speaks: bool) -> Outcome | None:
        """The check run comes last: whoever waits for it finds the rest said. That GitHub takes no summary (the
        conversation is locked, say) is no reason to leave the check open, or the pull request where it is."""
        job, pull, words = desk.job, known.facts.pull, _words(known, decision)
        check = self._check_run(job, words)
        if speaks:
            about: dict[str, Any] = {"repo": repo_of(job), "subject": job.subject, "worker": job.worker}
            body = decision_text.summary(words, check.details_url)
            summary = StickyComment(**about, purpose="summary", number=pull.number, body=body)
            stop = (await desk.perform(summary)).stop
            if stop is not None and not isinstance(stop, Failed):
                return stop
        return (await desk.perform(check)).stop if pull.state == "open" else None

    def _check_run(self, job: Job, words: Words) -> CheckRun:
        pull = words.facts.pull
        return CheckRun(
            repo=repo_of(job),
            subject=job.subject,
            worker=job.worker,
            purpose="check",
            sha=pull.head_sha,
            name=DECISION,
            conclusion=words.decision.conclusion,
            title=decision_text.check_title(words),
            summary=decision_text.check_summary(words),
            details_url=self._pull_url(job.repository_id, pull.number),
            annotations=annotations(words.told.findings),
        )

    def _done(self, desk: Desk, known: Read, decision: Decision, *, speaks: bool) -> Done:
        job, now = desk.job, desk.now()
        facts, pull = known.facts, known.facts.pull
        repository, number, head = job.repository_id, pull.number, pull.head_sha
        verdict = {
            "head": head,
            "standing": str(decision.standing),
            "said": speaks,
            "policy": known.loaded.sha,
            "source": known.loaded.source,
            "ruling": to_json(decision.ruling),
        }
        return Done(
            result={
                "head": head,
                "base": pull.base_ref,
                "standing": str(decision.standing),
                "why": decision.why_not,
                "step": str(decision.step),
                "waits": _waits(decision),
                "hears": True,
            },
            jobs=_next_jobs(desk, known, decision),
            documents={
                **known.loaded.keep,
                documents.verdict_key(repository, number): json.dumps(verdict),
                **documents.fitting(
                    documents.facts_key(repository, number, head), json.dumps(facts_to_json(pull_facts(facts)))
                ),
            },
            pulls=(_pull_state(job, facts, decision, now),),
        )


def _afresh(job: Job, known: Read) -> Read:
    """What happened on GitHub may be just what it lacked when it refused a merge: then it may be tried once more."""
    if job.payload.get("event") not in EVENTS:
        return known
    return replace(known, facts=replace(known.facts, attempt=None)) if not known.facts.pull.merged else known


def _words(known: Read, decision: Decision) -> Words:
    review, loaded = known.facts.review, known.loaded
    telling = told(review, loaded.policy.review) if review else Told((), 0, 0)
    return Words(known.facts, decision, telling, (*map(str, loaded.problems), *loaded.notes))


def _waits(decision: Decision) -> bool:
    """Whether something may change that no event need tell of: the poll then looks again."""
    tests = next(part for part in decision.ready.parts if part.rule == "tests")
    if decision.standing in (Standing.MERGED, Standing.CLOSED):
        return False
    failed = decision.standing is Standing.BLOCKED and tests.state is State.VIOLATED
    return failed or decision.standing in (Standing.WAITING, Standing.QUEUED) or decision.step is not Step.NOTHING


def _next_jobs(desk: Desk, known: Read, decision: Decision) -> tuple[Job, ...]:
    job, now = desk.job, desk.now()
    pull, place = known.facts.pull, known.facts.place
    jobs: list[Job | None] = []
    match decision.step:
        case Step.LAND | Step.UPDATE:
            jobs.append(followups.land(job, pull, now))
        case Step.QUEUE:
            priority = queue_priority(known.loaded.policy.merge.queue, pull_facts(known.facts))
            if place.head != pull.head_sha or (place.priority != priority and not place.aboard):
                jobs.append(followups.join(job, pull.base_ref, Entry(pull.number, pull.head_sha, priority, now), now))
    if place.position and (place.head != pull.head_sha or decision.broken) and decision.step is not Step.QUEUE:
        jobs.append(followups.leave(job, pull.base_ref, pull.number, now))
    elif place.position and place.head == pull.head_sha and job.payload.get("event") != followups.MOVED:
        jobs.append(followups.revive(job, pull.base_ref, known.queue, now))
    if pull.state == "open" and set(known.facts.paths).intersection(DISPATCHING):
        jobs.append(tell_proposal(job, pull.number, pull.head_sha, pull.base_ref, now))
    if known.untested is not None:
        jobs.append(tell_failure(job, known.untested, pull.head_sha, untested(known.untested), now))
    if known.elsewhere is not None:
        jobs.append(_anew(job, known.elsewhere, pull, now, because=ANOTHER_BASE))
    jobs.extend(_anew(job, each, pull, now, because="kept no more") for each in known.lost if _long_over(each, now))
    if later := _look_later(job, pull, decision, desk.lag):
        jobs.append(followups.look_later(job, pull.number, now, first=later))
    return tuple(each for each in jobs if each is not None)


def _anew(job: Job, last: Job, pull: PullRequest, now: float, *, because: str) -> Job:
    return run_anew(job, last, pull.number, pull.head_sha, pull.base_ref, now, because=because)


def _long_over(last: Job, now: float) -> bool:
    """One that ended while all this was read has kept what it found by now, and asks for another look itself."""
    return last.ended_at is not None and now - last.ended_at > READING_SECONDS


def _look_later(job: Job, pull: PullRequest, decision: Decision, lag: float) -> float:
    """In how many seconds to look again without being told; 0 where that is no use."""
    tests = next(part for part in decision.ready.parts if part.rule == "tests")
    if pull.state != "open" or pull.draft:
        return 0.0
    if decision.standing is Standing.WAITING and pull.mergeable is None:
        return min(SOON, lag)
    of_checks = job.payload.get("event") in CHECK_EVENTS
    if (of_checks or tests.state is not State.SATISFIED) and not job.payload.get("looks"):
        # GitHub's lists may not show yet what an event told of: this job's, or that of one which it superseded.
        return lag
    return LATER if decision.standing is Standing.WAITING else 0.0


def _pull_state(job: Job, facts: Facts, decision: Decision, now: float) -> PullState:
    pull = facts.pull
    stage = PullStage.MERGED if pull.merged else PullStage(pull.state)
    over = decision.standing in (Standing.MERGED, Standing.CLOSED)
    return PullState(
        repo=repo_of(job),
        number=pull.number,
        title=pull.title,
        author=pull.author,
        base_ref=pull.base_ref,
        head_sha=pull.head_sha,
        state=stage,
        standing=decision.standing,
        url=pull.html_url,
        generation=job.generation,
        updated_at=now,
        blocker="" if over else decision.why_not,
        position=facts.place.position or None,
    )
