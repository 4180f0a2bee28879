"""Whether a condition of the rule language holds: satisfied, violated, or not yet to be said. Pure; for `judging`.

Three-valued throughout: what is unknown makes a condition "not yet", never satisfied, and whatever is said in spite of
something unknown stays true whatever that turns out to be. Reasons name what was found and what was expected.
"""

from collections.abc import Iterable, Sequence

from forgehand.domain.checks import CheckState
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import rules as r
from forgehand.domain.policy.facts import CheckFact, PullFacts
from forgehand.domain.policy.globs import any_matches, is_like, matches
from forgehand.domain.policy.opinions import holds_for_reviews
from forgehand.domain.policy.wording import counted, one_of, shortened, some
from forgehand.domain.rulings import Ruling, State, first


def holds(condition: r.Condition, facts: PullFacts) -> Ruling:
    """The ruling on one condition, with those on its parts."""
    match condition:
        case r.AllOf(parts):
            return _all_of([holds(part, facts) for part in parts])
        case r.AnyOf(parts):
            return _any_of([holds(part, facts) for part in parts])
        case r.Not(part):
            return _opposite(holds(part, facts))
        case r.Checks():
            return _all_of(_checks(condition, facts))
        case r.Reviews():
            return _all_of(holds_for_reviews(condition, facts))
        case r.Files(paths):
            return _all_of(_files(paths, facts))
        case r.Size():
            return _all_of(_size(condition, facts))
        case _:
            return _named(condition, facts)


def _named(condition: r.Labels | r.Author | r.Base | r.Head | r.Draft | r.Title | r.Body, facts: PullFacts) -> Ruling:
    """Conditions about what is always known, but for the author's permission."""
    match condition:
        case r.Labels(labels):
            return _all_of(_texts("labels", "label", labels, facts.labels))
        case r.Title(text):
            return _all_of(_texts("title", "title", text, (facts.title,)))
        case r.Body(text):
            return _all_of(_texts("body", "description", text, (facts.body,)))
        case r.Base(branches):
            return _branch("base", facts.base, branches)
        case r.Head(branches):
            return _branch("head", facts.head, branches)
        case r.Draft(wanted):
            found, other = ("a draft", "none") if facts.draft else ("no draft", "a draft")
            return _ruling("draft", facts.draft is wanted, f"The pull request is {found}", other)
        case r.Author():
            return _all_of(_author(condition, facts))


def _all_of(parts: Sequence[Ruling]) -> Ruling:
    """The first part that is violated decides, else the first that nobody can judge yet."""
    if len(parts) == 1:
        return parts[0]
    blocker = first(parts, State.VIOLATED) or first(parts, State.PENDING)
    if blocker is None:
        reason = " ".join(part.reason for part in parts) or "Nothing is asked for."
        return Ruling("all", State.SATISFIED, reason, parts=tuple(parts))
    return Ruling("all", blocker.state, blocker.reason, parts=tuple(parts))


def _any_of(parts: Sequence[Ruling]) -> Ruling:
    found = first(parts, State.SATISFIED) or first(parts, State.PENDING)
    if found is None:
        reason = " ".join(part.reason for part in parts)
        return Ruling("any", State.VIOLATED, reason, parts=tuple(parts))
    return Ruling("any", found.state, found.reason, parts=tuple(parts))


_OPPOSITE = {State.SATISFIED: State.VIOLATED, State.VIOLATED: State.SATISFIED}


def _opposite(part: Ruling) -> Ruling:
    if part.state not in _OPPOSITE:
        return Ruling("not", part.state, part.reason, parts=(part,))
    # What was expected for the part to hold is not what is expected here.
    found = part.reason.partition("; expected")[0].rstrip(".")
    expected = " Expected otherwise." if part.state is State.SATISFIED else ""
    return Ruling("not", _OPPOSITE[part.state], f"{found}.{expected}", parts=(part,))


def _ruling(rule: str, holds: bool, found: str, expected: str) -> Ruling:
    if holds:
        return Ruling(rule, State.SATISFIED, f"{found}.")
    return Ruling(rule, State.VIOLATED, f"{found}; expected {expected}.")


def _files(paths: r.Choice, facts: PullFacts) -> list[Ruling]:
    if facts.files is None:
        return [Ruling("files", State.PENDING, "The changed files are not known.")]
    changed = sorted({path for file in facts.files for path in (file.path, file.previous_path) if path})
    asked = ((_any_file, paths.any), (_every_file, paths.all), (_no_file, paths.none))
    rulings = [judge(globs, changed) for judge, globs in asked if globs]
    return rulings if facts.files_complete else [_as_far_as_listed(ruling) for ruling in rulings]


def _any_file(globs: tuple[str, ...], changed: Sequence[str]) -> Ruling:
    for path in changed:
        for glob in globs:
            if matches(glob, path):
                return Ruling("files any", State.SATISFIED, f"{path} matches {glob}.")
    return Ruling("files any", State.VIOLATED, f"No changed file matches; expected {one_of(globs)}.")


def _every_file(globs: tuple[str, ...], changed: Sequence[str]) -> Ruling:
    others = [path for path in changed if not any_matches(globs, path)]
    if others:
        reason = f"{some(others)} changed; expected only {one_of(globs)}."
        return Ruling("files all", State.VIOLATED, reason)
    return Ruling("files all", State.SATISFIED, f"Every changed file matches {one_of(globs)}.")


