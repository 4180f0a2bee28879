"""What a branch asks, where the practice forge has no such case: plans without protection, odd answers."""

from collections.abc import Mapping
from typing import Any

import pytest

from forgehand.adapters.github import BranchReader, GitHub, PersonalTokens
from forgehand.domain.repositories import Repo
from forgehand.ports.checks import Protection, RequiredCheck
from support.scripted_github import API, Reply, ScriptedGitHub, reply, routes

pytestmark = pytest.mark.anyio

REPO = Repo(0, 42, "octo/hello")
BRANCH = "/repos/octo/hello/branches/main"
FREE_PLAN = {"message": "Upgrade to GitHub Pro or make this repository public to enable this feature."}


async def protection(
    branch: Mapping[str, Any], rules: Reply | None = None, itself: Mapping[str, Any] | None = None
) -> Protection:
    script = routes(
        {
            f"GET {BRANCH}": reply(200, branch),
            "GET /repos/octo/hello/rules/branches/main": rules or reply(200, []),
            f"GET {BRANCH}/protection": reply(200, itself) if itself else reply(403, {"message": "Forbidden"}),
        }
    )
    async with GitHub(API, transport=ScriptedGitHub(script).transport) as github:
        return await BranchReader(github, PersonalTokens("ghp_" + "x" * 36)).protection(REPO, "main")


def enabled(checks: Mapping[str, Any]) -> dict[str, Any]:
    return {"protection": {"enabled": True, "required_status_checks": checks}}


async def test_a_plan_without_rulesets_asks_for_nothing() -> None:
    assert await protection({"protection": {"enabled": False}}, reply(403, FREE_PLAN)) == Protection()


async def test_rules_that_may_not_be_read_are_named() -> None:
    asked = await protection({"protected": False}, reply(403, {"message": "Forbidden"}))
    assert asked.unreadable.startswith("the rulesets of main cannot be read: GitHub does not permit")


async def test_checks_by_name_alone_and_of_any_app_are_the_same() -> None:
    checks = {"contexts": ["tests", "lint"], "checks": [{"context": "tests", "app_id": -1}]}
    asked = await protection(enabled(checks), itself={"required_status_checks": {**checks, "strict": True}})
    assert asked == Protection((RequiredCheck("tests"), RequiredCheck("lint")), strict=True)


async def test_rules_of_other_kinds_ask_for_nothing_that_we_judge() -> None:
    asked = await protection({}, reply(200, [{"type": "deletion"}, {"type": "pull_request"}]))
    assert asked == Protection()
