"""The exact kinds against a GitHub: merges, refs; and redeliveries, which may happen twice."""

import pytest

from forgehand.domain.effects import Merge, MergeMethod, Redelivery, UpdateRef
from forgehand.domain.repositories import Repo
from forgehand.ports.github import Conflict, Unprocessable, Unreachable
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

MERGE = "/repos/{owner}/{repo}/pulls/{pull_number}/merge"


def merge(stage: Stage, method: MergeMethod = MergeMethod.SQUASH, sha: str = "") -> Merge:
    subject = f"pull/{stage.number}"
    return Merge(
        repo=stage.repo,
        subject=subject,
        worker="review",
        purpose="merge",
        sha=sha or stage.head,
        number=stage.number,
        base="main",
        method=method,
    )


def ref(stage: Stage, to: str, expected: str = "", name: str = "refs/heads/made") -> UpdateRef:
    return UpdateRef(
        repo=stage.repo, subject=name, worker="autopilot", purpose="branch", ref=name, to=to, expected=expected
    )


@pytest.mark.parametrize("method", list(MergeMethod))
async def test_a_merge_leaves_its_commit_on_the_base(stage: Stage, method: MergeMethod) -> None:
    receipt = await stage.do(merge(stage, method))
    assert receipt.remote_id == stage.forge.branch(stage.name, "main")
    assert receipt.url == f"{stage.url}/octo/sample/pull/{stage.number}"
    assert stage.forge.pull(stage.name, stage.number).merged


async def test_a_merge_that_happened_is_not_asked_for_again(stage: Stage) -> None:
    first = await stage.do(merge(stage))
    again = await stage.do(merge(stage))
    assert again.remote_id == first.remote_id
    assert len(stage.writes()) == 1


@pytest.mark.parametrize("fault", ["error_before", "error_after", "cut_before", "cut_after", "lands_later"])
async def test_a_merge_without_an_answer_happens_once(stage: Stage, fault: str) -> None:
    before = stage.forge.branch(stage.name, "main")
    stage.forge.faults.add(fault, route=MERGE, seconds=60)  # type: ignore[arg-type]
    with pytest.raises(Unreachable) as caught:
        await stage.do(merge(stage))
    assert caught.value.sent
    stage.forge.land_now()
    receipt = await stage.do(merge(stage))
    assert receipt.remote_id == stage.forge.branch(stage.name, "main") != before
    assert stage.forge.pull(stage.name, stage.number).merged


async def test_somebody_elses_merge_at_the_same_head_counts(stage: Stage) -> None:
    landed = stage.forge.merge_pull(stage.name, stage.number, "rebase", "octo")
    assert (await stage.do(merge(stage))).remote_id == landed
    assert stage.writes() == []


async def test_what_the_base_demands_is_told_in_githubs_words(stage: Stage) -> None:
    stage.forge.protect(stage.name, "main", ["tests"], approvals=1)
    with pytest.raises(Unprocessable, match=r"405.*Required status check") as caught:
        await stage.do(merge(stage))
    assert not isinstance(caught.value, Conflict)


async def test_a_head_that_moved_is_not_merged(stage: Stage) -> None:
    stage.forge.commit(stage.name, "topic", {"sneaky.py": "x = 1\n"})
    with pytest.raises(Conflict, match="Head branch was modified"):
        await stage.do(merge(stage))
    assert not stage.forge.pull(stage.name, stage.number).merged


async def test_a_pull_that_goes_elsewhere_by_now_is_not_merged_until_it_comes_back(stage: Stage) -> None:
    effect, before = merge(stage), stage.forge.branch(stage.name, "main")
    stage.forge.set_branch(stage.name, "dev", before)
    stage.forge.edit_pull(stage.name, stage.number, base="dev")
    with pytest.raises(Conflict, match="octo/sample#1 goes into dev now, not main"):
        await stage.do(effect)
    assert stage.writes() == []
    assert stage.forge.branch(stage.name, "dev") == before
    stage.forge.edit_pull(stage.name, stage.number, base="main")
    assert (await stage.do(effect)).remote_id == stage.forge.branch(stage.name, "main") != before


async def test_a_pull_that_was_merged_elsewhere_is_found_merged(stage: Stage) -> None:
    stage.forge.set_branch(stage.name, "dev", stage.forge.branch(stage.name, "main"))
    stage.forge.edit_pull(stage.name, stage.number, base="dev")
    landed = stage.forge.merge_pull(stage.name, stage.number)
    assert (await stage.do(merge(stage))).remote_id == landed
    assert stage.writes() == []


