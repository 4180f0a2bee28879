"""The values of inputs: `{{ source.sha }}` and the like, replaced once. Pure; called by `plan`."""

import re
import unicodedata
from collections.abc import Callable, Mapping

from forgehand.workers.dispatch.rules.facts import Source

LONGEST = 1024
"""Characters of one value."""
_HOLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class TemplateError(Exception):
    """A value cannot be made; the message is a sentence."""


def names() -> tuple[str, ...]:
    """What may stand in a template."""
    return tuple(f"source.{name}" for name in _VALUES)


def rendered(template: str, source: Source) -> str:
    """The template with its holes filled. What is filled in is not looked at again. Raises TemplateError."""
    outside = _HOLE.sub("", template)
    if "{{" in outside or "}}" in outside:
        raise TemplateError(f"“{_shown(template)}” opens or closes a {{{{ … }}}} that has no other end")
    value = _HOLE.sub(lambda hole: _value(hole[1].strip(), source), template)
    if len(value) > LONGEST:
        raise TemplateError(f"the value has {len(value):,} characters, and at most {LONGEST:,} are sent")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        raise TemplateError("the value has control characters, such as a line break")
    return value


_VALUES: Mapping[str, Callable[[Source], str]] = {
    "sha": lambda source: source.head_sha,
    "head_branch": lambda source: source.head_branch,
    "run_id": lambda source: str(source.run),
    "run_url": lambda source: source.url,
    "repo": lambda source: source.repository,
    "workflow": lambda source: source.workflow,
}


def _value(name: str, source: Source) -> str:
    prefix, _, key = name.partition(".")
    if prefix != "source" or key not in _VALUES:
        raise TemplateError(f"nothing is called “{_shown(name)}”: there are {', '.join(names())}")
    return _VALUES[key](source)


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
