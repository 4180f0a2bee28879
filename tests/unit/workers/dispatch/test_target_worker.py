"""One start: judged again right before, never called failed where it may have happened, told whatever becomes of it."""

from dataclasses import replace
from typing import Any

import pytest

from forgehand.domain.dispatches import Stand, TargetState
from forgehand.domain.followups import after_failure
from forgehand.domain.jobs import Done, Failed, Job, JobState, Refused, Retry, Waiting
from forgehand.domain.ledger import EffectState
from forgehand.domain.repositories import Repo
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.github import NotFound, NotPermitted, Unreachable
from forgehand.ports.workflows import Workflow
from forgehand.workers.dispatch import Options
from forgehand.workers.dispatch.followups import MOST_ATTEMPTS
from forgehand.workers.dispatch.report_worker import current
from support.dispatch_world import API, RUN, SHA, SOURCE_FILE, Engine, World, asking

pytestmark = pytest.mark.anyio

WEB = "{repository: web, workflow: cd.yml, inputs: {sha: '{{ source.sha }}'}}"
DOCS = "{repository: other/docs, workflow: cd.yml}"


@pytest.fixture
def engine() -> Engine:
    """A source with two targets that agree, the second one of another owner."""
    world = asking(WEB, DOCS)
    world.add("acme/web")
    world.add("other/docs", installation=11)
    return Engine(world)


async def test_a_target_that_cannot_be_read_is_asked_again_by_itself(engine: Engine) -> None:
    engine.world.broken["acme/web"] = Unreachable("GitHub does not answer.")
    await engine.deliver()
    target = next(job for job in engine.jobs.values() if "acme/web" in str(job.payload))
    assert target.repository == "acme/api"
    with pytest.raises(Unreachable):
        await engine.run(target)
    del engine.world.broken["acme/web"]
    await engine.settle()
    assert {each.repo.full_name for each in engine.world.dispatched} == {"acme/web", "other/docs"}


async def test_a_target_that_never_answers_counts_as_failed_in_the_end(engine: Engine) -> None:
    engine.world.broken["acme/web"] = Unreachable("GitHub does not answer.")
    await engine.deliver()
    for job in [each for each in engine.jobs.values() if each.type == "dispatch-target"]:
        del engine.jobs[job.id]
        await engine.run(replace(job, attempts=MOST_ATTEMPTS))
    await engine.settle()
    assert engine.world.issue.title == "Dispatch results: ci.yml (success=1, failed=1, denied=0)"
    assert "github\\_error" in engine.world.issue.body


@pytest.mark.parametrize(
    ("error", "reason"),
    [(NotPermitted("Grant contents: read."), "target_permission_missing"), (NotFound("It went away."), "github_error")],
)
async def test_what_asking_again_cannot_mend_is_told_at_once(engine: Engine, error: Any, reason: str) -> None:
    async def refuse(repo: Repo, *_: Any, **__: Any) -> bytes | None:
        if repo.full_name == "acme/web":
            raise error
        return await World.file(engine.world, repo, *_, **__)

    engine.world.file = refuse  # type: ignore[method-assign]
    await engine.deliver()
    await engine.settle()
    stored = await current(engine.world, RUN.id)
    assert stored is not None
    assert stored.targets[0].reason == reason


async def test_consent_that_was_withdrawn_since_the_plan_is_withdrawn(engine: Engine) -> None:
    await engine.deliver()
    engine.world.files["acme/web", "dispatching.yml"] = "inbound: []"
    await engine.settle()
    assert [each.repo.full_name for each in engine.world.dispatched] == ["other/docs"]
    assert "`inbound_not_authorized`" in engine.world.issue.body


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (None, "source_withdrawn"),
        (SOURCE_FILE.replace("TARGETS", DOCS), "source_withdrawn"),
        (SOURCE_FILE.replace("TARGETS", f"{WEB[:-1]}, approval: true}}, {DOCS}"), "source_withdrawn"),
        ("outbound: 3", "source_config_invalid"),
    ],
)
async def test_what_the_source_withdrew_since_the_plan_is_not_started(
    engine: Engine, file: str | None, reason: str
) -> None:
    await engine.deliver()
    start = _start(engine)
    if file is None:
        del engine.world.files[API.full_name, "dispatching.yml"]
    else:
        engine.world.files[API.full_name, "dispatching.yml"] = file
    await engine.run(start)
    state = await _stood(engine)
    assert (state.stand, state.reason, engine.world.dispatched) == (Stand.DENIED, reason, [])


