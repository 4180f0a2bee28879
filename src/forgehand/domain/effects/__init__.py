"""Effects: every write to the world, as a value. One file per kind; `base` says what they share.

An effect is asked for by a worker, judged by the one gate (`engine.gate`) and performed by the adapter of its kind.
"""

from forgehand.domain.effects.base import Effect, Exactness, marker, read_marker, signed
from forgehand.domain.effects.check_run import Annotation, CheckRun, Conclusion
from forgehand.domain.effects.comment import StickyComment
from forgehand.domain.effects.delete_branch import DeleteBranch
from forgehand.domain.effects.issue import StickyIssue
from forgehand.domain.effects.merge import Merge, MergeMethod
from forgehand.domain.effects.merge_into import MergeInto
from forgehand.domain.effects.reaction import Reaction
from forgehand.domain.effects.redelivery import Redelivery
from forgehand.domain.effects.ref import SCRATCH, UpdateRef
from forgehand.domain.effects.review import InlineComment, Review, ReviewEvent
from forgehand.domain.effects.thread import ResolveThread
from forgehand.domain.effects.update_branch import UpdateBranch
from forgehand.domain.effects.workflow_dispatch import DispatchRefusal, WorkflowDispatch

__all__ = [
    "SCRATCH",
    "Annotation",
    "CheckRun",
    "Conclusion",
    "DeleteBranch",
    "DispatchRefusal",
    "Effect",
    "Exactness",
    "InlineComment",
    "Merge",
    "MergeInto",
    "MergeMethod",
    "Reaction",
    "Redelivery",
    "ResolveThread",
    "Review",
    "ReviewEvent",
    "StickyComment",
    "StickyIssue",
    "UpdateBranch",
    "UpdateRef",
    "WorkflowDispatch",
    "marker",
    "read_marker",
    "signed",
]
