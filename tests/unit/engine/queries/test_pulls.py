"""What pages show of a pull request and of merge queues."""

import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.domain.jobs import Change
from forgehand.engine.queries import merge_queues, pull_story
from support import stories

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0


async def test_a_pull_request_has_its_verdict_and_the_jobs_that_led_there(store: MemoryStore) -> None:
    job = await stories.reviewed(store, "guid", NOW)
    pull = await stories.decided(store, 7, NOW + 9)
    story = await pull_story(store, 42, 7)
    assert story is not None
    assert story.verdict is not None
    assert (story.pull, story.verdict.head, story.verdict.ruling) == (pull, pull.head_sha, stories.BLOCKED)
    assert [(each.job.id, len(each.effects)) for each in story.jobs] == [(job.id, 3)]
    assert await pull_story(store, 42, 8) is None


@pytest.mark.parametrize("text", ["{}", "[]", '{"head": "a", "source": "", "policy": "", "ruling": {"state": "odd"}}'])
async def test_a_verdict_that_cannot_be_read_is_none(store: MemoryStore, text: str) -> None:
    await stories.decided(store, 7, NOW)
    await store.commit(Change(documents={"verdict:42:7": text}), NOW)
    story = await pull_story(store, 42, 7)
    assert story is not None
    assert story.verdict is None


async def test_a_merge_queue_says_who_is_in_it_and_what_is_tested(store: MemoryStore) -> None:
    await stories.queued(store, NOW, 4, 5, 6)
    (queue,) = await merge_queues(store)
    assert (queue.repo, queue.base_ref) == (stories.REPO, "main")
    assert (queue.doing, queue.branch) == ("testing #4, #5 together", "forgehand/queue/main/1/test-2")
    assert [(each.number, each.aboard) for each in queue.members] == [(4, True), (5, True), (6, False)]
    assert [each.pull.title for each in queue.members if each.pull] == ["Change 4", "Change 5", "Change 6"]


async def test_a_branch_in_whose_queue_nobody_is_has_none(store: MemoryStore) -> None:
    await stories.decided(store, 7, NOW)
    assert await merge_queues(store) == ()
