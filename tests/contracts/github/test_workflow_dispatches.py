"""Starting workflows, through the real gate: never two runs for one slot, whatever becomes of the answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from forgehand.adapters.github import LookTimes, performers
from forgehand.domain.effects import DispatchRefusal, WorkflowDispatch
from forgehand.domain.jobs import Failed, Job, Retry, Waiting
from forgehand.domain.ledger import EffectState
from forgehand.domain.modes import Grant
from forgehand.engine.gate import Gate, GateTimes
from forgehand.engine.steps import Step, Steps, silent
from forgehand.ports.desk import Landed, Landing
from forgehand.practice.records import WorkflowRun
from support.engine import held
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

SHIP = """name: Ship
on:
  workflow_dispatch:
    inputs:
      sha: {}
      target: {type: choice, options: [live, test]}
jobs:
  ship:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ inputs.sha }}
"""
ROUTE = "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches"
LIST = "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs"
PATIENT, BRIEF = LookTimes(appears=60.0, between=0.02), LookTimes(appears=0.2, between=0.02)
AT_ONCE = GateTimes(settle=0.0, again=0.0, window=5.0, answer=10.0)


@dataclass
class Dispatching:
    stage: Stage
    job: Job

    def gate(self, looks: LookTimes = PATIENT, steps: Steps = silent) -> Gate:
        stage = self.stage
        own = performers(stage.github, stage.tokens, stage.identity, stage.store, looks=looks)
        return Gate(stage.store, own, stage.github.clock, AT_ONCE, steps)

    async def perform(self, effect: WorkflowDispatch, looks: LookTimes = PATIENT) -> Landed:
        """As the engine does it: again, for as long as the outcome is to come back."""
        gate = self.gate(looks)
        while isinstance((landed := await gate.perform(effect, self.job)).stop, Retry):
            continue
        return landed

    def runs(self, file: str = "ship.yml") -> list[WorkflowRun]:
        return [run for run in self.stage.forge.runs(self.stage.name) if self._file(run) == file]

    def posts(self) -> list[Any]:
        return [call.status for call in self.stage.writes("POST") if call.route == ROUTE]

    async def state(self, effect: WorkflowDispatch) -> EffectState:
        entry = await self.stage.store.entry(effect.slot)
        assert entry is not None
        return entry.state

    async def looked(self) -> None:
        """Until somebody has looked for a run in vain."""
        asked = lambda: any(call.route == LIST for call in self.stage.forge.calls)  # noqa: E731
        await asyncio.to_thread(self.stage.forge.wait_for, asked)

    def _file(self, run: WorkflowRun) -> str:
        return self.stage.forge.world.workflows[run.workflow_id].file_name


@pytest.fixture
async def dispatching(stage: Stage) -> Dispatching:
    stage.forge.enable_actions(stage.name)
    files: dict[str, Any] = {f".github/workflows/{name}.yml": SHIP for name in ("ship", "sail")}
    stage.forge.commit(stage.name, "main", files)
    stage.forge.clear_calls()
    job = Job(
        id="job",
        type="dispatch-target",
        worker="dispatch-target",
        tenant=stage.repo.installation,
        repository_id=stage.repo.id,
        repository=stage.name,
        subject="run/1",
        created_at=0.0,
        grant=Grant(dispatch=True),
    )
    return Dispatching(stage, await held(stage.store, job, stage.github.clock(), lease=600.0))


def dispatch(stage: Stage, purpose: str = "1", **changed: Any) -> WorkflowDispatch:
    effect = WorkflowDispatch(
        repo=stage.repo,
        subject="run/1",
        worker="dispatch-target",
        purpose=purpose,
        workflow="ship.yml",
        ref="main",
        inputs=(("sha", "abc"),),
    )
    return replace(effect, **changed)


async def test_a_dispatch_starts_the_workflow_and_its_receipt_names_the_run(
    dispatching: Dispatching, stage: Stage
) -> None:
    landed = await dispatching.perform(dispatch(stage))
    [run] = dispatching.runs()
    assert (landed.landing, landed.remote_id) == (Landing.DONE, str(run.id))
    assert landed.url == f"{stage.forge.url}/octo/sample/actions/runs/{run.id}"
    assert (run.head_branch, run.inputs["sha"], run.actor) == ("main", "abc", "helper[bot]")
    [post] = stage.writes("POST")
    assert post.permissions == {"actions": "write", "metadata": "read"}


async def test_the_same_again_is_no_call_at_all(dispatching: Dispatching, stage: Stage) -> None:
    first = await dispatching.perform(dispatch(stage))
    stage.forge.clear_calls()
    again = await dispatching.perform(dispatch(stage))
    assert (again.landing, again.remote_id) == (Landing.UNCHANGED, first.remote_id)
    assert stage.forge.calls == ()


async def test_a_slot_that_was_sent_is_not_sent_again_with_other_inputs(dispatching: Dispatching, stage: Stage) -> None:
    first = await dispatching.perform(dispatch(stage))
    second = await dispatching.perform(dispatch(stage, inputs=(("sha", "other"),)))
    assert second.remote_id == first.remote_id
    assert len(dispatching.runs()) == 1


@pytest.mark.parametrize("fault", ["error_after", "cut_after"])
async def test_a_run_whose_answer_was_lost_is_found(dispatching: Dispatching, stage: Stage, fault: Any) -> None:
    stage.forge.faults.add(fault, route=ROUTE)
    landed = await dispatching.perform(dispatch(stage))
    [run] = dispatching.runs()
    assert (landed.landing, landed.remote_id) == (Landing.DONE, str(run.id))
    assert len(dispatching.posts()) == 1


async def test_one_that_was_found_is_known_after_a_crash_before_its_receipt(
    dispatching: Dispatching, stage: Stage
) -> None:
    def crash(step: Step, kind: str = "") -> None:
        if step is Step.EFFECT_PERFORMED:
            raise KeyboardInterrupt

    stage.forge.faults.add("error_after", route=ROUTE)
    await dispatching.gate().perform(dispatch(stage), dispatching.job)
    with pytest.raises(KeyboardInterrupt):
        await dispatching.gate(steps=crash).perform(dispatch(stage), dispatching.job)
    assert await dispatching.state(dispatch(stage)) is EffectState.SENDING
    landed = await dispatching.perform(dispatch(stage), BRIEF)
    assert [str(run.id) for run in dispatching.runs()] == [landed.remote_id]
    assert len(dispatching.posts()) == 1


@pytest.mark.parametrize("fault", ["error_before", "cut_before"])
async def test_what_cannot_be_found_is_left_to_a_person_and_never_sent_again(
    dispatching: Dispatching, stage: Stage, fault: Any
) -> None:
    stage.forge.faults.add(fault, route=ROUTE)
    effect = dispatch(stage)
    landed = await dispatching.perform(effect, BRIEF)
    assert landed.stop == Waiting(f"effect:{effect.slot}", landed.why)
    assert "say on its page whether it happened or to do it again" in landed.why
    assert await dispatching.state(effect) is EffectState.UNKNOWN
    assert (await dispatching.perform(effect, BRIEF)).landing is Landing.NOT_NOW
    assert (dispatching.runs(), len(dispatching.posts())) == ([], 1)


async def test_a_run_that_comes_later_is_waited_for(dispatching: Dispatching, stage: Stage) -> None:
    stage.forge.faults.add("lands_later", route=ROUTE)
    performing = asyncio.create_task(dispatching.perform(dispatch(stage)))
    await dispatching.looked()
    assert dispatching.runs() == []
    stage.forge.land_now()
    landed = await performing
    [run] = dispatching.runs()
    assert (landed.landing, landed.remote_id) == (Landing.DONE, str(run.id))
    assert len(dispatching.posts()) == 1


async def test_a_person_who_says_again_is_first_taken_at_the_run_that_came_too_late(
    dispatching: Dispatching, stage: Stage
) -> None:
    stage.forge.faults.add("lands_later", route=ROUTE)
    effect = dispatch(stage)
    await dispatching.perform(effect, BRIEF)
    stage.forge.land_now()
    entry = await stage.store.entry(effect.slot)
    assert entry is not None
    await stage.store.override_entry(replace(entry, state=EffectState.INTENDED), stage.github.clock())
    landed = await dispatching.perform(effect)
    assert [str(run.id) for run in dispatching.runs()] == [landed.remote_id]
    assert len(dispatching.posts()) == 1


async def test_of_two_at_once_the_one_without_an_answer_takes_its_own_run(
    dispatching: Dispatching, stage: Stage
) -> None:
    stage.forge.faults.add("error_after", route=ROUTE)
    gate, lost, told = dispatching.gate(), dispatch(stage, "1"), dispatch(stage, "2")
    await gate.perform(lost, dispatching.job)
    answered = await gate.perform(told, dispatching.job)
    found = await dispatching.perform(lost)
    assert {found.remote_id, answered.remote_id} == {str(run.id) for run in dispatching.runs()}
    assert len(dispatching.posts()) == 2


async def test_two_without_an_answer_guess_nothing(dispatching: Dispatching, stage: Stage) -> None:
    stage.forge.faults.add("error_after", route=ROUTE, count=2)
    gate, effects = dispatching.gate(), [dispatch(stage, "1"), dispatch(stage, "2")]
    for effect in effects:
        await gate.perform(effect, dispatching.job)
    for effect in effects:
        await dispatching.perform(effect, BRIEF)
    assert [await dispatching.state(effect) for effect in effects] == [EffectState.UNKNOWN] * 2
    assert (len(dispatching.runs()), len(dispatching.posts())) == (2, 2)


async def test_a_lost_dispatch_of_another_workflow_is_in_nobodys_way(dispatching: Dispatching, stage: Stage) -> None:
    stage.forge.faults.add("error_after", route=ROUTE, count=2)
    gate, effects = dispatching.gate(), [dispatch(stage, "1"), dispatch(stage, "2", workflow="sail.yml")]
    for effect in effects:
        await gate.perform(effect, dispatching.job)
    assert [(await dispatching.perform(effect)).landing for effect in effects] == [Landing.DONE] * 2


async def test_what_others_start_is_not_ours(dispatching: Dispatching, stage: Stage) -> None:
    stage.forge.set_branch(stage.name, "release", stage.forge.branch(stage.name, "main"))
    await dispatching.perform(dispatch(stage, "earlier", ref="release"))
    other = stage.forge.create_app("other", permissions={"actions": "write"})
    await stage.as_app(other, "actions", "POST", "actions/workflows/ship.yml/dispatches", {"ref": "main"})
    stage.forge.faults.add("error_before", route=ROUTE)
    effect = dispatch(stage)
    await dispatching.perform(effect, BRIEF)
    assert await dispatching.state(effect) is EffectState.UNKNOWN
    assert len(dispatching.runs()) == 2


def nothing(stage: Stage) -> None:
    """As it is."""


def disabled(stage: Stage) -> None:
    stage.forge.disable_workflow(stage.name, "ship.yml")


def without_actions(stage: Stage) -> None:
    stage.forge.enable_actions(stage.name, False)


def without_trigger(stage: Stage) -> None:
    stage.forge.commit(stage.name, "main", {".github/workflows/ship.yml": SHIP.replace("workflow_dispatch", "push")})


@pytest.mark.parametrize(
    ("prepare", "changed", "reason"),
    [
        (nothing, {"ref": "gone"}, DispatchRefusal.REF_NOT_FOUND),
        (nothing, {"workflow": "gone.yml"}, DispatchRefusal.WORKFLOW_NOT_FOUND),
        (disabled, {}, DispatchRefusal.WORKFLOW_NOT_DISPATCHABLE),
        (without_actions, {}, DispatchRefusal.WORKFLOW_NOT_DISPATCHABLE),
        (without_trigger, {}, DispatchRefusal.WORKFLOW_NOT_DISPATCHABLE),
        (nothing, {"inputs": (("No ref found for", "x"),)}, DispatchRefusal.INPUTS_NOT_ACCEPTED),
        (nothing, {"inputs": (("target", "No ref found for"),)}, DispatchRefusal.INPUTS_NOT_ACCEPTED),
    ],
)
async def test_a_refusal_says_which_one_it_is(
    dispatching: Dispatching,
    stage: Stage,
    prepare: Callable[[Stage], None],
    changed: dict[str, Any],
    reason: DispatchRefusal,
) -> None:
    prepare(stage)
    effect = dispatch(stage, **changed)
    landed = await dispatching.perform(effect)
    assert (landed.landing, landed.reason) == (Landing.REFUSED, reason)
    assert isinstance(landed.stop, Failed)
    assert await dispatching.state(effect) is EffectState.REJECTED
    assert len(dispatching.posts()) == 1


@pytest.mark.parametrize("workflow", ["../../secrets.yml", "7", "", "ship"])
async def test_what_is_no_name_of_a_file_is_not_even_sent(
    dispatching: Dispatching, stage: Stage, workflow: str
) -> None:
    landed = await dispatching.perform(dispatch(stage, workflow=workflow))
    assert (landed.landing, landed.reason) == (Landing.REFUSED, DispatchRefusal.WORKFLOW_NOT_FOUND)
    assert stage.forge.calls == ()


async def test_a_missing_permission_is_told_apart(dispatching: Dispatching, stage: Stage) -> None:
    narrow = {name: level for name, level in stage.installation.permissions.items() if name != "actions"}
    stage.forge.world.installations[stage.installation.id] = replace(stage.installation, permissions=narrow)
    landed = await dispatching.perform(dispatch(stage))
    assert landed.reason == DispatchRefusal.PERMISSION_MISSING
    assert "lacks the permission actions: write" in landed.why


async def test_a_refusal_that_was_mended_is_sent_the_next_time(dispatching: Dispatching, stage: Stage) -> None:
    disabled(stage)
    await dispatching.perform(dispatch(stage))
    stage.forge.disable_workflow(stage.name, "ship.yml", disabled=False)
    landed = await dispatching.perform(dispatch(stage))
    assert [str(run.id) for run in dispatching.runs()] == [landed.remote_id]


async def test_a_job_without_the_power_starts_nothing(dispatching: Dispatching, stage: Stage) -> None:
    landed = await dispatching.gate().perform(dispatch(stage), replace(dispatching.job, grant=Grant()))
    assert landed.landing is Landing.REFUSED
    assert "may not dispatch" in landed.why
    assert stage.forge.calls == ()


@pytest.fixture
def older(stage: Stage) -> None:
    """An Enterprise Server that does not tell which run it starts."""
    stage.forge.world.quirks = replace(stage.forge.world.quirks, run_details=False)


@pytest.mark.usefixtures("older")
async def test_an_older_server_is_asked_without_details_and_its_run_is_found(
    dispatching: Dispatching, stage: Stage
) -> None:
    gate = dispatching.gate()
    landed = [await gate.perform(dispatch(stage, purpose), dispatching.job) for purpose in ("1", "2")]
    assert sorted(each.remote_id for each in landed) == sorted(str(run.id) for run in dispatching.runs())
    # The second time nobody asks for what it refuses.
    assert dispatching.posts() == [422, 204, 204]


@pytest.mark.usefixtures("older")
async def test_an_older_server_that_fails_after_it_took_a_dispatch_does_not_get_it_twice(
    dispatching: Dispatching, stage: Stage
) -> None:
    stage.forge.faults.add("secondary", route=LIST, retry_after=0)
    landed = await dispatching.perform(dispatch(stage))
    assert [str(run.id) for run in dispatching.runs()] == [landed.remote_id]
    assert dispatching.posts() == [422, 204]


@pytest.mark.usefixtures("older")
async def test_an_older_server_that_never_shows_the_run_leaves_it_to_a_person(
    dispatching: Dispatching, stage: Stage
) -> None:
    stage.forge.world.quirks = replace(stage.forge.world.quirks, late_seconds=600)
    effect = dispatch(stage)
    await dispatching.perform(effect, BRIEF)
    assert await dispatching.state(effect) is EffectState.UNKNOWN
    assert dispatching.posts() == [422, 204]
