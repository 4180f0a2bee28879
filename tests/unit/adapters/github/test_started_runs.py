"""Finding the run that no answer named, where clocks and answers are odd."""

import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from forgehand.adapters.github import GitHub, Identity, LookTimes, PersonalTokens
from forgehand.adapters.github.started_runs import StartedRuns
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.effects import WorkflowDispatch
from forgehand.domain.repositories import Repo
from forgehand.ports.github import Unreachable
from support.scripted_github import API, ScriptedGitHub, pem, reply

pytestmark = pytest.mark.anyio

EFFECT = WorkflowDispatch(
    repo=Repo(1, 2, "octo/shop"), subject="run/1", worker="dispatch", purpose="1", workflow="cd.yml", ref="main"
)


def shown(run_id: int, created: float, **changed: Any) -> dict[str, Any]:
    moment = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"id": run_id, "created_at": moment, "head_branch": "main", "actor": {"login": "Helper[bot]"}} | changed


async def started(*runs: dict[str, Any], sent_at: float, skew: float = 0.0) -> tuple[int | None, httpx.Request]:
    """What is found by a machine whose clock is `skew` ahead of GitHub's."""
    date = format_datetime(datetime.fromtimestamp(time.time() - skew, UTC), usegmt=True)
    server = ScriptedGitHub(lambda request: reply(200, {"total_count": len(runs), "workflow_runs": runs}, date=date))
    async with GitHub(API, app_id=7, private_key=pem(), slug="helper", transport=server.transport) as github:
        store = MemoryStore()
        await store.open()
        runs_of = StartedRuns(github, PersonalTokens("ghp_" + "x" * 36), Identity(github), store, LookTimes())
        try:
            return await runs_of.started(EFFECT, sent_at, wait=False), server.requests[0]
        finally:
            await store.close()


@pytest.mark.parametrize("skew", [-90.0, 0.0, 90.0])
async def test_times_are_compared_by_githubs_clock(skew: float) -> None:
    now = time.time()
    before, after = shown(1, now - skew - 30), shown(2, now - skew + 1)
    found, _ = await started(before, after, sent_at=now, skew=skew)
    assert found == 2


async def test_the_list_is_asked_for_this_workflow_and_event_since_then() -> None:
    _, request = await started(sent_at=time.time())
    assert request.url.path == "/repos/octo/shop/actions/workflows/cd.yml/runs"
    assert request.url.params["event"] == "workflow_dispatch"
    assert request.url.params["created"].startswith(">=20")


@pytest.mark.parametrize("changed", [{"actor": None}, {"actor": {"login": "helper"}}, {"head_branch": "other"}])
async def test_runs_of_others_and_of_other_refs_do_not_count(changed: dict[str, Any]) -> None:
    now = time.time()
    assert (await started(shown(1, now, **changed), sent_at=now))[0] is None


async def test_a_run_without_its_time_is_no_answer_of_githubs() -> None:
    now = time.time()
    with pytest.raises(Unreachable, match="no run"):
        await started(shown(1, now, created_at=None), sent_at=now)
