"""A run that ended starts workflows in other repositories: the whole product beside a practice GitHub."""

import json
from pathlib import Path
from typing import Any

import pytest

from forgehand.engine.queries import dispatches
from support.command import forgehand, variables
from support.dispatch_stage import (
    API,
    CI,
    concluded,
    dispatching,
    issues,
    outcome,
    push,
    source_run,
    starts,
    target,
    titled,
)
from support.product import Product, stored, until


def _ended(run: Product, name: str) -> list[tuple[int, str | None]]:
    return [(each.id, each.conclusion) for each in run.forge.runs(name)]


def _facts(run: Product, delivery: str) -> list[Any]:
    return stored(run, lambda store: store.facts_of(delivery=delivery))


def test_a_push_starts_what_both_sides_ask_for_and_says_why_the_others_do_not(tmp_path: Path) -> None:
    names = ("web", "other/docs", "refusing", "fileless", "broken", "away/app")
    with dispatching(tmp_path, *names) as run:
        target(run, "acme/web")
        target(run, "other/docs")
        target(run, "acme/refusing", "inbound: []\n")
        target(run, "acme/fileless", None)
        target(run, "acme/broken", "inbound:\n  - targets: []\n")
        target(run, "away/app", install=False)
        sha = push(run)
        source = source_run(run)
        told = concluded(run, source)

        assert [(each.repository, str(each.stand), each.reason, each.conclusion) for each in told.targets] == [
            ("acme/web", "ended", "", "success"),
            ("other/docs", "ended", "", "success"),
            ("acme/refusing", "denied", "inbound_not_authorized", ""),
            ("acme/fileless", "denied", "missing_target_config", ""),
            ("acme/broken", "denied", "invalid_target_config", ""),
            ("away/app", "denied", "target_not_installed", ""),
        ]
        for each in told.targets[:2]:
            assert _ended(run, each.repository) == [(each.run, "success")]
            (started,) = run.forge.runs(each.repository)
            assert (started.inputs, started.actor) == ({"sha": sha}, "forgehand[bot]")
        assert all(not run.forge.runs(each.repository) for each in told.targets[2:])
        assert "dispatching.yml:2:5: “inbound[1].source” is missing here: add it" in told.targets[4].why

        title = "Dispatch results: ci.yml (success=2, failed=0, denied=4)"
        until(lambda: titled(run, title), "the issue that tells it")
        body = issues(run)[0].body
        until(lambda: issues(run)[0].body.count("ended in success](") == 2, "both conclusions in the issue")
        assert "`target_not_installed`" in body
        assert not [each for each in run.forge.calls if each.unmodelled]

        kinds = [fact.kind for fact in _facts(run, told.delivery)]
        assert kinds.count("dispatch.trigger.succeeded") == 2
        assert {"dispatch.request.accepted", "dispatch.plan.created", "dispatch.target.queued"} <= set(kinds)
        types = [job.type for job in stored(run, lambda store: store.jobs_of(told.delivery))]
        assert types.count("dispatch-target") == 2
        (listed,) = until(lambda: stored(run, lambda store: dispatches(store, 9)), "the row of the page")
        assert (listed.run, listed.dispatch) == (source.id, told)

        explained = forgehand(run.folder, "dispatch", "explain", str(source.id), "--json", env=variables(run.settings))
        assert explained.code == 1
        assert [each["run"] for each in json.loads(explained.out)["targets"]][:2] == [
            each.run for each in told.targets[:2]
        ]


def test_the_same_delivery_again_dispatches_nothing(tmp_path: Path) -> None:
    with dispatching(tmp_path, "web") as run:
        target(run, "acme/web")
        push(run)
        source = source_run(run)
        told = concluded(run, source)
        until(lambda: len(issues(run)) == 1, "the issue")
        ran = forgehand(run.folder, "replay", told.delivery, env=variables(run.settings))
        assert ran.code == 0, ran.err

        def replayed() -> bool:
            jobs = stored(run, lambda store: store.jobs_of(told.delivery))
            dispatches = [job for job in jobs if job.type == "dispatch"]
            return len(dispatches) == 2 and all(job.state.ended for job in dispatches)

        until(replayed, "the end of the replay")
        assert len(starts(run)) == 1
        assert len(run.forge.runs("acme/web")) == 1
        assert len(issues(run)) == 1


def test_another_branch_a_failure_and_another_workflow_start_nothing(tmp_path: Path) -> None:
    with dispatching(tmp_path, "web") as run:
        target(run, "acme/web")
        run.forge.commit(API, "topic", {".github/workflows/other.yml": "name: Other\non: push\njobs: {}\n"}, "A topic")
        push(run, "topic")

        def denied() -> list[Any]:
            jobs = stored(run, lambda store: store.jobs(100))
            return [job.result for job in jobs if job.type == "dispatch" and (job.result or {}).get("reason")]

        (result,) = until(denied, "the run that was denied")
        assert result["reason"] == "source_not_default_branch"
        assert starts(run) == []
        assert issues(run) == []


