"""What merging needs besides: a head brought up to date, scratch branches, the merged branch removed."""

import time

import pytest

from forgehand.domain.effects import DeleteBranch, Effect, MergeInto, UpdateBranch, UpdateRef
from forgehand.ports.github import Conflict, NotFound, Unprocessable, Unreachable
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

UPDATE = "/repos/{owner}/{repo}/pulls/{pull_number}/update-branch"
MERGES = "/repos/{owner}/{repo}/merges"
REF = "/repos/{owner}/{repo}/git/refs/{ref}"
SCRATCH = "forgehand/queue/main/1"


def update(stage: Stage, sha: str = "") -> UpdateBranch:
    return UpdateBranch(
        repo=stage.repo,
        subject=f"pull/{stage.number}",
        worker="land",
        purpose="update",
        sha=sha or stage.head,
        number=stage.number,
    )


def delete(stage: Stage, branch: str = "topic", sha: str = "") -> DeleteBranch:
    return DeleteBranch(
        repo=stage.repo,
        subject=f"pull/{stage.number}",
        worker="land",
        purpose="delete",
        sha=sha or stage.head,
        number=stage.number,
        branch=branch,
    )


def into(stage: Stage, onto: str, sha: str = "", message: str = "") -> MergeInto:
    return MergeInto(
        repo=stage.repo,
        subject="queue/main",
        worker="queue",
        purpose=SCRATCH,
        sha=sha or stage.head,
        branch=SCRATCH,
        onto=onto,
        message=message,
    )


def scratch(stage: Stage, to: str, expected: str = "") -> UpdateRef:
    return UpdateRef(
        repo=stage.repo,
        subject="queue/main",
        worker="queue",
        purpose=SCRATCH,
        ref=f"refs/heads/{SCRATCH}",
        to=to,
        expected=expected,
    )


def behind(stage: Stage) -> str:
    """The base moves on; its new tip."""
    return stage.forge.commit(stage.name, "main", {"news.txt": "x\n"})


def main(stage: Stage) -> str:
    tip = stage.forge.branch(stage.name, "main")
    assert tip
    return tip


async def lost_and_found(stage: Stage, effect: Effect, route: str, fault: str) -> None:
    """A first attempt that gets no answer, what landed late, and a second attempt."""
    stage.forge.faults.add(fault, route=route, seconds=60)  # type: ignore[arg-type]
    with pytest.raises(Unreachable):
        await stage.do(effect)
    stage.forge.land_now()
    await stage.do(effect)


FAULTS = pytest.mark.parametrize("fault", ["error_before", "error_after", "cut_after", "lands_later"])


async def test_a_head_is_brought_up_to_date(stage: Stage) -> None:
    tip = behind(stage)
    await stage.do(update(stage))
    head = stage.forge.pull(stage.name, stage.number).head_sha
    assert head != stage.head
    assert stage.forge.read(stage.name, head, "news.txt") == stage.forge.read(stage.name, tip, "news.txt")
    [made] = stage.writes()
    assert made.permissions == {"contents": "write", "metadata": "read", "pull_requests": "write"}


async def test_a_head_that_was_updated_is_found(stage: Stage) -> None:
    behind(stage)
    await stage.do(update(stage))
    await stage.do(update(stage))
    assert len(stage.writes()) == 1


@FAULTS
async def test_an_update_without_an_answer_happens_once(stage: Stage, fault: str) -> None:
    behind(stage)
    await lost_and_found(stage, update(stage), UPDATE, fault)
    head = stage.forge.pull(stage.name, stage.number).head_sha
    assert stage.forge.world.git(stage.forge.world.repository(stage.name)).commit(head).parents == (
        stage.head,
        main(stage),
    )


async def test_a_head_that_moved_is_not_updated(stage: Stage) -> None:
    behind(stage)
    stage.forge.commit(stage.name, "topic", {"more.py": "x = 1\n"})
    with pytest.raises(Unprocessable, match="expected head sha"):
        await stage.do(update(stage))


async def test_the_branch_of_a_merged_pull_request_is_removed(stage: Stage) -> None:
    stage.forge.merge_pull(stage.name, stage.number)
    await stage.do(delete(stage))
    assert stage.forge.branch(stage.name, "topic") is None
    await stage.do(delete(stage))
    assert [call.method for call in stage.writes()] == ["DELETE"]


@FAULTS
async def test_a_deletion_without_an_answer_happens_once(stage: Stage, fault: str) -> None:
    stage.forge.merge_pull(stage.name, stage.number)
    await lost_and_found(stage, delete(stage), REF, fault)
    assert stage.forge.branch(stage.name, "topic") is None


async def test_a_branch_that_was_pushed_to_since_stays(stage: Stage) -> None:
    stage.forge.merge_pull(stage.name, stage.number)
    new = stage.forge.commit(stage.name, "topic", {"more.py": "x = 1\n"})
    with pytest.raises(Conflict, match=rf"topic in octo/sample points at {new[:12]}; #1 was merged at"):
        await stage.do(delete(stage))
    assert stage.writes() == []


