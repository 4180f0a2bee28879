"""Check runs against a GitHub: one per slot, any number of annotations, each shown once."""

import time
from dataclasses import replace

import pytest

from forgehand.adapters.github import AppTokens
from forgehand.adapters.github.calls import RepoCalls
from forgehand.domain.effects import Annotation, CheckRun, Conclusion
from forgehand.ports.effects import Receipt
from forgehand.ports.github import Unreachable
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

CREATE = "/repos/{owner}/{repo}/check-runs"
UPDATE = "/repos/{owner}/{repo}/check-runs/{check_run_id}"


def annotations(count: int) -> tuple[Annotation, ...]:
    return tuple(Annotation("values.py", n, n, "warning", f"F{n}", f"finding {n}") for n in range(1, count + 1))


def check(stage: Stage, count: int = 0, conclusion: Conclusion | None = Conclusion.NEUTRAL) -> CheckRun:
    return CheckRun(
        repo=stage.repo,
        subject=f"pull/{stage.number}",
        worker="review",
        purpose="verdict",
        sha=stage.head,
        name="forgehand / review",
        conclusion=conclusion,
        title=f"{count} findings",
        summary="What was looked at.",
        details_url="https://forgehand.example.org/jobs/1",
        annotations=annotations(count),
    )


async def test_a_check_run_is_created_complete(stage: Stage) -> None:
    effect = check(stage, 2, Conclusion.FAILURE)
    receipt = await stage.do(effect)
    [run] = stage.forge.check_runs(stage.name, stage.head)
    assert str(run.id) == receipt.remote_id
    assert (run.name, run.status, run.conclusion) == ("forgehand / review", "completed", "failure")
    assert (run.external_id, run.title, run.summary) == (effect.slot, "2 findings", "What was looked at.")
    assert run.details_url == "https://forgehand.example.org/jobs/1"
    assert [(each.start_line, each.title, each.message) for each in run.annotations] == [
        (1, "F1", "finding 1"),
        (2, "F2", "finding 2"),
    ]
    [made] = stage.writes()
    assert made.permissions == {"checks": "write", "metadata": "read"}


async def test_saying_the_same_again_writes_nothing(stage: Stage) -> None:
    first = await stage.do(check(stage, 2))
    stage.forge.clear_calls()
    assert await stage.do(check(stage, 2)) == first
    assert await stage.do(check(stage, 2), first.remote_id) == first
    assert stage.writes() == []


async def test_another_verdict_changes_the_same_run(stage: Stage) -> None:
    first = await stage.do(check(stage))
    again = await stage.do(check(stage, conclusion=Conclusion.SUCCESS), first.remote_id)
    [run] = stage.forge.check_runs(stage.name, stage.head)
    assert (again.remote_id, run.conclusion) == (first.remote_id, "success")


async def test_one_that_runs_is_completed_later(stage: Stage) -> None:
    first = await stage.do(check(stage, conclusion=None))
    [run] = stage.forge.check_runs(stage.name, stage.head)
    assert (run.status, run.conclusion) == ("in_progress", None)
    assert await stage.do(check(stage, conclusion=None), first.remote_id) == first
    again = await stage.do(check(stage, conclusion=Conclusion.SUCCESS), first.remote_id)
    [run] = stage.forge.check_runs(stage.name, stage.head)
    assert (again.remote_id, run.status, run.conclusion) == (first.remote_id, "completed", "success")
    assert [call.method for call in stage.writes()] == ["POST", "PATCH"]


async def test_one_that_was_completed_may_run_again(stage: Stage) -> None:
    first = await stage.do(check(stage))
    await stage.do(check(stage, conclusion=None), first.remote_id)
    [run] = stage.forge.check_runs(stage.name, stage.head)
    assert (run.status, run.conclusion) == ("in_progress", None)


