"""`.forgehand/config.yml`, read into the domain's values. Called by `policies`, and by `forgehand policy`."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel

from forgehand.crafts import policy_model as m
from forgehand.crafts.strict_yaml import validated
from forgehand.domain.policy import PolicyFile, Priority, Rule, Section
from forgehand.domain.policy import rules as r

PATH = ".forgehand/config.yml"
MAX_BYTES = 64 * 1024


def parse(raw: bytes, file: str = PATH) -> PolicyFile:
    """What the file says. Raises PolicyError with everything that is wrong in it, and nothing else."""
    model = validated(raw, m.PolicyModel, schema(), file, MAX_BYTES)
    return PolicyFile(_section(model), tuple((glob, _section(each)) for glob, each in model.branches.items()))


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    return m.json_schema()


def _section(model: m.SectionModel) -> Section:
    values = [value for name in ("review", "tests", "merge") for value in _values(name, getattr(model, name))]
    return Section(tuple(values), tuple(map(_rule, model.rules)))


def _values(prefix: str, model: BaseModel) -> Iterator[tuple[str, Any]]:
    """The keys that the file gives, and no defaults: those of an earlier file stay in force."""
    for name in type(model).model_fields:
        if name not in model.model_fields_set:
            continue
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _values(f"{prefix}.{name}", value)
        else:
            yield f"{prefix}.{name}", tuple(map(_item, value)) if isinstance(value, list) else value


def _item(item: Any) -> Any:
    """One of a list: patterns stand for themselves."""
    return Priority(_condition(item.if_), item.goes) if isinstance(item, m.PriorityModel) else item


def _rule(model: m.RuleModel) -> Rule:
    when = None if model.if_ is None else _condition(model.if_)
    return Rule(model.name, _condition(model.require), when, model.says)


def _condition(model: m.Condition) -> r.Condition:
    parts = tuple(_parts(model))
    return parts[0] if len(parts) == 1 else r.AllOf(parts)


def _parts(model: m.Condition) -> Iterator[r.Condition]:
    """One for each key that is there, in the order of the definition."""
    if model.files:
        yield r.Files(_choice(model.files))
    if model.labels:
        yield r.Labels(_choice(model.labels))
    if model.author:
        yield r.Author(tuple(model.author.logins), model.author.permission, model.author.bot, model.author.fork)
    if model.base:
        yield r.Base(tuple(model.base))
    if model.head:
        yield r.Head(tuple(model.head))
    if model.draft is not None:
        yield r.Draft(model.draft)
    yield from _of_others(model)
    yield from _combined(model)


def _of_others(model: m.Condition) -> Iterator[r.Condition]:
    if model.checks:
        yield r.Checks(tuple(model.checks.passed), bool(model.checks.all_passed))
    if reviews := model.reviews:
        yield r.Reviews(
            reviews.approvals or 0, reviews.permission, tuple(reviews.by), bool(reviews.no_changes_requested)
        )
    if model.size:
        yield r.Size(model.size.min_files, model.size.max_files, model.size.min_lines, model.size.max_lines)
    if model.title:
        yield r.Title(_choice(model.title))
    if model.body:
        yield r.Body(_choice(model.body))


def _combined(model: m.Condition) -> Iterator[r.Condition]:
    if model.all:
        yield r.AllOf(tuple(map(_condition, model.all)))
    if model.any:
        yield r.AnyOf(tuple(map(_condition, model.any)))
    if model.not_:
        yield r.Not(_condition(model.not_))


def _choice(model: m.PathChoice | m.TextChoice) -> r.Choice:
    return r.Choice(tuple(model.any), tuple(model.all), tuple(model.none))
