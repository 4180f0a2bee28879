from dataclasses import replace

import pytest

from forgehand.domain.effects import (
    CheckRun,
    Conclusion,
    DeleteBranch,
    Effect,
    InlineComment,
    Merge,
    MergeInto,
    Reaction,
    Redelivery,
    ResolveThread,
    Review,
    ReviewEvent,
    StickyComment,
    StickyIssue,
    UpdateBranch,
    UpdateRef,
    WorkflowDispatch,
    marker,
    read_marker,
    signed,
)
from forgehand.domain.modes import Grant, Mode, Power
from forgehand.domain.repositories import Repo

REPO = Repo(1, 2, "octo/shop")
ABOUT = {"repo": REPO, "subject": "pull/7", "worker": "review", "purpose": "summary"}
COMMENT = StickyComment(**ABOUT, number=7, body="hello")
REVIEW = Review(**ABOUT, sha="a" * 40, number=7, event=ReviewEvent.COMMENT, body="hello")
CHECK = CheckRun(**ABOUT, sha="a" * 40, name="review", conclusion=Conclusion.SUCCESS, title="t", summary="s")
MERGE = Merge(**ABOUT, sha="a" * 40, number=7, base="main")
REF = UpdateRef(**ABOUT, ref="refs/heads/x", to="b" * 40)
REACTION = Reaction(**ABOUT, comment=1, emoji="eyes")
THREAD = ResolveThread(**ABOUT, number=7, thread="PRRT_1")
UPDATE = UpdateBranch(**ABOUT, sha="a" * 40, number=7)
DELETE = DeleteBranch(**ABOUT, sha="a" * 40, number=7, branch="topic")
INTO = MergeInto(**ABOUT, sha="a" * 40, branch="forgehand/queue/main/1", onto="b" * 40)
SCRATCH_REF = replace(REF, ref="refs/heads/forgehand/queue/main/1")
ISSUE = StickyIssue(**ABOUT, title="Dispatch results", body="hello")
DISPATCH = WorkflowDispatch(**ABOUT, workflow="cd.yml", ref="main", inputs=(("sha", "a"),))
REDELIVERY = Redelivery(repo=Repo(0, 0, ""), subject="d", worker="sweep", purpose="1", hook_delivery=1, guid="g")
KINDS = (COMMENT, REVIEW, CHECK, MERGE, REF, REACTION, THREAD, UPDATE, DELETE, INTO, ISSUE, DISPATCH)


def test_content_changes_the_revision_and_never_the_slot() -> None:
    edited = replace(COMMENT, body="goodbye")
    assert edited.slot == COMMENT.slot
    assert edited.digest != COMMENT.digest


def test_the_base_a_merge_goes_into_is_a_condition_and_no_content() -> None:
    # What older versions wrote into the ledger without it stays known as done.
    assert replace(MERGE, base="dev").digest == MERGE.digest
    assert MERGE.content() == {"number": 7, "method": "squash"}


def test_a_renamed_repository_keeps_its_slots() -> None:
    assert replace(COMMENT, repo=replace(REPO, full_name="octo/store")).slot == COMMENT.slot


@pytest.mark.parametrize("field", ["subject", "worker", "purpose", "sha"])
def test_each_part_of_a_slot_makes_another_object(field: str) -> None:
    assert replace(REVIEW, **{field: "other"}).slot != REVIEW.slot


def test_kinds_never_share_a_slot() -> None:
    slots = [replace(each, sha="").slot for each in KINDS]
    assert len(set(slots)) == len(slots)


@pytest.mark.parametrize("effect", [COMMENT, REVIEW, CHECK, REACTION, ISSUE])
def test_comment_only_allows_speaking(effect: Effect) -> None:
    assert Grant().allows(effect.power)


@pytest.mark.parametrize(
    "effect",
    [
        MERGE,
        REF,
        REDELIVERY,
        THREAD,
        UPDATE,
        DELETE,
        INTO,
        SCRATCH_REF,
        DISPATCH,
        replace(REVIEW, event=ReviewEvent.APPROVE),
    ],
)
def test_comment_only_allows_nothing_else(effect: Effect) -> None:
    assert not Grant().allows(effect.power)


