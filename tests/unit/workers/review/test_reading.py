"""Reviews and test runs that did their work, and of which nothing is kept any more: they are asked for once again."""

from dataclasses import replace
from typing import Any

import pytest

from forgehand.domain import tested
from forgehand.domain.followups import DECIDE, lane
from forgehand.domain.jobs import Done, Job, JobState
from forgehand.domain.modes import COMMENT_ONLY
from forgehand.domain.repositories import Repo
from forgehand.ports.github import PullRequest
from forgehand.workers.review import DecideWorker, documents
from support.decisions import UNIT
from support.shop import REPO, Shop, ShopDesk

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("worker", ["review", "testing"])]

NOW, DAY = 100 * 86_400.0, 86_400.0


class Nobody:
    async def at(self, repo: Repo, sha: str) -> list[PullRequest]:
        return []

    async def into(self, repo: Repo, branch: str) -> list[PullRequest]:
        return []


async def _done(shop: Shop, name: str = "j1") -> Done:
    job = Job(name, DECIDE, DECIDE, 1, REPO.id, REPO.full_name, "pull/7", 0.0, attempts=1, generation=3)
    decides = DecideWorker(shop.sources, Nobody(), lambda repository_id, number: "https://forge/pulls/7")
    outcome = await decides.run(ShopDesk(shop, job, NOW))
    assert isinstance(outcome, Done)
    return outcome


async def _asked(shop: Shop, worker: str, name: str = "j1") -> list[Job]:
    return [job for job in (await _done(shop, name)).jobs if job.type == worker]


def _kept_no_more(worker: str, ended_at: float, text: str | None = None) -> Shop:
    """A shop whose last job of this worker did its work, of which only `text` is kept."""
    shop = Shop()
    head = shop.open_pull(7).head_sha
    last = Job("last", worker, worker, 1, REPO.id, REPO.full_name, "pull/7", 0.0, fence=12)
    shop.jobs[lane(worker, REPO.id, 7)] = replace(
        last, state=JobState.COMPLETED, result={"head": head, "base": "main"}, revision=head, ended_at=ended_at
    )
    shop.given[head] = [UNIT]
    key = documents.review_key(REPO.id, 7, head) if worker == "review" else tested.key(REPO.id, "pull/7", head)
    del shop.kept[key]
    shop.kept |= {} if text is None else {key: text}
    return shop


@pytest.mark.parametrize("text", [None, '{"of": "another version"}'])
async def test_what_was_forgotten_or_cannot_be_read_any_more_is_asked_for_once(worker: str, text: str | None) -> None:
    shop = _kept_no_more(worker, NOW - 61 * DAY, text)
    assert (await _done(shop)).result["standing"] == "waiting"
    (asked,) = await _asked(shop, worker)
    assert (asked.subject, asked.revision) == ("pull/7", shop.pulls[7].head_sha)
    assert (asked.worker, asked.lane, asked.grant) == (worker, lane(worker, REPO.id, 7), COMMENT_ONLY)
    assert [job.id for job in await _asked(shop, worker, "j2")] == [asked.id]


async def test_what_ends_this_very_moment_is_not_asked_for_again(worker: str) -> None:
    assert await _asked(_kept_no_more(worker, NOW - 1.0), worker) == []


@pytest.mark.parametrize("change", [{"draft": True}, {"state": "closed"}])
async def test_what_is_no_use_now_is_not_asked_for_again(worker: str, change: dict[str, Any]) -> None:
    shop = _kept_no_more(worker, NOW - 61 * DAY)
    shop.pulls[7] = replace(shop.pulls[7], **change)
    assert await _asked(shop, worker) == []


async def test_of_another_head_nothing_is_asked_for_again(worker: str) -> None:
    shop = _kept_no_more(worker, NOW - 61 * DAY)
    shop.push(7, "another word")
    assert await _asked(shop, worker) == []