async def test_a_pull_merged_at_another_head_is_not_our_merge(stage: Stage) -> None:
    stage.forge.commit(stage.name, "topic", {"more.py": "x = 1\n"})
    stage.forge.merge_pull(stage.name, stage.number)
    effect = merge(stage)
    assert await stage.performer(effect).find(effect, None) is None
    with pytest.raises(Unprocessable):
        await stage.do(effect)


async def test_a_draft_is_refused_in_githubs_words(stage: Stage) -> None:
    stage.forge.set_draft(stage.name, stage.number, True)
    with pytest.raises(Unprocessable, match="not mergeable"):
        await stage.do(merge(stage))


async def test_a_branch_is_created_and_found_again(stage: Stage) -> None:
    first = await stage.do(ref(stage, stage.head))
    assert stage.forge.branch(stage.name, "made") == first.remote_id == stage.head
    assert await stage.do(ref(stage, stage.head)) == first
    assert len(stage.writes()) == 1


async def test_a_branch_moves_forward_from_the_commit_expected(stage: Stage) -> None:
    stage.forge.set_branch(stage.name, "made", stage.head)
    new = stage.forge.commit(stage.name, "topic", {"more.py": "x = 1\n"})
    await stage.do(ref(stage, new, expected=stage.head))
    assert stage.forge.branch(stage.name, "made") == new
    assert [call.request for call in stage.writes("PATCH")] == [{"sha": new, "force": False}]


async def test_a_branch_is_never_moved_back(stage: Stage) -> None:
    new = stage.forge.commit(stage.name, "topic", {"more.py": "x = 1\n"})
    with pytest.raises(Unprocessable, match="fast forward"):
        await stage.do(ref(stage, stage.head, expected=new, name="refs/heads/topic"))
    assert stage.forge.branch(stage.name, "topic") == new


@pytest.mark.parametrize("expected", ["", "0" * 40])
async def test_a_branch_that_is_elsewhere_is_left_alone(stage: Stage, expected: str) -> None:
    stage.forge.set_branch(stage.name, "made", stage.forge.branch(stage.name, "main"))
    with pytest.raises(Unprocessable, match=r"refs/heads/made in octo/sample points at .* expected"):
        await stage.do(ref(stage, stage.head, expected=expected))
    assert stage.writes() == []


async def test_a_branch_that_is_gone_is_not_made_anew(stage: Stage) -> None:
    with pytest.raises(Unprocessable, match="does not exist; it was expected at"):
        await stage.do(ref(stage, stage.head, expected=stage.head))
    assert stage.writes() == []


async def test_a_branch_with_a_longer_name_is_not_taken_for_it(stage: Stage) -> None:
    stage.forge.set_branch(stage.name, "made-before", stage.head)
    effect = ref(stage, stage.head)
    assert await stage.performer(effect).find(effect, None) is None


async def test_a_ref_must_be_written_out(stage: Stage) -> None:
    with pytest.raises(Unprocessable, match="full ref name"):
        await stage.do(ref(stage, stage.head, name="made"))
    with pytest.raises(Unprocessable, match="full ref name"):
        await stage.do(ref(stage, stage.head, name="refs/heads/../../collaborators"))


async def test_a_delivery_is_asked_for_again_as_the_app(stage: Stage) -> None:
    # Nothing listens there, so that the delivery fails.
    stage.app.webhook_url = "http://127.0.0.1:1/"
    stage.forge.ping(stage.app)
    stage.forge.wait_for(lambda: stage.forge.deliveries(stage.app))
    failed = stage.forge.deliveries(stage.app)[0]
    nowhere = Repo(0, 0, "")
    effect = Redelivery(
        repo=nowhere, subject="app", worker="sweep", purpose=failed.guid, hook_delivery=failed.id, guid=failed.guid
    )
    receipt = await stage.do(effect)
    assert receipt.remote_id == str(failed.id)
    stage.forge.wait_for(lambda: len(stage.forge.deliveries(stage.app)) == 2)
    assert {each.guid for each in stage.forge.deliveries(stage.app)} == {failed.guid}
    assert [call.actor for call in stage.writes()] == ["app:helper"]
