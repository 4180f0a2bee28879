"""The log follows one delivery from its planning to every call that it caused on GitHub, by one name: its GUID."""

import asyncio
import json
from pathlib import Path

from forgehand.adapters.sql import SqlStore
from support.product import Product, open_flawed_pull, product, reviewed, until


def test_every_write_to_github_is_logged_with_the_delivery_that_caused_it(tmp_path: Path) -> None:
    with product(tmp_path) as run:
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        lines = until(lambda: _writes(run), "the writes in the log")
        written = {each["correlation"] for each in lines}
        assert len(written) == 1
        assert asyncio.run(_known(run, written)) == written
        settled = {each["correlation"] for each in _log(run) if each.get("event") == "job.settled"}
        assert written <= settled


def _writes(run: Product) -> list[dict[str, str]]:
    """Calls of POST, PATCH and PUT, once the review is among them; asking for a token is nobody's write."""
    calls = [each for each in _log(run) if str(each.get("event")).startswith(("POST /repos/", "PATCH /repos/"))]
    return calls if any("/reviews" in each["event"] for each in calls) else []


def _log(run: Product) -> list[dict[str, str]]:
    return [json.loads(line) for line in run.log().splitlines() if line.startswith("{")]


async def _known(run: Product, guids: set[str]) -> frozenset[str]:
    store = SqlStore(run.settings.database_url)
    await store.open()
    try:
        return await store.known_guids(sorted(guids))
    finally:
        await store.close()
