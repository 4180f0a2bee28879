"""Comment-only is enforced twice: by our gate, and by the token that GitHub checks."""

from pathlib import Path

import pytest

from forgehand.assembly.build import opened, working
from forgehand.assembly.workers import BuiltIn
from forgehand.domain.effects import Effect, Merge, UpdateRef
from forgehand.domain.jobs import Done, JobState, Outcome
from forgehand.domain.modes import Grant, Mode
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.ports.desk import Desk
from support.product import REPO, open_flawed_pull, poll, product

pytestmark = pytest.mark.anyio


class Bold:
    """A worker that asks for more than it was granted."""

    type = "bold"

    def __init__(self, wish: str) -> None:
        self.wish = wish

    async def run(self, desk: Desk) -> Outcome:
        return await desk.perform_all([self.effect(desk)]) or Done()

    def effect(self, desk: Desk) -> Effect:
        job = desk.job
        repo = Repo(job.tenant, job.repository_id, job.repository)
        if self.wish == "merge":
            return Merge(
                repo=repo,
                subject=job.subject,
                worker=job.worker,
                purpose="merge",
                sha=job.revision,
                number=1,
                base="main",
            )
        ref = "refs/heads/sneaky"
        return UpdateRef(repo=repo, subject=job.subject, worker=job.worker, purpose="push", ref=ref, to=job.revision)


async def run_bold(folder: Path, wish: str, grant: Grant, mode: str = "apply") -> tuple[JobState, str, list[str]]:
    with product(folder, start=False) as run:
        pull = open_flawed_pull(run.forge)
        spec = WorkerSpec("bold", "bold", (Trigger("pull_request"),), grant=grant)
        settings = run.settings.model_copy(update={"mode": mode})
        async with opened(settings, built_in=(BuiltIn(spec, lambda parts: Bold(wish)),)) as app:
            async with working(app) as crew:
                await poll(app, crew)
            (job,) = [job for job in await app.store.jobs(10) if job.type == "bold"]
        assert run.forge.branch(REPO, "sneaky") is None
        assert not run.forge.pull(REPO, pull.number).merged
        return job.state, job.why, [f"{call.method} {call.route}" for call in run.forge.mutations()]


@pytest.mark.parametrize("wish", ["merge", "push"])
async def test_the_gate_refuses_a_comment_only_worker_before_anything_is_asked_of_github(
    tmp_path: Path, wish: str
) -> None:
    state, why, mutations = await run_bold(tmp_path, wish, Grant())
    assert state is JobState.REFUSED
    assert why.startswith(f"worker bold may not {wish} (comment-only, no push)")
    assert mutations == []


@pytest.mark.parametrize("wish", ["merge", "push"])
async def test_the_operators_mode_is_the_limit_of_every_worker(tmp_path: Path, wish: str) -> None:
    state, why, mutations = await run_bold(tmp_path, wish, Grant(Mode.APPLY, allow_push=True), "comment-only")
    assert (state, mutations) == (JobState.REFUSED, [])
    assert why.startswith(f"worker bold may not {wish} (comment-only, no push)")


@pytest.mark.parametrize("wish", ["merge", "push"])
async def test_an_app_without_the_permission_is_refused_by_github_and_says_which_is_missing(
    tmp_path: Path, wish: str
) -> None:
    # The App of these tests has contents: read, so even a worker that is granted everything gets no token to push with.
    state, why, mutations = await run_bold(tmp_path, wish, Grant(Mode.APPLY, allow_push=True))
    assert state is JobState.FAILED
    assert "contents" in why
    assert mutations == []


async def test_the_token_of_a_speaking_effect_can_neither_push_nor_merge(tmp_path: Path) -> None:
    import httpx

    from forgehand.adapters import github as gh

    with product(tmp_path, start=False) as run:
        pull = open_flawed_pull(run.forge)
        settings = run.settings
        async with gh.GitHub(
            api_url=settings.github_api_url, app_id=settings.github_app_id, private_key=settings.private_key
        ) as github:
            tokens = gh.AppTokens(github)
            (repo,) = await gh.OpenPullReader(github, tokens).repositories()
            token = await tokens.token(repo, gh.required_permissions(gh.SPEAKING))
        headers = {"Authorization": f"Bearer {token.value}"}
        async with httpx.AsyncClient(base_url=run.forge.url, headers=headers, timeout=60) as client:
            merge = await client.put(f"/repos/{REPO}/pulls/{pull.number}/merge", json={"sha": pull.head_sha})
            push = await client.post(f"/repos/{REPO}/git/refs", json={"ref": "refs/heads/x", "sha": pull.head_sha})
        assert (merge.status_code, push.status_code) == (403, 403)
