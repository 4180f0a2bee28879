"""docs/settings.md and .env.example name every setting of the product, and nothing else, with its true default."""

import re
from pathlib import Path

import pytest
from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from forgehand.assembly.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \| (?:`([^`]*)`|\(none\)) \| ", re.MULTILINE)
LINE = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$", re.MULTILINE)


def test_the_settings_page_names_every_setting_with_its_default() -> None:
    rows = dict(ROW.findall((ROOT / "docs/settings.md").read_text()))
    assert rows == {_name(field): _default(field) for field in Settings.model_fields.values()}


def test_the_example_environment_names_every_setting_with_its_default() -> None:
    lines = dict(LINE.findall((ROOT / ".env.example").read_text()))
    assert lines == {_name(field): _default(field) for field in Settings.model_fields.values()}


def test_other_names_of_a_setting_are_told_too() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    others = [name for field in Settings.model_fields.values() for name in _names(field)[1:]]
    assert [name for name in others if f"`{name}`" not in page] == []


def test_the_example_environment_copied_as_it_is_lacks_only_what_has_no_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for field in Settings.model_fields.values():
        for name in _names(field):
            monkeypatch.delenv(name, raising=False)
    settings = Settings(_env_file=ROOT / ".env.example")
    missing = [problem.split(" ")[0] for problem in settings.missing()]
    assert missing == ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"]


def _names(field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [str(alias)]


def _name(field: FieldInfo) -> str:
    return _names(field)[0]


def _default(field: FieldInfo) -> str:
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)
