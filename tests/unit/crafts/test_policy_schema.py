"""The JSON Schema for editors says what the validator says; the copy in the documents is up to date."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from forgehand.crafts.located_yaml import read
from forgehand.crafts.policy_file import parse, schema
from forgehand.domain.policy import PolicyError

COPY = Path(__file__).resolve().parents[3] / "docs/policy.schema.json"


def test_the_copy_in_the_documents_is_up_to_date() -> None:
    assert json.loads(COPY.read_text()) == schema(), f"forgehand policy schema > docs/{COPY.name}"


def test_it_is_a_schema_and_has_no_word_of_null() -> None:
    Draft202012Validator.check_schema(schema())
    assert "null" not in json.dumps(schema())


def test_every_key_has_a_description() -> None:
    lacking = [name for name, node in _keys(schema()) if not node.get("description")]
    assert lacking == []


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (b"merge: {auto: true, queue: {enabled: true, most: 4}}", True),
        (b"rules: [{name: a, if: {not: {draft: true}}, require: {checks: {all_passed: true}}}]", True),
        (b"branches: {'release/*': {tests: {min_diff_coverage: 80}}}", True),
        (b"merge: {methods: squash}", False),
        (b"merge: {method: ff}", False),
        (b"merge: {approvals: -1}", False),
        (b"rules: [{name: a}]", False),
        (b"rules: [{name: a, require: {}}]", False),
        (b"rules: [{name: a, require: {checks: {all_passed: false}}}]", False),
        (b"tests: {command: }", False),
        (b"branches: {main: {branches: {}}}", False),
    ],
)
def test_an_editor_and_the_validator_agree(text: bytes, valid: bool) -> None:
    assert Draft202012Validator(schema()).is_valid(read(text, 1000).value) is valid
    try:
        parse(text)
    except PolicyError:
        assert not valid
    else:
        assert valid


def _keys(node: Any) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(node, list):
        return [found for each in node for found in _keys(each)]
    if not isinstance(node, dict):
        return []
    own = [(name, each) for name, each in node.get("properties", {}).items()]
    return own + [found for each in node.values() for found in _keys(each)]
