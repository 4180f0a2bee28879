"""The policy in force: read at one commit, the organization's under the repository's, the last valid one in need."""

import json
from dataclasses import dataclass, field

import pytest

from forgehand.crafts.policies import RepositoryPolicies
from forgehand.domain.modes import Mode
from forgehand.domain.policy import OperatorLimits
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import State
from forgehand.ports.checks import Compared, Protection
from forgehand.ports.github import Unprocessable

SHOP, SHARED = Repo(1, 7, "octo/shop"), Repo(1, 9, "octo/.github")
PATH = ".forgehand/config.yml"
TIP, HEAD = "a" * 40, "b" * 40

pytestmark = pytest.mark.anyio


@dataclass
class World:
    """Files by repository id and sha, and the documents of the store."""

    files: dict[tuple[int, str], bytes] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    shared: bool = False
    tips: dict[int, str | None] = field(default_factory=lambda: {7: TIP, 9: "c" * 40})
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def file(self, repo: Repo, path: str, ref: str, *, most: int) -> bytes | None:
        assert path == PATH
        self.asked.append((repo.full_name, ref))
        raw = self.files.get((repo.id, ref))
        if raw is not None and len(raw) > most:
            raise Unprocessable(f"{path} in {repo.full_name} has {len(raw):,} bytes; at most {most:,} are read")
        return raw

    async def org_repository(self, repo: Repo) -> Repo | None:
        return SHARED if self.shared else None

    async def default_branch(self, repo: Repo) -> str:
        raise AssertionError("not asked here")

    async def default_tip(self, repo: Repo) -> str | None:
        return self.tips[repo.id]

    async def tip(self, repo: Repo, branch: str) -> str | None:
        raise AssertionError("not asked here")

    async def tree(self, repo: Repo, sha: str) -> str:
        raise AssertionError("not asked here")

    async def protection(self, repo: Repo, branch: str) -> Protection:
        raise AssertionError("not asked here")

    async def compared(self, repo: Repo, base: str, head: str) -> Compared:
        raise AssertionError("not asked here")

    async def document(self, key: str) -> str | None:
        return self.documents.get(key)

    def policies(self) -> RepositoryPolicies:
        return RepositoryPolicies(self, self, self, OperatorLimits(mode=Mode.APPLY))


async def test_without_a_file_the_defaults_hold() -> None:
    loaded = await World().policies().policy(SHOP, "main")
    assert (loaded.source, loaded.sha, loaded.problems) == ("defaults", TIP, ())
    assert loaded.policy.merge.auto is False


async def test_a_repository_without_a_commit_has_the_defaults() -> None:
    loaded = await World(tips={7: None}).policies().policy(SHOP, "main")
    assert (loaded.source, loaded.sha) == ("defaults", "")


async def test_the_file_is_read_at_the_tip_of_the_default_branch_whatever_the_base() -> None:
    world = World({(7, TIP): b"merge: {auto: true}\nbranches: {'release/*': {merge: {auto: false}}}"})
    assert (await world.policies().policy(SHOP, "main")).policy.merge.auto is True
    loaded = await world.policies().policy(SHOP, "release/1")
    assert loaded.policy.merge.auto is False
    assert loaded.source == ".forgehand/config.yml at aaaaaaa"
    assert set(world.asked) == {("octo/shop", TIP)}


async def test_the_repository_stands_over_its_organization() -> None:
    world = World(
        {(9, "c" * 40): b"merge: {approvals: 2, method: rebase}", (7, TIP): b"merge: {approvals: 1}"}, shared=True
    )
    loaded = await world.policies().policy(SHOP, "main")
    assert (loaded.policy.merge.approvals, loaded.policy.merge.method) == (1, "rebase")
    assert loaded.source == "octo/.github/.forgehand/config.yml at ccccccc and .forgehand/config.yml at aaaaaaa"
    assert {key: json.loads(kept)["org"] for key, kept in loaded.keep.items()} == {"config:7": 9, "config:9": 0}


async def test_an_invalid_file_changes_nothing_and_its_problems_are_told() -> None:
    world = World({(7, TIP): b"merge: {approvals: 2}"})
    world.documents |= (await world.policies().policy(SHOP, "main")).keep
    world.tips[7] = HEAD
    world.files[7, HEAD] = b"merge: {aprovals: 0}"
    loaded = await world.policies().policy(SHOP, "main")
    assert loaded.policy.merge.approvals == 2
    assert loaded.source == ".forgehand/config.yml at aaaaaaa, the last valid one"
    assert [str(each) for each in loaded.problems] == [
        ".forgehand/config.yml:1:9: unknown key “merge.aprovals”: did you mean “approvals”?"
    ]
    assert loaded.keep == {}


