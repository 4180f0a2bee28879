"""A YAML file validated by a strict pydantic model; what is wrong has its line, its column and its fix. Called by the
readers of our own files."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from forgehand.crafts.located_yaml import Located, NotReadable, Path, Place, read
from forgehand.domain.policy import PolicyError, Problem

MAX_PROBLEMS = 20

Model = TypeVar("Model", bound=BaseModel)


def validated(raw: bytes, model: type[Model], schema: Mapping[str, Any], file: str, most: int) -> Model:
    """What the file says; an empty one says nothing. `schema` is the model's, for naming the keys that there are.
    Raises PolicyError, and nothing else."""
    try:
        located = read(raw, most)
    except NotReadable as error:
        raise PolicyError((_problem(file, error.place, error.message, error.fix),)) from None
    value = {} if located.value is None else located.value
    if problems := [_empty(file, located, path) for path in _nulls(located.value, ())]:
        raise PolicyError(tuple(problems[:MAX_PROBLEMS]))
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = [_found(file, located, schema, each) for each in error.errors(include_url=False)]
        ordered = sorted(set(found), key=lambda each: (each.line, each.column, each.message))
        raise PolicyError(tuple(ordered[:MAX_PROBLEMS])) from None


def _problem(file: str, place: Place, message: str, fix: str) -> Problem:
    return Problem(file, place.line, place.column, message, fix)


def _nulls(value: Any, path: Path) -> Iterator[Path]:
    """Below the top, where something should be and nothing is."""
    match value:
        case None if path:
            yield path
        case dict():
            for key, each in value.items():
                yield from _nulls(each, (*path, key))
        case list():
            for index, each in enumerate(value):
                yield from _nulls(each, (*path, index))


def _empty(file: str, located: Located, path: Path) -> Problem:
    place = located.place(path, of_key=isinstance(path[-1], str))
    return _problem(file, place, f"{_name(path)} has no value", "write one, or remove the key")


def _found(file: str, located: Located, schema: Mapping[str, Any], error: ErrorDetails) -> Problem:
    path: Path = error["loc"]
    kind, context = error["type"], error.get("ctx", {})
    # A bad key of a mapping is named twice: by itself and by a mark for keys.
    of_key = path[-1:] == ("[key]",)
    path = path[:-1] if of_key else path
    if kind == "extra_forbidden":
        message, fix = f"unknown key {_name(path)}", _instead(str(path[-1]), _keys(schema, path[:-1]))
        return _problem(file, located.place(path, of_key=True), message, fix)
    if kind == "missing":
        return _problem(file, located.place(path[:-1]), f"{_name(path)} is missing here", "add it")
    place = located.place(path, of_key=of_key)
    if kind == "forgehand":
        return _problem(file, place, context["message"], context["fix"])
    if kind in ("enum", "literal_error"):
        choices = str(context["expected"]).replace("'", "").replace(" or ", ", ").replace("True", "true").split(", ")
        fix = _instead(str(error.get("input")), choices)
        return _problem(file, place, f"{_name(path)} has a value that is not known", fix)
    return _problem(file, place, f"{_name(path)} {_WRONG.get(kind, 'cannot be this')}", _fix(kind, context))


_WRONG = {
    "bool_type": "is neither true nor false",
    "int_type": "is no whole number",
    "string_type": "is no text",
    "list_type": "is no list",
    "model_type": "has no keys",
    "dict_type": "has no keys",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "string_too_short": "is empty",
    "string_too_long": "is too long",
    "too_short": "is empty",
    "too_long": "is too long",
}

_FIXES = {
    "bool_type": "write true or false",
    "int_type": "write a whole number",
    "string_type": "write text; put it in quotes where it looks like a number or a list",
    "list_type": "write a list, such as [one, two]",
    "model_type": "write its keys below it, each with a value",
    "dict_type": "write its keys below it, each with a value",
    "greater_than_equal": "write at least {ge}",
    "less_than_equal": "write at most {le}",
    "string_too_short": "write at least {min_length} character",
    "string_too_long": "write at most {max_length} characters",
    "too_short": "write at least {min_length}",
    "too_long": "write at most {max_length}",
}


def _fix(kind: str, context: Mapping[str, Any]) -> str:
    return _FIXES.get(kind, "see docs/policy.md").format(**context)


def _instead(written: str, known: Sequence[str]) -> str:
    if close := get_close_matches(written, known, n=1, cutoff=0.6):
        return f"did you mean “{close[0]}”?"
    return f"write one of {', '.join(known)}" if known else "remove it"


def _name(path: Path) -> str:
    """`merge.queue.most`, `rules[2].require`."""
    name = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return f"“{name if len(name) <= 80 else '…' + name[-79:]}”" if name else "the file"


def _keys(schema: Mapping[str, Any], path: Path) -> list[str]:
    """The keys that may stand where a path leads to."""
    node: Any = _resolved(schema, schema)
    for part in path:
        inner = node.get("items") if isinstance(part, int) else node.get("properties", {}).get(part)
        node = _resolved(schema, inner or node.get("additionalProperties") or {})
    return list(node.get("properties", {}))


def _resolved(schema: Mapping[str, Any], node: Any) -> Mapping[str, Any]:
    while isinstance(node, dict) and "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node if isinstance(node, dict) else {}
