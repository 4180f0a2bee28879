"""Single files of a GitHub: regular ones only, at the commit that was asked for."""

import pytest

from forgehand.adapters.github import ContentReader
from forgehand.domain.repositories import Repo
from forgehand.ports.github import Unprocessable, Unreachable
from support.github_stage import Stage

pytestmark = pytest.mark.anyio

CONFIG = ".forgehand/config.yml"
TREE = "/repos/{owner}/{repo}/git/trees/{tree_sha}"


def reader(stage: Stage) -> ContentReader:
    return ContentReader(stage.github, stage.tokens)


async def read(stage: Stage, path: str = CONFIG, ref: str = "main", most: int = 1000) -> bytes | None:
    return await reader(stage).file(stage.repo, path, ref, most=most)


async def test_a_file_is_read_byte_for_byte_at_its_commit(stage: Stage) -> None:
    old = stage.forge.commit(stage.name, "main", {CONFIG: b"mode: \xff\0\r\n"})
    stage.forge.commit(stage.name, "main", {CONFIG: "mode: apply\n"})
    assert await read(stage, ref=old) == b"mode: \xff\0\r\n"
    assert await read(stage) == b"mode: apply\n"


async def test_a_branch_with_a_slash_and_a_name_with_a_hash_are_found(stage: Stage) -> None:
    stage.forge.commit(stage.name, "a/b", {"what?/#1.txt": "x\n"})
    assert await read(stage, "what?/#1.txt", "a/b") == b"x\n"


@pytest.mark.parametrize("path", ["nothing.yml", "no/folder.yml", ".forgehand", "values.py/below", "link.yml"])
async def test_what_is_no_regular_file_is_none(stage: Stage, path: str) -> None:
    # The link leads to a file that is there: GitHub's contents route would follow it.
    stage.forge.commit(stage.name, "main", {CONFIG: "x\n", "link.yml": ("120000", b"values.py")})
    assert await read(stage, path) is None


@pytest.mark.parametrize("level", [0, 1])
async def test_a_tree_that_is_not_shown_yet_is_no_missing_file(stage: Stage, level: int) -> None:
    tip = stage.forge.commit(stage.name, "main", {CONFIG: "x\n"})
    # A replica answers that does not know the push.
    stage.forge.faults.add("error_before", route=TREE, skip=level, status=404)
    with pytest.raises(Unreachable, match="does not show all of octo/sample yet") as caught:
        await read(stage, ref=tip)
    assert not caught.value.sent
    assert await read(stage, ref=tip) == b"x\n"


async def test_a_commit_that_is_not_there_is_no_missing_file_either(stage: Stage) -> None:
    with pytest.raises(Unreachable, match="does not show all"):
        await read(stage, ref="0" * 40)


async def test_a_commit_without_any_file_holds_none_whether_or_not_its_tree_is_shown(stage: Stage) -> None:
    bare = stage.forge.commit(stage.name, "main", {"values.py": None})
    assert await read(stage, ref=bare) is None
    stage.forge.faults.add("error_before", route=TREE, status=404)
    assert await read(stage, ref=bare) is None


async def test_a_file_that_is_too_long_is_not_fetched(stage: Stage) -> None:
    stage.forge.commit(stage.name, "main", {CONFIG: "x" * 1001})
    with pytest.raises(Unprocessable, match=r"\.forgehand/config\.yml in octo/sample has 1,001 bytes; at most 1,000"):
        await read(stage)
    assert not [call for call in stage.forge.calls if "/git/blobs/" in call.path]


async def test_the_owners_own_repository_is_found_where_the_app_reaches_it(stage: Stage) -> None:
    assert await reader(stage).org_repository(stage.repo) is None
    made = stage.forge.create_repository("octo/.github")
    stage.forge.commit("octo/.github", "main", {CONFIG: "x\n"})
    found = await reader(stage).org_repository(stage.repo)
    assert found == Repo(stage.installation.id, made.id, "octo/.github")
    assert await reader(stage).file(found, CONFIG, "main", most=100) == b"x\n"


async def test_a_public_one_that_the_app_was_not_given_is_none(stage: Stage) -> None:
    stage.forge.create_repository("octo/.github")
    stage.forge.select_repositories(stage.installation, ["sample"])
    assert await reader(stage).org_repository(stage.repo) is None
