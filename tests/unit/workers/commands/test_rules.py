"""What becomes of a command: who may give it, for which commit it holds, what follows from it."""

from dataclasses import replace

import pytest

from forgehand.domain.orders import Orders
from forgehand.domain.permissions import Permission
from forgehand.ports.github import PullRequest
from forgehand.workers.commands.rules import Command, Facts, Verb, answer, named, offered
from support.decisions import HEAD, OTHER, PULL, REPOSITORY

SHORT = HEAD[:7]
FORK = replace(PULL, head_repository="mallory/shop")
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
    assert answered.orders == Orders(merge_by="ada", merge_head=HEAD, merge_base="main", comment=5)
    assert f"`{SHORT}` is merged once nothing stands in its way" in answered.says


@pytest.mark.parametrize("verb", [Verb.MERGE, Verb.APPROVE])
@pytest.mark.parametrize(
    ("sha", "changes"),
    [
        (SHORT, {}),
        (SHORT, {"seen": HEAD}),
        (HEAD[:16], {"seen": HEAD, "pull": FORK}),
        (HEAD[:16], {"pull": FORK}),
        (HEAD, {"seen": OTHER, "pull": FORK}),
    ],
)
def test_naming_the_head_binds_to_it_wherever_the_branch_is(verb: Verb, sha: str, changes: dict[str, object]) -> None:
    assert answer(of(verb, sha, **changes)).taken


@pytest.mark.parametrize("verb", [Verb.MERGE, Verb.APPROVE])
@pytest.mark.parametrize("pull", [PULL, FORK])
def test_a_head_that_begins_as_named_but_was_not_there_is_refused(verb: Verb, pull: PullRequest) -> None:
    answered = answer(of(verb, HEAD[:16], pull=pull, seen=OTHER))
    assert (answered.taken, answered.orders) == (False, None)
    assert answered.says.endswith(f"write `/forgehand {verb} {HEAD}`.")


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
@pytest.mark.parametrize("sha", ["", SHORT, HEAD[:15]])
def test_the_commit_of_a_fork_must_be_named_by_digits_that_nobody_can_match(
    verb: Verb, fork: str | None, sha: str
) -> None:
    answered = answer(of(verb, sha, seen=HEAD, pull=replace(PULL, head_repository=fork)))
    assert not answered.taken
    assert answered.says.endswith(f"by 16 digits or more: `/forgehand {verb} {HEAD[:16]}`.")


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
    before = Orders(
        merge_by="bob", merge_head=HEAD, merge_base="main", approved_by=("bob",), approved_head=HEAD, comment=4
    )
    answered = answer(of(Verb.STOP, orders=before))
    assert answered.orders == Orders(stopped_by="ada", approved_by=("bob",), approved_head=HEAD, comment=5)
    assert answered.asks == "decide"


@pytest.mark.parametrize(
    ("verb", "later"),
    [
        (Verb.MERGE, Orders(stopped_by="bob", comment=6)),
        (Verb.MERGE, Orders(merge_by="bob", merge_head=HEAD, merge_base="main", comment=6)),
        (Verb.STOP, Orders(merge_by="bob", merge_head=HEAD, merge_base="main", comment=6)),
        (Verb.APPROVE, Orders(approved_by=("bob",), approved_head=HEAD, approved_base="main", approved_comment=6)),
    ],
)
def test_of_comments_that_come_in_any_order_the_last_one_of_a_matter_holds(verb: Verb, later: Orders) -> None:
    answered = answer(of(verb, orders=later))
    assert (answered.taken, answered.says) == (False, "A later comment has said otherwise.")


@pytest.mark.parametrize("verb", [Verb.MERGE, Verb.STOP])
def test_a_later_approval_outdates_neither_a_stop_nor_a_merge(verb: Verb) -> None:
    approved = Orders(approved_by=("bob",), approved_head=HEAD, approved_base="main", approved_comment=6)
    kept = answer(of(verb, orders=approved)).orders
    assert kept is not None
    assert (kept.stopped_by or kept.merge_by, kept.comment, kept.approved_comment) == ("ada", 5, 6)


def test_a_later_stop_outdates_no_approval() -> None:
    kept = answer(of(Verb.APPROVE, orders=Orders(stopped_by="bob", comment=6))).orders
    assert kept is not None
    assert (kept.stopped_by, kept.comment, kept.approved_by, kept.approved_comment) == ("bob", 6, ("ada",), 5)


def test_a_stop_beside_a_later_stop_holds_as_long_as_that_one() -> None:
    assert answer(of(Verb.STOP, orders=Orders(stopped_by="bob", comment=6))).orders == Orders(
        stopped_by="ada", comment=6
    )


@pytest.mark.parametrize(
    ("head", "base", "approved_by"),
    [(HEAD, "main", ("ada", "bob")), (OTHER, "main", ("ada",)), (HEAD, "topic", ("ada",)), (HEAD, "", ("ada",))],
)
def test_approvals_of_one_head_for_one_base_add_up_and_others_begin_anew(
    head: str, base: str, approved_by: tuple[str, ...]
) -> None:
    before = Orders(approved_by=("bob",), approved_head=head, approved_base=base)
    times = tuple({"ada": 70.0, "bob": 0.0}[each] for each in approved_by)  # when bob did so was not kept
    after = Orders(
        approved_by=approved_by, approved_at=times, approved_head=HEAD, approved_base="main", approved_comment=5
    )
    assert answer(of(Verb.APPROVE, orders=before, at=70.0)).orders == after


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
