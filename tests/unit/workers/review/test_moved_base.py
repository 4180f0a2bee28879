"""A base branch that moves under a head: what lands then is another change, which nobody has looked at."""

from dataclasses import replace
from typing import Any

import pytest

from forgehand.domain.followups import DECIDE, REVIEW, lane
from forgehand.domain.jobs import Done, Job, JobState
from forgehand.domain.pulls import Standing
from forgehand.ports.git import FileDiff
from forgehand.ports.github import ChangedFile
from forgehand.workers.review import DecideWorker, LandWorker, documents
from forgehand.workers.review.rules.static import File, StaticReview
from support.shop import REPO, Shop, ShopDesk
from unit.workers.review.test_reading import Nobody
from unit.workers.review.test_review_worker import BASE, HEAD, JOB, Around, Paper, Pulls, Says, Sides, _kept, _run

pytestmark = pytest.mark.anyio

NOW = 100 * 86_400.0
OLD_TIP, NEW_TIP = "c" * 40, "d" * 40
SEEN = StaticReview(HEAD, "main", (File("a.py", "modified", looked=("ruff",)),), merge_base=BASE)
KEY = documents.review_key(42, 7, HEAD)


def _shop() -> tuple[Shop, str]:
    """A shop in which #7 was reviewed on top of a commit of main, which somebody takes back."""
    shop = Shop()
    before = shop.branches["main"]
    shop.push_to_main("unreviewed")
    head = shop.open_pull(7).head_sha
    last = Job("last", REVIEW, REVIEW, 1, REPO.id, REPO.full_name, "pull/7", 0.0, fence=12)
    shop.jobs[lane(REVIEW, REPO.id, 7)] = replace(
        last, state=JobState.COMPLETED, result={"head": head, "base": "main"}, revision=head, ended_at=NOW - 3600
    )
    return shop, before


async def _decided(shop: Shop) -> Done:
    job = Job("j1", DECIDE, DECIDE, 1, REPO.id, REPO.full_name, "pull/7", 0.0, attempts=1, generation=3)
    decides = DecideWorker(shop.sources, Nobody(), lambda repository_id, number: "https://forge/pulls/7")
    outcome = await decides.run(ShopDesk(shop, job, NOW))
    assert isinstance(outcome, Done)
    return outcome


def _reviews(done: Done) -> list[Job]:
    return [job for job in done.jobs if job.type == REVIEW]


async def test_a_base_that_was_moved_back_has_the_head_reviewed_again_once() -> None:
    shop, before = _shop()
    assert (await _decided(shop)).result["step"] == "land"
    shop.branches["main"] = before
    again, once_more = await _decided(shop), await _decided(shop)
    assert (again.result["standing"], again.result["step"]) == (Standing.WAITING, "nothing")
    assert "has not been reviewed yet" in str(again.result["why"])
    assert [job.id for job in _reviews(again)] == [job.id for job in _reviews(once_more)] != []


async def test_what_was_reviewed_before_the_base_was_moved_back_does_not_land() -> None:
    shop, before = _shop()
    shop.branches["main"] = before
    job = Job("l1", "land", "land", 1, REPO.id, REPO.full_name, "pull/7", 0.0, attempts=1, payload={"base": "main"})
    outcome = await LandWorker(shop.sources).run(ShopDesk(shop, replace(job, revision=shop.pulls[7].head_sha), NOW))
    assert isinstance(outcome, Done)
    assert (outcome.result["merged"], shop.branches["main"]) == (False, before)


async def test_a_base_that_goes_on_by_itself_leaves_the_review_as_it_is() -> None:
    shop, _ = _shop()
    shop.push_to_main("something else")
    decided = await _decided(shop)
    assert decided.result["why"]
    assert "reviewed" not in str(decided.result["why"])
    assert _reviews(decided) == []


async def test_a_base_that_took_in_a_part_of_the_head_has_the_rest_reviewed() -> None:
    shop, _ = _shop()
    first = shop.pulls[7].head_sha
    shop.push(7, "the rest")
    shop.reviewed(7)
    shop.jobs[lane(REVIEW, REPO.id, 7)] = replace(
        shop.jobs[lane(REVIEW, REPO.id, 7)], result={"head": shop.pulls[7].head_sha, "base": "main"}
    )
    assert _reviews(await _decided(shop)) == []
    shop.branches["main"] = first
    assert len(_reviews(await _decided(shop))) == 1


async def test_a_review_of_an_older_version_which_does_not_say_from_where_is_made_again() -> None:
    shop, _ = _shop()
    key = documents.review_key(REPO.id, 7, shop.pulls[7].head_sha)
    review = documents.read_review(shop.kept[key])
    assert review is not None
    shop.kept[key] = documents.write_review(replace(review, merge_base=""))
    assert len(_reviews(await _decided(shop))) == 1


async def _reviewed(seen: StaticReview, **moved: str) -> tuple[Any, Sides]:
    around, sides = Around(kept={KEY: documents.write_review(seen)}), Sides()
    for name, value in moved.items():
        setattr(around, name, value)
    return (await _run(Paper(replace(JOB, revision=HEAD)), Says(), sides=sides, around=around))[0], sides


async def test_a_head_that_is_known_from_there_is_not_looked_at_again() -> None:
    outcome, sides = await _reviewed(SEEN, tip_of_all=NEW_TIP)
    assert (outcome.result.get("known"), sides.asked) == (True, [])


@pytest.mark.parametrize("seen", [SEEN, replace(SEEN, merge_base="")])
async def test_a_head_is_compared_with_the_base_as_it_is_now_and_kept_with_where_they_parted(
    seen: StaticReview,
) -> None:
    outcome, sides = await _reviewed(seen, tip_of_all=NEW_TIP, parted=OLD_TIP)
    assert sides.asked == [(7, NEW_TIP, HEAD)]
    assert _kept(outcome).merge_base == OLD_TIP


async def test_what_github_lists_of_an_older_base_is_no_file_that_could_not_be_read() -> None:
    """GitHub compares with the base as it was at the last push."""
    listed = (ChangedFile("a.py", "modified", None, 1, 0, None), ChangedFile("landed.py", "added", None, 1, 0, None))
    around, pulls = Around(), Pulls(listed=listed)
    for parted, files in (("b" * 40, ["a.py", "landed.py"]), (OLD_TIP, ["a.py"])):
        around.tip_of_all, around.parted = NEW_TIP, parted
        outcome, _ = await _run(Paper(), Says(), pulls=pulls, around=around)
        assert [file.path for file in _kept(outcome).files] == files


async def test_lines_that_github_does_not_count_are_counted() -> None:
    sides = Sides(files=(FileDiff("a.py", "modified", None, (range(1, 101),)),))
    outcome, _ = await _run(Paper(), Says(), sides=sides)
    assert [file.additions for file in _kept(outcome).files] == [100]
