"""What pages show, as served: without any script they are complete."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from markupsafe import escape

from forgehand.domain.deliveries import Delivery
from forgehand.domain.effects import (
    Annotation,
    CheckRun,
    Conclusion,
    Effect,
    Merge,
    Redelivery,
    StickyComment,
    UpdateRef,
)
from forgehand.domain.effects.delete_branch import DeleteBranch
from forgehand.domain.effects.issue import StickyIssue
from forgehand.domain.effects.merge_into import MergeInto
from forgehand.domain.effects.reaction import Reaction
from forgehand.domain.effects.thread import ResolveThread
from forgehand.domain.effects.update_branch import UpdateBranch
from forgehand.domain.effects.workflow_dispatch import WorkflowDispatch
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change, Done
from forgehand.domain.ledger import EffectState
from forgehand.engine.projector import Projector
from forgehand.engine.queries.journeys import MOST_JOBS
from forgehand.ports.store import Pause
from support import stories
from support.dashboard import ORIGIN, Dashboard

pytestmark = pytest.mark.anyio

GUID = "5fc1d1d0-c5f1-11f0-9a3e-2f6a0c0f0a01"


async def test_an_empty_overview_says_what_to_do(dashboard: Dashboard) -> None:
    assert "No webhook has come yet" in await dashboard.page("/admin")


async def test_the_overview_shows_deliveries_their_jobs_each_jobs_effects_and_why(dashboard: Dashboard) -> None:
    await stories.reviewed(dashboard.store, GUID, dashboard.clock.now - 125)
    text = await dashboard.page("/admin")
    for shown in (
        "pull_request.opened",
        "acme/widgets",
        "2 min ago",
        "completed",
        "failure · findings 2 · inline 2",
        "comment-only review of acme/widgets#7 with 2 inline comments",
        "https://github.com/acme/widgets/pull/7#pullrequestreview-4711",
        "check run “forgehand/review” = failure",
    ):
        assert shown in text


async def test_the_overview_says_how_healthy_everything_is(dashboard: Dashboard) -> None:
    assert "nothing ended in the last two hours" in await dashboard.page("/admin")
    await stories.reviewed(dashboard.store, GUID, dashboard.clock.now)
    dashboard.clock.now += 125
    text = await dashboard.page("/admin")
    for name in ("last event", "success", "backlog", "p95", "lag"):
        assert f"<b>{name}</b>" in text
    assert "2 min behind" in text
    await Projector(dashboard.store, dashboard.clock, holder="test").once()
    text = await dashboard.page("/admin")
    assert "100 % of the work succeeded" in text
    assert "0.0 s behind" in text


async def test_the_overview_puts_what_needs_a_person_first(dashboard: Dashboard) -> None:
    now = dashboard.clock.now
    await stories.dead(dashboard.store, "dead", now - 3)
    await stories.unknown(dashboard.store, "unknown", now - 2)
    text = await dashboard.page("/admin")
    needs = text.partition("Needs you")[2].partition("Last deliveries")[0]
    assert "gave up after 3 attempts: GitHub answered 502 to the list of files" in needs
    assert "It happened" in needs
    assert "Do it again" in needs


async def test_a_delivery_that_woke_nobody_says_why(dashboard: Dashboard) -> None:
    await dashboard.store.record(Delivery(GUID, "star", b"{}", dashboard.clock.now), Change())
    assert "Nothing to do: no worker waits for star." in await dashboard.page("/admin")
    assert "Nothing to do: no worker waits for star." in await dashboard.page(f"/admin/deliveries/{GUID}")


async def test_a_delivery_still_to_be_planned_does_not_claim_that_nothing_is_to_do(dashboard: Dashboard) -> None:
    await stories.received(dashboard.store, GUID, dashboard.clock.now)
    text = await dashboard.page("/admin")
    assert "planning" in text
    assert "Nothing to do" not in text


async def test_a_deliverys_page_tells_its_journey_with_matches_and_near_misses(dashboard: Dashboard) -> None:
    await stories.reviewed(dashboard.store, GUID, dashboard.clock.now - 60)
    text = await dashboard.page(f"/admin/deliveries/{GUID}")
    path = text.partition("Step by step")[2]
    steps = ["Received", "Woken", "review", "Left asleep", "it waits for push, not pull_request", "sending", "done"]
    places = [path.find(step) for step in steps]
    assert -1 not in places
    assert places == sorted(places)


async def test_a_deliverys_page_says_that_there_is_more_than_it_shows(dashboard: Dashboard) -> None:
    job = await stories.reviewed(dashboard.store, GUID, dashboard.clock.now)
    assert "it made more" not in await dashboard.page(f"/admin/deliveries/{GUID}")
    looks = [replace(job, id=f"look-{number}", lane="") for number in range(MOST_JOBS)]
    said = [
        Fact(f"said-{number}", "review.judged", job.created_at, GUID, look.id) for number, look in enumerate(looks * 3)
    ]
    await dashboard.store.commit(Change(enqueue=tuple(looks), facts=tuple(said)), dashboard.clock.now)
    shown = await dashboard.page(f"/admin/deliveries/{GUID}")
    assert "jobs: it made more." in shown
    assert "These are its first 200 steps" in shown
    assert "jobs: it made more." in await dashboard.page("/admin")


async def test_a_jobs_page_says_which_of_its_many_steps_it_shows_and_leads_to_the_later_ones(
    dashboard: Dashboard,
) -> None:
    job = await stories.reviewed(dashboard.store, GUID, dashboard.clock.now - 60)
    assert "These are its steps" not in await dashboard.page(f"/admin/jobs/{job.id}")
    said = [Fact(f"said-{number}", "review.judged", job.created_at + 50, GUID, job.id) for number in range(200)]
    await dashboard.store.commit(Change(facts=tuple(said)), dashboard.clock.now)
    first = await dashboard.page(f"/admin/jobs/{job.id}")
    assert "These are its steps 1 to 200." in first
    assert 'href="?page=2"' in first
    second = await dashboard.page(f"/admin/jobs/{job.id}?page=2")
    assert "These are its steps 201 to 2" in second
    assert 'rel="next"' not in second


async def test_a_jobs_page_tells_attempts_effects_their_class_and_content(dashboard: Dashboard) -> None:
    job = await stories.reviewed(dashboard.store, GUID, dashboard.clock.now - 60)
    text = await dashboard.page(f"/admin/jobs/{job.id}")
    for shown in (
        "1 of 3",
        "took 1.20 s",
        "How often",
        "once, unless a worker freezes just before it sends",
        "app/main.py:12",
        "<dt>May</dt><dd>only comment</dd>",
    ):
        assert shown in text


async def test_every_list_says_why_a_job_did_nothing(dashboard: Dashboard) -> None:
    now = dashboard.clock.now
    await stories.received(dashboard.store, GUID, now)
    job = await stories.planned(dashboard.store, GUID, now)
    await stories.end(dashboard.store, job.id, Done({"skipped": "tests are switched off for main"}), now)
    await stories.decided(dashboard.store, 7, now)
    for path in ("/admin", "/admin/jobs", f"/admin/deliveries/{GUID}", f"/admin/jobs/{job.id}", "/admin/pulls/42/7"):
        assert "skipped: tests are switched off for main" in await dashboard.page(path)


async def test_what_a_worker_found_out_is_told_in_words(dashboard: Dashboard) -> None:
    job = await stories.reviewed(dashboard.store, GUID, dashboard.clock.now - 60)
    data = {"repository": "acme/widgets", "number": 7, "head": "9f1c0de" + "0" * 33, "verdict": "approved"}
    fact = Fact("judged", "review.judged", dashboard.clock.now, GUID, job.id, data=data)
    await dashboard.store.commit(Change(facts=(fact,)), dashboard.clock.now)
    text = await dashboard.page(f"/admin/jobs/{job.id}")
    assert "<b>Review judged</b>" in text
    assert "repository: acme/widgets, number: 7, head: 9f1c0de, verdict: approved" in text


async def test_only_what_did_not_succeed_can_be_retried(dashboard: Dashboard) -> None:
    now = dashboard.clock.now
    done = await stories.reviewed(dashboard.store, GUID, now)
    dead = await stories.dead(dashboard.store, "dead", now)
    await stories.received(dashboard.store, "first", now)
    superseded = await stories.planned(dashboard.store, "first", now, number=11)
    await stories.received(dashboard.store, "second", now)
    await stories.planned(dashboard.store, "second", now, number=11)
    for job, offered in ((done, False), (dead, True), (superseded, False)):
        assert (f'action="/admin/jobs/{job.id}/retry"' in await dashboard.page(f"/admin/jobs/{job.id}")) is offered


async def test_a_superseded_job_leads_to_the_one_that_took_its_place(dashboard: Dashboard) -> None:
    now = dashboard.clock.now
    jobs = []
    for guid in ("first", "second"):
        await stories.received(dashboard.store, guid, now)
        jobs.append(await stories.planned(dashboard.store, guid, now, number=11))
    older, newer = jobs
    for path in ("/admin", "/admin/jobs", "/admin/deliveries/first", f"/admin/jobs/{older.id}"):
        text = await dashboard.page(path)
        assert f'superseded by <a href="/admin/jobs/{newer.id}"><code>{newer.id[:8]}</code></a> at 9f1c0de' in text


async def test_a_running_job_can_be_cancelled(dashboard: Dashboard) -> None:
    await stories.received(dashboard.store, GUID, dashboard.clock.now)
    job = await stories.planned(dashboard.store, GUID, dashboard.clock.now)
    text = await dashboard.page(f"/admin/jobs/{job.id}")
    assert f"/admin/jobs/{job.id}/cancel" in text
    assert f"/admin/jobs/{job.id}/retry" not in text


async def test_a_retried_job_says_when_and_why_it_comes_back(dashboard: Dashboard) -> None:
    await stories.received(dashboard.store, GUID, dashboard.clock.now)
    job = await stories.planned(dashboard.store, GUID, dashboard.clock.now)
    await stories.end(dashboard.store, job.id, stories.Retry("a rate limit", after=90.0), dashboard.clock.now)
    text = await dashboard.page(f"/admin/jobs/{job.id}")
    assert "tries again in 1 min, after attempt 1 of 3: a rate limit" in text


async def test_an_effects_page_tells_what_it_says(dashboard: Dashboard) -> None:
    _, entry = await stories.unknown(dashboard.store, GUID, dashboard.clock.now)
    text = await dashboard.page(f"/admin/effects/{entry.slot}")
    assert "Two new findings on changed lines." in text
    assert "it may or may not have happened" in text


WITH_ANNOTATIONS = CheckRun(
    repo=stories.REPO,
    subject="pull/7",
    worker="review",
    purpose="verdict",
    sha="9f1c0de" + "0" * 33,
    name="Forgehand review",
    conclusion=Conclusion.FAILURE,
    title="1 finding",
    summary="- **findings**",
    details_url="https://forgehand.example.org/admin/effects/x",
    annotations=(
        Annotation("app/main.py", 12, 14, "failure", "F821: undefined name", "Nothing is called `totl`."),
        Annotation("app/other.py", 3, 3, "warning", "", "A message alone."),
    ),
)
_ABOUT: dict[str, Any] = {"repo": stories.REPO, "subject": "pull/7", "worker": "w", "purpose": "p"}
EVERY_KIND: dict[str, tuple[Effect, tuple[str, ...]]] = {
    each.kind: (each, shown)
    for each, shown in (
        (WITH_ANNOTATIONS, ("app/main.py:12", "F821: undefined name", "Nothing is called `totl`.", "A message alone.")),
        (stories.review(7), ("app/main.py:12", "`F821` undefined name `totl`")),
        (stories.summary(7), ("2 findings",)),
        (
            Merge(
                repo=stories.REPO, subject="pull/7", worker="w", purpose="merge", sha="a" * 40, number=7, base="main"
            ),
            ("squash",),
        ),
        (
            UpdateRef(
                repo=stories.REPO, subject="branch", worker="w", purpose="move", ref="refs/heads/topic", to="b" * 40
            ),
            ("refs/heads/topic",),
        ),
        (
            Redelivery(repo=stories.REPO, subject="hook", worker="w", purpose="again", hook_delivery=9, guid="g-9"),
            ("g-9",),
        ),
        (MergeInto(**_ABOUT, sha="c" * 40, branch="forgehand/build", onto="d" * 40), ("forgehand/build", "d" * 40)),
        (UpdateBranch(**_ABOUT, sha="e" * 40, number=7), ("update branch",)),
        (DeleteBranch(**_ABOUT, sha="f" * 40, number=7, branch="topic-7"), ("topic-7",)),
        (ResolveThread(**_ABOUT, number=7, thread="PRRT_1"), ("PRRT_1",)),
        (Reaction(**_ABOUT, comment=12345, emoji="eyes"), ("12345", "eyes")),
        (StickyIssue(**_ABOUT, title="Dispatch results: CI", body="One of two."), ("Dispatch results: CI", "One of")),
        (
            WorkflowDispatch(**_ABOUT, workflow="cd.yml", ref="main", inputs=(("sha", "9f1c0de"),)),
            ("cd.yml", "9f1c0de"),
        ),
    )
}


def test_every_kind_of_effect_has_its_page_tried() -> None:
    assert set(EVERY_KIND) == {each.kind for each in Effect.__subclasses__()}


@pytest.mark.parametrize("kind", sorted(EVERY_KIND))
async def test_the_real_content_of_every_kind_of_effect_can_be_read(dashboard: Dashboard, kind: str) -> None:
    wanted, shown = EVERY_KIND[kind]
    await stories.received(dashboard.store, GUID, dashboard.clock.now)
    job = await stories.planned(dashboard.store, GUID, dashboard.clock.now)
    job = await stories.claimed(dashboard.store, job.id, dashboard.clock.now)
    entry = await stories.effect(dashboard.store, job, wanted, EffectState.DONE, dashboard.clock.now)
    for path in (f"/admin/effects/{entry.slot}", f"/admin/jobs/{job.id}"):
        text = await dashboard.page(path)
        for said in shown:
            assert escape(said) in text


async def test_a_jobs_page_keeps_what_it_wrote_after_a_later_job_wrote_it_again(dashboard: Dashboard) -> None:
    now = dashboard.clock.now
    first = await stories.reviewed(dashboard.store, GUID, now)
    await stories.received(dashboard.store, "second", now)
    later = await stories.planned(dashboard.store, "second", now)
    later = await stories.claimed(dashboard.store, later.id, now)
    await stories.effect(dashboard.store, later, stories.summary(7), EffectState.DONE, now)
    for path in (f"/admin/jobs/{first.id}", f"/admin/deliveries/{GUID}", "/admin"):
        text = await dashboard.page(path)
        assert "sticky comment “summary”" in text
        assert "written again since, by a later job" in text
    assert "written again since" not in await dashboard.page(f"/admin/jobs/{later.id}")


async def test_deliveries_that_woke_nobody_are_folded_with_their_count(dashboard: Dashboard) -> None:
    for number in range(3):
        delivery = Delivery(f"guid-{number}", "star", b"{}", dashboard.clock.now - number)
        await dashboard.store.record(delivery, Change())
    for path in ("/admin", "/admin/deliveries"):
        text = await dashboard.page(path)
        assert "<summary>3 deliveries woke no worker: 3 star</summary>" in text
        assert text.count('<details class="folded"') == 1


async def test_what_breaks_is_said_on_a_page_of_ours(dashboard: Dashboard) -> None:
    async def break_down(id: str) -> None:
        raise LookupError("a mistake of ours")

    dashboard.store.job = break_down  # type: ignore[method-assign, assignment]
    visitor = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(dashboard.app, raise_app_exceptions=False),
        base_url=ORIGIN,
        cookies=dashboard.client.cookies,
    )
    async with visitor:
        page = await visitor.get("/admin/jobs/any")
        api = await visitor.get("/admin/api/jobs/any")
    assert (page.status_code, api.status_code) == (500, 500)
    assert page.text.startswith("<!doctype html>")
    assert "server&#39;s log" in page.text
    assert "a mistake of ours" not in page.text + api.text
    assert "default-src" in page.headers["content-security-policy"]
    assert set(api.json()) == {"error"}


async def test_lists_are_filtered_by_state(dashboard: Dashboard) -> None:
    await stories.dead(dashboard.store, "dead", dashboard.clock.now - 2)
    await stories.reviewed(dashboard.store, GUID, dashboard.clock.now - 1)
    text = await dashboard.page("/admin/jobs?state=dead_letter")
    assert "pull/8" in text
    assert "pull/7" not in text
    assert "None here" in await dashboard.page("/admin/effects?state=unknown")


async def test_long_lists_are_paged_by_time(dashboard: Dashboard) -> None:
    for number in range(30):
        delivery = Delivery(f"guid-{number:02}", "star", b"{}", dashboard.clock.now - number)
        await dashboard.store.record(delivery, Change())
    first = await dashboard.page("/admin/deliveries")
    assert first.count("<article") == 25
    older = first.partition('href="?before=')[2].partition('"')[0]
    second = await dashboard.page(f"/admin/deliveries?before={older}")
    assert second.count("<article") == 5
    assert "Older" not in second


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/deliveries/unknown", 404),
        ("/admin/jobs/unknown", 404),
        ("/admin/effects/unknown", 404),
        ("/admin/jobs/%3Cscript%3E", 404),
        ("/admin/jobs?state=odd", 400),
        ("/admin/jobs?before=odd", 400),
        ("/admin/jobs?before=1e9", 400),
        ("/admin/odd", 404),
    ],
)
async def test_what_is_not_there_says_so_on_a_page(dashboard: Dashboard, path: str, status: int) -> None:
    text = await dashboard.page(path, status)
    assert text.startswith("<!doctype html>")
    assert "<script>" not in text


async def test_hostile_texts_are_shown_and_never_run(dashboard: Dashboard) -> None:
    store, now = dashboard.store, dashboard.clock.now
    bad = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    await stories.received(store, bad, now, event=bad)
    job = await stories.planned(store, bad, now, title=bad)
    job = await stories.claimed(store, job.id, now)
    repo = replace(stories.REPO, full_name=bad)
    comment = StickyComment(repo=repo, subject=bad, worker=bad, purpose=bad, number=1, body=bad + "\n" + bad)
    entry = await stories.effect(store, job, comment, EffectState.DONE, now, why=bad, url=f"javascript:{bad}")
    await stories.end(store, job.id, Done({bad: bad, "nested": {bad: [bad]}}), now)
    odd = Fact(bad, bad, now, delivery=bad, job=job.id, data={bad: bad})
    await store.commit(Change(facts=(odd,)), now)
    await store.pause(Pause(bad, bad, now))
    pages = ["/admin", "/admin/deliveries", f"/admin/jobs/{job.id}", "/admin/jobs", "/admin/effects"]
    for path in [*pages, f"/admin/effects/{entry.slot}"]:
        text = await dashboard.page(path)
        assert "<img src=x" not in text
        assert "<script>alert" not in text
        assert 'href="javascript:' not in text
        assert "&lt;script&gt;" in text


async def test_a_store_that_is_down_gets_a_page_that_says_so(dashboard: Dashboard) -> None:
    await dashboard.store.close()
    assert "The store does not answer" in await dashboard.page("/admin", 503)
    answer = await dashboard.client.get("/admin/api/jobs")
    assert (answer.status_code, answer.json()) == (503, {"error": "the store is closed"})


async def test_pages_name_no_other_host_and_need_no_inline_code(dashboard: Dashboard) -> None:
    job = await stories.reviewed(dashboard.store, GUID, dashboard.clock.now)
    for path in ("/admin", f"/admin/deliveries/{GUID}", f"/admin/jobs/{job.id}"):
        text = await dashboard.page(path)
        assert 'src="http' not in text
        assert "style=" not in text
        assert "onclick" not in text
        assert text.count("<script") == text.count('<script src="/admin/static/')
