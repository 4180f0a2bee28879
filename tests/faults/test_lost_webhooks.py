"""No webhook arrives, or none could be taken for a while. The work is done all the same."""

from pathlib import Path

from support.dispatch_stage import API, concluded, dispatching, push, source_run, starts, target
from support.product import assert_said_once, open_flawed_pull, product, reviewed, stored, until


def test_with_every_webhook_lost_the_review_appears_within_a_poll(tmp_path: Path) -> None:
    with product(tmp_path, poll_seconds=2.0) as run:
        run.forge.webhooks.mode = "lost"
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        assert_said_once(run.forge, pull.number, pull.head_sha)
        assert run.forge.deliveries(run.app) == []


def test_with_every_webhook_lost_a_run_that_ended_starts_its_targets_within_a_poll(tmp_path: Path) -> None:
    with dispatching(tmp_path, "web", poll_seconds=1.0) as run:
        run.forge.webhooks.mode = "lost"
        target(run, "acme/web")
        looked = f"runs:{run.forge.world.repository(API).id}"
        until(lambda: stored(run, lambda store: store.mark(looked)), "a first look, which knows of no run")
        push(run)
        told = concluded(run, source_run(run))
        assert [(each.run, each.conclusion) for each in told.targets] == [
            (each.id, "success") for each in run.forge.runs("acme/web")
        ]
        assert len(starts(run)) == 1
        assert "workflow_run" not in {each.event for each in run.forge.deliveries(run.app)}


def test_a_poll_of_what_did_not_change_costs_no_rate_limit(tmp_path: Path) -> None:
    with product(tmp_path, poll_seconds=0.5) as run:
        run.forge.webhooks.mode = "lost"
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        run.forge.clear_calls()

        def lists() -> list[int]:
            return [call.status for call in run.forge.calls if call.route == "/repos/{owner}/{repo}/pulls"]

        until(lambda: lists().count(304) >= 2, "polls that found nothing new")
        assert_said_once(run.forge, pull.number, pull.head_sha)


def test_after_an_hour_down_failed_deliveries_are_redelivered_and_handled_once(tmp_path: Path) -> None:
    with product(tmp_path, start=False, sweep_seconds=1.0) as run:
        run.app.webhook_url = "http://127.0.0.1:9/webhooks/github"
        pull = open_flawed_pull(run.forge)
        run.forge.webhooks.settle()
        failed = run.forge.deliveries(run.app)
        assert failed
        assert all(each.status_code != 202 for each in failed)
        run.forge.webhooks.age(3600)
        run.start()
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        assert_said_once(run.forge, pull.number, pull.head_sha)
        guids = {each.guid for each in failed}
        redelivered = [each for each in run.forge.deliveries(run.app) if each.redelivery]
        assert {each.guid for each in redelivered} == guids
        until(lambda: len([c for c in run.forge.calls if c.path == "/app/hook/deliveries"]) > 3, "more sweeps")
        again = [each for each in run.forge.deliveries(run.app) if each.redelivery]
        assert len(again) == len(guids)
