"""Which run a dispatch started, where no answer named it: the only one that it can be, or none.

Asked of GitHub's list of runs and of the ledger. Used by `effect_workflow_dispatch`.
https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.identity import Identity
from forgehand.domain.effects import WorkflowDispatch
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.paging import Last

SLACK = 120.0
"""Seconds by which our clock may be ahead of GitHub's in what is asked for; what is taken is judged by its own."""

SAME_MOMENT = 2.0
"""Seconds. GitHub's times have no fractions, and its `Date` header has none either."""

A_PAGE = 100


class Ledger(Protocol):
    """The part of the store that tells what else was sent."""

    async def entry(self, slot: str) -> LedgerEntry | None: ...

    async def entries(
        self, limit: int, state: EffectState | None = None, before: Last | None = None
    ) -> list[LedgerEntry]: ...


@dataclass(frozen=True, slots=True)
class LookTimes:
    """In seconds: how long after it was sent a run may still appear, and how long between two looks."""

    appears: float = 60.0
    between: float = 3.0


USUAL = LookTimes()


class StartedRuns:
    def __init__(
        self, github: GitHub, tokens: KeptTokens, identity: Identity, ledger: Ledger, times: LookTimes
    ) -> None:
        self._github = github
        self._calls = RepoCalls(github, tokens, {"actions": "read"})
        self._identity = identity
        self._ledger = ledger
        self._times = times

    async def started(self, effect: WorkflowDispatch, sent_at: float, *, wait: bool) -> int | None:
        """The id of the run. With `wait`, None comes only once it should long have appeared."""
        while True:
            run = await self._only_one(effect, sent_at)
            if run or not wait or self._github.clock() >= sent_at + self._times.appears:
                return run
            await asyncio.sleep(self._times.between)

    async def _only_one(self, effect: WorkflowDispatch, sent_at: float) -> int | None:
        """The one run that no other dispatch has; None while another one of the same looks for its own, too."""
        runs = await self._ours(effect, sent_at)
        if not runs:
            return None
        others = await self._others(effect, sent_at - SLACK)
        if any(each.state in (EffectState.SENDING, EffectState.UNKNOWN) for each in others):
            return None
        taken = {each.remote_id for each in others}
        free = [run for run in runs if str(run) not in taken]
        return free[0] if len(free) == 1 else None

    async def _ours(self, effect: WorkflowDispatch, sent_at: float) -> list[int]:
        """The runs that our App started since, of that workflow at that ref."""
        us = await self._identity.get()
        asked = datetime.fromtimestamp(sent_at - SLACK, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        params: dict[str, str | int] = {"event": "workflow_dispatch", "created": f">={asked}"}
        found: list[int] = []
        path = f"actions/workflows/{quote(effect.workflow, safe='')}/runs"
        async for page in self._calls.pages(effect.repo, path, params=params):
            since = sent_at - (page.skew or 0.0) - SAME_MOMENT
            for run in page.data["workflow_runs"]:
                actor = str((run.get("actor") or {}).get("login", ""))
                ours = actor.lower() == us.login.lower() and run.get("head_branch") == effect.ref
                if ours and parsed("run", _created, run) >= since:
                    found.append(parsed("run", lambda data: int(data["id"]), run))
        return found

    async def _others(self, effect: WorkflowDispatch, since: float) -> list[LedgerEntry]:
        """The dispatches of the same workflow at the same ref that the ledger has written since."""
        found: list[LedgerEntry] = []
        before: Last | None = None
        while True:
            page = await self._ledger.entries(A_PAGE, None, before)
            recent = [each for each in page if each.updated_at >= since]
            found.extend(each for each in recent if _same(each, effect))
            if len(recent) < A_PAGE:
                return found
            before = Last(recent[-1].updated_at, recent[-1].slot)


def _same(entry: LedgerEntry, effect: WorkflowDispatch) -> bool:
    said = (entry.kind, entry.repo.id, entry.content.get("workflow"), entry.content.get("ref"))
    return entry.slot != effect.slot and said == (effect.kind, effect.repo.id, effect.workflow, effect.ref)


def _created(run: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(run["created_at"]).timestamp()
