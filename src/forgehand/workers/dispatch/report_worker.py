"""Tells in the source what became of its run: one issue for each run, brought up to date as its targets come and go.
Run by the engine; the newest job reads everything, so that the order in which targets end decides nothing.
"""

import hashlib
from collections.abc import Callable
from typing import ClassVar

from forgehand.crafts.subjects import repo_of
from forgehand.domain import dispatches as d
from forgehand.domain.effects import StickyIssue
from forgehand.domain.jobs import Done, Failed, Outcome, Refused
from forgehand.ports.desk import Desk
from forgehand.ports.store import Documents
from forgehand.workers.dispatch import followups, text
from forgehand.workers.dispatch.worker import run_of


class ReportWorker:
    type: ClassVar[str] = followups.REPORT

    def __init__(self, kept: Documents, effect_url: Callable[[str], str]) -> None:
        self._kept = kept
        self._effect_url = effect_url

    async def run(self, desk: Desk) -> Outcome:
        number = run_of(desk.job)
        if number is None:
            return Failed(f"an outcome is told of a run, such as run/7, not of {desk.job.subject!r}")
        if problems := desk.job.payload.get("broken"):
            return await self._say(desk, "dispatching", _version(problems), text.BROKEN, text.broken_body(problems))
        dispatch = await current(self._kept, number)
        if dispatch is None:
            return Done({"skipped": "nothing is known of that run any more"})
        body = text.body(dispatch, self._effect_url)
        return await self._say(desk, desk.job.subject, "outcome", text.title(dispatch), body, number)

    async def _say(self, desk: Desk, subject: str, purpose: str, title: str, body: str, run: int = 0) -> Outcome:
        """An issue that tells the outcome of a `run` is remembered, since somebody may approve there."""
        issue = StickyIssue(
            repo=repo_of(desk.job), subject=subject, worker=desk.job.worker, purpose=purpose, title=title, body=body
        )
        landed = await desk.perform(issue)
        if isinstance(landed.stop, Failed | Refused):
            # Where issues are switched off, facts and pages tell.
            return Done({"not said": landed.why})
        if landed.stop or not (run and landed.remote_id.isascii() and landed.remote_id.isdigit()):
            return landed.stop or Done({"said": title, "url": landed.url})
        key = d.issue_key(desk.job.repository_id, int(landed.remote_id))
        return Done({"said": title, "url": landed.url}, documents={key: d.write_issue(run)})


async def current(kept: Documents, run: int) -> d.Dispatch | None:
    """The plan of a run with all that its targets have come to."""
    dispatch = d.read_dispatch(await kept.document(d.plan_key(run)))
    if dispatch is None:
        return None
    states = {key: d.read_state(await kept.document(name)) for key, name in d.state_keys(dispatch).items()}
    return d.as_it_stands(dispatch, {key: state for key, state in states.items() if state})


def _version(problems: list[str]) -> str:
    """Each state of a broken file has one issue, however many runs end meanwhile."""
    digest = hashlib.sha256("\n".join(problems).encode()).hexdigest()
    return f"file {digest[:16]}"
