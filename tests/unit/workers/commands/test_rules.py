"""What becomes of a command: who may give it, for which commit it holds, what follows from it."""

from dataclasses import replace

import pytest

from forgehand.domain.orders import Orders
from forgehand.domain.permissions import Permission
from forgehand.workers.commands.rules import Command, Facts, Verb, answer, named, offered
from support.decisions import HEAD, OTHER, PULL, REPOSITORY

SHORT = HEAD[:7]
FACTS = Facts(
    command=Command(Verb.MERGE),
    author="ada",
    comment=5,
    edited=False,
    permission=Permission.WRITE,
    pull=PULL,
    repository=REPOSITORY,
    here=frozenset({"review", "decide", "testing"}),
    merges=True,
)


def of(verb: Verb, sha: str = "", **changes: object) -> Facts:
    return replace(FACTS, command=Command(verb, sha), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("permission", [Permission.NONE, Permission.READ, Permission.TRIAGE])
def test_nobody_orders_anything_who_may_not_write(verb: Verb, permission: Permission) -> None:
    answered = answer(of(verb, permission=permission))
    assert (answered.taken, answered.asks, answered.orders) == (False, "", None)
    assert answered.says == "Commands are for people who may write here; ada may not."
    assert offered(of(verb, permission=permission)) == ()


@pytest.mark.parametrize("verb", Verb)
def test_an_edited_comment_orders_nothing(verb: Verb) -> None:
    answered = answer(of(verb, edited=True))
    assert not answered.taken
    assert "was edited" in answered.says


def test_a_merge_is_ordered_for_the_present_head_and_lifts_a_stop() -> None:
    answered = answer(of(Verb.MERGE, orders=Orders(stopped_by="bob", comment=4)))
    assert (answered.taken, answered.asks) == (True, "decide")
    assert answered.orders == Orders(merge_by="ada", merge_head=HEAD, comment=5)
    assert f"`{SHORT}` is merged once nothing stands in its way" in answered.says


@pytest.mark.parametrize("verb", [Verb.MERGE, Verb.APPROVE])
@pytest.mark.parametrize("sha", [SHORT, HEAD])
def test_naming_the_head_binds_to_it_wherever_the_branch_is(verb: Verb, sha: str) -> None:
    pull = replace(PULL, head_repository="mallory/shop")
    assert answer(of(verb, sha, pull=pull, seen=OTHER)).taken


@pytest.mark.parametrize("verb", [Verb.MERGE, Verb.APPROVE])
def test_an_order_for_an_older_head_is_refused_and_says_how_to_go_on(verb: Verb) -> None:
    answered = answer(of(verb, OTHER[:7]))
    assert (answered.taken, answered.orders) == (False, None)
    assert answered.says == (
        f"The head is `{SHORT}` now, not `{OTHER[:7]}`: look at it, then write `/forgehand {verb} {SHORT}`."
    )


@pytest.mark.parametrize("verb", [Verb.MERGE, Verb.APPROVE])
def test_without_a_commit_it_is_for_the_head_that_was_there_when_it_was_written(verb: Verb) -> None:
    assert answer(of(verb, seen=HEAD)).taken
    moved = answer(of(verb, seen=OTHER))
    assert not moved.taken
    assert moved.says.startswith(f"The head was `{OTHER[:7]}` when you wrote that, as far as we knew")


@pytest.mark.parametrize("verb", [Verb.MERGE, Verb.APPROVE])
@pytest.mark.parametrize("fork", ["mallory/shop", None])
def test_the_commit_of_a_fork_must_be_named(verb: Verb, fork: str | None) -> None:
    answered = answer(of(verb, seen=HEAD, pull=replace(PULL, head_repository=fork)))
    assert not answered.taken
    assert answered.says.endswith(f"`/forgehand {verb} {SHORT}`.")


def test_a_merge_says_so_where_the_operator_lets_nothing_merge() -> None:
    answered = answer(of(Verb.MERGE, merges=False))
    assert not answered.taken
    assert "FORGEHAND_MODE=comment-only" in answered.says
    assert Verb.MERGE not in offered(of(Verb.HELP, merges=False))


def test_a_draft_is_neither_reviewed_nor_merged() -> None:
    for verb in (Verb.MERGE, Verb.REVIEW):
        answered = answer(of(verb, pull=replace(PULL, draft=True)))
        assert (answered.taken, answered.says[:13]) == (False, "It is a draft")


@pytest.mark.parametrize("verb", [Verb.MERGE, Verb.REVIEW, Verb.RETEST, Verb.STOP, Verb.APPROVE])
def test_what_is_over_takes_no_orders(verb: Verb) -> None:
    assert answer(of(verb, pull=replace(PULL, state="closed"))).says == "The pull request is closed."
    assert answer(of(verb, pull=replace(PULL, state="closed", merged=True))).says == "It is merged already."


def test_a_stop_ends_an_order_to_merge_and_keeps_approvals() -> None:
    before = Orders(merge_by="bob", merge_head=HEAD, approved_by=("bob",), approved_head=HEAD, comment=4)
    answered = answer(of(Verb.STOP, orders=before))
    assert answered.orders == Orders(stopped_by="ada", approved_by=("bob",), approved_head=HEAD, comment=5)
    assert answered.asks == "decide"


@pytest.mark.parametrize("verb", [Verb.MERGE, Verb.STOP, Verb.APPROVE])
def test_of_comments_that_come_in_any_order_the_last_one_holds(verb: Verb) -> None:
    answered = answer(of(verb, orders=Orders(stopped_by="bob", comment=6)))
    assert (answered.taken, answered.says) == (False, "A later comment has said otherwise.")


def test_approvals_of_one_head_add_up_and_another_head_begins_anew() -> None:
    second = answer(of(Verb.APPROVE, orders=Orders(approved_by=("bob",), approved_head=HEAD)))
    assert second.orders == Orders(approved_by=("ada", "bob"), approved_head=HEAD, comment=5)
    anew = answer(of(Verb.APPROVE, orders=Orders(approved_by=("bob",), approved_head=OTHER)))
    assert anew.orders == Orders(approved_by=("ada",), approved_head=HEAD, comment=5)


@pytest.mark.parametrize("author", ["ada", "Ada"])
def test_nobody_approves_their_own_change(author: str) -> None:
    answered = answer(of(Verb.APPROVE, pull=replace(PULL, author=author)))
    assert (answered.taken, answered.says) == (False, "Nobody approves their own change.")


@pytest.mark.parametrize(("verb", "worker"), [(Verb.REVIEW, "review"), (Verb.RETEST, "testing")])
def test_looking_once_more_asks_the_worker_that_does_it(verb: Verb, worker: str) -> None:
    answered = answer(of(verb))
    assert (answered.taken, answered.asks, answered.orders) == (True, worker, None)
    assert f"`{SHORT}`" in answered.says


@pytest.mark.parametrize("verb", [Verb.REVIEW, Verb.RETEST, Verb.MERGE, Verb.APPROVE, Verb.STOP, Verb.PLAN, Verb.GO])
def test_what_no_worker_here_does_is_said_honestly(verb: Verb) -> None:
    answered = answer(of(verb, here=frozenset()))
    assert not answered.taken
    assert "of this installation" in answered.says


def test_help_offers_what_can_be_done_here() -> None:
    assert answer(of(Verb.HELP)).taken
    assert offered(of(Verb.HELP)) == (Verb.REVIEW, Verb.RETEST, Verb.MERGE, Verb.APPROVE, Verb.STOP, Verb.HELP)
    assert offered(of(Verb.HELP, here=frozenset({"review"}))) == (Verb.REVIEW, Verb.HELP)


def test_a_command_is_known_by_its_name_however_it_is_written() -> None:
    assert (named("Merge"), named("merger")) == (Verb.MERGE, None)
    assert str(Command(Verb.MERGE, "abc1234")) == "/forgehand merge abc1234"
