"""Runs that were to start workflows of other repositories, and what became of each target. Called by `web.admin`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from forgehand.domain.dispatches import (
    Dispatch,
    as_it_stands,
    plan_key,
    read_dispatch,
    read_state,
    state_keys,
)
from forgehand.domain.facts import Fact
from forgehand.domain.paging import Last
from forgehand.domain.projections import DISPATCHES, Projection
from forgehand.domain.tallies import tally_from
from forgehand.engine.queries.journeys import Pages
from forgehand.engine.queries.windows import Numbers


class Dispatching(Pages, Numbers, Protocol):
    """The part of the store that dispatches are read from."""


@dataclass(frozen=True, slots=True)
class DispatchRow:
    """One judgement about a run: `reason` says why the run as a whole may start nothing, empty where it was planned.
    `dispatch` is the plan with its targets as they stand now; None where there is none, it is no longer kept, or a
    later attempt of the run has taken its place."""

    fact: str
    at: float
    run: int
    attempt: int
    repository: str
    workflow: str
    head: str
    reason: str
    why: str
    job: str
    delivery: str
    dispatch: Dispatch | None

    @property
    def end(self) -> Last:
        """Where a page of dispatches ended that ended with this one."""
        return Last(self.at, self.fact)


@dataclass(frozen=True, slots=True)
class DispatchStory:
    """One dispatch with everything that happened on the way, oldest first."""

    dispatch: Dispatch
    facts: tuple[Fact, ...]


async def dispatches(store: Dispatching, limit: int, before: Last | None = None) -> tuple[DispatchRow, ...]:
    """Newest first, with all their targets: three statements, however many there are."""
    rows = [_row(each) for each in await store.projections(DISPATCHES, limit, before)]
    plans = await _plans(store, [each.run for each in rows if not each.reason])
    return tuple(_with(each, plans) for each in rows)


async def dispatch_story(store: Dispatching, run: int) -> DispatchStory | None:
    """The dispatch of a run's last attempt, or None where none is kept."""
    found = (await _plans(store, [run])).get(run)
    if found is None:
        return None
    facts = await store.facts_of(delivery=found.delivery) if found.delivery else []
    return DispatchStory(found, tuple(facts))


async def _plans(store: Dispatching, runs: Sequence[int]) -> dict[int, Dispatch]:
    kept = await store.documents_named([plan_key(run) for run in runs])
    plans = [plan for text in kept.values() if (plan := read_dispatch(text))]
    states = await store.documents_named([key for plan in plans for key in state_keys(plan).values()])
    return {plan.run: _as_it_stands(plan, states) for plan in plans}


def _as_it_stands(plan: Dispatch, states: dict[str, str]) -> Dispatch:
    read = {key: read_state(states.get(name)) for key, name in state_keys(plan).items()}
    return as_it_stands(plan, {key: state for key, state in read.items() if state})


def _row(row: Projection) -> DispatchRow:
    said = tally_from(row.content, row.at)
    denied = said.last("kind") == "dispatch.request.denied"
    return DispatchRow(
        fact=row.name,
        at=row.at,
        run=_number(said.last("run")),
        attempt=_number(said.last("attempt")),
        repository=said.last("from"),
        workflow=said.last("workflow"),
        head=said.last("head"),
        reason=(said.last("reason") or "denied") if denied else "",
        why=said.last("why"),
        job=said.last("job"),
        delivery=said.last("delivery"),
        dispatch=None,
    )


def _with(row: DispatchRow, plans: dict[int, Dispatch]) -> DispatchRow:
    plan = plans.get(row.run)
    return replace(row, dispatch=plan) if plan and plan.attempt == row.attempt and not row.reason else row


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
