"""docs/policy.md names every key of the policy file with its default and its meaning, and its examples are true."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from forgehand.crafts.policy_cases import FactsModel, read_cases, try_case
from forgehand.crafts.policy_file import parse, schema
from forgehand.domain.policy import OperatorLimits, effective
from forgehand.domain.policy.limits import NOTHING

PAGE = Path(__file__).resolve().parents[3] / "docs/policy.md"
ROW = re.compile(r"^\| `([a-z_.\[\]]+)` \| [^|]*\| (?:`([^`]*)`)? ?\| (.*) \|$", re.MULTILINE)
EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHARED = {"TextChoice": "labels."}
"""A definition that several keys share is told once."""


def test_every_key_stands_in_a_table_with_its_default_and_its_meaning() -> None:
    told = {key: (default, says) for key, default, says in ROW.findall(PAGE.read_text())}
    assert told == dict(_keys())


def test_the_page_has_a_section_for_every_key_of_the_file() -> None:
    headings = set(re.findall(r"^## `(\w+)`$", PAGE.read_text(), re.MULTILINE))
    assert headings | {"branches"} == set(schema()["properties"])


def test_every_example_is_a_valid_file() -> None:
    policies, cases = _examples()
    assert len(policies) == 3
    for text in policies:
        parse(text.encode())
    assert len(read_cases(cases.encode(), "CASES.yml")) == 3


def test_the_cases_come_out_as_the_page_says() -> None:
    policies, cases = _examples()
    policy, _ = effective(OperatorLimits(), NOTHING, parse(policies[-1].encode()), "main")
    for case in read_cases(cases.encode(), "CASES.yml"):
        assert try_case(case, policy).misses == (), case.name


def test_every_fact_that_a_case_can_give_is_named() -> None:
    end = PAGE.read_text().rpartition("A fact is ")[2]
    assert [name for name in FactsModel.model_fields if f"`{name}`" not in end] == []


def _examples() -> tuple[list[str], str]:
    found = EXAMPLE.findall(PAGE.read_text())
    (cases,) = (text for text in found if text.startswith("cases:"))
    return [text for text in found if text is not cases], cases


def _keys() -> Iterator[tuple[str, tuple[str, str]]]:
    """Each key of the schema once, as the page names it; the keys of the whole file are the page's sections."""
    told = {"ReviewSection": "review.", "TestsSection": "tests.", "MergeSection": "merge.", "RuleModel": "rules[]."}
    told |= {
        "QueueSection": "merge.queue.",
        "PriorityModel": "merge.queue.priority[].",
        "Condition": "",
        "PathChoice": "files.",
        **SHARED,
    }
    told |= {f"{name.capitalize()}Condition": f"{name}." for name in ("author", "checks", "reviews", "size")}
    definitions = schema()["$defs"]
    with_keys = {name for name, each in definitions.items() if "properties" in each}
    assert with_keys - {"SectionModel"} == set(told)
    for name, prefix in told.items():
        for key, node in definitions[name]["properties"].items():
            yield f"{prefix}{key}", (_default(node), node["description"])


def _default(node: dict[str, Any]) -> str:
    value = node.get("default")
    if value in (None, "", []):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
