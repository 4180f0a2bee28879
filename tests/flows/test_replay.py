"""Every stored delivery can be replayed; a dry run shows what would be done and touches nothing."""

import asyncio
from pathlib import Path

from forgehand.assembly.build import opened
from forgehand.engine.dry_run import Preview
from forgehand.ports.desk import Landing
from support.product import REPO, Product, assert_said_once, at_rest, open_flawed_pull, product, reviewed, until


async def opened_delivery(run: Product) -> str:
    async with opened(run.settings) as app:
        found = [each.delivery for each in await app.store.deliveries(50) if each.delivery.event == "pull_request"]
        return found[-1].guid


async def previewed(run: Product, guid: str) -> tuple[list[Preview], int, int]:
    async with opened(run.settings) as app:
        before = await app.store.latest_change()
        previews = await app.preview(guid)
        return previews, before, await app.store.latest_change()


async def replayed(run: Product, guid: str) -> None:
    async with opened(run.settings) as app:
        await app.operations.replay(guid, "a test")


def test_a_dry_run_makes_no_mutating_call_and_changes_no_row(tmp_path: Path) -> None:
    # The address that links show must not depend on the port that this start was given.
    with product(tmp_path, admin_url="http://forgehand.test") as run:
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha) and at_rest(run), "the review")
        run.stop()
        guid = asyncio.run(opened_delivery(run))
        run.forge.clear_calls()
        previews, before, after = asyncio.run(previewed(run, guid))
        # This head was reviewed and tested before: only its decision and the tests' check would be said again.
        assert [each.landing for each in previews] == [Landing.UNCHANGED] * 3
        assert run.forge.mutations() == ()
        assert before == after

        newer = run.forge.commit(REPO, "feature-1", {"shop/till.py": "import os\n"})
        run.forge.clear_calls()
        previews, before, after = asyncio.run(previewed(run, guid))
        would = {each.effect.kind: each for each in previews}
        assert {kind: each.landing for kind, each in would.items()} == dict.fromkeys(
            ("review", "comment", "check_run"), Landing.WOULD
        )
        assert would["review"].effect.sha == newer
        assert run.forge.mutations() == ()
        assert before == after


def test_a_replay_of_what_was_said_says_nothing_new(tmp_path: Path) -> None:
    with product(tmp_path) as run:
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha) and at_rest(run), "the review")
        guid = asyncio.run(opened_delivery(run))
        run.forge.clear_calls()
        asyncio.run(replayed(run, guid))
        until(lambda: run.log().count('"type": "review", "state": "completed"') >= 2, "the replayed review")
        assert_said_once(run.forge, pull.number, pull.head_sha)
        assert run.forge.mutations() == ()
