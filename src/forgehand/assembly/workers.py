"""The workers of this build: one line each. `docs/adding-a-worker.md` shows how to add one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from forgehand.domain.modes import Grant, Grants, Mode
from forgehand.domain.routing import WorkerSpec
from forgehand.engine.sweep import Sweep
from forgehand.ports.analysers import Analyser, ChangeAnalyser
from forgehand.ports.checks import Branches, Checks
from forgehand.ports.contents import Contents
from forgehand.ports.conversation import Conversation, IssueComments
from forgehand.ports.desk import Worker
from forgehand.ports.git import Checkouts, Comparisons
from forgehand.ports.github import PullRequests, PullsAbout, PullsOnBranch
from forgehand.ports.people import People
from forgehand.ports.policies import Policies
from forgehand.ports.sandbox import Sandbox
from forgehand.ports.store import Documents, Entries, LastJobs
from forgehand.ports.workflows import Installations, Runs, Workflows
from forgehand.workers import commands, dispatch, review, testing


@dataclass(frozen=True, slots=True)
class Parts:
    """What assembly can hand to a worker's constructor."""

    pulls: PullRequests
    pulls_about: PullsAbout
    pulls_on_branch: PullsOnBranch
    checks: Checks
    branches: Branches
    people: People
    contents: Contents
    conversation: Conversation
    policies: Policies
    comparisons: Comparisons
    checkouts: Checkouts
    sandbox: Sandbox
    marks: testing.Marks
    analysers: Sequence[Analyser | ChangeAnalyser]
    details_url: Callable[[str], str]
    """The page of an effect, by its slot."""
    pull_url: Callable[[int, int], str]
    """The page of a pull request, by its repository's id and its number."""
    documents: Documents
    ledger: Entries
    jobs: LastJobs
    workflows: Workflows
    runs: Runs
    installations: Installations
    issue_comments: IssueComments
    us: Callable[[], Awaitable[dispatch.Us]]
    """Who we are on GitHub."""
    dispatching: dispatch.Options
    """What the operator lets workflows start elsewhere."""
    operator: Grant
    """The most that a job may do."""
    workers: Mapping[str, WorkerSpec]
    """Those that run here, by type."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A worker as routing sees it, and how to make the one that runs its jobs."""

    spec: WorkerSpec
    make: Callable[[Parts], Worker]


BUILT_IN: tuple[BuiltIn, ...] = (
    BuiltIn(
        review.REVIEW_SPEC,
        lambda parts: review.ReviewWorker(
            parts.pulls,
            parts.comparisons,
            parts.analysers,
            parts.conversation,
            parts.policies,
            parts.documents,
            parts.branches,
        ),
    ),
    BuiltIn(
        testing.SPEC,
        lambda parts: testing.TestingWorker(
            parts.pulls, parts.checkouts, parts.sandbox, parts.policies, parts.marks, parts.documents, parts.details_url
        ),
    ),
    BuiltIn(review.DECIDE_SPEC, lambda parts: review.DecideWorker(sources(parts), parts.pulls_about, parts.pull_url)),
    BuiltIn(review.LAND_SPEC, lambda parts: review.LandWorker(sources(parts))),
    BuiltIn(review.QUEUE_SPEC, lambda parts: review.QueueWorker(sources(parts))),
    BuiltIn(
        commands.SPEC,
        lambda parts: commands.CommandsWorker(
            commands.Ports(parts.pulls, parts.people, parts.conversation, parts.documents), parts.workers
        ),
    ),
    BuiltIn(
        dispatch.DISPATCH_SPEC,
        lambda parts: dispatch.DispatchWorker(dispatch_sources(parts), parts.dispatching),
    ),
    BuiltIn(
        dispatch.TARGET_SPEC,
        lambda parts: dispatch.TargetWorker(dispatch_sources(parts), parts.ledger, parts.dispatching),
    ),
    BuiltIn(
        dispatch.FOLLOW_SPEC,
        lambda parts: dispatch.FollowWorker(dispatch_sources(parts), parts.dispatching),
    ),
    BuiltIn(dispatch.REPORT_SPEC, lambda parts: dispatch.ReportWorker(parts.documents, parts.details_url)),
    BuiltIn(
        dispatch.APPROVE_SPEC,
        lambda parts: dispatch.ApproveWorker(
            dispatch.ApprovalPorts(parts.issue_comments, parts.people, parts.documents, parts.runs)
        ),
    ),
    BuiltIn(
        dispatch.PROPOSAL_SPEC,
        lambda parts: dispatch.ProposalWorker(
            dispatch_sources(parts),
            parts.pulls,
            parts.dispatching,
            on=parts.workers[dispatch.ProposalWorker.type].enabled,
        ),
    ),
)


def sources(parts: Parts) -> review.Sources:
    """What a decision about a pull request is read from."""
    return review.Sources(
        pulls=parts.pulls,
        checks=parts.checks,
        branches=parts.branches,
        people=parts.people,
        conversation=parts.conversation,
        policies=parts.policies,
        kept=parts.documents,
        jobs=parts.jobs,
        on_branch=parts.pulls_on_branch,
        operator=parts.operator,
    )


def dispatch_sources(parts: Parts) -> dispatch.Sources:
    """What a dispatch is judged by."""
    return dispatch.Sources(
        runs=parts.runs,
        workflows=parts.workflows,
        installations=parts.installations,
        contents=parts.contents,
        branches=parts.branches,
        kept=parts.documents,
        us=parts.us,
    )


def specs(built_in: Sequence[BuiltIn], most: Mode, *, dispatching: bool = True) -> tuple[WorkerSpec, ...]:
    """The workers with the powers that the operator leaves them. Without `dispatching` no run wakes anybody, and what
    is under way may start nothing."""
    within = [replace(each.spec, grant=each.spec.grant.within(most)) for each in built_in]
    return tuple(each if dispatching else _not_dispatching(each) for each in within)


def grants(workers: Sequence[WorkerSpec]) -> Grants:
    """What the jobs of these workers may do, and the sweep, which asks GitHub to redeliver."""
    return {(each.type, each.id): each.grant for each in workers} | {(Sweep.type, Sweep.type): Grant(operate=True)}


def listens(built_in: Sequence[BuiltIn], *, dispatching: bool = True) -> frozenset[str]:
    """The events that some worker waits for; without `dispatching`, some other worker."""
    specs = [each.spec for each in built_in if dispatching or each.spec.id not in _DISPATCHING]
    return frozenset(trigger.event for spec in specs for trigger in spec.triggers)


_DISPATCHING = frozenset(spec.id for spec in dispatch.SPECS)


def _not_dispatching(worker: WorkerSpec) -> WorkerSpec:
    off = replace(worker, grant=replace(worker.grant, dispatch=False))
    return replace(off, enabled=False) if worker.id in _DISPATCHING else off
