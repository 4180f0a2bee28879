"""The dispatch workers together: plan, start, follow, tell — once, in any order, whatever GitHub answers."""

import random
from dataclasses import replace
from typing import Any

import pytest

from forgehand.domain.dispatches import Stand, TargetState, read_dispatch
from forgehand.domain.effects import WorkflowDispatch
from forgehand.domain.jobs import Done, Failed, Job, Refused, Retry, Waiting
from forgehand.domain.ledger import EffectState
from forgehand.domain.repositories import Repo
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.github import NotFound, NotPermitted, Unreachable
from forgehand.ports.workflows import NotInstalled, PermissionMissing, Workflow
from forgehand.workers.dispatch import Options
from forgehand.workers.dispatch.followups import MOST_ATTEMPTS, MOST_LOOKS
from forgehand.workers.dispatch.report_worker import current
from support.dispatch_world import API, RUN, SHA, SOURCE_FILE, Engine, World

pytestmark = pytest.mark.anyio

WEB = "{repository: web, workflow: cd.yml, inputs: {sha: '{{ source.sha }}'}}"
DOCS = "{repository: other/docs, workflow: cd.yml}"


def _world(*targets: str, **more: Any) -> World:
    world = World(**more)
    world.files[API.full_name, "dispatching.yml"] = SOURCE_FILE.replace("TARGETS", ", ".join(targets))
    return world


@pytest.fixture
def engine() -> Engine:
    """A source with two targets that agree, the second one of another owner."""
    world = _world(WEB, DOCS)
    world.add("acme/web")
    world.add("other/docs", installation=11)
    return Engine(world)


def _title(engine: Engine) -> str:
    return engine.world.issue.title


def _end(engine: Engine, run: int, conclusion: str = "success") -> None:
    """A run that was started ends on GitHub."""
    engine.world.ran[run] = replace(
        RUN, id=run, conclusion=conclusion, event="workflow_dispatch", url=f"https://x/{run}"
    )


async def test_both_targets_are_started_followed_and_told(engine: Engine) -> None:
    await engine.deliver()
    await engine.settle()
    assert [(each.repo.full_name, each.workflow, each.ref, each.inputs) for each in engine.world.dispatched] == [
        ("acme/web", "cd.yml", "main", (("sha", SHA),)),
        ("other/docs", "cd.yml", "main", ()),
    ]
    assert [each.repo.installation for each in engine.world.dispatched] == [10, 11]
    assert _title(engine) == "Dispatch results: ci.yml (success=2, failed=0, denied=0)"
    assert engine.world.issue.repo == API

    for run, repository, conclusion in ((901, "acme/web", "success"), (902, "other/docs", "failure")):
        _end(engine, run, conclusion)
        await engine.deliver(run, engine.world.repositories[repository], guid=f"g{run}")
    await engine.settle()
    assert _title(engine) == "Dispatch results: ci.yml (success=1, failed=1, denied=0)"
    stored = await current(engine.world, RUN.id)
    assert stored is not None
    assert [(each.run, each.conclusion, each.stand) for each in stored.targets] == [
        (901, "success", Stand.ENDED),
        (902, "failure", Stand.ENDED),
    ]


async def test_the_facts_are_told_with_their_source(engine: Engine) -> None:
    await engine.deliver()
    await engine.settle()
    assert engine.kinds() == [
        "dispatch.plan.created",
        "dispatch.request.accepted",
        "dispatch.target.queued",
        "dispatch.target.queued",
        "dispatch.trigger.succeeded",
        "dispatch.trigger.succeeded",
    ]
    assert {fact.data["source"] for fact in engine.facts.values()} == {"dispatcher.v2"}
    assert {fact.data["run"] for fact in engine.facts.values()} == {77}
    assert {fact.delivery for fact in engine.facts.values()} == {"g1"}


