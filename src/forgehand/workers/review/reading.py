"""Reading what is judged about a pull request, once, through the narrow ports. Called by every worker that decides."""

import asyncio
from dataclasses import dataclass, replace

from forgehand.crafts.policy_file import PATH
from forgehand.domain import orders, tested
from forgehand.domain.caps import held_back
from forgehand.domain.followups import REVIEW, TESTING, lane
from forgehand.domain.jobs import Job, JobState
from forgehand.domain.modes import COMMENT_ONLY, Grant
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import Opinion, ReviewFact
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling
from forgehand.ports.checks import Branches, Check, Checks, Compared
from forgehand.ports.conversation import Conversation, SubmittedReview
from forgehand.ports.github import PullRequest, PullRequests, PullsOnBranch
from forgehand.ports.people import People
from forgehand.ports.policies import Loaded, Policies
from forgehand.ports.store import Documents, LastJobs
from forgehand.workers.review import documents
from forgehand.workers.review.given_up import as_check, as_review, gave_up
from forgehand.workers.review.rules import queue as q
from forgehand.workers.review.rules.checks import as_tested, needs_own_run
from forgehand.workers.review.rules.facts import Facts, Place
from forgehand.workers.review.rules.static import StaticReview


@dataclass(frozen=True, slots=True)
class Sources:
    """Where facts come from. `operator` is the most that the operator lets us do."""

    pulls: PullRequests
    checks: Checks
    branches: Branches
    people: People
    conversation: Conversation
    policies: Policies
    kept: Documents
    jobs: LastJobs
    on_branch: PullsOnBranch
    operator: Grant = COMMENT_ONLY


@dataclass(frozen=True, slots=True)
class Read:
    """Facts and the policy to judge them by, with the queue of their base. `untested` is the test run that ended for
    good without a word, which is still to be said; `elsewhere` the last one, where it is over and said nothing for this
    base, so that another is needed. `lost` are the review and the test run that did their work at this head for this
    base, and of which nothing is kept: it was forgotten with age, or another version wrote it, or they just ended. So
    it is with a review of a change that counts from another commit now."""

    facts: Facts
    loaded: Loaded
    queue: q.Queue
    untested: Job | None = None
    elsewhere: Job | None = None
    lost: tuple[Job, ...] = ()


async def read(sources: Sources, repo: Repo, number: int) -> Read:
    """Everything as it is now. Of a closed pull request only what is needed to say so."""
    pull = await sources.pulls.pull(repo, number)
    loaded = await sources.policies.policy(repo, pull.base_ref)
    queue = documents.read_queue(await sources.kept.document(documents.queue_key(repo.id, pull.base_ref)))
    base, compared = await _base(sources, repo, pull)
    review, until, reviewed = await _review(sources, repo, pull, compared.merge_base)
    facts = Facts(
        pull=pull,
        repository=repo.full_name,
        base_sha=base,
        behind=compared.behind,
        review=review,
        held_back=until,
        orders=orders.from_json(await sources.kept.document(orders.key(repo.id, number))),
        attempt=documents.read_attempt(await sources.kept.document(documents.attempt_key(repo.id, number))),
        place=_place(queue, pull),
        problems=loaded.problems,
        operator=sources.operator,
    )
    if pull.state != "open":
        return Read(facts, loaded, queue)
    facts = await _open(sources, repo, facts)
    enabled = loaded.policy.tests.enabled
    last = await _last_run(sources, repo, facts, asked=enabled)
    untested = gave_up(last, pull.head_sha)
    if untested is not None:
        facts = replace(facts, checks=(*facts.checks, as_check(untested)))
    run = last if enabled and _worked(last, pull) else None
    elsewhere = run if run and not _for_this_base(run, pull) else None
    lost = [each for each in (reviewed, run) if each and _worked(each, pull) and _for_this_base(each, pull)]
    return Read(facts, loaded, queue, untested, elsewhere, tuple(lost))


async def _base(sources: Sources, repo: Repo, pull: PullRequest) -> tuple[str, Compared]:
    """Where the base branch points now, and how the head stands to that; of a closed one nobody asks."""
    tip = await sources.branches.tip(repo, pull.base_ref) if pull.state == "open" else None
    return (tip, await sources.branches.compared(repo, tip, pull.head_sha)) if tip else ("", Compared(0, ""))


