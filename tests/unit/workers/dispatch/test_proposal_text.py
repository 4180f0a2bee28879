"""What a pull request is told of its `dispatching.yml`."""

from forgehand.domain.rulings import Ruling, State
from forgehand.workers.dispatch.proposal_text import LONGEST_SUMMARY, LONGEST_TITLE, summary, title


def ruling(*parts: Ruling, state: State = State.SATISFIED, reason: str = "The file can be used.") -> Ruling:
    return Ruling("dispatching", state, reason, parts=parts)


def test_each_change_is_a_line_with_its_sign() -> None:
    said = summary(ruling(Ruling("ci.yml → cd.yml", State.SATISFIED, "Yes."), Ruling("a", State.VIOLATED, "No.")))
    assert said.splitlines()[2:] == ["- ✅ **ci\\.yml → cd\\.yml**: Yes\\.", "- ❌ **a**: No\\."]


def test_a_file_that_cannot_be_used_lists_its_problems() -> None:
    said = summary(ruling(Ruling("line", State.VIOLATED, "dispatching.yml:1:1: no"), state=State.VIOLATED))
    assert said.startswith("This file cannot be used.")
    assert said.splitlines()[-1] == "- ❌ dispatching\\.yml\\:1\\:1\\: no"


def test_where_nothing_changes_one_sentence_says_so() -> None:
    assert summary(ruling(reason="It changes nothing.")) == "It changes nothing\\."


def test_names_from_a_file_cannot_act() -> None:
    said = summary(ruling(Ruling("@team <b>", State.SATISFIED, "x\n# y")))
    assert "@team" not in said
    assert "<b>" not in said
    assert "\n# y" not in said


def test_it_stays_within_what_github_takes() -> None:
    many = tuple(Ruling("x" * 300, State.SATISFIED, "y" * 300) for _ in range(500))
    said = summary(ruling(*many))
    assert len(said) <= LONGEST_SUMMARY + 40
    assert said.endswith(" more.")
    assert len(title(ruling(reason="z" * 999))) <= LONGEST_TITLE