async def test_annotations_go_fifty_at_a_time(stage: Stage) -> None:
    await stage.do(check(stage, 120))
    [run] = stage.forge.check_runs(stage.name, stage.head)
    assert [each.start_line for each in run.annotations] == list(range(1, 121))
    assert [call.method for call in stage.writes()] == ["POST", "PATCH", "PATCH"]


@pytest.mark.parametrize("fault", ["error_before", "error_after", "cut_before", "cut_after"])
async def test_a_crash_between_two_batches_converges_without_doubles(stage: Stage, fault: str) -> None:
    stage.forge.faults.add(fault, route=UPDATE, method="PATCH")  # type: ignore[arg-type]
    with pytest.raises(Unreachable) as caught:
        await stage.do(check(stage, 120))
    assert caught.value.sent
    await stage.do(check(stage, 120))
    [run] = stage.forge.check_runs(stage.name, stage.head)
    assert sorted(each.start_line for each in run.annotations) == list(range(1, 121))


async def test_after_the_run_was_made_a_lost_batch_is_never_called_unsent(stage: Stage) -> None:
    stage.forge.faults.add("error_before", route=UPDATE, method="PATCH")
    with pytest.raises(Unreachable) as caught:
        await stage.do(check(stage, 51))
    assert caught.value.sent


async def test_new_findings_are_added_to_those_shown(stage: Stage) -> None:
    await stage.do(check(stage, 3))
    await stage.do(check(stage, 5))
    [run] = stage.forge.check_runs(stage.name, stage.head)
    assert [each.start_line for each in run.annotations] == [1, 2, 3, 4, 5]


async def test_equal_annotations_are_all_shown(stage: Stage) -> None:
    twice = annotations(1) * 2
    await stage.do(replace(check(stage), annotations=twice))
    await stage.do(replace(check(stage), annotations=twice))
    [run] = stage.forge.check_runs(stage.name, stage.head)
    assert len(run.annotations) == 2


async def test_a_create_whose_answer_was_lost_is_found_again(stage: Stage) -> None:
    stage.forge.faults.add("cut_after", route=CREATE, method="POST")
    with pytest.raises(Unreachable):
        await stage.do(check(stage, 60))
    await stage.do(check(stage, 60))
    [run] = stage.forge.check_runs(stage.name, stage.head)
    assert len(run.annotations) == 60


async def test_a_run_of_another_app_with_our_key_does_not_count(stage: Stage) -> None:
    effect = check(stage)
    other = stage.forge.create_app("other", permissions={"checks": "write"})
    theirs = replace(effect, repo=replace(stage.repo, installation=stage.forge.install(other, "octo").id))
    async with stage.client(app_id=other.id, private_key=other.private_key) as github:
        tokens = RepoCalls(github, AppTokens(github), theirs.permissions)
        body = {"name": "forged", "head_sha": stage.head, "external_id": effect.slot}
        forged = await tokens.write(theirs.repo, "POST", "check-runs", body)
    assert await stage.performer(effect).find(effect, None) is None
    assert await stage.performer(effect).find(effect, str(forged["id"])) is None


async def test_a_double_is_renamed_made_neutral_and_loses_our_key(stage: Stage) -> None:
    effect = check(stage, conclusion=Conclusion.SUCCESS)
    performer = stage.performer(effect)
    first = await performer.perform(effect, None, time.time() + 30)
    second = await performer.perform(effect, None, time.time() + 30)
    found = await performer.find(effect, None)
    assert found is not None
    assert (found.remote_id, found.surplus) == (first.remote_id, (second.remote_id,))
    kept = await performer.tidy(effect, second, time.time() + 30)
    assert kept == Receipt(first.remote_id, first.url)
    run, double = stage.forge.check_runs(stage.name, stage.head)
    assert (run.name, run.conclusion, run.external_id) == (effect.name, "success", effect.slot)
    assert (double.name, double.conclusion, double.external_id) == (
        "forgehand / review (superseded double)",
        "neutral",
        f"double of {first.remote_id}",
    )