@pytest.mark.parametrize("effect", [MERGE, UPDATE, DELETE, INTO, SCRATCH_REF])
def test_merging_and_its_chores_need_apply_and_no_more(effect: Effect) -> None:
    assert Grant(Mode.APPLY).allows(effect.power)


def test_a_dispatch_takes_its_own_power_and_no_mode() -> None:
    assert Grant(dispatch=True).allows(DISPATCH.power)
    assert not Grant(Mode.APPLY, allow_push=True, operate=True).allows(DISPATCH.power)
    assert Grant(Mode.APPLY, dispatch=True).within(Mode.COMMENT_ONLY) == Grant(dispatch=True)


def test_a_dispatch_gets_a_token_that_neither_reads_nor_writes_code() -> None:
    assert DISPATCH.permissions == {"actions": "write"}
    assert DISPATCH.content() == {"workflow": "cd.yml", "ref": "main", "inputs": [["sha", "a"]]}


def test_only_scratch_branches_are_deleted_or_merged_into_at_will() -> None:
    with pytest.raises(ValueError, match="no scratch branch"):
        replace(REF, to="")
    with pytest.raises(ValueError, match="must begin with forgehand/"):
        replace(INTO, branch="main")
    assert not replace(REF, ref="refs/tags/forgehand/1").scratch


def test_apply_judges_and_merges_but_pushes_only_when_told() -> None:
    apply = Grant(Mode.APPLY)
    assert [apply.allows(power) for power in (Power.JUDGE, Power.MERGE, Power.PUSH)] == [True, True, False]
    assert Grant(Mode.APPLY, allow_push=True).allows(Power.PUSH)
    assert not Grant(Mode.COMMENT_ONLY, allow_push=True).allows(Power.PUSH)


def test_the_operators_mode_takes_from_a_grant_and_never_adds_to_it() -> None:
    bold = Grant(Mode.APPLY, allow_push=True, operate=True)
    assert bold.within(Mode.APPLY) == bold
    assert bold.within(Mode.COMMENT_ONLY) == Grant(operate=True)
    assert Grant().within(Mode.APPLY) == Grant()


@pytest.mark.parametrize("effect", [COMMENT, REVIEW, CHECK, REACTION, ISSUE])
def test_no_speaking_effect_asks_for_a_token_that_could_push(effect: Effect) -> None:
    assert "contents" not in effect.permissions


def test_a_marker_is_read_back_and_ours_is_the_last_one() -> None:
    slot = COMMENT.slot
    quoted = f"> {marker('0' * 32)}\n\nbody\n\n{marker(slot)}"
    assert read_marker(quoted) == slot
    assert read_marker("<!-- forgehand:not-hex -->") is None
    assert read_marker(None) is None


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        ("All good.\n\n" + marker("a" * 32), True),
        ("Undefined name.\n<!-- forgehand-finding:" + "b" * 16 + " -->\r\n", True),
        ("> All good.\n> " + marker("a" * 32) + "\n\nI do not think so.", False),
        ("No.", False),
        (None, False),
    ],
)
def test_what_ends_with_our_marker_is_signed_and_a_quotation_is_not(body: str | None, ours: bool) -> None:
    assert signed(body) is ours


def test_a_review_counts_its_inline_comments() -> None:
    comment = InlineComment("a.py", 1, "hello")
    said = [replace(REVIEW, comments=(comment,) * number).describe() for number in (0, 1, 2)]
    assert [line.partition(" with ")[2] for line in said] == [
        "0 inline comments",
        "1 inline comment",
        "2 inline comments",
    ]


def test_a_review_says_in_words_what_it_is() -> None:
    said = {event: replace(REVIEW, event=event).describe().partition(" of ")[0] for event in ReviewEvent}
    assert said == {
        ReviewEvent.COMMENT: "comment-only review",
        ReviewEvent.APPROVE: "approving review",
        ReviewEvent.REQUEST_CHANGES: "rejecting review",
    }