async def _open(sources: Sources, repo: Repo, facts: Facts) -> Facts:
    pull = facts.pull
    checks, protection, author, reviews, proposal = await asyncio.gather(
        _checks(sources, repo, pull),
        sources.branches.protection(repo, pull.base_ref),
        sources.people.permission(repo, pull.author),
        _reviews(sources, repo, pull),
        _proposal(sources, repo, facts),
    )
    return replace(
        facts,
        checks=checks,
        protection=protection,
        author=author,
        reviews=reviews,
        approvals=await _approvals(sources, repo, facts),
        asker=await _asker(sources, repo, facts),
        proposal=proposal,
    )


async def _checks(sources: Sources, repo: Repo, pull: PullRequest) -> tuple[Check, ...]:
    """What others say of the head, and what our own tests said of it for this pull request and base."""
    shown = await sources.checks.checks(repo, pull.head_sha)
    said = await sources.kept.document(tested.key(repo.id, f"pull/{pull.number}", pull.head_sha))
    return as_tested(shown, tested.from_json(said), pull.base_ref)


async def _review(
    sources: Sources, repo: Repo, pull: PullRequest, merge_base: str
) -> tuple[StaticReview | None, str, Job | None]:
    """What was seen of this head: against another base branch, or from another commit on, it was another change. Where
    nothing was: why it is seen later only, and the last job that was to see it."""
    key = documents.review_key(repo.id, pull.number, pull.head_sha)
    review = documents.read_review(await sources.kept.document(key))
    if review is not None and review.is_of(pull.base_ref, merge_base):
        return review, "", None
    last = await sources.jobs.latest_job(lane(REVIEW, repo.id, pull.number)) if pull.state == "open" else None
    if lost := gave_up(last, pull.head_sha):
        return as_review(lost, pull), "", None
    return None, last.why if last and held_back(last) else "", last


async def _last_run(sources: Sources, repo: Repo, facts: Facts, *, asked: bool) -> Job | None:
    """The last test run, where one has to report and has not."""
    if not needs_own_run(facts.checks, facts.protection.checks, asked=asked):
        return None
    return await sources.jobs.latest_job(lane(TESTING, repo.id, facts.pull.number))


def _worked(last: Job | None, pull: PullRequest) -> bool:
    """Whether it was completed at this head, so that nothing else makes it run again."""
    if last is None or last.state is not JobState.COMPLETED or pull.draft:
        return False
    return bool((last.result or {}).get("head", last.revision) == pull.head_sha)


def _for_this_base(last: Job, pull: PullRequest) -> bool:
    return bool((last.result or {}).get("base") == pull.base_ref)


async def _reviews(sources: Sources, repo: Repo, pull: PullRequest) -> tuple[ReviewFact, ...]:
    """People's reviews; ours is the static review, and is judged as that."""
    submitted = [each for each in await sources.conversation.reviews(repo, pull.number) if not each.ours]
    authors = sorted({each.author for each in submitted})
    permissions = dict(zip(authors, [await sources.people.permission(repo, each) for each in authors], strict=True))
    return tuple(_review_fact(each, permissions[each.author], pull.head_sha) for each in submitted)


async def _asker(sources: Sources, repo: Repo, facts: Facts) -> Permission:
    """What they may do now: since they asked, their access may have been taken away."""
    login = facts.orders.merge_by
    return await sources.people.permission(repo, login) if login else Permission.NONE


async def _approvals(sources: Sources, repo: Repo, facts: Facts) -> tuple[ReviewFact, ...]:
    """Who approved by comment, each with what they may do now."""
    ordered, pull = facts.orders, facts.pull
    current = (ordered.approved_head, ordered.approved_base) == (pull.head_sha, pull.base_ref)
    permissions = {each: await sources.people.permission(repo, each) for each in ordered.approvals}
    return tuple(
        ReviewFact(author, Opinion.APPROVED, permissions[author], current=current, at=at)
        for author, at in ordered.approvals.items()
    )


def _review_fact(review: SubmittedReview, permission: Permission, head: str) -> ReviewFact:
    opinion = Opinion(review.state.lower().replace("_", " "))
    return ReviewFact(review.author, opinion, permission, current=review.commit == head, at=review.submitted_at)


async def _proposal(sources: Sources, repo: Repo, facts: Facts) -> Ruling | None:
    if PATH not in facts.paths:
        return None
    return await sources.policies.proposal(repo, facts.pull.base_ref, facts.pull.head_sha)


def _place(queue: q.Queue, pull: PullRequest) -> Place:
    thrown = q.why_thrown(queue, pull.number, pull.head_sha)
    entry = next((each for each in queue.order if each.number == pull.number), None)
    if entry is None:
        return Place(thrown=thrown)
    aboard, position = q.aboard(queue, pull.number), q.position(queue, pull.number)
    return Place(position, entry.head, entry.priority, aboard, thrown)
