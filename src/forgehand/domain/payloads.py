"""Parts of a payload, taken as they are: what is missing or of another kind reads as empty. Used by `events` and
`runs`."""

from collections.abc import Mapping
from typing import Any


def mapping(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = of.get(key)
    return value if isinstance(value, Mapping) else {}


def mappings(of: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = of.get(key)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def text(of: Mapping[str, Any], key: str) -> str:
    value = of.get(key)
    return value if isinstance(value, str) else ""


def number(of: Mapping[str, Any], key: str) -> int:
    value = of.get(key)
    return value if isinstance(value, int) else 0


def flag(of: Mapping[str, Any], key: str) -> bool | None:
    value = of.get(key)
    return value if isinstance(value, bool) else None
