"""Branches of a GitHub: where they point, and what they ask of a pull request, whoever may read it."""

from dataclasses import replace

import pytest

from forgehand.adapters.github import BranchReader
from forgehand.domain.repositories import Repo
from forgehand.ports.checks import Compared, Protection, RequiredCheck
from forgehand.ports.github import NotFound, Unreachable
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

RULES = "/repos/{owner}/{repo}/rules/branches/{branch}"
REF = "/repos/{owner}/{repo}/git/ref/{ref}"


def reader(stage: Stage) -> BranchReader:
    return BranchReader(stage.github, stage.tokens)


async def protection(stage: Stage, branch: str = "main") -> Protection:
    return await reader(stage).protection(stage.repo, branch)


async def without_administration(stage: Stage) -> Protection:
    """As an installation that did not grant the reading of protection."""
    stage.forge.uninstall(stage.installation)
    granted = {"contents": "read", "metadata": "read"}
    installation = stage.forge.install(stage.app, stage.repo.owner, permissions=granted)
    return await reader(stage).protection(replace(stage.repo, installation=installation.id), "main")


async def test_a_branch_points_at_a_commit_of_a_tree(stage: Stage) -> None:
    found = reader(stage)
    assert await found.default_branch(stage.repo) == "main"
    assert await found.tip(stage.repo, "topic") == stage.head
    tree = await found.tree(stage.repo, stage.head)
    same = stage.forge.commit(stage.name, "topic", {}, "Nothing changes")
    assert await found.tree(stage.repo, same) == tree != stage.head


@pytest.mark.parametrize("name", ["gone", "top", "topic/deeper", "a?b"])
async def test_a_branch_that_is_not_there_points_nowhere(stage: Stage, name: str) -> None:
    assert await reader(stage).tip(stage.repo, name) is None


async def test_a_default_branch_that_is_not_shown_yet_is_no_empty_repository(stage: Stage) -> None:
    assert await reader(stage).default_tip(stage.repo) == stage.forge.branch(stage.name, "main")
    stage.forge.faults.add("error_before", route=REF, status=404)
    with pytest.raises(Unreachable, match="does not show main, the default branch of octo/sample") as caught:
        await reader(stage).default_tip(stage.repo)
    assert not caught.value.sent


async def test_the_default_branch_of_a_repository_without_a_commit_points_nowhere(stage: Stage) -> None:
    made = stage.forge.create_repository("octo/new")
    new = Repo(stage.installation.id, made.id, "octo/new")
    assert await reader(stage).default_tip(new) is None
    assert await reader(stage).tip(new, "topic") is None
    stage.forge.faults.add("error_before", route=REF, status=404)
    assert await reader(stage).default_tip(new) is None
    assert [call.status for call in stage.forge.calls if call.route == REF] == [409, 409, 404]


async def test_a_branch_may_have_slashes_in_its_name(stage: Stage) -> None:
    stage.forge.set_branch(stage.name, "feature/a#b", stage.head)
    assert await reader(stage).tip(stage.repo, "feature/a#b") == stage.head


async def test_a_commit_that_is_not_there_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await reader(stage).tree(stage.repo, "0" * 40)


async def test_a_head_lacks_what_came_to_the_base_since(stage: Stage) -> None:
    found = reader(stage)
    parted = await found.tip(stage.repo, "main")
    assert await found.compared(stage.repo, "main", stage.head) == Compared(0, parted or "")
    for number in range(3):
        stage.forge.commit(stage.name, "main", {f"{number}.txt": "x\n"})
    assert await found.compared(stage.repo, "main", stage.head) == Compared(3, parted or "")
    assert await found.compared(stage.repo, stage.head, "main") == Compared(1, parted or "")


async def test_a_branch_without_protection_asks_for_nothing(stage: Stage) -> None:
    assert await protection(stage) == Protection()
    asked = [call.path for call in stage.forge.calls if call.path.endswith("/protection")]
    assert asked == []


async def test_protection_and_rulesets_are_asked_together(stage: Stage) -> None:
    stage.forge.protect(stage.name, "main", ["tests", ("lint", stage.app)], strict=True, approvals=1)
    stage.forge.protect(stage.name, "main", ["tests", "docs"], ruleset="all", approvals=2)
    assert await protection(stage) == Protection(
        checks=(RequiredCheck("tests"), RequiredCheck("lint", stage.app.id), RequiredCheck("docs")),
        strict=True,
        approvals=2,
    )


async def test_a_ruleset_alone_is_read_by_anybody(stage: Stage) -> None:
    stage.forge.protect(stage.name, "main", [("tests", stage.app)], ruleset="all", strict=True, approvals=1)
    asked = await without_administration(stage)
    assert asked == Protection((RequiredCheck("tests", stage.app.id),), strict=True, approvals=1)


async def test_what_only_administrators_read_is_named_and_not_assumed(stage: Stage) -> None:
    stage.forge.protect(stage.name, "main", ["tests"], strict=True, approvals=1)
    asked = await without_administration(stage)
    assert (asked.checks, asked.strict, asked.approvals) == ((RequiredCheck("tests"),), False, 0)
    assert "how many approvals main requires cannot be read" in asked.unreadable
    assert "administration: read" in asked.unreadable


async def test_a_branch_that_is_gone_is_not_taken_for_one_that_asks_for_nothing(stage: Stage) -> None:
    assert (await protection(stage, "gone")).unreadable == "there is no branch gone"


async def test_reading_it_writes_nothing(stage: Stage) -> None:
    stage.forge.protect(stage.name, "main", ["tests"])
    await protection(stage)
    assert stage.writes() == []
