"""What the testing worker says. Pure, so the same verdict gives the same bytes. Called by `worker` and assembly.

Names, messages and output come from code that anybody may have written: `markdown` makes them harmless first.
"""

from collections.abc import Iterable, Iterator

from forgehand.crafts.findings import shorten
from forgehand.crafts.markdown import ZERO_WIDTH, code, prose, visible
from forgehand.crafts.suites import Case
from forgehand.domain.effects.check_run import Annotation, Conclusion
from forgehand.domain.rulings import Ruling, State, to_json
from forgehand.workers.testing.rules import Verdict, tally

MAX_TITLE = 255
MAX_SUMMARY = 60_000
MOST_ANNOTATIONS = 50
_MAX_LINE = 400
_LINES_SHOWN = 40
_SIGN = {State.SATISFIED: "✅", State.VIOLATED: "❌", State.NOT_APPLICABLE: "➖", State.PENDING: "⏳"}


def title(verdict: Verdict) -> str:
    """The verdict in one line."""
    flaky = f" ({len(verdict.flaky)} flaky)" if verdict.flaky else ""
    if verdict.failures and verdict.last:
        said = tally(verdict.last) + flaky
    elif verdict.blocker:
        said = verdict.blocker.reason
    elif verdict.last and verdict.last.told:
        said = tally(verdict.last) + flaky
    else:
        said = "The tests passed"
    return shorten(visible(said), MAX_TITLE)


def summary(verdict: Verdict) -> str:
    """Rules, failures, what the tests miss of the change, and the end of the output where something went wrong."""
    lines = [*_rules(verdict.ruling.parts), "", *_cases("Failed", verdict.failures), *_cases("Flaky", verdict.flaky)]
    lines += [*_missed(verdict), *_problems(verdict), *_output(verdict)]
    return _within("\n".join(lines), MAX_SUMMARY)


def annotations(verdict: Verdict) -> tuple[Annotation, ...]:
    """The first failures on their lines; GitHub shows these as plain text."""
    lenient = all(part.state is not State.VIOLATED for part in verdict.ruling.parts if part.rule == "flaky")
    placed = [(case, False) for case in verdict.failures] + [(case, True) for case in verdict.flaky]
    return tuple(
        Annotation(
            path=case.path,
            start_line=max(1, case.line),
            end_line=max(1, case.line),
            level="warning" if flaky and lenient else "failure",
            title=shorten(visible(f"flaky: {case.name}" if flaky else case.name), MAX_TITLE),
            message="\n".join(visible(line) for line in case.message.splitlines()) or "It failed.",
        )
        for case, flaky in placed
        if case.path
    )[:MOST_ANNOTATIONS]


def plain(verdict: Verdict) -> Iterator[str]:
    """The same for a terminal."""
    said = title(verdict)
    yield f"{_word(verdict.conclusion)}: {said}"
    for ruling in verdict.ruling.parts:
        if ruling.state is not State.NOT_APPLICABLE and visible(ruling.reason) != said:
            yield f"  {_SIGN[ruling.state]} {ruling.rule}: {visible(ruling.reason)}"
    for kind, cases in (("failed", verdict.failures), ("flaky", verdict.flaky)):
        for case in cases[:_LINES_SHOWN]:
            yield f"  {kind} {visible(case.name)}{f' at {case.path}:{case.line}' if case.path else ''}"
            if case.message:
                yield f"      {shorten(visible(case.message.strip().partition(chr(10))[0]), _MAX_LINE)}"
    if verdict.blocker and not verdict.failures:
        yield from (f"  | {line}" for line in _last_lines(verdict))


def result(verdict: Verdict) -> dict[str, object]:
    """Small JSON for the job's page and for scripts."""
    facts, last = verdict.facts, verdict.last
    return {
        "head": facts.sha,
        "conclusion": str(verdict.conclusion),
        "why": title(verdict),
        "command": facts.command.line if facts.command else "",
        "tests": len(last.cases) if last else 0,
        "failed": [_placed(case) for case in verdict.failures[:MOST_ANNOTATIONS]],
        "flaky": [case.name for case in verdict.flaky[:MOST_ANNOTATIONS]],
        "coverage": last.coverage.percent if last and last.coverage else None,
        "covered change": facts.changed.percent if facts.changed else None,
        "ruling": to_json(verdict.ruling),
    }


def _placed(case: Case) -> str:
    return f"{case.name} ({case.path}:{case.line})" if case.path else case.name


def _word(conclusion: Conclusion) -> str:
    return {
        Conclusion.SUCCESS: "passed",
        Conclusion.FAILURE: "failed",
        Conclusion.NEUTRAL: "nothing to run",
        Conclusion.ACTION_REQUIRED: "not run",
    }[conclusion]


def _rules(rulings: Iterable[Ruling]) -> list[str]:
    return [
        f"- {_SIGN[ruling.state]} **{ruling.rule}** · {prose(ruling.reason)}"
        for ruling in rulings
        if ruling.state is not State.NOT_APPLICABLE
    ]


def _cases(heading: str, cases: tuple[Case, ...]) -> list[str]:
    if not cases:
        return []
    rows = [f"| {heading} | where | why |", "|---|---|---|"]
    for case in cases[:_LINES_SHOWN]:
        where = code(f"{case.path}:{case.line}" if case.line else case.path, table=True) if case.path else ""
        why = shorten(case.message.strip().partition("\n")[0], _MAX_LINE)
        rows.append(f"| {code(case.name, table=True)} | {where} | {prose(why, table=True)} |")
    if len(cases) > _LINES_SHOWN:
        rows += ["", f"… and {len(cases) - _LINES_SHOWN:,} more."]
    return [*rows, ""]


def _missed(verdict: Verdict) -> list[str]:
    changed = verdict.facts.changed
    if changed is None or not changed.missed:
        return []
    files = sorted(changed.missed.items())
    rows = [f"- {code(path)}: {_ranges(lines)}" for path, lines in files[:_LINES_SHOWN]]
    more = [f"- … and {len(files) - _LINES_SHOWN:,} more files"] if len(files) > _LINES_SHOWN else []
    return ["Changed lines that no test reaches:", "", *rows, *more, ""]


def _ranges(lines: tuple[int, ...]) -> str:
    ranges: list[list[int]] = []
    for line in lines:
        if ranges and ranges[-1][1] == line - 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    told = [str(a) if a == b else f"{a}-{b}" for a, b in ranges[:_LINES_SHOWN]]
    return ", ".join(told) + (", …" if len(ranges) > _LINES_SHOWN else "")


def _problems(verdict: Verdict) -> list[str]:
    problems = verdict.last.problems if verdict.last else ()
    told = [f"> A report could not be read: {prose(shorten(each, _MAX_LINE))}" for each in problems[:_LINES_SHOWN]]
    return [*told, ""] if told else []


def _output(verdict: Verdict) -> list[str]:
    if verdict.blocker is None or not (lines := _last_lines(verdict)):
        return []
    # Indented, so that no line of it can end the block.
    return ["The end of the output:", "", *(f"    {line.replace('<!--', f'<!{ZERO_WIDTH}--')}" for line in lines)]


def _last_lines(verdict: Verdict) -> list[str]:
    run = verdict.facts.run
    ended = verdict.last or (run.setup if run else None)
    output = ended.output if ended else ""
    return [shorten(visible(line), _MAX_LINE) for line in output.rstrip().split("\n")[-_LINES_SHOWN:] if output.strip()]


def _within(text: str, limit: int) -> str:
    """The text's whole lines within `limit` characters."""
    return text if len(text) <= limit else text[:limit].rpartition("\n")[0] + "\n\n… (shortened)\n"
