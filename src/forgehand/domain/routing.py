"""Which workers an event wakes, and why the others stay asleep. Pure; called by `engine.planner`."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from forgehand.domain.events import Event
from forgehand.domain.modes import COMMENT_ONLY, Grant


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a worker wakes. `actions=None` matches every action and `()` none; an empty filter matches everything;
    a filter whose value the event lacks does not match. Filters take globs. `rebased`: only by what gives a pull
    request another base branch. A `push` is one to a branch: a tag wakes nobody."""

    event: str
    actions: tuple[str, ...] | None = None
    repository: tuple[str, ...] = ()
    base_branches: tuple[str, ...] = ()
    head_branches: tuple[str, ...] = ()
    draft: bool | None = None
    rebased: bool = False


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """A worker as routing sees it: `id` names it, `type` names its implementation. What a `costly` one is woken for
    counts against the operator's caps."""

    id: str
    type: str
    triggers: tuple[Trigger, ...]
    grant: Grant = COMMENT_ONLY
    enabled: bool = True
    max_duration: float = 600.0
    costly: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    worker: WorkerSpec
    why: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    worker: WorkerSpec
    why: str


def match(event: Event, workers: tuple[WorkerSpec, ...]) -> tuple[tuple[Match, ...], tuple[NearMiss, ...]]:
    """Split `workers` that wait for events into those this one wakes and the others, each with its reason. Any trigger
    may match."""
    matches: list[Match] = []
    misses: list[NearMiss] = []
    for worker in workers:
        if not worker.enabled:
            misses.append(NearMiss(worker, "the worker is disabled"))
            continue
        reasons = [_mismatch(event, trigger) for trigger in worker.triggers]
        if None in reasons:
            matches.append(Match(worker, _spoken(event)))
        elif reasons:  # Without a trigger, only other workers ask for it: no event misses it.
            misses.append(NearMiss(worker, "; ".join(sorted({r for r in reasons if r}))))
    return tuple(matches), tuple(misses)


def _mismatch(event: Event, trigger: Trigger) -> str | None:
    """Why this trigger does not match, or None where it does."""
    if event.name != trigger.event:
        return f"it waits for {trigger.event}, not {event.name}"
    if trigger.actions is not None and event.action not in trigger.actions:
        return f"action {event.action or 'none'} is not among {', '.join(trigger.actions) or 'none'}"
    if event.name == "push" and not event.branch:
        return "what was pushed is no branch"
    if trigger.rebased and not event.rebased:
        return "the pull request keeps its base branch"
    pull = event.pull
    for name, globs, value in (
        ("repository", trigger.repository, event.repo.full_name),
        ("base branch", trigger.base_branches, pull and pull.base_ref),
        ("head branch", trigger.head_branches, pull and pull.head_ref),
    ):
        if globs and not any(value and fnmatchcase(value, glob) for glob in globs):
            return f"{name} {value or 'missing'} matches none of {', '.join(globs)}"
    if trigger.draft is not None and (pull is None or pull.draft is not trigger.draft):
        if pull is None or pull.draft is None:
            return "the event does not say whether a pull request is a draft"
        return "the pull request is a draft" if pull.draft else "the pull request is not a draft"
    return None


def _spoken(event: Event) -> str:
    return f"{event.name}.{event.action}" if event.action else event.name
