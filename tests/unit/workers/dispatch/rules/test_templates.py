"""Templates of inputs: each name, each mistake, and nothing filled in twice."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.workers.dispatch.rules.templates import LONGEST, TemplateError, names, rendered
from support.dispatching import SHA, SOURCE


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("", ""),
        ("as it is", "as it is"),
        ("{{ source.sha }}", SHA),
        ("{{source.head_branch}}", "main"),
        ("run {{ source.run_id }}!", "run 77!"),
        ("{{ source.run_url }}", SOURCE.url),
        ("{{ source.repo }}/{{ source.workflow }}", "acme/api/ci.yml"),
        ("{ not one }", "{ not one }"),
    ],
)
def test_a_template_becomes_its_value(template: str, value: str) -> None:
    assert rendered(template, SOURCE) == value


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ source.shaa }}", "nothing is called “source.shaa”: there are source.sha, source.head_branch"),
        ("{{ sha }}", "nothing is called “sha”"),
        ("{{ secrets.TOKEN }}", "nothing is called “secrets.TOKEN”"),
        ("{{ source.sha", "has no other end"),
        ("source.sha }}", "has no other end"),
        ("x" * (LONGEST + 1), "has 1,025 characters, and at most 1,024 are sent"),
        ("one\ntwo", "has control characters"),
        ("\x1b[31m", "has control characters"),
    ],
)
def test_what_cannot_be_made_says_why(template: str, why: str) -> None:
    with pytest.raises(TemplateError, match="(?s)" + why.replace("[", r"\[")):
        rendered(template, SOURCE)


def test_a_value_may_have_all_the_characters_there_are_room_for() -> None:
    assert rendered("x" * LONGEST, SOURCE) == "x" * LONGEST


def test_what_is_filled_in_is_not_looked_at_again() -> None:
    tricky = replace(SOURCE, head_branch="{{ source.sha }}")
    assert rendered("{{ source.head_branch }}", tricky) == "{{ source.sha }}"


def test_there_are_six_names() -> None:
    assert names() == tuple(
        f"source.{name}" for name in ["sha", "head_branch", "run_id", "run_url", "repo", "workflow"]
    )


@given(st.text(max_size=60))
def test_any_template_has_a_value_that_may_be_sent_or_none(template: str) -> None:
    with suppress(TemplateError):
        value = rendered(template, SOURCE)
        assert len(value) <= LONGEST
        assert all(each >= " " for each in value)