@pytest.mark.parametrize("change", [{"tags": {"main"}}, {"tips": {"main": "another"}, "behind_by": 1}, {"tips": {}}])
async def test_a_run_that_is_not_of_its_branch_any_more_starts_nothing(engine: Engine, change: dict[str, Any]) -> None:
    await engine.deliver()
    start = _start(engine)
    for name, value in change.items():
        setattr(engine.world, name, value)
    await engine.run(replace(start, attempts=4))
    state = await _stood(engine)
    assert (state.stand, state.reason, engine.world.dispatched) == (Stand.DENIED, "source_not_default_branch", [])


async def test_a_branch_that_github_shows_late_is_looked_at_again(engine: Engine) -> None:
    await engine.deliver()
    start = _start(engine)
    engine.world.tips = {}
    assert isinstance(await engine.run(replace(start, attempts=1)), Retry)
    engine.world.tips = {"main": SHA}
    await engine.run(replace(start, attempts=2))
    assert (await _stood(engine)).stand is Stand.STARTED


async def test_a_start_that_an_earlier_version_ordered_is_judged_by_the_run_as_it_is(engine: Engine) -> None:
    await engine.deliver()
    start = _start(engine)
    source = {name: value for name, value in start.payload["source"].items() if name not in ("event", "whence")}
    await engine.run(replace(start, payload={**start.payload, "source": source}))
    assert (await _stood(engine)).stand is Stand.STARTED


async def test_a_source_that_the_operator_took_off_the_list_since_the_plan_starts_nothing(engine: Engine) -> None:
    await engine.deliver()
    engine.world.options = Options(sources=("acme/other",))
    await engine.settle()
    assert engine.world.dispatched == []
    assert (await _stood(engine)).reason == "source_repo_not_allowlisted"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"refs": {"trunk"}}, "ref_not_found"),
        ({"workflows": {"acme/web": None}}, "workflow_not_found"),
        ({"workflows": {"acme/web": Workflow(1, "", "", "disabled_manually", True)}}, "workflow_not_dispatchable"),
        ({"workflows": {"acme/web": Workflow(1, "", "", "active", False)}}, "workflow_not_dispatchable"),
    ],
)
async def test_what_is_not_there_is_a_failure_and_no_start(change: dict[str, Any], reason: str) -> None:
    world = asking(WEB, **change)
    world.add("acme/web")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    assert world.dispatched == []
    (fact,) = [each for each in engine.facts.values() if each.kind == "dispatch.trigger.failed"]
    assert fact.data["reason"] == reason
    assert engine.world.issue.title == "Dispatch results: ci.yml (success=0, failed=1, denied=0)"


@pytest.mark.parametrize(
    ("landed", "reason"),
    [
        (Landed(Landing.REFUSED, "No.", stop=Failed("No."), reason="inputs_not_accepted"), "inputs_not_accepted"),
        (Landed(Landing.REFUSED, "No.", stop=Failed("No.")), "github_error"),
        (Landed(Landing.REFUSED, "It may not dispatch.", stop=Refused("It may not dispatch.")), "dispatching_off"),
    ],
)
async def test_a_refusal_is_told_with_its_reason(engine: Engine, landed: Landed, reason: str) -> None:
    engine.world.answers = [landed]
    await engine.deliver()
    await engine.settle()
    stored = await current(engine.world, RUN.id)
    assert stored is not None
    assert (stored.targets[0].stand, stored.targets[0].reason) == (Stand.FAILED, reason)
    assert stored.targets[1].stand is Stand.STARTED


async def test_what_may_have_started_is_told_and_waits_for_a_person(engine: Engine) -> None:
    await engine.deliver()
    started = next(each for each in engine.jobs.values() if each.repository == "acme/web")
    slot = engine.ledgered(started, EffectState.UNKNOWN)
    unknown = Landed(Landing.NOT_NOW, "It may have happened.", stop=Waiting(f"effect:{slot}", "It may have happened."))
    engine.world.answers = [unknown, unknown]
    del engine.jobs[started.id]
    await engine.run(started)
    again = next(each for each in engine.jobs.values() if each.payload.get("told"))
    del engine.jobs[again.id]
    assert await engine.run(again) == unknown.stop
    await engine.settle()
    assert f"](https://hand/{slot})" in engine.world.issue.body

    await engine.run(again)
    await engine.settle()
    assert engine.world.issue.title == "Dispatch results: ci.yml (success=2, failed=0, denied=0)"


