"""`ports.analysers` over the real hadolint."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from forgehand.adapters.analysers.hadolint import MAJOR, MINOR, Hadolint

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]
pytestmark = pytest.mark.anyio


async def test_what_does_not_build_is_major_and_what_surprises_is_minor(hadolint: Hadolint, plant: Plant) -> None:
    text = 'FROM debian:12 AS a\nCOPY one two three\nRUN rm -rf "$X/"*\nADD here /there\nFROM debian:12 AS a\n'
    got = await hadolint.analyse(*plant({"Dockerfile": text}))
    assert [(f.line, f.rule, f.severity) for f in got.findings] == [
        (2, "DL3021", "major"),
        (3, "SC2115", "major"),
        (4, "DL3020", "minor"),
        (5, "DL3024", "major"),
    ]


async def test_a_syntax_error_is_told_in_one_line(hadolint: Hadolint, plant: Plant) -> None:
    (finding,) = (await hadolint.analyse(*plant({"Dockerfile": "FROM a:1\nRUNN make\n"}))).findings
    assert (finding.line, finding.rule, finding.severity) == (2, "invalid-syntax", "major")
    assert "\n" not in finding.title


async def test_a_script_that_does_not_parse_is_a_syntax_error(hadolint: Hadolint, plant: Plant) -> None:
    got = await hadolint.analyse(*plant({"Dockerfile": "FROM a:1\nRUN if true; then make\n"}))
    assert [(f.line, f.rule, f.severity) for f in got.findings] == [(2, "invalid-syntax", "major")]


async def test_a_template_that_does_not_parse_is_unread_not_wrong(hadolint: Hadolint, plant: Plant) -> None:
    got = await hadolint.analyse(*plant({"Dockerfile": 'FROM {{ image }}\n{% if x %}\nRUN rm -rf "$X/"*\n'}))
    assert (got.findings, list(got.unread)) == ((), ["Dockerfile"])


async def test_an_ordinary_file_has_no_finding(hadolint: Hadolint, plant: Plant) -> None:
    text = 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN apt-get update && apt-get install -y git\nCMD ["a"]\n'
    assert (await hadolint.analyse(*plant({"Dockerfile": text}))).findings == ()


def test_dockerfiles_are_known_by_their_name(hadolint: Hadolint) -> None:
    mine = ["Dockerfile", "x/dockerfile", "Dockerfile.dev", "web.Dockerfile", "Containerfile"]
    others = [
        "Dockerfile.md",
        "Dockerfile.j2",
        ".dockerignore",
        "Dockerfile.dockerignore",
        "docker.py",
        "dockerfile_lint.py",
    ]
    assert [path for path in mine + others if hadolint.wants(path)] == mine


def test_no_rule_is_both_major_and_minor() -> None:
    assert not MAJOR & MINOR
