"""Rulings: kept as JSON and read again unchanged; the first that matters is found."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.rulings import FORBIDDING, Ruling, State, first, from_json, to_json

leaves = st.builds(Ruling, st.text(), st.sampled_from(State), st.text())
trees = st.recursive(
    leaves,
    lambda parts: st.builds(
        Ruling,
        st.text(),
        st.sampled_from(State),
        st.text(),
        parts=st.lists(parts, max_size=3).map(tuple),
    ),
    max_leaves=8,
)


@given(trees)
def test_a_tree_comes_back_from_json_as_it_was(tree: Ruling) -> None:
    assert from_json(json.loads(json.dumps(to_json(tree)))) == tree


@pytest.mark.parametrize("state", FORBIDDING)
def test_what_stands_in_the_way_keeps_what_it_costs(state: State) -> None:
    draft = Ruling("not a draft", state, "The pull request is a draft.", Conclusion.NEUTRAL)
    assert from_json(to_json(draft)) == draft


def test_something_else_is_no_ruling() -> None:
    with pytest.raises(LookupError):
        from_json({"rule": "checks"})
    with pytest.raises(ValueError):
        from_json({"rule": "checks", "state": "maybe", "reason": ""})


def test_the_first_in_a_state_is_found_in_the_order_of_the_rules() -> None:
    rulings = [
        Ruling("a", State.SATISFIED, ""),
        Ruling("b", State.PENDING, ""),
        Ruling("c", State.VIOLATED, ""),
    ]
    assert first(rulings, State.VIOLATED, State.PENDING) == rulings[1]
    assert first(rulings, State.NOT_APPLICABLE) is None
