"""What differs between two policies, key by key, as the file names the keys. Called by `limits`, and for saying what a
changed file would change."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from forgehand.domain.policy.rules import Rule
from forgehand.domain.policy.values import Priority, RepositoryPolicy


@dataclass(frozen=True, slots=True)
class Difference:
    """One key and its values before and after."""

    key: str
    before: object
    after: object

    def __str__(self) -> str:
        return f"{self.key}: {shown(self.before)} → {shown(self.after)}"


def differences(before: RepositoryPolicy, after: RepositoryPolicy) -> tuple[Difference, ...]:
    """Every key whose value is another one, in the order of the keys; rules by their names."""
    old, new = dict(_flat("", before)), dict(_flat("", after))
    return tuple(Difference(key, old.get(key), new.get(key)) for key in old | new if old.get(key) != new.get(key))


def shown(value: object) -> str:
    """A value for people, as the file writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case None | () | "":
            return "nothing"
        case tuple():
            return ", ".join(map(shown, value))
        case Rule():
            return "a rule"
        case Priority():
            return f"some go {value.goes}"
    return str(value)


def _flat(prefix: str, value: object) -> Iterator[tuple[str, object]]:
    if not is_dataclass(value) or isinstance(value, Rule):
        yield prefix, value
        return
    for field in fields(value):
        inner = getattr(value, field.name)
        if field.name == "rules":
            yield from ((f"rule “{rule.name}”", rule) for rule in inner)
        else:
            yield from _flat(f"{prefix}.{field.name}".lstrip("."), inner)
