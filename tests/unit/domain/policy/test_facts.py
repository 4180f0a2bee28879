"""Facts are kept as JSON and come back as they were; what is unknown stays unknown."""

import json

import pytest
from hypothesis import given

from forgehand.domain.checks import CheckState
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import CheckFact, FileFact, Opinion, PullFacts, ReviewFact
from forgehand.domain.policy.facts import from_json, to_json
from support.policies import pull_facts


@given(pull_facts())
def test_facts_come_back_from_json_as_they_were(facts: PullFacts) -> None:
    assert from_json(json.loads(json.dumps(to_json(facts)))) == facts


def test_what_is_unknown_is_not_written_and_not_made_up() -> None:
    told = to_json(PullFacts("dev", "main", "feature"))
    assert told == {"author": "dev", "base": "main", "head": "feature"}
    facts = from_json(told)
    assert (facts.files, facts.checks, facts.reviews, facts.author_permission, facts.lines) == (None,) * 5


def test_no_files_are_something_else_than_unknown_ones() -> None:
    facts = from_json({"author": "dev", "base": "main", "head": "x", "files": []})
    assert facts.files == ()
    assert facts.lines == 0


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"author": "dev", "base": "main", "head": "x", "author_permission": "owner"},
        {"author": "dev", "base": "main", "head": "x", "files": [{"name": "a"}]},
        {"author": "dev", "base": "main", "head": "x", "checks": [{"name": "a", "state": "great"}]},
    ],
)
def test_something_else_is_no_facts(told: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError, LookupError)):
        from_json(told)


def test_the_words_are_those_a_person_writes() -> None:
    facts = PullFacts(
        "dev",
        "main",
        "feature",
        author_permission=Permission.WRITE,
        files=(FileFact("a.py", 3, 1, "b.py"),),
        checks=(CheckFact("unit", CheckState.PASSED),),
        reviews=(ReviewFact("ann", Opinion.CHANGES_REQUESTED, Permission.ADMIN, current=False),),
    )
    assert to_json(facts) == {
        "author": "dev",
        "base": "main",
        "head": "feature",
        "author_permission": "write",
        "files": [{"path": "a.py", "additions": 3, "deletions": 1, "previous_path": "b.py"}],
        "checks": [{"name": "unit", "state": "passed"}],
        "reviews": [{"author": "ann", "opinion": "changes requested", "permission": "admin", "current": False}],
    }
