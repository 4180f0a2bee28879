"""Starts the targets that waited for approval, once somebody who may write to the source gives it: by the comment
`/forgehand approve COMMIT` on the outcome issue of the run. Run by the engine for every new comment, most of which are
not meant for it.

The comment is read again, and counts only unchanged: who may write may also rewrite what others said. So is the run: an
approval is for the attempt that was planned for, and no other.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from forgehand.crafts.subjects import number_of, repo_of
from forgehand.domain import dispatches as d
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Done, Outcome, Retry
from forgehand.domain.permissions import Permission
from forgehand.domain.retries import may_appear
from forgehand.ports.conversation import IssueComment, IssueComments
from forgehand.ports.desk import Desk
from forgehand.ports.people import People
from forgehand.ports.store import Documents
from forgehand.ports.workflows import Run, Runs
from forgehand.workers.dispatch import followups, telling
from forgehand.workers.dispatch.orders import Order, read_orders
from forgehand.workers.dispatch.report_worker import current
from forgehand.workers.dispatch.rules.approval import Facts, commit_in, refused
from forgehand.workers.dispatch.rules.attempts import Last

MENTION = "/forgehand"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where an approval is read from, and what it is judged by."""

    comments: IssueComments
    people: People
    kept: Documents
    runs: Runs


class ApproveWorker:
    type: ClassVar[str] = followups.APPROVE

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def run(self, desk: Desk) -> Outcome:
        job, repo = desk.job, repo_of(desk.job)
        if not str(job.payload.get("first_line", "")).strip().lower().startswith(MENTION):
            return Done({"skipped": "no command"})
        comment = await self._ports.comments.comment(repo, int(job.payload["comment"]))
        if comment is None and may_appear(job.attempts, job.max_attempts):
            return Retry("GitHub does not show the comment: it is gone, or not there yet")
        sha = commit_in(comment.body) if comment and not comment.ours and not comment.edited else None
        if comment is None or sha is None:
            return Done({"skipped": "no approval"})
        run = d.read_issue(await self._ports.kept.document(d.issue_key(repo.id, comment.number)))
        if run is None and number_of(job) is None and may_appear(job.attempts, job.max_attempts):
            # The issue can be answered before the job that wrote it has ended, and remembered it.
            return Retry("it is not known yet whether this issue tells the outcome of a run")
        dispatch = await current(self._ports.kept, run) if run else None
        if dispatch is None:
            return Done({"skipped": "not on the outcome of a run"})
        permission = await self._ports.people.permission(repo, comment.author)
        last = await self._ports.runs.run(repo, dispatch.run)
        why = refused(_facts(sha, comment, permission, dispatch, last))
        desk.say("approval", run=dispatch.run, by=comment.author, refused=why)
        if why:
            return Done({"approved": 0, "why": why}, facts=(_told(desk, dispatch, comment, telling.REFUSED, why),))
        kept = await self._ports.kept.document(d.orders_key(dispatch.run, dispatch.attempt))
        return _approved(desk, dispatch, comment, {each.asked.key: each for each in read_orders(kept)})


def _facts(sha: str, comment: IssueComment, permission: Permission, dispatch: d.Dispatch, last: Run | None) -> Facts:
    return Facts(
        sha=sha,
        said_at=comment.created_at,
        author=comment.author,
        permission=permission,
        head=dispatch.head_sha,
        attempt=dispatch.attempt,
        planned_at=dispatch.planned_at,
        waiting=len(_waiting(dispatch)),
        last=Last(last.attempt, last.ended) if last else Last(),
    )


def _waiting(dispatch: d.Dispatch) -> list[d.TargetState]:
    return [each for each in dispatch.targets if each.stand is d.Stand.APPROVAL]


def _approved(desk: Desk, dispatch: d.Dispatch, comment: IssueComment, orders: dict[str, Order]) -> Done:
    job, now, source = desk.job, desk.now(), repo_of(desk.job)
    going = [each for each in _waiting(dispatch) if each.key in orders]
    why = f"approved by {comment.author}"
    states = [replace(each, stand=d.Stand.QUEUED, why=why, at=now) for each in going]
    given = _told(desk, dispatch, comment, telling.APPROVED, why)
    return Done(
        {"approved": len(going), "by": comment.author},
        jobs=(
            *(followups.start(job, orders[each.key], source, now) for each in going),
            followups.report(job, source, dispatch.run, now),
        ),
        facts=(given, *(telling.of_target(job, orders[each.key].source, each, now) for each in states)),
        documents={d.state_key(dispatch.run, dispatch.attempt, each.key): d.write_state(each) for each in states},
        once=given.id,
    )


def _told(desk: Desk, dispatch: d.Dispatch, comment: IssueComment, kind: str, why: str) -> Fact:
    about: dict[str, Any] = {"run": dispatch.run, "attempt": dispatch.attempt, "by": comment.author, "why": why}
    named = (dispatch.run, dispatch.attempt, comment.id if kind == telling.REFUSED else "")
    return telling.of_comment(desk.job, kind, named, desk.now(), about)