async def test_a_start_that_was_done_is_told_whatever_is_withdrawn_since(engine: Engine) -> None:
    await engine.deliver()
    start = _start(engine)
    engine.ledgered(start, EffectState.DONE, run=950)
    engine.world.files["acme/web", "dispatching.yml"] = "inbound: []"
    engine.world.broken["acme/web"] = Unreachable("GitHub does not answer.")
    await engine.run(start)
    state = await _stood(engine)
    assert (state.stand, state.run, engine.world.dispatched) == (Stand.STARTED, 950, [])
    assert any(job.type == "dispatch-follow" and job.subject == "run/950" for job in engine.jobs.values())


@pytest.mark.parametrize("state", [EffectState.SENDING, EffectState.UNKNOWN])
async def test_a_start_that_may_have_been_sent_is_looked_for_and_not_judged(engine: Engine, state: EffectState) -> None:
    await engine.deliver()
    start = _start(engine)
    engine.ledgered(start, state)
    engine.world.files["acme/web", "dispatching.yml"] = "inbound: []"
    engine.world.broken["acme/web"] = Unreachable("GitHub does not answer.")
    await engine.run(start)
    assert (await _stood(engine)).stand is Stand.STARTED
    (sent,) = engine.world.dispatched
    assert sent.inputs == (("sha", SHA),)


@pytest.mark.parametrize(
    ("landed", "attempts"),
    [
        (Landed(Landing.NOT_NOW, "No answer.", stop=Retry("No answer.")), MOST_ATTEMPTS),
        (Landed(Landing.REFUSED, "It may not look.", stop=Failed("It may not look.")), 1),
        (Landed(Landing.REFUSED, "Switched off.", stop=Refused("Switched off.")), 1),
    ],
)
async def test_what_may_have_been_sent_never_counts_as_failed(engine: Engine, landed: Landed, attempts: int) -> None:
    await engine.deliver()
    start = _start(engine)
    slot = engine.ledgered(start, EffectState.SENDING)
    engine.world.answers = [landed, landed]
    await engine.run(replace(start, attempts=attempts))
    state = await _stood(engine)
    assert (state.stand, state.effect, state.why) == (Stand.UNKNOWN, slot, landed.why)

    again = next(each for each in engine.jobs.values() if each.payload.get("told"))
    del engine.jobs[again.id]
    assert await engine.run(replace(again, attempts=attempts)) == landed.stop
    await engine.settle()
    assert "may have started" in engine.world.issue.body


async def test_a_start_whose_last_attempt_was_not_sent_counts_as_failed(engine: Engine) -> None:
    await engine.deliver()
    start = _start(engine)
    engine.ledgered(start, EffectState.INTENDED)
    engine.world.answers = [Landed(Landing.NOT_NOW, "Throttled.", stop=Retry("Throttled."))]
    await engine.run(replace(start, attempts=MOST_ATTEMPTS))
    state = await _stood(engine)
    assert (state.stand, state.reason) == (Stand.FAILED, "github_error")


@pytest.mark.parametrize(
    ("row", "stand", "reason"),
    [
        (None, Stand.FAILED, "gave_up"),
        (EffectState.INTENDED, Stand.FAILED, "gave_up"),
        (EffectState.SENDING, Stand.UNKNOWN, ""),
        (EffectState.UNKNOWN, Stand.UNKNOWN, ""),
        (EffectState.DONE, Stand.STARTED, ""),
    ],
)
async def test_of_a_start_that_gave_up_it_is_told_what_became_of_it(
    engine: Engine, row: EffectState | None, stand: Stand, reason: str
) -> None:
    await engine.deliver()
    start = _start(engine)
    if row:
        engine.ledgered(start, row, run=950 if row is EffectState.DONE else 0)
    (told,) = after_failure(replace(start, state=JobState.CANCELLED, why="cancelled by ada"), engine.world.clock)
    await engine.run(told)
    state = await _stood(engine)
    assert (state.stand, state.reason, engine.world.dispatched) == (stand, reason, [])
    assert "cancelled by ada" in state.why or stand is Stand.STARTED
    assert any(job.type == "dispatch-report" for job in engine.jobs.values())
    assert any(job.payload.get("told") for job in engine.jobs.values()) == (stand is Stand.UNKNOWN)


