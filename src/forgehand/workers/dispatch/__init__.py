"""Dispatch between repositories, in six workers: `dispatch` plans what a run starts elsewhere, `dispatch-target`
starts one target, `dispatch-follow` follows its run to the end, `dispatch-report` tells the outcome in the source,
`dispatch-approve` takes approvals there; and `dispatch-proposal` tells a pull request what its change of the file would
change."""

from forgehand.domain.followups import TARGET
from forgehand.domain.modes import Grant
from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.workers.dispatch.approve_worker import ApproveWorker
from forgehand.workers.dispatch.approve_worker import Ports as ApprovalPorts
from forgehand.workers.dispatch.follow_worker import FollowWorker
from forgehand.workers.dispatch.followups import APPROVE, DISPATCH, FOLLOW, REPORT
from forgehand.workers.dispatch.proposal_worker import ProposalWorker
from forgehand.workers.dispatch.reading import Sources, Us
from forgehand.workers.dispatch.report_worker import ReportWorker
from forgehand.workers.dispatch.rules.facts import Options
from forgehand.workers.dispatch.target_worker import TargetWorker
from forgehand.workers.dispatch.worker import DispatchWorker

__all__ = [
    "APPROVE_SPEC",
    "DISPATCH_SPEC",
    "FOLLOW_SPEC",
    "PROPOSAL_SPEC",
    "REPORT_SPEC",
    "SPECS",
    "TARGET_SPEC",
    "ApprovalPorts",
    "ApproveWorker",
    "DispatchWorker",
    "FollowWorker",
    "Options",
    "ProposalWorker",
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
PROPOSAL_SPEC = WorkerSpec(ProposalWorker.type, ProposalWorker.type, ())
"""Asked for by the decision about a pull request that changes the file."""
SPECS = (DISPATCH_SPEC, TARGET_SPEC, FOLLOW_SPEC, REPORT_SPEC, APPROVE_SPEC, PROPOSAL_SPEC)