async def test_a_branch_that_was_not_merged_stays(stage: Stage) -> None:
    with pytest.raises(Unprocessable, match="was not merged from its own branch topic"):
        await stage.do(delete(stage))


async def test_another_branch_at_the_same_commit_stays(stage: Stage) -> None:
    stage.forge.set_branch(stage.name, "other", stage.head)
    stage.forge.merge_pull(stage.name, stage.number)
    with pytest.raises(Unprocessable, match="its own branch other"):
        await stage.do(delete(stage, "other"))


async def test_a_namesake_of_a_forks_branch_stays(stage: Stage) -> None:
    stage.forge.fork(stage.name, "kim")
    head = stage.forge.commit("kim/sample", "theirs", {"fork.py": "x = 1\n"}, author="kim")
    pull = stage.forge.open_pull(stage.name, "kim:theirs", user="kim")
    stage.forge.merge_pull(stage.name, pull.number)
    stage.forge.set_branch(stage.name, "theirs", head)
    stage.number = pull.number
    with pytest.raises(Unprocessable, match="its own branch theirs"):
        await stage.do(delete(stage, "theirs", head))


async def test_a_commit_is_merged_into_a_scratch_branch(stage: Stage) -> None:
    onto = behind(stage)
    await stage.do(scratch(stage, onto))
    receipt = await stage.do(into(stage, onto, message="#1 on top of main"))
    assert receipt.remote_id == stage.forge.branch(stage.name, SCRATCH)
    made = stage.forge.world.git(stage.forge.world.repository(stage.name)).commit(receipt.remote_id)
    assert (made.parents, made.message.strip()) == ((onto, stage.head), "#1 on top of main")
    assert await stage.do(into(stage, onto)) == receipt
    assert [call.method for call in stage.writes()] == ["POST", "POST"]


@FAULTS
async def test_a_merge_into_it_without_an_answer_happens_once(stage: Stage, fault: str) -> None:
    onto = behind(stage)
    await stage.do(scratch(stage, onto))
    await lost_and_found(stage, into(stage, onto), MERGES, fault)
    tip = stage.forge.branch(stage.name, SCRATCH)
    assert tip
    made = stage.forge.world.git(stage.forge.world.repository(stage.name)).commit(tip)
    assert made.parents == (onto, stage.head)


async def test_a_commit_that_is_there_already_changes_nothing(stage: Stage) -> None:
    await stage.do(scratch(stage, stage.head))
    effect = into(stage, stage.head, sha=main(stage))
    found = await stage.performer(effect).find(effect, None)
    assert found is not None
    # As GitHub's 204 says it, where the look came too early.
    said = await stage.performer(effect).perform(effect, None, time.time() + 30)
    assert found == said
    assert stage.forge.branch(stage.name, SCRATCH) == stage.head


async def test_commits_that_conflict_say_so(stage: Stage) -> None:
    onto = stage.forge.commit(stage.name, "main", {"values.py": "nothing = None\n"})
    await stage.do(scratch(stage, onto))
    with pytest.raises(Conflict, match="Merge conflict"):
        await stage.do(into(stage, onto))
    assert stage.forge.branch(stage.name, SCRATCH) == onto


async def test_a_scratch_branch_that_is_elsewhere_is_not_merged_into(stage: Stage) -> None:
    await stage.do(scratch(stage, main(stage)))
    elsewhere = r"forgehand/queue/main/1 in octo/sample points at .*; expected at 000000000000"
    with pytest.raises(Unreachable, match=elsewhere) as raised:
        await stage.do(into(stage, "0" * 40))
    assert not raised.value.sent


async def test_a_commit_that_is_not_there_is_not_found(stage: Stage) -> None:
    await stage.do(scratch(stage, main(stage)))
    with pytest.raises(NotFound):
        await stage.do(into(stage, main(stage), sha="0" * 40))


async def test_a_scratch_branch_is_put_elsewhere_and_removed(stage: Stage) -> None:
    await stage.do(scratch(stage, stage.head))
    await stage.do(scratch(stage, main(stage), expected=stage.head))
    assert stage.forge.branch(stage.name, SCRATCH) == main(stage)
    await stage.do(scratch(stage, "", expected=main(stage)))
    assert stage.forge.branch(stage.name, SCRATCH) is None
    await stage.do(scratch(stage, "", expected=main(stage)))
    assert [call.method for call in stage.writes()] == ["POST", "PATCH", "DELETE"]


async def test_a_scratch_branch_that_is_elsewhere_is_not_removed(stage: Stage) -> None:
    await stage.do(scratch(stage, stage.head))
    with pytest.raises(Conflict, match="it was expected at"):
        await stage.do(scratch(stage, "", expected=main(stage)))
    assert stage.forge.branch(stage.name, SCRATCH) == stage.head