async def test_an_invalid_file_that_never_was_valid_leaves_the_defaults() -> None:
    loaded = await World({(7, TIP): b"merge: 1"}).policies().policy(SHOP, "main")
    assert (loaded.source, len(loaded.problems)) == ("defaults", 1)


async def test_what_was_valid_for_an_earlier_version_of_ours_is_not_obeyed() -> None:
    world = World({(7, TIP): b"merge: 1"}, {"config:7": json.dumps({"sha": HEAD, "text": "gone: key"})})
    assert (await world.policies().policy(SHOP, "main")).source == "defaults"


async def test_a_file_that_was_removed_is_not_obeyed_later() -> None:
    world = World({}, {"config:7": json.dumps({"sha": HEAD, "text": "merge: {auto: true}"})})
    loaded = await world.policies().policy(SHOP, "main")
    assert loaded.policy.merge.auto is False
    assert json.loads(loaded.keep["config:7"])["text"] is None
    world.documents |= loaded.keep
    world.files[7, TIP] = b"merge: 1"
    assert (await world.policies().policy(SHOP, "main")).policy.merge.auto is False


async def test_what_is_kept_already_is_not_kept_again() -> None:
    world = World({(7, TIP): b"merge: {approvals: 2}"})
    world.documents |= (await world.policies().policy(SHOP, "main")).keep
    assert (await world.policies().policy(SHOP, "main")).keep == {}


async def test_a_file_beyond_the_limit_is_a_problem_of_its_own() -> None:
    loaded = await World({(7, TIP): b"#" * 70_000}).policies().policy(SHOP, "main")
    assert [(each.line, each.fix) for each in loaded.problems] == [(1, "keep the file below 65,536 bytes")]


async def test_what_the_operator_does_not_allow_is_noted() -> None:
    loaded = await World({(7, TIP): b"tests: {network: true}"}).policies().policy(SHOP, "main")
    assert loaded.policy.tests.network is False
    assert loaded.notes == ("tests.network: true is asked for; the operator's limit makes it false.",)


async def test_a_pull_request_with_an_invalid_file_is_told_where_and_how_to_mend_it() -> None:
    world = World({(7, HEAD): b"merge:\n  auto: maybe\n  methods: x\n"})
    ruling = await world.policies().proposal(SHOP, "main", HEAD)
    assert ruling.state is State.VIOLATED
    assert ruling.reason == (
        ".forgehand/config.yml:2:9: “merge.auto” is neither true nor false: write true or false. And 1 more problem."
    )
    assert len(ruling.parts) == 2


async def test_a_problem_that_asks_ends_with_its_question_mark_alone() -> None:
    ruling = await World({(7, HEAD): b"tests:\n  enabld: false\n"}).policies().proposal(SHOP, "main", HEAD)
    assert ruling.reason.endswith("did you mean “enabled”?")


async def test_a_pull_request_with_a_valid_file_says_what_it_would_change() -> None:
    world = World(
        {
            (7, TIP): b"merge: {approvals: 1}",
            (7, HEAD): b"merge: {approvals: 2}\nbranches: {'release/*': {merge: {auto: true}}}",
        }
    )
    ruling = await world.policies().proposal(SHOP, "main", HEAD)
    assert ruling.state is State.SATISFIED
    assert [(part.rule, part.reason) for part in ruling.parts] == [
        ("into main", "merge.approvals: 1 → 2."),
        ("into release/*", "merge.auto: false → true."),
        ("into release/*", "merge.approvals: 1 → 2."),
    ]
    assert ruling.reason == (
        ".forgehand/config.yml is valid. It changes into main: merge.approvals: 1 → 2, and 2 more."
    )


async def test_a_pull_request_that_removes_the_file_goes_back_to_the_defaults() -> None:
    ruling = await World({(7, TIP): b"merge: {approvals: 1}"}).policies().proposal(SHOP, "main", HEAD)
    assert [part.reason for part in ruling.parts] == ["merge.approvals: 1 → 0."]


async def test_a_pull_request_that_changes_only_comments_changes_nothing() -> None:
    ruling = await World({(7, HEAD): b"# later\n"}).policies().proposal(SHOP, "main", HEAD)
    assert ruling.reason == ".forgehand/config.yml is valid. It changes nothing of the policy."
