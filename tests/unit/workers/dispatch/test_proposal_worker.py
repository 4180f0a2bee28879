"""Which pull requests are told what they would change of what is dispatched, and at which head."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from forgehand.domain.effects import CheckRun, Conclusion, Effect
from forgehand.domain.jobs import Done, Failed, Job, Outcome, Retry
from forgehand.domain.repositories import Repo
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.github import ChangedFile, PullRequest, Unreachable
from forgehand.workers.dispatch import Options, ProposalWorker
from support.decisions import PULL as A_PULL
from support.dispatch_world import API, CONSENT, World

pytestmark = pytest.mark.anyio

ASKS = "outbound: [{source: {workflow: ci.yml}, targets: [{repository: web, workflow: cd.yml}]}]"
PULL = replace(A_PULL, head_repository=API.full_name)


@dataclass
class Proposed(World):
    """A world with one pull request into the source. `proposal` is the file at its head."""

    pull_request: PullRequest = PULL
    proposal: str = ASKS
    changed: tuple[ChangedFile, ...] = (ChangedFile("dispatching.yml", "modified", None, 1, 1, None),)

    async def file(self, repo: Repo, path: str, ref: str, *, most: int) -> bytes | None:
        if ref != self.pull_request.head_sha:
            return await super().file(repo, path, ref, most=most)
        return self.proposal.encode() if path == "dispatching.yml" else None


@dataclass
class Pulls:
    world: Proposed

    async def pull(self, repo: Repo, number: int) -> PullRequest:
        return self.world.pull_request

    async def files(self, repo: Repo, number: int) -> Sequence[ChangedFile]:
        return self.world.changed

    async def review_comments(self, repo: Repo, number: int) -> Sequence[Any]:
        raise AssertionError("nobody asks for them")


@dataclass
class Wall:
    """A desk that keeps the checks."""

    job: Job
    checks: list[CheckRun] = field(default_factory=list)
    lag: float = 5.0

    def now(self) -> float:
        return 1.0

    async def perform(self, effect: Effect) -> Landed:
        raise AssertionError("one check, and nothing else")

    async def perform_all(self, effects: Sequence[Effect]) -> Outcome | None:
        self.checks += [effect for effect in effects if isinstance(effect, CheckRun)]
        return Landed(Landing.DONE).stop

    def say(self, message: str, **details: object) -> None: ...


async def told(world: Proposed, *, on: bool = True, **changes: Any) -> tuple[Outcome, list[CheckRun]]:
    job = Job("j", "dispatch-proposal", "dispatch-proposal", 10, API.id, API.full_name, "pull/7", 0.0, attempts=1)
    wall = Wall(replace(job, **({"revision": world.pull_request.head_sha} | changes)))
    return await ProposalWorker(world.sources, Pulls(world), Options(), on=on).run(wall), wall.checks


async def test_one_check_at_the_head_says_what_changes() -> None:
    world = Proposed()
    world.add("acme/web")
    outcome, [check] = await told(world)
    assert isinstance(outcome, Done)
    assert (check.name, check.sha, check.conclusion) == ("Forgehand dispatching", PULL.head_sha, Conclusion.SUCCESS)
    assert "It would be started from now on." in check.title


async def test_a_file_that_cannot_be_used_fails() -> None:
    _, [check] = await told(Proposed(proposal="outbound: 7"))
    assert (check.conclusion, check.title.startswith("dispatching.yml:1:")) == (Conclusion.FAILURE, True)


async def test_what_cannot_be_read_of_others_is_said_and_fails_nothing() -> None:
    world = Proposed(broken={"acme/web": Unreachable("GitHub answered 502", sent=False)})
    _, [check] = await told(world)
    assert check.conclusion is Conclusion.SUCCESS
    assert "GitHub answered 502" in check.title


async def test_a_stranger_learns_nothing_of_others() -> None:
    world = Proposed(pull_request=replace(PULL, head_repository="kim/api"))
    world.add("acme/web", CONSENT)
    _, [check] = await told(world)
    assert "For a pull request of a fork, other repositories are not looked at" in check.title


async def test_a_rename_away_counts_as_a_change() -> None:
    renamed = ChangedFile("other.yml", "renamed", "dispatching.yml", 0, 0, None)
    _, checks = await told(Proposed(changed=(renamed,)))
    assert len(checks) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"pull_request": replace(PULL, state="closed")}, "closed"),
        ({"pull_request": replace(PULL, base_ref="release")}, "it goes into release, and only the default"),
        ({"changed": (ChangedFile("a.py", "modified", None, 1, 1, None),)}, "it does not change dispatching.yml"),
    ],
)
async def test_what_is_none_of_its_business_gets_no_check(changes: dict[str, Any], why: str) -> None:
    outcome, checks = await told(Proposed(**changes))
    assert isinstance(outcome, Done)
    assert outcome.result is not None
    assert str(outcome.result["skipped"]).startswith(why)
    assert checks == []


async def test_where_nothing_is_dispatched_nothing_is_told() -> None:
    assert await told(Proposed(), on=False) == (Done({"skipped": "dispatching is switched off"}), [])


async def test_a_head_that_github_does_not_show_yet_is_waited_for_once() -> None:
    outcome, checks = await told(Proposed(), revision="f" * 40)
    assert (isinstance(outcome, Retry), checks) == (True, [])
    _, checks = await told(Proposed(), revision="f" * 40, attempts=2)
    assert len(checks) == 1


async def test_another_subject_fails_with_its_name() -> None:
    outcome, _ = await told(Proposed(), subject="run/7")
    assert outcome == Failed("a proposal is a pull request, such as pull/7, not 'run/7'")
