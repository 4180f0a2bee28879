"""Pages of pull requests and merge queues, as served."""

import pytest

from forgehand.domain.pulls import PullStage, Standing
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling, State
from support import stories
from support.dashboard import Dashboard

pytestmark = pytest.mark.anyio


async def test_each_open_pull_request_says_what_stands_in_its_way_or_its_place(dashboard: Dashboard) -> None:
    await stories.decided(dashboard.store, 7, dashboard.clock.now)
    await stories.queued(dashboard.store, dashboard.clock.now, 8, 9)
    text = await dashboard.page("/admin/pulls")
    for shown in ("Reuse the last stage", "acme/widgets", "octocat into main", "Tests: pytest failed.", "blocked"):
        assert shown in text
    assert "Number 2 in the merge queue" in text
    assert 'href="/admin/pulls/42/7"' in text


async def test_those_that_ended_follow_and_have_a_list_of_their_own(dashboard: Dashboard) -> None:
    now, merged = dashboard.clock.now, {"state": PullStage.MERGED, "standing": Standing.MERGED, "title": "Old one"}
    await stories.decided(dashboard.store, 7, now - 5, title="Still open")
    await stories.decided(dashboard.store, 6, now, stories.READY, **merged)
    text = await dashboard.page("/admin/pulls")
    assert text.index("Still open") < text.index("Ended lately") < text.index("Old one")
    assert "Still open" not in await dashboard.page("/admin/pulls?state=ended")


async def test_one_repository_is_shown_alone(dashboard: Dashboard) -> None:
    other = Repo(installation=11, id=43, full_name="acme/probe")
    await stories.decided(dashboard.store, 7, dashboard.clock.now, title="Here")
    await stories.decided(dashboard.store, 7, dashboard.clock.now, title="There", repo=other)
    text = await dashboard.page("/admin/pulls?repository=43")
    assert "There" in text
    assert "Here" not in text
    assert "acme/probe" in text


async def test_pages_skip_none_of_those_that_share_a_moment(dashboard: Dashboard) -> None:
    for number in range(1, 31):
        await stories.decided(dashboard.store, number, dashboard.clock.now, title=f"Change {number}.")
    first = await dashboard.page("/admin/pulls")
    older = first.partition('href="?before=')[2].partition('"')[0]
    second = await dashboard.page(f"/admin/pulls?before={older}")
    assert all(f"Change {number}." in first + second for number in range(1, 31))
    assert second.count("data-key=") == 5
    assert "Older" not in second


@pytest.mark.parametrize("source", ["defaults", ".forgehand/config.yml at 5ca1ab1"])
async def test_a_pull_request_says_once_at_which_commit_its_policy_was_read(dashboard: Dashboard, source: str) -> None:
    await stories.decided(dashboard.store, 7, dashboard.clock.now, source=source)
    text = await dashboard.page("/admin/pulls/42/7")
    assert source in text
    assert text.count("5ca1ab1") == 1


async def test_a_pull_request_shows_its_whole_verdict_and_what_led_there(dashboard: Dashboard) -> None:
    job = await stories.reviewed(dashboard.store, "guid", dashboard.clock.now - 60)
    await stories.decided(dashboard.store, 7, dashboard.clock.now)
    text = await dashboard.page("/admin/pulls/42/7")
    for shown in ("violated", "not yet", "not applicable", "satisfied", "Its conclusion is failure."):
        assert shown in text
    assert text.count("<details open>") == 2
    assert f"/admin/jobs/{job.id}" in text
    assert "sticky comment “summary”" in text
    assert "https://github.com/acme/widgets/pull/7" in text
    assert "<form" not in text.partition("<main")[2]


async def test_a_ready_one_that_nobody_wants_merged_by_a_machine_is_shown_without_red(dashboard: Dashboard) -> None:
    switch = Ruling("wanted", State.SWITCHED_OFF, "merge.auto is false: a person merges.")
    machine = Ruling("automatic merge", State.SWITCHED_OFF, switch.reason, parts=(switch,))
    root = Ruling("merge", State.SWITCHED_OFF, switch.reason, parts=(stories.READY, machine))
    await stories.decided(dashboard.store, 7, dashboard.clock.now, root, standing=Standing.READY)
    text = (await dashboard.page("/admin/pulls/42/7")).partition("How this was decided")[2]
    assert text.count("switched off") == 3
    assert text.count("<details open>") == 1
    for red in ("violated", "badge bad"):
        assert red not in text


async def test_a_merge_queue_shows_its_members_in_order_and_what_is_tested(dashboard: Dashboard) -> None:
    assert "No pull request waits" in await dashboard.page("/admin/queues")
    await stories.queued(dashboard.store, dashboard.clock.now, 4, 5, 6, hurried=4)
    text = await dashboard.page("/admin/queues")
    assert "acme/widgets · main" in text
    assert "Now testing #4, #5 together, on <code>forgehand/queue/main/1/test-2</code>" in text
    assert text.index("Change 4") < text.index("Change 5") < text.index("Change 6")
    assert text.count("in what is tested now") == 2
    assert text.count("goes first, by the policy") == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [("pulls/42/8", 404), ("pulls/42/x", 404), ("pulls?state=odd", 400), ("pulls?repository=x", 400)],
)
async def test_what_is_not_there_says_so(dashboard: Dashboard, path: str, status: int) -> None:
    assert (await dashboard.page(f"/admin/{path}", status)).startswith("<!doctype html>")
    assert "error" in (await dashboard.client.get(f"/admin/api/{path}")).json()


async def test_the_same_as_json(dashboard: Dashboard) -> None:
    await stories.decided(dashboard.store, 7, dashboard.clock.now)
    await stories.queued(dashboard.store, dashboard.clock.now, 4, 5)
    one = (await dashboard.client.get("/admin/api/pulls/42/7")).json()
    assert (one["number"], one["blocker"]) == (7, "Tests: pytest failed.")
    assert one["verdict"]["ruling"]["state"] == "violated"
    listed = (await dashboard.client.get("/admin/api/pulls?limit=1&repository=42")).json()
    assert [each["number"] for each in listed["pulls"]] == [7]
    more = (await dashboard.client.get(f"/admin/api/pulls?before={listed['last']}")).json()
    assert [each["number"] for each in more["pulls"]] == [5, 4]
    (queue,) = (await dashboard.client.get("/admin/api/queues")).json()["queues"]
    assert [each["number"] for each in queue["members"]] == [4, 5]
