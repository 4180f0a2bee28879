"""The dispatch workers together: plan, start, follow, tell — once, in any order, whatever GitHub answers."""

import random
from dataclasses import replace
from typing import Any

import pytest

from forgehand.domain.dispatches import Stand, read_dispatch
from forgehand.domain.effects import WorkflowDispatch
from forgehand.domain.jobs import Done, Failed, Retry
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.workflows import NotInstalled, PermissionMissing
from forgehand.workers.dispatch import Options
from forgehand.workers.dispatch.followups import MOST_LOOKS
from forgehand.workers.dispatch.report_worker import current
from support.dispatch_world import API, RUN, SHA, SOURCE_FILE, Engine, asking

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
    world = asking(*(f"{{repository: {name}, workflow: cd.yml}}" for name in names))
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


@pytest.mark.parametrize(
    ("run", "change", "attempts"),
    [
        ({"event": "pull_request"}, {}, 1),
        ({}, {"tags": {"main"}}, 1),
        ({}, {"tips": {"main": "another"}, "behind_by": 1}, 4),
    ],
)
async def test_a_run_that_only_names_the_branch_starts_nothing(
    run: dict[str, Any], change: dict[str, Any], attempts: int
) -> None:
    world = asking(WEB, **change)
    world.add("acme/web")
    world.ran[RUN.id] = replace(RUN, **run)
    engine = Engine(world)
    await engine.deliver(attempts=attempts)
    await engine.settle()
    (fact,) = engine.facts.values()
    assert (fact.kind, fact.data["reason"]) == ("dispatch.request.denied", "source_not_default_branch")
    assert world.dispatched == []


async def test_a_commit_that_github_does_not_show_on_its_branch_yet_is_looked_for_again() -> None:
    world = asking(WEB, tips={})
    world.add("acme/web")
    engine = Engine(world)
    assert isinstance(await engine.deliver(), Retry)
    world.tips = {"main": SHA}
    await engine.deliver(attempts=2)
    await engine.settle()
    assert len(world.dispatched) == 1


async def test_a_repository_under_an_old_name_is_not_started() -> None:
    world = asking("{repository: old, workflow: cd.yml}")
    world.repositories["acme/old"] = world.add("acme/web")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    assert world.dispatched == []
    assert "acme/old is called acme/web now" in world.issue.body.replace("\\", "")


async def test_the_same_target_asked_for_twice_is_told_twice_and_counted_as_it_stands() -> None:
    world = asking(WEB, WEB)
    world.add("acme/web")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    assert _title(engine) == "Dispatch results: ci.yml (success=1, failed=0, denied=1)"
    assert "duplicate_target" in world.issue.body.replace("\\", "")


async def test_what_another_owners_file_says_is_not_told_in_the_sources_issue() -> None:
    world = asking("{repository: other/docs, workflow: cd.yml}")
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
