"""What `land_worker` and `queue_worker` share: one merge, pinned to its head, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from forgehand.crafts.subjects import repo_of
from forgehand.domain.effects.delete_branch import DeleteBranch
from forgehand.domain.effects.merge import Merge
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Failed, Job, Outcome, Refused
from forgehand.domain.policy import MergePolicy
from forgehand.ports.desk import Desk, Landing
from forgehand.ports.github import PullRequest
from forgehand.workers.review.reading import Sources
from forgehand.workers.review.rules.facts import Facts


@dataclass(frozen=True, slots=True)
class Merged:
    """The commit that landed, and its tree. `others`: it was not by us, as the ledger knows."""

    commit: str
    tree: str
    others: bool = False


@dataclass(frozen=True, slots=True)
class NotMerged:
    """GitHub refused it; nothing happened."""

    why: str


async def merge(desk: Desk, sources: Sources, pull: PullRequest, policy: MergePolicy) -> Merged | NotMerged | Outcome:
    """Merge at the head that was judged, or find it merged; an outcome where the job must end and come back."""
    effect = Merge(
        repo=repo_of(desk.job),
        subject=f"pull/{pull.number}",
        worker=desk.job.worker,
        purpose="merge",
        sha=pull.head_sha,
        number=pull.number,
        base=pull.base_ref,
        method=policy.method,
    )
    landed = await desk.perform(effect)
    match landed.landing:
        case Landing.DONE | Landing.UNCHANGED:
            tree = await sources.branches.tree(repo_of(desk.job), landed.remote_id)
            return Merged(landed.remote_id, tree, others=landed.found)
        case Landing.REFUSED | Landing.CONFLICT:
            if isinstance(landed.stop, Refused):
                # Our own gate: it would say the same again.
                return landed.stop
            return NotMerged(landed.why)
    return landed.stop or Refused(f"a dry run merges nothing: {effect.describe()}")


async def delete_branch(desk: Desk, sources: Sources, facts: Facts, policy: MergePolicy) -> Outcome | None:
    """Where policy wants it: never a fork's branch, never a protected one, never one from or into which another pull
    request is open (GitHub would close or change that one), and only while it points at what was merged. An outcome
    where the job must come back for it; that it cannot be deleted is no reason to fail a merge."""
    pull, repo = facts.pull, repo_of(desk.job)
    if not policy.delete_branch or facts.fork or pull.head_ref == pull.base_ref:
        return None
    if pull.head_ref == await sources.branches.default_branch(repo):
        return None
    guard = await sources.branches.protection(repo, pull.head_ref)
    if guard.checks or guard.approvals or guard.strict or guard.unreadable:
        return None
    others = [each for each in await sources.on_branch.on_branch(repo, pull.head_ref) if each != pull.number]
    if others:
        desk.say("branch stays", branch=pull.head_ref, why=f"of {_numbered(others)}, open from or into it")
        return None
    effect = DeleteBranch(
        repo=repo,
        subject=f"pull/{pull.number}",
        worker=desk.job.worker,
        purpose="delete branch",
        sha=pull.head_sha,
        number=pull.number,
        branch=pull.head_ref,
    )
    stop = (await desk.perform(effect)).stop
    return None if isinstance(stop, Failed | Refused) else stop


def merged_fact(job: Job, pull: PullRequest, merged: Merged, expected: str, now: float) -> Fact:
    """By the pull request, not by the job: it is merged once. `tested` is the tree that was tested."""
    return Fact(
        id=fact_id("pull.merged", job.repository_id, pull.number),
        kind="pull.merged",
        at=now,
        delivery=job.delivery,
        job=job.id,
        repository_id=job.repository_id,
        data={
            "repository": job.repository,
            "number": pull.number,
            "head": pull.head_sha,
            "commit": merged.commit,
            "tree": merged.tree,
            "tested": expected,
            "as_tested": merged.tree == expected,
        },
    )


def _numbered(pulls: Sequence[int]) -> str:
    return ", ".join(f"#{each}" for each in pulls)
