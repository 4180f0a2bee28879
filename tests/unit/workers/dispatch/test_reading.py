"""What is read of a run: whether we started it, or the one that it follows, and whether it is of its branch."""

from dataclasses import replace

import pytest

from forgehand.ports.checks import Compared
from forgehand.ports.github import NotFound
from forgehand.workers.dispatch.reading import source_of, whence_of
from forgehand.workers.dispatch.rules.facts import Whence
from support.dispatch_world import API, RUN, SHA, Us, World
from support.dispatching import SOURCE

pytestmark = pytest.mark.anyio

APP, PERSON = Us("forgehand[bot]", 5), Us("ada", 0)


@pytest.mark.parametrize(
    ("us", "event", "actor", "ours"),
    [
        (APP, "workflow_dispatch", "forgehand[bot]", True),
        (APP, "workflow_run", "forgehand[bot]", True),
        (APP, "push", "forgehand[bot]", False),
        (APP, "workflow_dispatch", "ada", False),
        (APP, "workflow_run", "ada", False),
        # By hand, unless it is stored that we did it.
        (PERSON, "workflow_dispatch", "ada", False),
        (PERSON, "workflow_run", "ada", True),
        (PERSON, "push", "ada", False),
        (PERSON, "workflow_run", "grace", False),
    ],
)
async def test_a_run_counts_as_ours_by_what_started_it_and_in_whose_name(
    us: Us, event: str, actor: str, ours: bool
) -> None:
    async def we() -> Us:
        return us

    sources = replace(World().sources, us=we)
    source = await source_of(sources, API, replace(RUN, event=event, actor=actor), None)
    assert (source.ours, source.chain) == (ours, ())


@pytest.mark.parametrize(
    ("world", "whence"),
    [
        (World(), Whence.BRANCH),
        (World(tips={"main": "a later one"}), Whence.BRANCH),
        (World(tips={"main": "another"}, behind_by=1), Whence.ELSEWHERE),
        (World(tips={"release": SHA}), Whence.ELSEWHERE),
        (World(tags={"main"}), Whence.TAG),
        (World(tags={"v1"}), Whence.BRANCH),
    ],
)
async def test_a_run_is_of_its_branch_where_its_commit_lies_there_and_no_tag_is_called_so(
    world: World, whence: Whence
) -> None:
    assert await whence_of(world.sources, SOURCE) is whence


async def test_a_commit_that_has_nothing_in_common_with_the_branch_lies_elsewhere() -> None:
    class Apart(World):
        async def compared(self, repo: object, base: str, head: str) -> Compared:
            raise NotFound("No common ancestor.")

    assert await whence_of(Apart(tips={"main": "another"}).sources, SOURCE) is Whence.ELSEWHERE
