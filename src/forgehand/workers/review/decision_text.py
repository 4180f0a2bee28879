"""What is said of a decision: the sticky summary and the check run. Pure, so the same decision gives the same bytes.
Called by `decide_worker`.

Reasons name files, labels, checks and people, which strangers choose: `markdown` makes them harmless.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forgehand.crafts.markdown import code, prose, visible
from forgehand.domain.pulls import Standing
from forgehand.domain.rulings import FORBIDDING, Ruling, State, first
from forgehand.workers.review.review_text import findings_table
from forgehand.workers.review.rules.decision import Decision
from forgehand.workers.review.rules.facts import Facts
from forgehand.workers.review.rules.static import Depth, Entry, StaticReview, Told, count, manifest
from forgehand.workers.review.rules.whole import in_the_way

MAX_BODY = 65_000
"""GitHub refuses bodies of more than 65,536 characters."""
MAX_TITLE = 255
_RESERVE = 2_000
_SIGN = {
    State.SATISFIED: "✅",
    State.VIOLATED: "❌",
    State.PENDING: "⏳",
    State.NOT_APPLICABLE: "➖",
    State.SWITCHED_OFF: "➖",
}
_PASSED = "Automated review passed."


@dataclass(frozen=True, slots=True)
class Words:
    """What texts are made of. `notes` are said of the policy: what of it does not work, or is not allowed."""

    facts: Facts
    decision: Decision
    told: Told
    notes: tuple[str, ...] = ()


def headline(words: Words) -> str:
    """Where the pull request stands, in one line of plain text."""
    facts, decision = words.facts, words.decision
    blocker = decision.blocker
    match decision.standing:
        case Standing.MERGED if facts.attempt and facts.attempt.merged:
            return f"✅ {_PASSED} PR merged automatically."
        case Standing.MERGED:
            return "Merged."
        case Standing.CLOSED:
            return "Closed without a merge."
        case Standing.QUEUED:
            return f"✅ {_PASSED} In the merge queue, at position {facts.place.position}."
        case Standing.READY if blocker is None:
            return f"✅ {_PASSED} It is being merged."
        case Standing.READY:
            return f"✅ {_PASSED} Ready: a person merges it."
    if decision.ready.state is State.SATISFIED:
        return f"✅ {_PASSED} It is not merged yet."
    if facts.pull.draft:
        return "A draft: it is reviewed once it is ready for review."
    return (
        "❌ Automated review found issues" if decision.ready.state is State.VIOLATED else "⏳ Automated review: not yet"
    )


def summary(words: Words, details_url: str) -> str:
    """The sticky comment: verdict, why not merged yet, findings, and every changed file with what happened to it."""
    review = words.facts.review
    top = "\n".join(
        [
            f"### {headline(words)}",
            "",
            *_reason(words.decision),
            *_seed_lines(words),
            "",
            *_in_the_way(words.decision),
            *(f"> {prose(note)}" for note in words.notes),
            *_not_analysed(review),
            *findings_table(words.told),
        ]
    )
    bottom = f"\n<sub>{code(words.facts.pull.head_sha[:7])} · [how this was decided]({details_url})</sub>\n"
    room = MAX_BODY - _RESERVE - len(top) - len(bottom)
    files = _manifest(manifest(review), room) if review else ""
    return f"{_within(top, MAX_BODY - _RESERVE)}\n{files}{bottom}"


def check_title(words: Words) -> str:
    """What is in the way, the weightiest first, in one line of plain text."""
    decision = words.decision
    if decision.ready.state is not State.SATISFIED:
        not_yet = "Not yet: " if decision.ready.state is State.PENDING else ""
        title = not_yet + decision.why_not.rstrip(".")
    elif decision.standing is Standing.QUEUED:
        title = f"Ready, in the merge queue at position {words.facts.place.position}"
    elif decision.blocker is not None:
        title = f"Ready. {decision.why_not.rstrip('.')}"
    else:
        title = "Ready, and being merged"
    title = visible(title[:1].upper() + title[1:])
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…"


def check_summary(words: Words) -> str:
    """The rulings on the change itself, which is what the check concludes; what else a merge needs is in the comment
    and on the page, since it changes without the commit."""
    lines = [*_rule_lines(words.decision.ready.parts), "", *_not_analysed(words.facts.review)]
    return _within("\n".join([*lines, *findings_table(words.told)]), MAX_BODY)


def _reason(decision: Decision) -> list[str]:
    if decision.blocker is None or decision.standing in (Standing.MERGED, Standing.CLOSED):
        return []
    what = "Reason" if decision.ready.state is State.VIOLATED else "Why it is not merged yet"
    return [f"**{what}:** {prose(decision.why_not)}", ""]


def _seed_lines(words: Words) -> list[str]:
    """The three things that everybody asks first."""
    standing = words.decision.standing
    if standing is Standing.MERGED and words.facts.attempt and words.facts.attempt.merged:
        return ["- Tests: ✅ Passing", "- Code review: ✅ Approved", "- Merge conflicts: ✅ None"]
    if standing in (Standing.MERGED, Standing.CLOSED) or words.facts.pull.draft:
        return []
    parts = {part.rule: part for part in words.decision.ready.parts}
    reviewed = [parts[name] for name in ("static review", "secrets", "complete")]
    return [
        _line("Tests", parts["tests"], "Passing"),
        _line("Code review", _code_review(reviewed), "Approved"),
        _line("Merge conflicts", parts["merge conflicts"], "None"),
    ]


def _code_review(reviewed: Sequence[Ruling]) -> Ruling:
    if violated := in_the_way(reviewed):
        said = "; ".join(ruling.reason.rstrip(".") for ruling in violated)
        return Ruling("code review", State.VIOLATED, f"{said}.")
    return first(reviewed, State.PENDING) or Ruling("code review", State.SATISFIED, "")


def _line(name: str, ruling: Ruling, well: str) -> str:
    said = well if ruling.state is State.SATISFIED else prose(ruling.reason)
    return f"- {name}: {_SIGN[ruling.state]} {said}"


def _in_the_way(decision: Decision) -> list[str]:
    """Everything that is not as it should be; of an automatic merge only where one is meant to happen."""
    if decision.standing in (Standing.MERGED, Standing.CLOSED):
        return []
    machine = decision.automatic
    meant = not any(part.rule in ("allowed", "wanted") and part.state in FORBIDDING for part in machine.parts)
    groups = (decision.ready, decision.people, *([machine] if meant else []))
    points = [part for group in groups for part in group.parts if part.state in (State.VIOLATED, State.PENDING)]
    return [*_rule_lines(points), ""] if len(points) > 1 else []


def _rule_lines(rulings: Iterable[Ruling]) -> list[str]:
    """Each rule that had something to judge."""
    return [
        f"- {_SIGN[ruling.state]} **{prose(ruling.rule)}** · {prose(ruling.reason)}"
        for ruling in rulings
        if ruling.state is not State.NOT_APPLICABLE
    ]


def _not_analysed(review: StaticReview | None) -> list[str]:
    failures = review.failures if review else ()
    lines = [f"> {code(name)} did not finish, so its silence means nothing: {prose(why)}" for name, why in failures]
    return [*lines, ""] if lines else []


def _manifest(entries: Sequence[Entry], room: int) -> str:
    """Every changed file, folded; where there is no room left, the rest is counted."""
    counts = ", ".join(f"{sum(e.depth is depth for e in entries)} {depth}" for depth in Depth)
    lines = [f"<details><summary>{count(len(entries), 'changed file')}: {counts}</summary>", ""]
    used = sum(len(line) + 1 for line in lines)
    for done, entry in enumerate(entries):
        line = f"- {entry.depth}: {code(entry.path)} ({prose(entry.reason)})"
        used += len(line) + 1
        if used > room:
            lines.append(f"- … and {count(len(entries) - done, 'more file')}")
            break
        lines.append(line)
    return "\n".join([*lines, "", "</details>", ""])


def _within(text: str, limit: int) -> str:
    """The text's whole lines within `limit` characters."""
    if len(text) <= limit:
        return text
    return text[:limit].rpartition("\n")[0] + "\n\n… (shortened)\n"