@pytest.mark.parametrize("seed", range(12))
async def test_the_order_in_which_targets_go_and_end_decides_nothing(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    engine.choose = chance.choice
    await engine.deliver()
    ends = [(901, "success"), (902, "success")]
    chance.shuffle(ends)
    await engine.settle()
    for run, conclusion in ends:
        _end(engine, run, conclusion)
        started = next(each for each in engine.world.documents if each.endswith(f":{run}") and each[:7] == "started")
        repo = next(each for each in engine.world.repositories.values() if each.id == int(started.split(":")[1]))
        await engine.deliver(run, repo, guid=f"g{run}")
        if chance.random() < 0.5:
            await engine.settle()
    await engine.settle()
    assert _title(engine) == "Dispatch results: ci.yml (success=2, failed=0, denied=0)"
    assert engine.world.issue.body.count("ended in success](") == 2
    assert len(engine.world.dispatched) == 2


async def test_the_same_end_told_again_starts_nothing_again(engine: Engine) -> None:
    await engine.deliver()
    await engine.settle()
    for guid in ("g1", "another delivery"):
        await engine.deliver(guid=guid)
        await engine.settle()
    assert len(engine.world.dispatched) == 2
    assert engine.kinds().count("dispatch.plan.created") == 1


async def test_a_run_that_is_repeated_dispatches_again_and_keeps_its_issue(engine: Engine) -> None:
    await engine.deliver()
    await engine.settle()
    engine.world.ran[RUN.id] = replace(RUN, attempt=2)
    await engine.deliver(guid="g2")
    await engine.settle()
    assert len(engine.world.dispatched) == 4
    assert len({each.slot for each in engine.world.dispatched}) == 4
    assert "in attempt 2" in engine.world.issue.body


async def test_no_issue_where_the_operator_wants_none(engine: Engine) -> None:
    engine.world.options = Options(create_issues=False)
    await engine.deliver()
    await engine.settle()
    _end(engine, 901)
    await engine.deliver(901, engine.world.repositories["acme/web"], guid="g9")
    await engine.settle()
    assert all(isinstance(each, WorkflowDispatch) for each in engine.world.effects)
    assert "dispatch.run.ended" in engine.kinds()


async def test_where_issues_are_off_the_rest_goes_on(engine: Engine) -> None:
    perform = engine.world.perform

    def without_issues(effect: Any) -> Landed:
        if isinstance(effect, WorkflowDispatch):
            return perform(effect)
        return Landed(Landing.REFUSED, "Issues are disabled.", stop=Failed("Issues are disabled."))

    engine.world.perform = without_issues  # type: ignore[method-assign]
    await engine.deliver()
    await engine.settle()
    assert len(engine.world.dispatched) == 2
    job, outcome = engine.outcomes[-1]
    assert (job.type, outcome) == ("dispatch-report", Done({"not said": "Issues are disabled."}))


@pytest.mark.parametrize("file", [None, "", "outbound: [{source: {workflow: nightly.yml}, targets: []}]"])
async def test_without_a_file_or_an_entry_nothing_happens_and_nobody_is_told(engine: Engine, file: str | None) -> None:
    engine.world.files.pop((API.full_name, "dispatching.yml"))
    if file is not None:
        engine.world.files[API.full_name, "dispatching.yml"] = file
    await engine.deliver()
    await engine.settle()
    assert (engine.kinds(), engine.world.effects) == (["dispatch.request.ignored"], [])


async def test_the_file_in_the_folder_of_workflows_counts_where_there_is_none_in_the_root(engine: Engine) -> None:
    text = engine.world.files.pop((API.full_name, "dispatching.yml"))
    engine.world.files[API.full_name, ".github/dispatching.yml"] = text
    await engine.deliver()
    await engine.settle()
    assert len(engine.world.dispatched) == 2


async def test_a_run_that_may_start_nothing_is_a_fact_and_no_issue(engine: Engine) -> None:
    engine.world.ran[RUN.id] = replace(RUN, head_branch="topic")
    await engine.deliver()
    await engine.settle()
    assert engine.world.effects == []
    (fact,) = engine.facts.values()
    assert (fact.kind, fact.data["reason"]) == ("dispatch.request.denied", "source_not_default_branch")


async def test_a_broken_file_is_told_once_for_each_state_of_it(engine: Engine) -> None:
    engine.world.files[API.full_name, "dispatching.yml"] = "outbond: []\n"
    for run in (77, 78):
        engine.world.ran[run] = replace(RUN, id=run)
        await engine.deliver(run, guid=f"g{run}")
        await engine.settle()
    issue = engine.world.issue
    assert issue.title == "dispatching.yml cannot be used"
    assert "did you mean" in issue.body


async def test_what_is_denied_is_told_apart_and_keeps_no_other_from_starting() -> None:
    names = ("web", "refusing", "fileless", "broken", "absent", "forbidden")
    world = _world(*(f"{{repository: {name}, workflow: cd.yml}}" for name in names))
    world.add("acme/web")
    world.add("acme/refusing", "inbound: []")
    world.add("acme/fileless", None)
    world.add("acme/broken", "inbound: 3")
    world.absent["acme/absent"] = NotInstalled("The App is not installed on acme/absent.")
    world.absent["acme/forbidden"] = PermissionMissing("The App may not write to Actions of acme/forbidden.")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    stored = await current(world, RUN.id)
    assert stored is not None
    assert [(each.stand, each.reason) for each in stored.targets] == [
        (Stand.STARTED, ""),
        (Stand.DENIED, "inbound_not_authorized"),
        (Stand.DENIED, "missing_target_config"),
        (Stand.DENIED, "invalid_target_config"),
        (Stand.DENIED, "target_not_installed"),
        (Stand.DENIED, "target_permission_missing"),
    ]
    assert _title(engine) == "Dispatch results: ci.yml (success=1, failed=0, denied=5)"
    assert engine.kinds().count("dispatch.target.denied") == 5


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
    assert _title(engine) == "Dispatch results: ci.yml (success=1, failed=1, denied=0)"
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
    world = _world(WEB, **change)
    world.add("acme/web")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    assert world.dispatched == []
    (fact,) = [each for each in engine.facts.values() if each.kind == "dispatch.trigger.failed"]
    assert fact.data["reason"] == reason
    assert _title(engine) == "Dispatch results: ci.yml (success=0, failed=1, denied=0)"


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
    assert _title(engine) == "Dispatch results: ci.yml (success=2, failed=0, denied=0)"


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
    world = _world("{repository: web, workflow: cd.yml, window: {from: '08:00', until: '09:00'}}", clock=7 * 3600.0)
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


async def test_a_start_that_somebody_runs_before_its_window_opens_is_held_again() -> None:
    world = _world("{repository: web, workflow: cd.yml, window: {from: '08:00', until: '09:00'}}", clock=7 * 3600.0)
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


async def test_a_run_is_looked_at_ever_more_rarely_and_not_for_ever(engine: Engine) -> None:
    await engine.deliver()
    await engine.settle()
    job = next(each for each in engine.jobs.values() if each.subject == "run/901")
    waits = []
    while isinstance(outcome := await engine.run(job), Done) and outcome.jobs:
        waits.append(outcome.jobs[0].run_at - engine.world.clock)
        (job,) = outcome.jobs
    assert waits[:3] == [10.0, 20.0, 40.0]
    assert (max(waits), len(waits)) == (1800.0, MOST_LOOKS)


async def test_a_stale_answer_is_asked_again_and_a_run_that_goes_on_is_left_alone(engine: Engine) -> None:
    engine.world.ran[RUN.id] = replace(RUN, status="in_progress", conclusion="")
    assert isinstance(await engine.deliver(), Retry)
    assert await engine.deliver(attempts=4) == Done({"skipped": "it runs again"})


async def test_a_run_that_we_started_starts_nothing_by_itself(engine: Engine) -> None:
    await engine.deliver()
    await engine.settle()
    engine.world.files["acme/web", "dispatching.yml"] += "\n" + SOURCE_FILE.replace("TARGETS", DOCS).replace(
        "ci.yml", "cd.yml"
    )
    engine.world.ran[901] = replace(
        RUN, id=901, workflow=".github/workflows/cd.yml", event="workflow_dispatch", head_repository="acme/web"
    )
    await engine.deliver(901, engine.world.repositories["acme/web"], guid="g901")
    await engine.settle()
    (denied,) = [each for each in engine.facts.values() if each.kind == "dispatch.request.denied"]
    assert denied.data["reason"] == "source_dispatched"
    assert len(engine.world.dispatched) == 2


@pytest.mark.parametrize(
    ("dispatched", "reason"), [("", "source_dispatched"), (", dispatched: true", "source_chain_loop")]
)
async def test_a_circle_through_a_run_that_follows_ours_ends_there(
    engine: Engine, dispatched: str, reason: str
) -> None:
    back = (
        f"outbound: [{{source: {{workflow: post.yml{dispatched}}}, targets: [{{repository: api, workflow: ci.yml}}]}}]"
    )
    engine.world.files["acme/web", "dispatching.yml"] += "\n" + back
    engine.world.files[API.full_name, "dispatching.yml"] += (
        f"\ninbound: [{{source: {{repository: web, workflow: post.yml{dispatched}}}, targets: [{{workflow: ci.yml}}]}}]"
    )
    await engine.deliver()
    await engine.settle()
    post = replace(RUN, id=950, workflow=".github/workflows/post.yml", head_repository="acme/web")
    engine.world.ran[950] = replace(post, event="workflow_run", actor="forgehand[bot]")
    await engine.deliver(950, engine.world.repositories["acme/web"], guid="g950")
    await engine.settle()
    (denied,) = [each for each in engine.facts.values() if each.kind == "dispatch.request.denied"]
    assert denied.data["reason"] == reason
    assert len(engine.world.dispatched) == 2

    engine.world.ran[951] = replace(post, id=951, event="workflow_run", actor="ada")
    await engine.deliver(951, engine.world.repositories["acme/web"], guid="g951")
    await engine.settle()
    assert engine.world.dispatched[-1].repo == API


async def test_a_chain_is_followed_and_told_what_led_to_it(engine: Engine) -> None:
    source = (
        "outbound: [{source: {workflow: cd.yml, dispatched: true}, targets: [{repository: lib, workflow: cd.yml}]}]"
    )
    engine.world.files["acme/web", "dispatching.yml"] += "\n" + source
    engine.world.add(
        "acme/lib",
        "inbound: [{source: {repository: web, workflow: cd.yml, dispatched: true}, targets: [{workflow: cd.yml}]}]",
    )
    await engine.deliver()
    await engine.settle()
    engine.world.ran[901] = replace(
        RUN, id=901, workflow=".github/workflows/cd.yml", event="workflow_dispatch", head_repository="acme/web"
    )
    await engine.deliver(901, engine.world.repositories["acme/web"], guid="g901")
    await engine.settle()
    assert engine.world.dispatched[-1].repo.full_name == "acme/lib"
    kept = read_dispatch(engine.world.documents["dispatch:901"])
    assert kept is not None
    assert '"chain":[["acme/api","ci.yml",77],["acme/web","cd.yml",901]]' in "".join(engine.world.documents.values())


async def test_a_run_of_our_app_of_which_nothing_is_stored_yet_is_waited_for(engine: Engine) -> None:
    text = engine.world.files[API.full_name, "dispatching.yml"]
    engine.world.files[API.full_name, "dispatching.yml"] = text.replace("ci.yml}", "ci.yml, dispatched: true}")
    engine.world.ran[RUN.id] = replace(RUN, event="workflow_dispatch", actor="forgehand[bot]")
    assert isinstance(await engine.deliver(), Retry)
    await engine.deliver(attempts=4)
    (fact,) = engine.facts.values()
    assert fact.data["reason"] == "source_chain_loop"


async def test_a_repository_under_an_old_name_is_not_started() -> None:
    world = _world("{repository: old, workflow: cd.yml}")
    world.repositories["acme/old"] = world.add("acme/web")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    assert world.dispatched == []
    assert "acme/old is called acme/web now" in world.issue.body.replace("\\", "")


async def test_the_same_target_asked_for_twice_is_told_twice_and_counted_as_it_stands() -> None:
    world = _world(WEB, WEB)
    world.add("acme/web")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    assert _title(engine) == "Dispatch results: ci.yml (success=1, failed=0, denied=1)"
    assert "duplicate_target" in world.issue.body.replace("\\", "")


async def test_what_another_owners_file_says_is_not_told_in_the_sources_issue() -> None:
    world = _world("{repository: other/docs, workflow: cd.yml}")
    world.add("other/docs", "inbuond: []", installation=11)
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    assert "invalid_target_config" in world.issue.body.replace("\\", "")
    assert "inbuond" not in "".join([world.issue.body, *world.documents.values(), *map(str, engine.facts.values())])


@pytest.mark.parametrize(
    ("kind", "subject"), [("dispatch", "pull/7"), ("dispatch-follow", "event/x"), ("dispatch-report", "run/x")]
)
async def test_a_job_about_something_else_fails_with_its_reason(engine: Engine, kind: str, subject: str) -> None:
    await engine.deliver()
    job = replace(next(iter(engine.jobs.values())), type=kind, subject=subject)
    outcome = await engine.run(job)
    assert isinstance(outcome, Failed)
    assert subject in outcome.why


async def test_a_start_without_its_order_fails_with_its_reason(engine: Engine) -> None:
    await engine.deliver()
    job = next(each for each in engine.jobs.values() if each.type == "dispatch-target")
    assert isinstance(await engine.run(replace(job, payload={})), Failed)