async def test_what_is_told_of_a_start_already_stands(engine: Engine) -> None:
    await engine.deliver()
    start = _start(engine)
    await engine.run(start)
    (told,) = after_failure(replace(start, state=JobState.DEAD_LETTER, why="No."), engine.world.clock)
    outcome = await engine.run(told)
    assert outcome == Done({"skipped": "what became of it is told already"})
    assert (await _stood(engine)).stand is Stand.STARTED


def _start(engine: Engine) -> Job:
    """The job that is to start `acme/web`, taken out of the queue."""
    start = next(each for each in engine.jobs.values() if each.repository == "acme/web")
    return engine.jobs.pop(start.id)


async def _stood(engine: Engine) -> TargetState:
    """Where `acme/web` stands."""
    stored = await current(engine.world, RUN.id)
    assert stored is not None
    return stored.targets[0]


async def test_what_is_paused_waits_as_everything_does(engine: Engine) -> None:
    stop = Waiting("resume", "paused by ada")
    engine.world.answers = [Landed(Landing.NOT_NOW, "paused", stop=stop)]
    await engine.deliver()
    await engine.settle()
    assert stop in [outcome for _, outcome in engine.outcomes]


async def test_a_window_holds_a_target_until_it_opens() -> None:
    world = asking("{repository: web, workflow: cd.yml, window: {from: '08:00', until: '09:00'}}", clock=7 * 3600.0)
    world.add("acme/web")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    assert world.dispatched == []
    (job,) = engine.jobs.values()
    assert job.run_at == 8 * 3600.0
    world.clock = job.run_at
    await engine.settle()
    assert len(world.dispatched) == 1


@pytest.mark.parametrize(
    ("again", "attempts"),
    [
        ({"attempt": 2, "conclusion": "failure"}, 1),
        ({"attempt": 2, "status": "in_progress", "conclusion": ""}, 1),
        ({"status": "in_progress", "conclusion": ""}, 4),
        (None, 1),
    ],
)
async def test_a_run_that_is_repeated_before_the_window_opens_starts_nothing(
    again: dict[str, Any] | None, attempts: int
) -> None:
    world = asking("{repository: web, workflow: cd.yml, window: {from: '08:00', until: '09:00'}}", clock=7 * 3600.0)
    world.add("acme/web")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    world.ran = {} if again is None else {RUN.id: replace(RUN, **again)}
    world.clock = 8 * 3600.0
    start = _start(engine)
    await engine.run(replace(start, attempts=attempts))
    state = await _stood(engine)
    assert (state.stand, state.reason, world.dispatched) == (Stand.DENIED, "source_withdrawn", [])


async def test_a_run_that_github_shows_as_unfinished_still_is_looked_at_again(engine: Engine) -> None:
    await engine.deliver()
    start = _start(engine)
    engine.world.ran[RUN.id] = replace(RUN, status="in_progress")
    assert isinstance(await engine.run(replace(start, attempts=1)), Retry)


async def test_a_start_that_somebody_runs_before_its_window_opens_is_held_again() -> None:
    world = asking("{repository: web, workflow: cd.yml, window: {from: '08:00', until: '09:00'}}", clock=7 * 3600.0)
    world.add("acme/web")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    (held,) = engine.jobs.values()
    del engine.jobs[held.id]
    await engine.run(held)
    (again,) = engine.jobs.values()
    assert (again.run_at, again.id == held.id) == (8 * 3600.0, False)
    world.clock = again.run_at
    await engine.settle()
    assert len(world.dispatched) == 1


async def test_a_start_without_its_order_fails_with_its_reason(engine: Engine) -> None:
    await engine.deliver()
    job = next(each for each in engine.jobs.values() if each.type == "dispatch-target")
    assert isinstance(await engine.run(replace(job, payload={})), Failed)
