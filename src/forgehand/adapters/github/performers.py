"""Every effect kind that GitHub can perform, by its name. Assembly hands the mapping to the gate.

A new kind is one file here and one line below.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from forgehand.adapters.github.calls import KeptTokens
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.effect_check_run import CheckRunPerformer
from forgehand.adapters.github.effect_comment import CommentPerformer
from forgehand.adapters.github.effect_commit_status import CommitStatusPerformer
from forgehand.adapters.github.effect_delete_branch import DeleteBranchPerformer
from forgehand.adapters.github.effect_issue import IssuePerformer
from forgehand.adapters.github.effect_merge import MergePerformer
from forgehand.adapters.github.effect_merge_into import MergeIntoPerformer
from forgehand.adapters.github.effect_reaction import ReactionPerformer
from forgehand.adapters.github.effect_redelivery import RedeliveryPerformer
from forgehand.adapters.github.effect_ref import RefPerformer
from forgehand.adapters.github.effect_review import ReviewPerformer
from forgehand.adapters.github.effect_thread import ThreadPerformer
from forgehand.adapters.github.effect_update_branch import UpdateBranchPerformer
from forgehand.adapters.github.effect_workflow_dispatch import WorkflowDispatchPerformer
from forgehand.adapters.github.identity import Identity
from forgehand.adapters.github.read_checks import READ_CHECKS
from forgehand.adapters.github.read_contents import READ_CONTENTS
from forgehand.adapters.github.reads import READ_PULLS
from forgehand.adapters.github.started_runs import USUAL, Ledger, LookTimes
from forgehand.domain.effects import (
    CheckRun,
    DeleteBranch,
    Effect,
    Merge,
    MergeInto,
    Reaction,
    Redelivery,
    ResolveThread,
    Review,
    StickyComment,
    StickyIssue,
    UpdateBranch,
    UpdateRef,
    WorkflowDispatch,
)
from forgehand.ports.effects import Performer

_SPEAKING: tuple[type[Effect], ...] = (StickyComment, Review, CheckRun, Reaction)
_APPLYING: tuple[type[Effect], ...] = (Merge, UpdateBranch, DeleteBranch, MergeInto, UpdateRef, ResolveThread)
_DISPATCHING: tuple[type[Effect], ...] = (WorkflowDispatch, StickyIssue)
KINDS: tuple[type[Effect], ...] = (*_SPEAKING, *_APPLYING, *_DISPATCHING, Redelivery)

SPEAKING = tuple(kind.kind for kind in _SPEAKING)
"""The kinds of comment-only work."""

APPLYING = tuple(kind.kind for kind in _APPLYING)
"""What apply mode adds to it."""

DISPATCHING = tuple(kind.kind for kind in _DISPATCHING)
"""What dispatching between repositories adds."""

READS: Mapping[str, str] = {"metadata": "read", **READ_CONTENTS, **READ_PULLS, **READ_CHECKS}
"""What reading needs: repositories, files and the git fetch, pull requests and what is said there, checks."""


def performers(
    github: GitHub,
    tokens: KeptTokens,
    identity: Identity,
    ledger: Ledger,
    *,
    person: bool = False,
    looks: LookTimes = USUAL,
) -> Mapping[str, Performer[Any]]:
    """`person`: the tokens are a person's, who may not create check runs. `looks`: for a run that no answer named."""
    checks = CommitStatusPerformer if person else CheckRunPerformer
    return {
        StickyComment.kind: CommentPerformer(github, tokens, identity),
        Review.kind: ReviewPerformer(github, tokens, identity),
        CheckRun.kind: checks(github, tokens, identity),
        Reaction.kind: ReactionPerformer(github, tokens, identity),
        Merge.kind: MergePerformer(github, tokens),
        UpdateBranch.kind: UpdateBranchPerformer(github, tokens),
        DeleteBranch.kind: DeleteBranchPerformer(github, tokens),
        MergeInto.kind: MergeIntoPerformer(github, tokens),
        UpdateRef.kind: RefPerformer(github, tokens),
        ResolveThread.kind: ThreadPerformer(github, tokens),
        WorkflowDispatch.kind: WorkflowDispatchPerformer(github, tokens, identity, ledger, looks),
        StickyIssue.kind: IssuePerformer(github, tokens, identity),
        Redelivery.kind: RedeliveryPerformer(github),
    }


def required_permissions(kinds: Iterable[str] = SPEAKING) -> dict[str, str]:
    """What an installation must grant for these kinds of effect and for reading, by GitHub's names."""
    wanted = dict(READS)
    chosen = set(kinds)
    for kind in KINDS:
        if kind.kind in chosen:
            # A kind's permissions depend on no field; no repository has to be made up to ask.
            for name, level in object.__new__(kind).permissions.items():
                if wanted.get(name) != "write":
                    wanted[name] = level
    return wanted
