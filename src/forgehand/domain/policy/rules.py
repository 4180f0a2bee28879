"""The rule language, as values: named rules, each with what it asks for and, perhaps, when. `conditions` says whether a
condition holds; docs/policy.md shows how they are written.

A condition with several parts holds where every part does. What is None or empty asks for nothing.
"""

from dataclasses import dataclass
from typing import TypeAlias

from forgehand.domain.permissions import Permission


@dataclass(frozen=True, slots=True)
class Choice:
    """Patterns over several values: at least one value matches one of `any`, every value one of `all`, and none of
    the values one of `none`."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Files:
    """Globs over the changed paths; a renamed file counts under both."""

    paths: Choice


@dataclass(frozen=True, slots=True)
class Labels:
    """Wildcards over the labels; here `all` asks that each pattern is found among them."""

    labels: Choice


@dataclass(frozen=True, slots=True)
class Author:
    """`logins` are wildcards; `permission` is the least that the author must have in the repository."""

    logins: tuple[str, ...] = ()
    permission: Permission | None = None
    bot: bool | None = None
    fork: bool | None = None
    """Whether the branch lives in another repository."""


@dataclass(frozen=True, slots=True)
class Base:
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    wanted: bool


@dataclass(frozen=True, slots=True)
class Checks:
    """`passed` are wildcards: each must be found, and all that it finds have passed. `all_passed`: every check that
    reported passed, and one did report."""

    passed: tuple[str, ...] = ()
    all_passed: bool = False


@dataclass(frozen=True, slots=True)
class Reviews:
    """`approvals` of the present head by people who may at least `permission`, other than the author; `by` narrows
    whose count, by wildcards over logins. `no_changes_requested`: none of these people still asks for changes."""

    approvals: int = 0
    permission: Permission = Permission.WRITE
    by: tuple[str, ...] = ()
    no_changes_requested: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """Changed files, and lines added plus lines deleted."""

    min_files: int | None = None
    max_files: int | None = None
    min_lines: int | None = None
    max_lines: int | None = None


@dataclass(frozen=True, slots=True)
class Title:
    """Wildcards over the whole title: at least one of `any` fits it, each of `all`, none of `none`."""

    text: Choice


@dataclass(frozen=True, slots=True)
class Body:
    """The same over the whole description."""

    text: Choice


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


Condition: TypeAlias = (
    Files | Labels | Author | Base | Head | Draft | Checks | Reviews | Size | Title | Body | AllOf | AnyOf | Not
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What `require` says must hold wherever `when` does; None is everywhere. `says` tells people why."""

    name: str
    require: Condition
    when: Condition | None = None
    says: str = ""