def _no_file(globs: tuple[str, ...], changed: Sequence[str]) -> Ruling:
    hit = [path for path in changed if any_matches(globs, path)]
    if hit:
        return Ruling("files none", State.VIOLATED, f"{some(hit)} changed; expected none of {one_of(globs)}.")
    return Ruling("files none", State.SATISFIED, f"No changed file matches {one_of(globs)}.")


_FINAL = {"files any": State.SATISFIED, "files all": State.VIOLATED, "files none": State.VIOLATED}
"""What further files cannot change."""


def _as_far_as_listed(ruling: Ruling) -> Ruling:
    if ruling.state is _FINAL[ruling.rule]:
        return ruling
    reason = f"There are more files than GitHub lists; among those that it does: {ruling.reason}"
    return Ruling(ruling.rule, State.PENDING, reason)


def _size(size: r.Size, facts: PullFacts) -> list[Ruling]:
    files = None if facts.files is None else len(facts.files)
    asked = (
        ("file", files, size.min_files, size.max_files),
        ("line", facts.lines, size.min_lines, size.max_lines),
    )
    return [
        _bounded(noun, found, least, most, final=facts.files_complete)
        for noun, found, least, most in asked
        if least is not None or most is not None
    ]


def _bounded(noun: str, found: int | None, least: int | None, most: int | None, *, final: bool) -> Ruling:
    rule = f"size in {noun}s"
    if found is None:
        return Ruling(rule, State.PENDING, "The changed files are not known.")
    limits = (("at least", least), ("at most", most))
    expected = " and ".join(f"{word} {limit:,}" for word, limit in limits if limit is not None)
    told = f"The change has {'' if final else 'at least '}{counted(found, noun)}"
    if most is not None and found > most:
        return Ruling(rule, State.VIOLATED, f"{told}; expected {expected}.")
    if least is not None and found < least:
        return Ruling(rule, State.VIOLATED if final else State.PENDING, f"{told}; expected {expected}.")
    return Ruling(rule, State.SATISFIED if final or most is None else State.PENDING, f"{told}.")


def _texts(rule: str, noun: str, choice: r.Choice, values: Sequence[str]) -> list[Ruling]:
    """Wildcards over texts that are known: `all` asks that each of them fits one of the values."""
    shown = [shortened(value) for value in values if value]
    found = f"The {noun} is {one_of(shown)}" if len(shown) == 1 else f"The {noun}s are {', '.join(shown)}"
    found = found if shown else f"There is no {noun}"
    fitting = [each for each in (*choice.any, *choice.all, *choice.none) if any(is_like(each, v) for v in values)]
    lacking = [each for each in choice.all if each not in fitting]
    barred = [each for each in choice.none if each in fitting]
    asked = (
        ("any", choice.any, any(each in fitting for each in choice.any), one_of(choice.any)),
        ("all", choice.all, not lacking, " and ".join(lacking)),
        ("none", choice.none, not barred, f"none like {one_of(barred)}"),
    )
    return [_ruling(f"{rule} {how}", fits, found, expected) for how, globs, fits, expected in asked if globs]


def _branch(rule: str, found: str, branches: tuple[str, ...]) -> Ruling:
    return _ruling(rule, any_matches(branches, found), f"The {rule} is {found}", one_of(branches))


def _author(author: r.Author, facts: PullFacts) -> list[Ruling]:
    rulings: list[Ruling] = []
    if author.logins:
        known = any(is_like(wildcard, facts.author) for wildcard in author.logins)
        rulings.append(_ruling("author", known, f"The author is {facts.author}", one_of(author.logins)))
    if author.bot is not None:
        found, other = ("an App", "a person") if facts.author_is_bot else ("a person", "an App")
        rulings.append(_ruling("author bot", facts.author_is_bot is author.bot, f"The author is {found}", other))
    if author.fork is not None:
        found, other = ("a fork", "this repository") if facts.fork else ("this repository", "a fork")
        rulings.append(_ruling("author fork", facts.fork is author.fork, f"The branch lives in {found}", other))
    if author.permission is not None:
        rulings.append(_permission(author.permission, facts))
    return rulings


def _permission(least: Permission, facts: PullFacts) -> Ruling:
    has = facts.author_permission
    if has is None:
        return Ruling("author permission", State.PENDING, f"What {facts.author} may do here is not known.")
    found = f"{facts.author} has the permission {has}"
    return _ruling("author permission", has.at_least(least), found, f"at least {least}")


def _checks(checks: r.Checks, facts: PullFacts) -> list[Ruling]:
    if facts.checks is None:
        return [Ruling("checks", State.PENDING, "The checks are not known.")]
    rulings = [_check(wildcard, facts) for wildcard in checks.passed]
    return [*rulings, _check("*", facts)] if checks.all_passed else rulings


def _check(wildcard: str, facts: PullFacts) -> Ruling:
    found = [check for check in facts.checks or () if is_like(wildcard, check.name)]
    rule = "all checks" if wildcard == "*" else f"check {wildcard}"
    if not found:
        which = "No check" if wildcard == "*" else f"No check named {wildcard}"
        return Ruling(rule, State.PENDING, f"{which} has reported yet.")
    if failed := _names(found, CheckState.FAILED):
        return Ruling(rule, State.VIOLATED, f"{some(failed)} failed; expected passed.")
    if pending := _names(found, CheckState.PENDING):
        return Ruling(rule, State.PENDING, f"{some(pending)} has not ended yet.")
    return Ruling(rule, State.SATISFIED, f"{some(_names(found, CheckState.PASSED))} passed.")


def _names(checks: Iterable[CheckFact], state: CheckState) -> list[str]:
    return sorted({check.name for check in checks if check.state is state})