def test_a_tag_that_is_called_like_the_branch_starts_nothing(tmp_path: Path) -> None:
    """Whoever may not push to `main` may push a tag, with a workflow of their own: it is gone before its run ends."""
    with dispatching(tmp_path, "web") as run:
        target(run, "acme/web")
        before = run.forge.branch(API, "main")
        files = {".github/workflows/ci.yml": CI.replace("{push: {branches: [main, topic]}}", "push")}
        sha = run.forge.commit(API, "unseen", files, "Nobody reviewed this", parent=before, author="eve")
        run.forge.set_tag(API, "main", sha, by="eve")
        run.forge.set_tag(API, "main", None, by="eve")
        source_run(run, 2)

        def denied() -> list[str]:
            return [
                fact.data["why"]
                for job in stored(run, lambda store: store.jobs(100))
                if job.type == "dispatch"
                for fact in _facts(run, job.delivery or "")
                if fact.kind == "dispatch.request.denied"
            ]

        told = "\n".join(until(lambda: len(both := denied()) == 2 and both, "both runs to be denied", seconds=240))
        assert f"{sha[:7]} does not lie on a branch main" in told
        assert "It ran on unseen" in told
        assert starts(run) == []


def test_a_pull_request_from_the_branch_dispatches_nothing_beside_the_push(tmp_path: Path) -> None:
    with dispatching(tmp_path, "web") as run:
        target(run, "acme/web")
        run.forge.set_branch(API, "release", run.forge.branch(API, "main"))
        run.forge.commit(API, "main", {"NEW.md": "New.\n"}, "Begin")
        run.forge.open_pull(API, "main", "release")
        both = CI.replace("push: {branches: [main, topic]}", "push: {branches: [main]}, pull_request: {}")
        run.forge.commit(API, "main", {".github/workflows/ci.yml": both}, "Test both")
        source_run(run, 2)
        of_push = next(each for each in run.forge.runs(API) if each.event == "push")
        told = concluded(run, of_push)
        assert [(each.run, each.conclusion) for each in told.targets] == _ended(run, "acme/web")
        until(lambda: all(job.state.ended for job in stored(run, lambda store: store.jobs(200))), "the end of all work")
        assert len(starts(run)) == 1


def test_no_issue_is_made_where_the_operator_wants_none(tmp_path: Path) -> None:
    with dispatching(tmp_path, "web", create_issues=False) as run:
        target(run, "acme/web")
        push(run)
        told = concluded(run, source_run(run))
        assert told.counts.success == 1
        until(lambda: all(job.state.ended for job in stored(run, lambda store: store.jobs(200))), "the end of all work")
        assert issues(run) == []


def test_nothing_is_dispatched_where_the_operator_switched_it_off(tmp_path: Path) -> None:
    with dispatching(tmp_path, "web", dispatch=False) as run:
        target(run, "acme/web")
        push(run)
        source = source_run(run)
        until(lambda: all(each.status_code for each in run.forge.deliveries(run.app)), "all webhooks")
        assert outcome(run, source) is None
        assert starts(run) == []


def test_a_target_that_waits_for_approval_is_started_by_a_comment_on_the_issue(tmp_path: Path) -> None:
    with dispatching(tmp_path, "web") as run:
        target(run, "acme/web")
        run.forge.set_collaborator(API, "dev", "write")
        asked = run.forge.read(API, "main", "dispatching.yml") or b""
        asked = asked.replace(b"cd.yml,", b"cd.yml, approval: true,")
        run.forge.commit(API, "main", {"dispatching.yml": asked.decode()}, "Ask first")
        sha = push(run)
        (issue,) = until(lambda: issues(run), "the issue that asks")
        assert f"`/forgehand approve {sha[:7]}`" in issue.body
        assert starts(run) == []
        run.forge.comment(API, issue.number, "dev", f"/forgehand approve {sha[:7]}")
        told = concluded(run, source_run(run))
        assert [(each.run, each.conclusion) for each in told.targets] == _ended(run, "acme/web")
        until(lambda: titled(run, "Dispatch results: ci.yml (success=1, failed=0, denied=0)"), "the outcome")


@pytest.mark.parametrize("fault", ["error_after", "cut_after", "lands_later"])
def test_a_start_without_a_clear_answer_happens_once(tmp_path: Path, fault: Any) -> None:
    with dispatching(tmp_path, "web", settle_seconds=1.5) as run:
        target(run, "acme/web")
        route = "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches"
        struck = run.forge.faults.add(fault, route=route, method="POST", seconds=0.5)
        push(run)
        told = concluded(run, source_run(run))
        assert struck.hits == 1
        assert [(each.run, each.conclusion) for each in told.targets] == _ended(run, "acme/web")
        assert len(starts(run)) == 1
