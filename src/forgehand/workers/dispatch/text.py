"""What the dispatch workers say: the issue in the source that tells the outcome of a run. Pure; called by
`report_worker`.
"""

from collections.abc import Callable, Iterable

from forgehand.crafts.findings import shorten
from forgehand.crafts.markdown import code, prose, within
from forgehand.domain.dispatches import Dispatch, Stand, TargetState

BROKEN = "dispatching.yml cannot be used"
LONGEST_BODY = 60_000
"""Characters of an issue's lists; GitHub takes 65,536 of the whole."""
_LONGEST_NAME, _LONGEST_WHY = 150, 500


def title(dispatch: Dispatch) -> str:
    counts = dispatch.counts
    numbers = f"success={counts.success}, failed={counts.failed}, denied={counts.denied}"
    return f"Dispatch results: {shorten(dispatch.workflow, _LONGEST_NAME)} ({numbers})"


def body(dispatch: Dispatch, effect_url: Callable[[str], str]) -> str:
    """Outcomes first, then what was denied, each with its reason, as many as there is room for. `effect_url` gives the
    page of an effect."""
    denied = [each for each in dispatch.targets if each.stand is Stand.DENIED]
    others = [each for each in dispatch.targets if each.stand is not Stand.DENIED]
    where = f"{code(dispatch.workflow)} on {code(dispatch.head_branch)} at {dispatch.head_sha[:7]}"
    ended = f"ended in {prose(dispatch.conclusion)}{_again(dispatch)}"
    parts = [f"[Run {dispatch.run}]({dispatch.url}) of {where} {ended}.\n"]
    if waiting := [each for each in others if each.stand is Stand.APPROVAL]:
        noun = "target waits" if len(waiting) == 1 else "targets wait"
        parts.append(
            f"{len(waiting)} {noun} for approval by somebody who may write here: comment "
            f"{code(f'/forgehand approve {dispatch.head_sha[:7]}')}.\n"
        )
    room = LONGEST_BODY
    if others:
        rows = [_outcome(each, effect_url) for each in others]
        parts.append(_table("Outcomes", "target | workflow | ref | outcome", rows, room))
        room -= len(parts[-1])
    if denied:
        parts.append(_table("Denied", "target | workflow | reason | why", map(_denial, denied), room))
    if dispatch.more:
        parts.append(f"{dispatch.more} more were too many: `max_targets_exceeded`.\n")
    return "\n".join(parts)


def broken_body(problems: Iterable[str]) -> str:
    """What is wrong with the source's own file; runs start nothing meanwhile."""
    lines = [f"- {prose(shorten(problem, _LONGEST_WHY))}" for problem in problems]
    listed = "\n".join(within(lines, LONGEST_BODY, "- … and {} more."))
    return (
        "Runs of this repository start nothing in others until the file on the default branch can be used again:\n\n"
        f"{listed}\n\n`forgehand dispatch validate` checks it before you push.\n"
    )


def outcome(target: TargetState) -> str:
    """Where a target stands, in words."""
    why = shorten(target.why, _LONGEST_WHY)
    match target.stand:
        case Stand.ENDED:
            return f"ended in {target.conclusion}"
        case Stand.FAILED:
            return f"did not start, {target.reason}: {why}"
        case Stand.UNKNOWN:
            return f"may have started: {why}"
        case Stand.QUEUED if why:
            return f"queued: {why}"
    return str(target.stand)


def _again(dispatch: Dispatch) -> str:
    return f" in attempt {dispatch.attempt}" if dispatch.attempt > 1 else ""


def _table(heading: str, columns: str, rows: Iterable[tuple[str, ...]], room: int) -> str:
    lines = within([f"| {' | '.join(row)} |" for row in rows], room, "| … and {} more |")
    rule = "|".join("---" for _ in columns.split("|"))
    return "\n".join([f"## {heading}", "", f"| {columns} |", f"|{rule}|", *lines, ""])


def _outcome(target: TargetState, effect_url: Callable[[str], str]) -> tuple[str, ...]:
    said, url = prose(outcome(target), table=True), effect_url(target.effect) if target.effect else target.url
    return (*_named(target), code(target.ref, table=True), f"[{said}]({url})" if url else said)


def _denial(target: TargetState) -> tuple[str, ...]:
    return (*_named(target), code(target.reason, table=True), prose(shorten(target.why, _LONGEST_WHY), table=True))


def _named(target: TargetState) -> tuple[str, str]:
    return code(target.repository, table=True), code(target.workflow, table=True)
