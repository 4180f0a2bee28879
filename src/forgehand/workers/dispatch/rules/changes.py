"""What a changed `dispatching.yml` would change: which workflow would start which other from now on, which no longer,
and why not. Pure; called by `proposal_worker`.
"""

from collections.abc import Iterator, Mapping

from forgehand.domain.rulings import Ruling, State
from forgehand.workers.dispatch.config import Dispatching, full_name, same
from forgehand.workers.dispatch.rules.facts import Broken, Config, Options, Unreadable
from forgehand.workers.dispatch.rules.flows import UNKNOWN, Flow, Here, Other, Standing, flows

RULE = "dispatching"


def named(here: Here, *configs: Config) -> tuple[str, ...]:
    """The other repositories that these files name, in their order."""
    found: dict[str, str] = {}
    for config in configs:
        for name in _names(config):
            whole = full_name(name, here.repo.owner)
            if not same(whole, here.repo.full_name):
                found.setdefault(whole.casefold(), whole)
    return tuple(found.values())


def would_change(here: Here, before: Config, after: Config, others: Mapping[str, Other], options: Options) -> Ruling:
    """The ruling: violated where the file cannot be used, else with one part for each change. `others` by their names
    in small letters."""
    if isinstance(after, Broken):
        parts = tuple(Ruling("line", State.VIOLATED, problem) for problem in after.problems)
        return Ruling(RULE, State.VIOLATED, after.problems[0], parts=parts)
    old, new = (flows(here, config, others, options) for config in (before, after))
    told = [_told(flow, old.get(flow), new.get(flow)) for flow in {**old, **new}]
    parts = (*(part for part in told if part), *_unasked(here, before, after, new, others))
    return Ruling(RULE, State.SATISFIED, _summed(parts), parts=parts)


def _names(config: Config) -> Iterator[str]:
    if isinstance(config, Dispatching):
        yield from (target.repository for entry in config.outbound for target in entry.targets)
        yield from (entry.repository for entry in config.inbound)


def _told(flow: Flow, old: Standing | None, new: Standing | None) -> Ruling | None:
    """What changes for one flow, None where nothing does."""
    if new is None:
        assert old is not None
        says = "It is started today, and would be no longer." if old.starts else "It would be asked for no longer."
        return Ruling(str(flow), State.NOT_APPLICABLE, says)
    if old and (old.state, old.terms) == (new.state, new.terms) and (new.starts or old.why == new.why):
        return None
    return Ruling(str(flow), new.state, _sentence(old, new))


def _sentence(old: Standing | None, new: Standing) -> str:
    match new.state:
        case State.SATISFIED if old and old.starts:
            return "It would be started with other inputs, at another time, or after an approval."
        case State.SATISFIED:
            return "It would be started from now on." + (f" Today it is not: {old.why}" if old else "")
        case State.PENDING:
            return f"It would be asked for. Whether it may be is not known: {new.why}"
    if old is None:
        return f"It would be asked for, and denied: {new.why}"
    return f"It is started today, and would be denied: {new.why}" if old.starts else f"It stays denied: {new.why}"


def _unasked(
    here: Here, before: Config, after: Config, new: Mapping[Flow, Standing], others: Mapping[str, Other]
) -> Iterator[Ruling]:
    """What the file would newly allow and nobody asks for."""
    asked = {(flow.source.casefold(), flow.workflow, flow.started) for flow in new}
    known = set(_allowed(here, before))
    for source, workflow, started in dict.fromkeys(_allowed(here, after)):
        if (source, workflow, started) in asked or (source, workflow, started) in known:
            continue
        other = others.get(source)
        unread = other.target.config if other else UNKNOWN.config
        if isinstance(unread, Unreadable):
            says = f"It would be allowed. Whether {source} asks for it is not known: {unread.why}"
            yield Ruling(f"{workflow} of {source} → {started}", State.PENDING, says)
        else:
            says = f"It would be allowed, and {source} does not ask for it today."
            yield Ruling(f"{workflow} of {source} → {started}", State.NOT_APPLICABLE, says)


def _allowed(here: Here, config: Config) -> Iterator[tuple[str, str, str]]:
    for entry in config.inbound if isinstance(config, Dispatching) else ():
        source = full_name(entry.repository, here.repo.owner).casefold()
        yield from ((source, entry.source.workflow, target.workflow) for target in entry.targets)


def _summed(parts: tuple[Ruling, ...]) -> str:
    if not parts:
        return "The file can be used. It changes nothing that is dispatched."
    more = f" And {len(parts) - 1} more." if len(parts) > 1 else ""
    return f"The file can be used. {parts[0].rule}: {parts[0].reason}{more}"
