"""What is old goes, a few rows at a time; what is still needed stays."""

import pytest

from forgehand.domain.jobs import Change, Job, JobState, Retry
from forgehand.domain.ledger import EffectState
from forgehand.domain.projections import window_series
from forgehand.domain.pulls import PullStage
from forgehand.domain.tallies import tally_from
from forgehand.engine.projector import Projector
from forgehand.ports.store import Recorded, Store
from support.stores import NOW, a_delivery, a_fact, a_job, a_pull, an_entry, enqueue, finish, ids, take

pytestmark = pytest.mark.anyio

DAY = 86_400.0
OLD = NOW - 100 * DAY


async def test_old_deliveries_facts_and_ended_jobs_go_and_young_ones_stay(store: Store) -> None:
    for name, at in (("old", OLD), ("young", NOW)):
        await store.record(a_delivery(name, at=at), Change(facts=(a_fact(f"fact-{name}", at=at, delivery=name),)))
        await enqueue(store, a_job(name, at=at), now=at)
        await finish(store, await take(store, name, now=at), now=at)
    await fold(store)
    while await store.forget(NOW - 60 * DAY, NOW, 1):
        pass
    assert [each.delivery.guid for each in await store.deliveries(9)] == ["young"]
    assert [job.id for job in await store.jobs(9)] == ["young"]
    assert await store.facts_of(delivery="old") == []
    assert await store.facts_of(job="old") == []
    assert [fact.id for fact in await store.facts_of(delivery="young")] == ["fact-young"]
    assert await store.record(a_delivery("young", at=NOW), Change()) is Recorded.DUPLICATE


async def test_a_fact_that_is_in_no_projection_yet_stays_however_old(store: Store) -> None:
    await store.commit(Change(facts=(a_fact(at=OLD, delivery="g"),)), NOW)
    assert await store.forget(NOW, NOW, 100) == 0
    await fold(store)
    await store.forget(NOW, NOW, 100)
    assert await store.facts_of(delivery="g") == []


async def test_windows_of_the_past_go_and_its_hours_and_totals_stay(store: Store) -> None:
    await store.commit(Change(facts=(a_fact("old", at=OLD), a_fact("young"))), NOW)
    await fold(store)
    await store.forget(NOW - 60 * DAY, NOW, 100)
    lengths = {span: len(await store.projections(window_series(span), 9)) for span in (300, 900, 3600)}
    assert lengths == {300: 1, 900: 1, 3600: 2}
    totals = await store.projection("totals", "all")
    assert totals is not None
    assert tally_from(totals.content, totals.at).counts == {"something.happened": 2}


async def test_a_dead_letter_that_is_forgotten_stands_nowhere_any_more(store: Store) -> None:
    await store.commit(Change(enqueue=(a_job(at=OLD, max_attempts=1),), facts=(a_fact(at=OLD),)), OLD)
    await finish(store, await take(store, now=OLD), Retry("GitHub did not answer"), now=OLD)
    await fold(store)
    assert await standing(store) == {"now.dead_letter": 1}
    await store.forget(NOW, NOW, 100)
    await fold(store)
    assert await store.jobs(9) == []
    assert await standing(store) == {}


async def test_an_unfinished_job_and_the_latest_about_an_open_pull_request_stay_however_old(store: Store) -> None:
    await store.commit(Change(pulls=(a_pull(7, at=OLD),)), OLD)
    await enqueue(store, a_job("waiting", at=OLD), now=OLD)
    for name in ("first", "latest"):
        await enqueue(store, a_job(name, at=OLD, lane="lane"), now=OLD)
        await finish(store, await take(store, name, now=OLD), now=OLD)
    await store.forget(NOW, NOW, 100)
    assert sorted(job.id for job in await store.jobs(9)) == ["latest", "waiting"]
    latest = await store.latest_job("lane")
    assert latest is not None
    assert latest.id == "latest"


async def test_of_a_thousand_runs_that_ended_long_ago_nothing_is_left(store: Store) -> None:
    await store.commit(Change(pulls=(a_pull(7, at=OLD), a_pull(8, at=OLD, state=PullStage.MERGED))), OLD)
    runs = [_ended(f"run-{number}", f"run/{number}") for number in range(1000)]
    pulls = [_ended("open", "pull/7"), _ended("over", "pull/8"), _ended("unheard of", "pull/9")]
    for start in range(0, len(runs), 100):
        await enqueue(store, *runs[start : start + 100], now=OLD)
    await enqueue(store, *pulls, now=OLD)
    while await store.forget(NOW - 60 * DAY, NOW, 500):
        pass
    assert ids(await store.jobs(2000)) == ["open"]


async def test_a_lane_that_was_forgotten_goes_on_above_what_it_said(store: Store) -> None:
    await enqueue(store, *(_ended(f"old-{number}", "run/501") for number in range(3)), now=OLD)
    await enqueue(store, _ended("other", "run/502"), now=OLD)
    said = an_entry(subject="run/501", job="young", generation=3, state=EffectState.DONE)
    await store.override_entry(said, NOW)
    while await store.forget(NOW - 60 * DAY, NOW, 1):
        pass
    assert await store.jobs(9) == []
    for number in range(2):
        await enqueue(store, a_job(f"new-{number}", subject="run/501", lane="reviewer:run/501"))
    latest = await store.latest_job("reviewer:run/501")
    assert latest is not None
    assert (latest.id, latest.generation) == ("new-1", 5)


