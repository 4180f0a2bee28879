"""docs/cli.md names every command with its arguments and options, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from forgehand.cli.main import app

PAGE = Path(__file__).resolve().parents[3] / "docs/cli.md"
SECTION = re.compile(r"^### `forgehand ([a-z -]+)`$", re.MULTILINE)
OPTION = re.compile(r"^\| `(--?[a-z-]+|[A-Z_]+)[^|]* \| ", re.MULTILINE)


def test_the_page_has_a_section_for_every_command() -> None:
    assert sorted(_sections()) == sorted(name for name, _ in _commands())


def test_each_section_names_the_arguments_and_options_of_its_command() -> None:
    sections = _sections()
    told = {name: set(OPTION.findall(sections.get(name, ""))) for name, _ in _commands()}
    assert told == {name: set(_parameters(command)) for name, command in _commands()}


def _sections() -> dict[str, str]:
    parts = SECTION.split(PAGE.read_text())
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _commands() -> Iterator[tuple[str, Any]]:
    yield from _below("", typer.main.get_command(app))


def _below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, child in getattr(command, "commands", {"": None}).items():
        if child is None:
            yield path, command
        elif not child.hidden:
            yield from _below(f"{path} {name}".strip(), child)


def _parameters(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield parameter.metavar or parameter.name.upper()
        elif not parameter.hidden and "--help" not in parameter.opts:
            yield max(parameter.opts, key=len)
