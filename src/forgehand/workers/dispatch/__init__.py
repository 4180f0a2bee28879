"""Dispatch between repositories, in five workers: `dispatch` plans what a run starts elsewhere, `dispatch-target`
starts one target, `dispatch-follow` follows its run to the end, `dispatch-report` tells the outcome in the source, and
`dispatch-approve` takes approvals there."""

from forgehand.domain.modes import Grant
from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.workers.dispatch.approve_worker import ApproveWorker
from forgehand.workers.dispatch.approve_worker import Ports as ApprovalPorts
from forgehand.workers.dispatch.follow_worker import FollowWorker
from forgehand.workers.dispatch.followups import APPROVE, DISPATCH, FOLLOW, REPORT, TARGET
from forgehand.workers.dispatch.reading import Sources, Us
from forgehand.workers.dispatch.report_worker import ReportWorker
from forgehand.workers.dispatch.rules.facts import Options
from forgehand.workers.dispatch.target_worker import TargetWorker
from forgehand.workers.dispatch.worker import DispatchWorker

__all__ = [
    "APPROVE_SPEC",
    "DISPATCH_SPEC",
    "FOLLOW_SPEC",
    "REPORT_SPEC",
    "SPECS",
    "TARGET_SPEC",
    "ApprovalPorts",
    "ApproveWorker",
    "DispatchWorker",
    "FollowWorker",
    "Options",
    "ReportWorker",
    "Sources",
    "TargetWorker",
    "Us",
]

DISPATCH_SPEC = WorkerSpec(DISPATCH, DispatchWorker.type, (Trigger("workflow_run", actions=("completed",)),))
"""On every run that ended. What it starts, both repositories say in their files."""
TARGET_SPEC = WorkerSpec(TARGET, TargetWorker.type, (), grant=Grant(dispatch=True))
FOLLOW_SPEC = WorkerSpec(FOLLOW, FollowWorker.type, ())
REPORT_SPEC = WorkerSpec(REPORT, ReportWorker.type, ())
"""Asked for by plans alone."""
APPROVE_SPEC = WorkerSpec(APPROVE, ApproveWorker.type, (Trigger("issue_comment", actions=("created",)),))
SPECS = (DISPATCH_SPEC, TARGET_SPEC, FOLLOW_SPEC, REPORT_SPEC, APPROVE_SPEC)