async def test_what_was_written_goes_with_the_last_job_about_its_subject(store: Store) -> None:
    await store.commit(Change(pulls=(a_pull(7, at=OLD),)), OLD)
    await enqueue(store, _ended("of the run", "run/501"), a_job("waiting", subject="run/502", at=OLD), now=OLD)
    old = {
        "done": an_entry("done", job="of the run", subject="run/501", state=EffectState.DONE),
        "refused": an_entry("refused", subject="pull/8", state=EffectState.REFUSED),
        "of a commit": an_entry("of a commit", subject="run/502", sha="0123abcd", state=EffectState.REJECTED),
        "of an open pull request": an_entry("of an open pull request", subject="pull/7", state=EffectState.DONE),
        "still at work": an_entry("still at work", subject="run/502", state=EffectState.DONE),
        "by a job that is there": an_entry("by a job that is there", job="waiting", state=EffectState.DONE, sha="1"),
        "in between": an_entry("in between", subject="pull/8", state=EffectState.SENDING),
    }
    for entry in old.values():
        await store.override_entry(entry, OLD)
    await store.override_entry(an_entry("young", subject="pull/8", state=EffectState.DONE), NOW)
    while await store.forget(NOW - 60 * DAY, NOW, 1):
        pass
    left = {entry.slot for entry in await store.entries(20)}
    assert left == {*old, "young"} - {"done", "refused", "of a commit"}


async def test_beside_an_effect_of_which_nobody_can_tell_others_of_its_kind_stay(store: Store) -> None:
    entries = [
        an_entry("unclear", kind="workflow_dispatch", subject="run/1", state=EffectState.UNKNOWN),
        an_entry("beside", kind="workflow_dispatch", subject="run/2", state=EffectState.DONE),
        an_entry("of another kind", kind="issue", subject="run/2", state=EffectState.DONE),
    ]
    for entry in entries:
        await store.override_entry(entry, OLD)
    assert await store.forget(NOW, NOW, 100) == 1
    assert {entry.slot for entry in await store.entries(9)} == {"unclear", "beside"}


async def test_marks_go_with_age_where_it_makes_them_mean_nothing(store: Store) -> None:
    keys = ("own:22:pull/7", "cap:user:octocat", "open_pulls:abc:22", "tips:22", "runs:22", "own:22:pull/8")
    await store.commit(Change(marks=dict.fromkeys(keys, "1")), OLD)
    assert await store.move_marks({"own:22:pull/8": "1"}, {"own:22:pull/8": "2"}, NOW)
    assert await store.forget(NOW - 60 * DAY, NOW, 100) == 3
    assert [key for key in keys if await store.mark(key) is not None] == ["tips:22", "runs:22", "own:22:pull/8"]


async def test_only_so_many_rows_go_at_once_and_the_oldest_first(store: Store) -> None:
    for number in range(5):
        await store.record(a_delivery(f"d{number}", at=OLD + number), Change())
    assert await store.forget(NOW, NOW, 2) == 2
    assert sorted(each.delivery.guid for each in await store.deliveries(9)) == ["d2", "d3", "d4"]


async def test_expired_secrets_go(store: Store) -> None:
    await store.put_secret("expired", b"x", NOW - 1)
    await store.put_secret("valid", b"y", NOW + 60)
    assert await store.forget(OLD, NOW, 100) == 1
    assert await store.get_secret("valid", NOW) == b"y"


async def test_documents_go_with_age_but_for_configurations_and_queues(store: Store) -> None:
    keys = ("review:22:7:abc", "verdict:22:7", "config:22", "queue:22:main")
    await store.commit(Change(documents=dict.fromkeys(keys, "{}")), OLD)
    await store.commit(Change(documents={"verdict:22:7": '{"again":1}'}), NOW)
    assert await store.forget(NOW - 60 * DAY, NOW, 100) == 1
    left = [key for key in keys if await store.document(key) is not None]
    assert left == ["verdict:22:7", "config:22", "queue:22:main"]


async def test_pull_requests_that_are_over_go_with_age_and_open_ones_stay(store: Store) -> None:
    open_, merged = a_pull(1, at=OLD), a_pull(2, at=OLD, state=PullStage.MERGED)
    closed, young = a_pull(3, at=OLD + 1, state=PullStage.CLOSED), a_pull(4, state=PullStage.MERGED)
    await store.commit(Change(pulls=(open_, merged, closed, young)), NOW)
    assert await store.forget(NOW - 60 * DAY, NOW, 1) == 1
    assert await store.pull(22, 2) is None
    assert await store.forget(NOW - 60 * DAY, NOW, 100) == 1
    assert await store.pulls(9, still_open=True) == [open_]
    assert await store.pulls(9, still_open=False) == [young]


def _ended(name: str, subject: str) -> Job:
    return a_job(
        name, at=OLD, subject=subject, lane=f"reviewer:{subject}", state=JobState.COMPLETED, ended_at=OLD, result={}
    )


async def fold(store: Store) -> None:
    await Projector(store, lambda: NOW, holder="test").once()


async def standing(store: Store) -> dict[str, int]:
    totals = await store.projection("totals", "all")
    assert totals is not None
    counts = tally_from(totals.content, totals.at).counts
    return {name: number for name, number in counts.items() if name.startswith("now.")}
