"""What a job leaves behind for later jobs and pages: documents, and what is shown of pull requests."""

import json
from dataclasses import replace

import pytest

from forgehand.domain.documents import MOST_BYTES
from forgehand.domain.jobs import Change, Done, settle
from forgehand.domain.paging import Last
from forgehand.domain.pulls import PullStage, Standing
from forgehand.domain.repositories import Repo
from forgehand.ports.store import Store, Written
from support.stores import NOW, a_delivery, a_job, a_pull, enqueue, fence_of, finish, opened, take

pytestmark = pytest.mark.anyio


async def test_a_document_is_read_back_as_it_was_written_and_the_last_write_wins(store: Store) -> None:
    assert await store.document("verdict:22:7") is None
    long = json.dumps({"findings": ["the same again and again"] * 9000, "odd": "zero \0, half \ud800, whole 😀"})
    await store.commit(Change(documents={"verdict:22:7": "{}", "facts:22:7:abc": long}), NOW)
    await store.commit(Change(documents={"verdict:22:7": '{"odd":"half \ud800, whole 😀"}'}), NOW + 1)
    many = await store.documents_named(["verdict:22:7", "facts:22:7:abc", "none", *(f"{n}" for n in range(600))])
    assert many == {key: await store.document(key) for key in ("verdict:22:7", "facts:22:7:abc")}
    assert await store.documents_named([]) == {}
    assert await store.document("verdict:22:7") == '{"odd":"half \ud800, whole 😀"}'
    assert await store.document("facts:22:7:abc") == long


async def test_what_an_outcome_leaves_behind_is_committed_with_it(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store)
    await finish(store, held, Done(documents={"verdict:22:7": "{}"}, pulls=(a_pull(),)))
    assert await store.document("verdict:22:7") == "{}"
    assert await store.pull(22, 7) == a_pull()


async def test_a_delivery_may_leave_something_behind(store: Store) -> None:
    await store.record(a_delivery(), Change(documents={"config:22": "{}"}, pulls=(a_pull(),)))
    assert await store.document("config:22") == "{}"
    assert await store.pull(22, 7) == a_pull()


async def test_a_lost_fence_leaves_nothing_behind(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store)
    await store.cancel("job-1", "no longer", NOW)
    outcome = Done(documents={"verdict:22:7": "{}"}, pulls=(a_pull(),))
    assert await finish(store, held, outcome) is Written.FENCE_LOST
    assert await store.document("verdict:22:7") is None
    assert await store.pull(22, 7) is None


async def test_a_document_that_is_too_large_is_refused_with_everything_beside_it(store: Store) -> None:
    await enqueue(store, a_job())
    held = await take(store)
    large = "é" * (MOST_BYTES // 2) + "!"
    change = replace(settle(held, Done(pulls=(a_pull(),)), NOW, 0.5), documents={"review:22:7:abc": large})
    with pytest.raises(ValueError, match=r"review:22:7:abc has 1,000,001 bytes, and at most 1,000,000"):
        await store.settle(change, fence_of(held), NOW)
    with pytest.raises(ValueError, match=r"review:22:7:abc"):
        await store.commit(replace(change, job=None), NOW)
    with pytest.raises(ValueError, match=r"review:22:7:abc"):
        await store.record(a_delivery(), replace(change, job=None))
    assert await store.pull(22, 7) is None
    assert await store.delivery("guid-1") is None
    assert await store.job("job-1") == held
    await store.commit(Change(documents={"review:22:7:abc": large[:-1]}), NOW)
    assert await store.document("review:22:7:abc") == large[:-1]


async def test_an_older_generation_never_overwrites_what_a_newer_one_said_of_a_pull_request(store: Store) -> None:
    newer = a_pull(generation=5, blocker="One finding is left.", at=NOW + 1)
    await store.commit(Change(pulls=(newer,)), NOW)
    await store.commit(Change(pulls=(a_pull(generation=4, blocker="The tests failed.", at=NOW + 2),)), NOW)
    assert await store.pull(22, 7) == newer
    same = replace(newer, blocker="", standing=Standing.QUEUED, position=2, updated_at=NOW + 3)
    await store.commit(Change(pulls=(same,)), NOW)
    assert await store.pull(22, 7) == same
    merged = replace(same, generation=6, state=PullStage.MERGED, standing=Standing.MERGED, position=None)
    await store.commit(Change(pulls=(merged, a_pull(generation=1))), NOW)
    assert await store.pull(22, 7) == merged


async def test_pull_requests_are_listed_newest_first_those_that_are_open_apart(store: Store) -> None:
    stages = (PullStage.OPEN, PullStage.MERGED, PullStage.OPEN, PullStage.CLOSED, PullStage.OPEN)
    pulls = tuple(a_pull(number, at=NOW + number, state=stage) for number, stage in enumerate(stages))
    await store.commit(Change(pulls=pulls), NOW)
    assert [pull.number for pull in await store.pulls(2, still_open=True)] == [4, 2]
    assert [pull.number for pull in await store.pulls(9, still_open=True, before=Last(NOW + 2))] == [0]
    assert [pull.number for pull in await store.pulls(9, still_open=False)] == [3, 1]
    assert await store.pull(22, 99) is None


async def test_pull_requests_are_listed_for_one_repository_too(store: Store) -> None:
    other = Repo(installation=11, id=23, full_name="acme/probe")
    await store.commit(Change(pulls=(a_pull(1), a_pull(2, repo=other), a_pull(3, state=PullStage.CLOSED))), NOW)
    assert [pull.number for pull in await store.pulls(9, still_open=True, repository_id=22)] == [1]
    assert [pull.number for pull in await store.pulls(9, still_open=True, repository_id=23)] == [2]
    assert [pull.number for pull in await store.pulls(9, still_open=False, repository_id=22)] == [3]
    assert await store.pulls(9, still_open=False, repository_id=23) == []


async def test_those_in_a_merge_queue_are_listed_by_branch_and_position(store: Store) -> None:
    places = {1: ("main", 2), 2: ("main", 1), 3: ("beta", 1)}
    queued = [a_pull(n, standing=Standing.QUEUED, base_ref=base, position=p) for n, (base, p) in places.items()]
    await store.commit(Change(pulls=(*queued, a_pull(4))), NOW)
    assert [pull.number for pull in await store.queued(9)] == [3, 2, 1]
    assert [pull.number for pull in await store.queued(1)] == [3]


async def test_what_was_left_behind_is_there_when_the_store_is_opened_again(sql_url: str) -> None:
    async with opened(sql_url) as store:
        await store.commit(Change(documents={"queue:22:main": "[7]"}, pulls=(a_pull(),)), NOW)
    async with opened(sql_url) as store:
        assert await store.document("queue:22:main") == "[7]"
        assert await store.pull(22, 7) == a_pull()
