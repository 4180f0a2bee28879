"""Approval before a target: who gives it, by which words, for which commit, and that it holds once."""

from dataclasses import replace
from typing import Any

import pytest

from forgehand.domain.dispatches import Stand
from forgehand.domain.jobs import Done, Retry
from forgehand.domain.permissions import Permission
from forgehand.ports.workflows import Run
from forgehand.workers.dispatch.report_worker import current
from support.dispatch_world import API, RUN, SHA, SOURCE_FILE, Engine, World

pytestmark = pytest.mark.anyio

APPROVE = f"/forgehand approve {SHA[:7]}"
TARGETS = "{repository: web, workflow: cd.yml, approval: true}, {repository: docs, workflow: cd.yml}"


@pytest.fixture
async def engine() -> Engine:
    """One target waits for approval, the other one is started."""
    world = World()
    world.files[API.full_name, "dispatching.yml"] = SOURCE_FILE.replace("TARGETS", TARGETS)
    world.add("acme/web")
    world.add("acme/docs")
    engine = Engine(world)
    await engine.deliver()
    await engine.settle()
    return engine


def _started(engine: Engine) -> list[str]:
    return [each.repo.full_name for each in engine.world.dispatched]


async def test_a_target_waits_and_the_issue_says_for_what(engine: Engine) -> None:
    assert _started(engine) == ["acme/docs"]
    assert f"comment `/forgehand approve {SHA[:7]}`" in engine.world.issue.body
    assert "dispatch.approval.asked" in engine.kinds()


async def test_somebody_who_may_write_has_it_started_and_that_is_told(engine: Engine) -> None:
    await engine.comment(f"\n{APPROVE}\n")
    stored = await current(engine.world, RUN.id)
    assert stored is not None
    assert (stored.targets[0].stand, stored.targets[0].why) == (Stand.QUEUED, "approved by ada")
    await engine.settle()
    assert _started(engine) == ["acme/docs", "acme/web"]
    assert "approval" not in engine.world.issue.body
    (given,) = [each for each in engine.facts.values() if each.kind == "dispatch.approval.given"]
    assert (given.data["by"], given.data["run"]) == ("ada", 77)


async def test_it_is_given_once(engine: Engine) -> None:
    await engine.comment(APPROVE)
    await engine.settle()
    outcome = await engine.comment(APPROVE)
    assert isinstance(outcome, Done)
    assert outcome.result == {"approved": 0, "why": "No target waits for approval."}
    assert len(_started(engine)) == 2


@pytest.mark.parametrize(
    ("body", "more", "may"),
    [
        (APPROVE, {}, Permission.READ),
        (APPROVE, {}, Permission.NONE),
        ("/forgehand approve 0000000", {}, Permission.WRITE),
        ("/forgehand approve", {}, Permission.WRITE),
        (f"Yes!\n{APPROVE}", {}, Permission.WRITE),
        (f"{APPROVE}\nor not", {}, Permission.WRITE),
        (f"> {APPROVE}", {}, Permission.WRITE),
        (f"`{APPROVE}`", {}, Permission.WRITE),
        (APPROVE, {"edited": True}, Permission.ADMIN),
        (APPROVE, {"ours": True}, Permission.ADMIN),
        (APPROVE, {"number": 13, "attempts": 4}, Permission.ADMIN),
        ("Looks good", {}, Permission.ADMIN),
    ],
)
async def test_nothing_else_approves(engine: Engine, body: str, more: dict[str, Any], may: Permission) -> None:
    engine.world.may = may
    outcome = await engine.comment(body, **more)
    await engine.settle()
    assert isinstance(outcome, Done)
    assert not outcome.jobs
    assert _started(engine) == ["acme/docs"]


async def test_what_was_said_of_one_attempt_does_not_approve_the_next(engine: Engine) -> None:
    said_at = engine.world.clock
    await engine.comment(APPROVE)
    await engine.settle()
    engine.world.clock += 3600
    engine.world.ran[RUN.id] = replace(RUN, attempt=2)
    await engine.deliver(guid="g2")
    await engine.settle()
    before = len(_started(engine))
    outcome = await engine.comment(APPROVE, created_at=said_at)
    assert isinstance(outcome, Done)
    assert (outcome.result["approved"], outcome.jobs) == (0, ())
    assert "before attempt 2" in str(outcome.result["why"])

    await engine.comment(APPROVE)
    await engine.settle()
    assert len(_started(engine)) == before + 1


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (replace(RUN, attempt=2, conclusion="failure"), "what waits is of attempt 1, and its last is 2"),
        (replace(RUN, status="in_progress", conclusion=""), "The run goes on again."),
        (None, "The run is gone."),
    ],
)
async def test_a_run_that_was_repeated_since_is_not_approved(engine: Engine, last: Run | None, why: str) -> None:
    if last:
        engine.world.ran[RUN.id] = last
    else:
        del engine.world.ran[RUN.id]
    outcome = await engine.comment(APPROVE)
    await engine.settle()
    assert isinstance(outcome, Done)
    assert why in str(outcome.result["why"])
    assert _started(engine) == ["acme/docs"]


async def test_a_comment_that_is_gone_approves_nothing(engine: Engine) -> None:
    engine.world.said = None

    async def gone(*_: Any) -> None:
        return None

    engine.world.comment = gone  # type: ignore[method-assign, assignment]
    not_yet = "GitHub does not show the comment: it is gone, or not there yet"
    assert await engine.comment(APPROVE) == Retry(not_yet)
    assert await engine.comment(APPROVE, attempts=4) == Done({"skipped": "no approval"})


async def test_an_issue_that_is_answered_before_it_is_remembered_is_looked_up_again(engine: Engine) -> None:
    documents, engine.world.documents = engine.world.documents, {}
    not_yet = Retry("it is not known yet whether this issue tells the outcome of a run")
    assert await engine.comment(APPROVE) == not_yet
    engine.world.documents = documents
    await engine.comment(APPROVE, attempts=2)
    await engine.settle()
    assert _started(engine) == ["acme/docs", "acme/web"]


async def test_on_a_pull_request_nothing_is_waited_for(engine: Engine) -> None:
    outcome = await engine.comment(APPROVE, number=13, subject="pull/13")
    assert outcome == Done({"skipped": "not on the outcome of a run"})


async def test_consent_that_was_withdrawn_meanwhile_is_withdrawn(engine: Engine) -> None:
    engine.world.files["acme/web", "dispatching.yml"] = "inbound: []"
    await engine.comment(APPROVE)
    await engine.settle()
    assert _started(engine) == ["acme/docs"]
    assert "`inbound_not_authorized`" in engine.world.issue.body
