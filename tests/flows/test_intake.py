"""The webhook door of the running product, over real HTTP."""

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from forgehand.adapters.sql import SqlStore
from support.node import webhook_examples
from support.postgres import Cluster
from support.product import SECRET, Product, product

pytestmark = [pytest.mark.anyio, pytest.mark.needs("node")]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Product]:
    with product(tmp_path) as made:
        yield made


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    # Within it each of hundreds also waits for one of the connections.
    async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=64)) as client:
        yield client


def headers(body: bytes, event: str = "push", guid: str | None = None, secret: str = SECRET) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid or str(uuid.uuid4()),
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }


async def stored(run: Product) -> list[str]:
    store = SqlStore(run.settings.database_url)
    await store.open()
    try:
        return [each.delivery.guid for each in await store.deliveries(1000)]
    finally:
        await store.close()


async def test_every_payload_that_github_publishes_is_accepted(run: Product, client: httpx.AsyncClient) -> None:
    async def post(event: str, payload: Any) -> httpx.Response:
        body = json.dumps(payload).encode()
        return await client.post(run.webhook_url, content=body, headers=headers(body, event))

    examples = list(webhook_examples())
    assert len(examples) == 329
    answers = await asyncio.gather(*(post(event, payload) for event, payload in examples))
    assert {answer.status_code for answer in answers} == {202}
    assert all(answer.json()["accepted"] for answer in answers)
    assert len(await stored(run)) == 329


async def test_a_bad_signature_is_refused_and_nothing_is_stored(run: Product, client: httpx.AsyncClient) -> None:
    body = b'{"zen": "no"}'
    answer = await client.post(run.webhook_url, content=body, headers=headers(body, secret="wrong"))
    assert answer.status_code == 401
    assert await stored(run) == []


async def test_the_same_delivery_a_hundred_times_at_once_makes_one_plan(
    run: Product, client: httpx.AsyncClient
) -> None:
    body = json.dumps(
        {"action": "opened", "repository": {"id": 1, "full_name": "a/b"}, "installation": {"id": 1}}
    ).encode()
    head = headers(body, "pull_request", "the-same")
    answers = await asyncio.gather(*(client.post(run.webhook_url, content=body, headers=head) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {202}
    assert sum(not answer.json().get("duplicate", False) for answer in answers) == 1
    store = SqlStore(run.settings.database_url)
    await store.open()
    try:
        assert len([job for job in await store.jobs_of("the-same") if job.type == "plan"]) == 1
    finally:
        await store.close()


async def test_too_large_is_413_and_no_json_is_400(run: Product, client: httpx.AsyncClient) -> None:
    large = b'{"a": "' + b"x" * (26 * 1024 * 1024) + b'"}'
    assert (await client.post(run.webhook_url, content=large, headers=headers(large))).status_code == 413
    body = b"payload={}"
    assert (await client.post(run.webhook_url, content=body, headers=headers(body))).status_code == 400
    assert await stored(run) == []


@pytest.mark.needs("postgres")
async def test_while_the_store_is_down_the_answer_is_503_and_afterwards_all_is_well_again(
    tmp_path: Path, postgres_cluster: Cluster, client: httpx.AsyncClient
) -> None:
    with postgres_cluster.database() as url, product(tmp_path, database_url=url) as run:
        body = b'{"zen": "Design for failure."}'
        postgres_cluster.stop("immediate")
        refused = await client.post(run.webhook_url, content=body, headers=headers(body, guid="while-down"))
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        postgres_cluster.start()
        taken = None
        while taken is None or taken.status_code == 503:
            taken = await client.post(run.webhook_url, content=body, headers=headers(body, guid="afterwards"))
        assert taken.status_code == 202
        assert await stored(run) == ["afterwards"]
