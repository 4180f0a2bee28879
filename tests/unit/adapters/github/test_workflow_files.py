"""The triggers of a workflow's file, in all the ways to write them."""

import pytest

from forgehand.adapters.github.workflow_files import Unclear, lists_dispatch


@pytest.mark.parametrize(
    "on",
    [
        "workflow_dispatch",
        "'workflow_dispatch'",
        "[push, workflow_dispatch]",
        "\n  - push\n  - workflow_dispatch",
        "{workflow_dispatch: {inputs: {sha: {}}}}",
        "\n  push: {branches: [main]}\n  workflow_dispatch:",
    ],
)
def test_it_is_found(on: str) -> None:
    assert lists_dispatch(f"name: CI\nenv: {{a: [b]}}\non: {on}\njobs: {{}}\n".encode())


@pytest.mark.parametrize(
    "text",
    [
        "on: push",
        "on: [push, [workflow_dispatch]]",
        "on: {push: {branches: [workflow_dispatch]}}",
        "on: {push: workflow_dispatch}",
        "jobs: {on: workflow_dispatch}",
        "- on: workflow_dispatch",
        "name: on\nworkflow_dispatch: on",
        "true: workflow_dispatch",
        "7",
        "",
    ],
)
def test_what_only_looks_like_it_is_none(text: str) -> None:
    assert not lists_dispatch(text.encode())


@pytest.mark.parametrize(
    "content", [b"on: [", b"a: &x [workflow_dispatch]\non: *x", b"on: " + b"[" * 5000, b"\xff\xfe\x00", b"a: b: c"]
)
def test_what_cannot_be_read_is_left_to_github(content: bytes) -> None:
    with pytest.raises(Unclear):
        lists_dispatch(content)


def test_nothing_behind_the_triggers_is_read() -> None:
    assert lists_dispatch(b"on: [workflow_dispatch]\njobs: [")
