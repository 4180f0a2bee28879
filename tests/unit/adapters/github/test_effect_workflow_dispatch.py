"""What becomes of a dispatch by GitHub's answers, odd ones too."""

import time
from dataclasses import replace

import pytest

from forgehand.adapters.github import GitHub, Identity, PersonalTokens, performers
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.effects import DispatchRefusal, WorkflowDispatch
from forgehand.domain.repositories import Repo
from forgehand.ports.effects import Receipt
from forgehand.ports.github import GitHubError, Unprocessable, Unreachable
from support.scripted_github import API, Script, ScriptedGitHub, body_of, pem, reply, sequence

pytestmark = pytest.mark.anyio

EFFECT = WorkflowDispatch(
    repo=Repo(0, 42, "octo/hello"), subject="run/1", worker="dispatch", purpose="1", workflow="cd.yml", ref="main"
)
STARTED = reply(200, {"workflow_run_id": 30, "run_url": "https://api.github.com/x", "html_url": "https://x"})
UNKNOWN_KEY = {"message": 'Invalid request.\n\n"return_run_details" is not a permitted key.'}


async def start(script: Script, effect: WorkflowDispatch = EFFECT) -> tuple[Receipt, ScriptedGitHub]:
    server, store = ScriptedGitHub(script), MemoryStore()
    await store.open()
    async with GitHub(API, app_id=7, private_key=pem(), slug="helper", transport=server.transport) as github:
        own = performers(github, PersonalTokens("ghp_" + "x" * 36), Identity(github), store)[effect.kind]
        return await own.perform(effect, None, time.time() + 30), server


async def test_the_receipt_is_the_run_on_the_pages_of_its_repository() -> None:
    receipt, server = await start(sequence(STARTED))
    assert receipt == Receipt("30", "https://github.com/octo/hello/actions/runs/30")
    assert body_of(server.requests[0]) == {"ref": "main", "return_run_details": True}


async def test_inputs_are_sent_where_there_are_any() -> None:
    _, server = await start(sequence(STARTED), replace(EFFECT, inputs=(("sha", "a"), ("who", "b"))))
    assert body_of(server.requests[0])["inputs"] == {"sha": "a", "who": "b"}


@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_knows_no_run_details_is_asked_without(status: int) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    run = {"id": 31, "created_at": now, "head_branch": "main", "actor": {"login": "helper[bot]"}}
    listed = reply(200, {"total_count": 1, "workflow_runs": [run]})
    receipt, server = await start(sequence(reply(status, UNKNOWN_KEY), reply(204), listed))
    assert receipt.remote_id == "31"
    assert body_of(server.requests[1]) == {"ref": "main"}


@pytest.mark.parametrize("answer", [{}, {"workflow_run_id": None}, [1]])
async def test_an_answer_that_names_no_run_may_have_started_one(answer: object) -> None:
    script = sequence(reply(200, answer))
    with pytest.raises(Unreachable) as caught:
        await start(script)
    assert caught.value.sent


@pytest.mark.parametrize(
    ("status", "message", "reason"),
    [
        (422, "No ref found for: main", DispatchRefusal.REF_NOT_FOUND),
        (422, "Workflow does not have 'workflow_dispatch' trigger", DispatchRefusal.WORKFLOW_NOT_DISPATCHABLE),
        (422, 'Unexpected inputs provided: ["a"]', DispatchRefusal.INPUTS_NOT_ACCEPTED),
        (422, "Something else: No ref found for", DispatchRefusal.GITHUB_ERROR),
        (404, "Not Found", DispatchRefusal.WORKFLOW_NOT_FOUND),
        (403, "Resource not accessible by integration", DispatchRefusal.PERMISSION_MISSING),
        (401, "Bad credentials", DispatchRefusal.PERMISSION_MISSING),
        (502, "Server Error", ""),
        (429, "Slow down", ""),
    ],
)
async def test_each_refusal_has_its_word_and_what_is_none_has_none(status: int, message: str, reason: str) -> None:
    with pytest.raises(GitHubError) as caught:
        await start(lambda request: reply(status, {"message": message}))
    assert caught.value.reason == reason


async def test_a_refused_request_without_details_is_not_made_a_third_time() -> None:
    refused = reply(422, {"message": "No ref found for: main"})
    with pytest.raises(Unprocessable) as caught:
        await start(sequence(reply(422, UNKNOWN_KEY), refused))
    assert caught.value.reason == DispatchRefusal.REF_NOT_FOUND
