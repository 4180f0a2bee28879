"""YAML 1.2 as plain values, each with the line and column where it stands. Called by the readers of our own files.

Only the core schema: `on` and `NO` are text, keys are text, tags and second documents are errors. It is built from the
parser's events, so that a hostile file is cut off while it is read: by size, depth and the number of its values, with
aliases counted as often as they are used.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

MAX_DEPTH = 32
MAX_VALUES = 20_000

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; both count from 1."""

    line: int
    column: int


TOP = Place(1, 1)


class NotReadable(Exception):
    """The bytes are no YAML of ours; `message` says what is wrong at `place`, `fix` what to do."""

    def __init__(self, place: Place, message: str, fix: str) -> None:
        super().__init__(f"{place.line}:{place.column}: {message}: {fix}")
        self.place, self.message, self.fix = place, message, fix


@dataclass(frozen=True, slots=True)
class Located:
    """A value, the place of each value in it by its path, and likewise of each key."""

    value: Any
    values: Mapping[Path, Place]
    keys: Mapping[Path, Place]

    def place(self, path: Iterable[str | int], *, of_key: bool = False) -> Place:
        """The place of what a path leads to, or of what is nearest to it on the way."""
        way = tuple(path)
        if of_key and way in self.keys:
            return self.keys[way]
        while way not in self.values and way:
            way = way[:-1]
        return self.values.get(way, TOP)


def read(raw: bytes, most: int) -> Located:
    """The one document in `raw`, None where there is none. Raises NotReadable, and nothing else."""
    if len(raw) > most:
        raise NotReadable(TOP, f"the file has {len(raw):,} bytes", f"keep it below {most:,}")
    try:
        root = _Composer(YAML(typ="safe", pure=True).parse(_text(raw))).document()
    except MarkedYAMLError as error:
        raise _unparsed(error) from None
    except NotReadable:
        raise
    except Exception as error:  # whatever a parser may make of hostile bytes
        raise NotReadable(TOP, f"this is no YAML ({type(error).__name__})", "write YAML") from None
    located = Located(None, {}, {})
    return Located(_Expansion(located).plain(root, ()), located.values, located.keys) if root else located


@dataclass(frozen=True, slots=True)
class _Node:
    """`value` is a scalar, a list of nodes, or the key-value pairs of a mapping."""

    place: Place
    value: "str | int | float | bool | list[_Node] | _Pairs | None"


@dataclass(frozen=True, slots=True)
class _Pairs:
    pairs: dict[str, tuple[Place, _Node]]


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise NotReadable(Place(line, 1), "this is no UTF-8 text", "save the file as UTF-8") from None


def _unparsed(error: MarkedYAMLError) -> NotReadable:
    mark = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark else TOP
    told = error.problem or error.context or "this is no YAML"
    return NotReadable(place, " ".join(str(told).split()), "correct the YAML here or just above")


class _Composer:
    """One document out of events. Aliases stay one node, however often they are used."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._anchors: dict[str, _Node] = {}

    def document(self) -> _Node | None:
        root, documents = None, 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise NotReadable(_place(event), "a second document begins here", "keep one document in the file")
                root = self._node(next(self._events), depth=0)
        return root

    def _node(self, event: Event, depth: int) -> _Node:
        place = _place(event)
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise NotReadable(
                    place,
                    f"*{event.anchor} refers to nothing above",
                    "write the value itself, and in quotes where it begins with *",
                )
            return self._anchors[event.anchor]
        if not isinstance(event, (MappingStartEvent, SequenceStartEvent, ScalarEvent)):
            raise NotReadable(place, "a value is missing", "write one")
        if event.tag is not None:
            raise NotReadable(place, f"the tag {event.tag} is not understood", "remove it")
        if depth > MAX_DEPTH:
            raise NotReadable(place, f"this is nested more than {MAX_DEPTH} deep", "write it flatter")
        node = _Node(place, self._value(event, depth))
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _value(self, event: MappingStartEvent | SequenceStartEvent | ScalarEvent, depth: int) -> Any:
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(depth + 1)
        return [self._node(each, depth + 1) for each in self._until(SequenceEndEvent)]

    def _mapping(self, depth: int) -> _Pairs:
        pairs: dict[str, tuple[Place, _Node]] = {}
        for event in self._until(MappingEndEvent):
            key = self._node(event, depth)
            if not isinstance(key.value, str):
                raise NotReadable(key.place, "this key is no text", "put it in quotes")
            if key.value in pairs:
                first = pairs[key.value][0].line
                raise NotReadable(
                    key.place, f"“{_shown(key.value)}” is there already, in line {first}", "remove one of them"
                )
            pairs[key.value] = key.place, self._node(next(self._events), depth)
        return _Pairs(pairs)

    def _until(self, end: type[Event]) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event


@dataclass
class _Expansion:
    """Nodes to plain values, with their places noted and all of them counted."""

    into: Located
    count: int = field(default=0)

    def plain(self, node: _Node, path: Path) -> Any:
        self.count += 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise NotReadable(node.place, "the file has too many values here", "use fewer aliases, or none")
        self.into.values[path] = node.place  # type: ignore[index]
        match node.value:
            case _Pairs(pairs):
                self.into.keys.update({(*path, key): place for key, (place, _) in pairs.items()})  # type: ignore[attr-defined]
                return {key: self.plain(value, (*path, key)) for key, (_, value) in pairs.items()}
            case list():
                return [self.plain(each, (*path, index)) for index, each in enumerate(node.value)]
        return node.value


def _place(event: Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {word: value for value in (True, False) for word in (str(value), str(value).lower(), str(value).upper())}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def _scalar(event: ScalarEvent) -> str | int | float | bool | None:
    """A plain scalar by YAML 1.2's core schema; one in quotes is text."""
    text = str(event.value)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise NotReadable(_place(event), "half of a character is written here", "write the whole character")
    if not event.implicit[0]:
        return text
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
