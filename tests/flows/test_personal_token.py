"""A personal access token instead of an App: the same review, in that person's name, with a status for the check."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from forgehand.assembly.build import opened, working
from forgehand.assembly.doctor_person import examine_person
from forgehand.assembly.settings import Settings
from support.product import FLAWED, REPO, Product, open_flawed_pull, passed, poll, product

pytestmark = pytest.mark.anyio


async def test_a_poll_reviews_in_the_persons_name(tmp_path: Path) -> None:
    with product(tmp_path, start=False) as run:
        pull = open_flawed_pull(run.forge)
        settings = _personal(run)
        assert settings.missing() == []
        await _poll(settings)
        assert {each.user for each in run.forge.comments(REPO, pull.number)} == {"kim"}
        assert {each.user for each in run.forge.reviews(REPO, pull.number)} == {"kim"}
        assert run.forge.check_runs(REPO, pull.head_sha) == ()
        statuses = run.forge.statuses(REPO, pull.head_sha)
        assert {each.creator for each in statuses} == {"kim"}
        assert {each.context for each in statuses} == {"Forgehand review", "Forgehand tests"}
        assert next(each for each in statuses if each.context == "Forgehand review").state == "failure"
        says = (await examine_person(settings))[0].says
        assert says.startswith("it is kim's, and reaches 1 repositories")


async def test_of_a_pull_request_of_their_own_it_says_what_it_found_and_judges_by_status_alone(tmp_path: Path) -> None:
    with product(tmp_path, start=False, mode="apply") as run:
        run.forge.commit(REPO, "mine", FLAWED, "Give a discount")
        pull = run.forge.open_pull(REPO, "mine", title="Give a discount", user="kim")
        await _poll(_personal(run))
        (review,) = run.forge.reviews(REPO, pull.number)
        assert (review.user, review.state) == ("kim", "COMMENTED")
        assert len(run.forge.review_comments(REPO, pull.number)) == 1
        told = next(each for each in run.forge.statuses(REPO, pull.head_sha) if each.context == "Forgehand review")
        assert (told.state, "1 major finding" in (told.description or "")) == ("failure", True)


async def test_that_the_person_asks_for_changes_is_heard_though_it_reviews_in_their_name(tmp_path: Path) -> None:
    with product(tmp_path, start=False, mode="apply") as run:
        run.forge.commit(REPO, "main", {".forgehand/config.yml": "merge: {auto: true}\n"}, "Merge by itself")
        run.forge.commit(REPO, "notes", {"docs/notes.md": "Notes.\n"}, "Take notes")
        pull = run.forge.open_pull(REPO, "notes", title="Take notes")
        passed(run.forge, pull.head_sha)
        settings = _personal(run)
        run.forge.review(REPO, pull.number, "kim", "REQUEST_CHANGES", "Not like this.")
        await _poll(settings)
        assert [each.state for each in run.forge.reviews(REPO, pull.number)] == ["CHANGES_REQUESTED", "APPROVED"]
        (summary,) = run.forge.comments(REPO, pull.number)
        assert "kim asked for changes" in summary.body
        assert not run.forge.pull(REPO, pull.number).merged


def _personal(run: Product) -> Settings:
    """The product with kim's token instead of its App."""
    run.forge.set_collaborator(REPO, "kim", "write")
    token = SecretStr(run.forge.create_token("kim"))
    personal = {"github_app_id": "", "github_app_slug": "", "github_token": token, "poll_seconds": 300.0}
    return run.settings.model_copy(update=personal)


async def _poll(settings: Settings) -> None:
    """One poll, and what it finds to do."""
    async with opened(settings) as app, working(app) as crew:
        assert await crew.sign_in() == "kim"
        await poll(app, crew)
