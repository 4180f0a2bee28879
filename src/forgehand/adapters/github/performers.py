"""Every effect kind that GitHub can perform, by its name. Assembly hands the mapping to the gate.

A new kind is one file here and one line below.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from forgehand.adapters.github.calls import KeptTokens
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.effect_check_run import CheckRunPerformer
from forgehand.adapters.github.effect_comment import CommentPerformer
from forgehand.adapters.github.effect_merge import MergePerformer
from forgehand.adapters.github.effect_redelivery import RedeliveryPerformer
from forgehand.adapters.github.effect_ref import RefPerformer
from forgehand.adapters.github.effect_review import ReviewPerformer
from forgehand.adapters.github.identity import Identity
from forgehand.adapters.github.read_checks import READ_CHECKS
from forgehand.adapters.github.read_contents import READ_CONTENTS
from forgehand.adapters.github.reads import READ_PULLS
from forgehand.domain.effects import CheckRun, Effect, Merge, Redelivery, Review, StickyComment, UpdateRef
from forgehand.ports.effects import Performer

KINDS: tuple[type[Effect], ...] = (StickyComment, Review, CheckRun, Merge, UpdateRef, Redelivery)

SPEAKING = (StickyComment.kind, Review.kind, CheckRun.kind)
"""The kinds of comment-only work."""

READS: Mapping[str, str] = {"metadata": "read", **READ_CONTENTS, **READ_PULLS, **READ_CHECKS}
"""What reading needs: repositories, files and the git fetch, pull requests and what is said there, checks."""


def performers(github: GitHub, tokens: KeptTokens, identity: Identity) -> Mapping[str, Performer[Any]]:
    return {
        StickyComment.kind: CommentPerformer(github, tokens, identity),
        Review.kind: ReviewPerformer(github, tokens, identity),
        CheckRun.kind: CheckRunPerformer(github, tokens, identity),
        Merge.kind: MergePerformer(github, tokens),
        UpdateRef.kind: RefPerformer(github, tokens),
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
