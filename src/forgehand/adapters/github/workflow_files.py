"""The name of a workflow's file, and what the file says of its triggers, read no further than it must be. Called by
`read_workflows` and `effect_workflow_dispatch`.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#on
"""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, MappingStartEvent, ScalarEvent

MOST_DEEP = 50
"""Collections within collections. The parser's time grows with the square of it."""


_FILE_NAME = re.compile(r"[^/\\\x00-\x1f]+\.ya?ml")


class Unclear(Exception):
    """The file cannot be read here."""


def is_file_name(name: str) -> bool:
    """Whether a workflow may have it. Where GitHub wants a name, an id would do as well, and a path lead elsewhere."""
    return _FILE_NAME.fullmatch(name) is not None


def lists_dispatch(content: bytes) -> bool:
    """Whether `workflow_dispatch` is among the triggers. Raises Unclear."""
    try:
        return "workflow_dispatch" in set(_triggers(YAML(typ="safe", pure=True).parse(io.BytesIO(content))))
    except (YAMLError, ValueError) as error:
        raise Unclear(str(error)) from None


@dataclass
class _Open:
    """A collection that has not ended: how many nodes were in it so far. In a mapping, every other one is a key."""

    mapping: bool
    nodes: int = 0

    @property
    def at_key(self) -> bool:
        return self.mapping and self.nodes % 2 == 1


def _triggers(events: Iterable[Any]) -> Iterator[str]:
    """The names below the key `on`: its value, the items of a list, or the keys of a mapping."""
    around: list[_Open] = []
    within = False
    for event in events:
        if around and isinstance(event, ScalarEvent | AliasEvent | CollectionStartEvent):
            around[-1].nodes += 1
            if len(around) == 1 and around[0].at_key:
                within = getattr(event, "value", None) == "on"
            elif within:
                yield from _named(event, around)
        if isinstance(event, CollectionStartEvent):
            around.append(_Open(isinstance(event, MappingStartEvent)))
            if len(around) > MOST_DEEP:
                raise Unclear(f"it nests {MOST_DEEP} deep")
        elif isinstance(event, CollectionEndEvent):
            around.pop()
            if within and len(around) == 1:
                return


def _named(event: Any, around: list[_Open]) -> Iterator[str]:
    """The trigger that a node below `on` names, if it names one."""
    place = around[-1]
    names = len(around) == 1 or (len(around) == 2 and (place.at_key or not place.mapping))
    if names and isinstance(event, AliasEvent):
        raise Unclear("it names its triggers by an alias")
    if names and isinstance(event, ScalarEvent):
        yield str(event.value)
