"""Commands in comments, from the webhook to the answer: the whole product beside a practice GitHub."""

from collections.abc import Iterator
from typing import Any

import pytest

from forgehand.domain.jobs import JobState
from forgehand.practice.records import Comment
from support.command import forgehand, variables
from support.product import MERGING, REPO, Product, decided, passed, product, stored, until

NOTES = {"NOTES.md": "Open on Sundays.\n"}
SEEN_AND_TAKEN = (["eyes", "+1"], ["+1"])
"""Saying that a wish is seen is tried once: a write that fails on a busy machine does not hold the wish up."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product that may merge, for all tests; each has its own branch."""
    with product(tmp_path_factory.mktemp("commands"), permissions=MERGING, mode="apply") as made:
        yield made


def _open(run: Product, branch: str, **more: Any) -> Any:
    """A pull request that is ready, and of which that was said."""
    tip = run.forge.branch(REPO, "main")
    run.forge.commit(REPO, branch, {f"{branch}.md": "Open on Sundays.\n"}, f"Change {branch}", parent=tip)
    pull = run.forge.open_pull(REPO, branch, title=f"Change {branch}", **more)
    passed(run.forge, pull.head_sha)
    until(lambda: decided(run.forge, pull.head_sha), f"a decision about {branch}")
    until(lambda: "Ready: a person merges it" in _bodies(run, pull), "the summary")
    return pull


def _bodies(run: Product, pull: Any) -> str:
    return "\n".join(each.body for each in run.forge.comments(REPO, pull.number)).replace("\\", "")


def _says(run: Product, pull: Any, body: str, by: str = "dev") -> Comment:
    return run.forge.comment(REPO, pull.number, by, body)


def _answer(run: Product, comment: Comment, pull: Any, emoji: str, says: str) -> None:
    """The comment has its reaction, and one answer says this."""
    until(lambda: emoji in _emojis(run, comment), f"{emoji} for {comment.body}")
    until(lambda: says in _bodies(run, pull), f"the answer to {comment.body}")


def _emojis(run: Product, comment: Comment) -> list[str]:
    return [each.content for each in run.forge.reactions(comment)]


def _merged(run: Product, pull: Any) -> bool:
    return bool(run.forge.pull(REPO, pull.number).merged)


def _commanding(run: Product) -> list[Any]:
    return [job for job in stored(run, lambda store: store.jobs(500)) if job.type == "commands"]


def test_a_person_who_may_write_has_one_commit_merged(run: Product) -> None:
    pull = _open(run, "wanted")
    comment = _says(run, pull, f"Good!\n\n/forgehand merge {pull.head_sha[:7]}")
    _answer(run, comment, pull, "+1", "is merged once nothing stands in its way")
    until(lambda: _merged(run, pull), "the merge")
    assert _emojis(run, comment) in SEEN_AND_TAKEN


def test_a_stop_holds_until_a_merge_is_asked_for(run: Product) -> None:
    pull = _open(run, "stopped")
    _answer(run, _says(run, pull, "/forgehand stop please wait"), pull, "+1", "until somebody who may write says")
    until(lambda: "dev stopped it" in _bodies(run, pull), "the summary that names who stopped it")
    _says(run, pull, "/forgehand merge")
    until(lambda: _merged(run, pull), "the merge")


def test_an_order_for_an_older_head_is_refused_with_the_reason(run: Product) -> None:
    pull = _open(run, "moved")
    newer = run.forge.commit(REPO, "moved", {"more.md": "And on Mondays.\n"}, "More")
    until(lambda: run.forge.check_runs(REPO, newer), "the check of the newer head")
    comment = _says(run, pull, f"/forgehand merge {pull.head_sha[:7]}")
    _answer(run, comment, pull, "confused", f"The head is `{newer[:7]}` now, not `{pull.head_sha[:7]}`")
    assert not _merged(run, pull)


def test_who_may_not_write_orders_nothing(run: Product) -> None:
    pull = _open(run, "strange")
    comment = _says(run, pull, f"/forgehand merge {pull.head_sha[:7]}", by="eve")
    _answer(run, comment, pull, "confused", "eve may not")
    second = _says(run, pull, "/forgehand stop", by="eve")
    until(lambda: _emojis(run, second) == ["confused"], "the second refusal")
    assert _bodies(run, pull).count("eve may not") == 1
    assert not _merged(run, pull)


def test_a_replay_orders_nothing_again(run: Product) -> None:
    pull = _open(run, "replayed")
    comment = _says(run, pull, "/forgehand stop")
    _answer(run, comment, pull, "+1", "until somebody who may write says")
    guid = next(job.delivery for job in _commands_on(run, pull))
    assert forgehand(run.folder, "replay", guid, env=variables(run.settings)).code == 0
    until(lambda: len(_commands_on(run, pull)) == 3, "the job of the replay")
    until(lambda: all(job.state is JobState.COMPLETED for job in _commands_on(run, pull)), "its end")
    assert _emojis(run, comment) in SEEN_AND_TAKEN
    assert _bodies(run, pull).count("until somebody who may write says") == 1


def _commands_on(run: Product, pull: Any) -> list[Any]:
    return [job for job in _commanding(run) if job.subject == f"pull/{pull.number}"]


def test_a_review_is_done_once_more_where_somebody_asks(run: Product) -> None:
    pull = _open(run, "again")
    comment = _says(run, pull, "/forgehand review")
    _answer(run, comment, pull, "+1", "is reviewed once more")

    def reviews() -> list[Any]:
        jobs = stored(run, lambda store: store.jobs(500))
        return [job for job in jobs if job.type == "review" and job.subject == f"pull/{pull.number}"]

    until(lambda: [job.state for job in reviews()] == [JobState.COMPLETED] * 2, "the second review")
    assert "known" not in (reviews()[0].result or {})


def test_help_and_what_is_not_here_are_answered(run: Product) -> None:
    pull = _open(run, "helped")
    _answer(run, _says(run, pull, "/forgehand help"), pull, "+1", "`/forgehand merge COMMIT`")
    comment = _says(run, pull, "/forgehand plan")
    _answer(run, comment, pull, "confused", "The autopilot, which plans and writes changes, is not part of this")


def test_what_only_looks_like_a_command_has_no_answer(run: Product) -> None:
    pull = _open(run, "quoted")
    before = len(_commanding(run))
    quoted = _says(run, pull, "> /forgehand merge\n\n```\n/forgehand merge\n```\n")
    until(lambda: len(_commanding(run)) == before + 1, "the look at the comment")
    until(lambda: _commanding(run)[0].state is JobState.COMPLETED, "its end")
    assert _emojis(run, quoted) == []
    assert len(run.forge.comments(REPO, pull.number)) == 2
