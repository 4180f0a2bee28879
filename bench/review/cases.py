"""What a measured change is, and how one is written down. Filled by `defects`, `clean` and `planted`."""

from collections.abc import Mapping
from dataclasses import dataclass

FLAW = "¶"
"""Stands behind a flawed line where a change is written down, and is taken off before anybody sees it."""


@dataclass(frozen=True)
class Case:
    """`flawed` are the places where a finding is right; in a clean case there are none."""

    name: str
    language: str
    base: Mapping[str, str]
    head: Mapping[str, str | None]
    flawed: frozenset[tuple[str, int]] = frozenset()


def added_to(language: str, name: str, path: str, before: str, snippet: str) -> Case:
    """A change that adds the snippet behind what the file held."""
    text = before + snippet
    lines = text.split("\n")
    flawed = frozenset((path, number) for number, line in enumerate(lines, 1) if line.endswith(FLAW))
    return Case(name, language, {path: before} if before else {"README": "x\n"}, {path: text.replace(FLAW, "")}, flawed)


def snippets(text: str) -> dict[str, str]:
    """Snippets by name, from a text where each is headed by `--- NAME`."""
    parts: dict[str, str] = {}
    for part in text.split("\n--- ")[1:]:
        name, _, body = part.partition("\n")
        parts[name] = body.rstrip("\n") + "\n"
    return parts
