"""Which command runs a repository's tests, and why that one."""

import pytest

from forgehand.crafts.suite_commands import Tree, detect


@pytest.mark.parametrize(
    ("texts", "paths", "begins", "why"),
    [
        ({}, ["pytest.ini"], "python3 -m pytest", "there is pytest.ini"),
        ({"pyproject.toml": "[tool.pytest.ini_options]"}, [], "python3 -m pytest", "[tool.pytest] in pyproject.toml"),
        ({"tox.ini": "[pytest]\n"}, [], "python3 -m pytest", "[pytest] in tox.ini"),
        ({}, ["a/conftest.py"], "python3 -m pytest", "there is a/conftest.py"),
        ({}, ["a/test_b.py"], "python3 -m pytest", "there is a/test_b.py"),
        ({"package.json": '{"scripts": {"test": "jest"}}'}, [], "npm test", "package.json has a test script"),
        ({}, ["go.mod"], "go test ./...", "there is go.mod"),
        ({}, ["Cargo.toml"], "cargo test", "there is Cargo.toml"),
        ({}, ["pom.xml"], "mvn test", "there is pom.xml"),
        ({}, ["pom.xml", "mvnw"], "sh mvnw test", "there is pom.xml"),
        ({}, ["build.gradle.kts", "gradlew"], "sh gradlew test", "there is build.gradle.kts"),
        ({"tox.ini": "[tox]\n"}, [], "tox", "there is tox.ini"),
        ({}, ["noxfile.py"], "nox", "there is noxfile.py"),
        ({"Makefile": "all:\n\ttrue\ntest: all\n\ttrue\n"}, [], "make test", "Makefile has a target test"),
    ],
)
def test_each_kind_of_project_is_recognized(texts: dict[str, str], paths: list[str], begins: str, why: str) -> None:
    (found,) = detect(Tree({*paths, *texts}, texts))
    assert found.line.startswith(begins)
    assert why in found.why
    assert found.program in found.needs


def test_several_kinds_of_project_stand_in_their_order_and_what_only_calls_them_stays_away() -> None:
    tree = Tree({"go.mod", "conftest.py", "tox.ini", "Makefile"}, {"Makefile": "test:\n\tgo test\n"})
    assert [command.program for command in detect(tree)] == ["pytest", "go"]


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'},
        {"package.json": '{"scripts": {"test": {"a": 1}}}'},
        {"package.json": '{"scripts": []}'},
        {"package.json": "[" * 100_000},
        {"Makefile": "test := 1\ntests: all\n"},
    ],
)
def test_nothing_is_guessed(texts: dict[str, str]) -> None:
    assert detect(Tree(set(texts), texts)) == ()
