"""What became of a run that started others: the plan as it was made, and one state for each target. Kept as documents:
written by the workers of `dispatch`, read by them and by pages. Pure.

Each target's state is a document of its own, so that targets which end at the same moment overwrite nothing of each
other; `as_it_stands` puts plan and states together.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling, from_json, to_json


class Stand(StrEnum):
    """Where one target stands."""

    QUEUED = "queued"
    APPROVAL = "waits for approval"
    DENIED = "denied"
    """A rule said no."""
    FAILED = "failed"
    """It was allowed, and did not start."""
    STARTED = "started"
    ENDED = "ended"
    """Its run has a conclusion."""
    UNKNOWN = "unknown"
    """It may have started: a person decides on its effect's page."""


GOOD = frozenset({"success", "neutral", "skipped"})
"""Conclusions that are no failure."""


@dataclass(frozen=True, slots=True)
class TargetState:
    """`key` names the target among those of the run. `reason` is a name of the enumeration, `why` a sentence. `run` and
    `url` are of the run that was started, 0 and empty where there is none, and `conclusion` how that ended. `effect` is
    the slot of the start where a person has to decide about it."""

    key: str
    repository: str
    workflow: str
    ref: str
    stand: Stand
    reason: str = ""
    why: str = ""
    run: int = 0
    url: str = ""
    conclusion: str = ""
    at: float = 0.0
    ruling: Ruling | None = None
    effect: str = ""

    @property
    def succeeded(self) -> bool:
        """Started, and not ended badly."""
        return self.stand is Stand.STARTED or (self.stand is Stand.ENDED and self.conclusion in GOOD)

    @property
    def failed(self) -> bool:
        return self.stand is Stand.FAILED or (self.stand is Stand.ENDED and self.conclusion not in GOOD)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of targets; `open` are those of which nothing can be said yet."""

    success: int
    failed: int
    denied: int
    open: int


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The plan of one attempt of a source's run. `more` are targets that are only counted: they were too many."""

    run: int
    attempt: int
    repository: str
    repository_id: int
    installation: int
    workflow: str
    head_branch: str
    head_sha: str
    conclusion: str
    url: str
    planned_at: float
    ruling: Ruling
    targets: tuple[TargetState, ...] = field(default=())
    more: int = 0
    delivery: str = ""

    @property
    def counts(self) -> Counts:
        success, failed = sum(each.succeeded for each in self.targets), sum(each.failed for each in self.targets)
        denied = sum(each.stand is Stand.DENIED for each in self.targets)
        return Counts(success, failed, denied + self.more, len(self.targets) - success - failed - denied)


@dataclass(frozen=True, slots=True)
class Started:
    """Kept of a run that we started: the target that it is of which run, and the runs that led to it, the oldest first,
    as (repository, workflow, run)."""

    source: int
    attempt: int
    source_repo: Repo
    target: TargetState
    chain: tuple[tuple[str, str, int], ...] = ()


def plan_key(run: int) -> str:
    """Of the plan of a run's last attempt."""
    return f"dispatch:{run}"


def state_key(run: int, attempt: int, target: str) -> str:
    """Of where one target stands."""
    return f"dispatched:{run}:{attempt}:{target}"


def started_key(repository_id: int, run: int) -> str:
    """Of what is known of a run that we started."""
    return f"started:{repository_id}:{run}"


def orders_key(run: int, attempt: int) -> str:
    """Of the starts that wait for approval."""
    return f"dispatch-orders:{run}:{attempt}"


def issue_key(repository_id: int, number: int) -> str:
    """Of the run whose outcome an issue tells."""
    return f"dispatch-issue:{repository_id}:{number}"


def state_keys(dispatch: Dispatch) -> dict[str, str]:
    """For each target of a plan that a job is about, by its key, where its state is."""
    going = [each.key for each in dispatch.targets if each.stand is not Stand.DENIED]
    return {key: state_key(dispatch.run, dispatch.attempt, key) for key in going}


def as_it_stands(dispatch: Dispatch, states: Mapping[str, TargetState]) -> Dispatch:
    """The plan with the states that targets have come to since, by their keys. What the plan denied stays as it is: a
    target that is asked for twice has the key of the one that goes."""
    targets = (each if each.stand is Stand.DENIED else states.get(each.key, each) for each in dispatch.targets)
    return replace(dispatch, targets=tuple(targets))


def write_dispatch(dispatch: Dispatch) -> str:
    told = {**asdict(replace(dispatch, targets=())), "ruling": to_json(dispatch.ruling)}
    return _text({**told, "targets": [_state(each) for each in dispatch.targets]})


def read_dispatch(text: str | None) -> Dispatch | None:
    """What `write_dispatch` wrote; None for nothing, and for what another version wrote."""
    try:
        told = json.loads(text) if text else None
        if told is None:
            return None
        targets = tuple(map(_read_state, told.pop("targets")))
        return Dispatch(**{**told, "ruling": from_json(told["ruling"]), "targets": targets})
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def write_issue(run: int) -> str:
    return _text({"run": run})


def read_issue(text: str | None) -> int | None:
    try:
        return int(json.loads(text)["run"]) if text else None
    except (ValueError, LookupError, TypeError):
        return None


def write_state(state: TargetState) -> str:
    return _text(_state(state))


def read_state(text: str | None) -> TargetState | None:
    try:
        return _read_state(json.loads(text)) if text else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def write_started(started: Started) -> str:
    told = asdict(replace(started, target=replace(started.target, ruling=None)))
    return _text({**told, "target": _state(started.target)})


def read_started(text: str | None) -> Started | None:
    try:
        told = json.loads(text) if text else None
        if told is None:
            return None
        chain = tuple((str(repository), str(workflow), int(run)) for repository, workflow, run in told["chain"])
        read = {"source_repo": Repo(**told["source_repo"]), "target": _read_state(told["target"]), "chain": chain}
        return Started(**{**told, **read})
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _state(state: TargetState) -> dict[str, Any]:
    told = asdict(replace(state, ruling=None)) | {"ruling": to_json(state.ruling) if state.ruling else None}
    return {name: str(value) if isinstance(value, Stand) else value for name, value in told.items()}


def _read_state(told: Mapping[str, Any]) -> TargetState:
    ruling = from_json(told["ruling"]) if told.get("ruling") else None
    return TargetState(**{**told, "stand": Stand(told["stand"]), "ruling": ruling})


def _text(told: Mapping[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":"))
