"""The ground on which our own YAML files are modelled: strict pydantic models, errors with a fix of their own, and JSON
Schemas that say no more than can be written. Called by the models of those files.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
"""An unknown key, or a value of another type, is an error."""


def wrong(message: str, fix: str) -> PydanticCustomError:
    """What a validator of ours raises: it has a fix of its own."""
    return PydanticCustomError("forgehand", "{message}", {"message": message, "fix": fix})


def json_schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """The JSON Schema of a file, for editors."""
    schema = _plain(model.model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def _plain(node: Any) -> Any:
    """Without null, which stands for a key that is left out and cannot be written, without titles that repeat the key,
    and without the defaults of whole sections, whose keys have theirs."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _plain(each) for key, each in node.items() if not (key == "title" and isinstance(each, str))}
    if kept.get("default", 0) is None or isinstance(kept.get("default"), dict):
        del kept["default"]
    options = kept.get("anyOf", [])
    if {"type": "null"} in options:
        (option,) = (each for each in options if each != {"type": "null"})
        del kept["anyOf"]
        return option | kept
    return kept
