"""What is read of a run: whether we started it, or the one that it follows."""

from dataclasses import replace

import pytest

from forgehand.workers.dispatch.reading import source_of
from support.dispatch_world import API, RUN, Us, World

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
