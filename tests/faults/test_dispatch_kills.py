"""kill -9 between a run's completion and the conclusion that is told: the target runs once, and one issue says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forgehand.adapters.sql import SqlStore
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.engine.steps import Step
from support.command import forgehand, variables
from support.dispatch_stage import concluded, dispatching, issues, push, source_run, starts, target, titled
from support.product import Product, stored, until

STEPS = [
    (Step.DELIVERY_RECORDED, "workflow_run"),
    (Step.JOB_CLAIMED, "dispatch"),
    (Step.JOB_SETTLING, "dispatch"),
    (Step.JOB_SETTLED, "dispatch"),
    (Step.JOB_CLAIMED, "dispatch-target"),
    (Step.EFFECT_INTENDED, "workflow_dispatch"),
    (Step.EFFECT_PERFORMED, "workflow_dispatch"),
    (Step.EFFECT_RECEIPTED, "workflow_dispatch"),
    (Step.JOB_SETTLING, "dispatch-target"),
    (Step.JOB_SETTLED, "dispatch-target"),
    (Step.JOB_SETTLING, "dispatch-follow"),
    (Step.EFFECT_PERFORMED, "issue"),
    (Step.JOB_SETTLING, "dispatch-report"),
]


@contextmanager
def _killed(folder: Path, step: Step, about: str) -> Iterator[Product]:
    """A product that died at the step, and was started again."""
    with dispatching(folder, "web", start=False, sweep_seconds=1.0, settle_seconds=1.5) as run:
        target(run, "acme/web")
        run.trap = f"{step}|{about}|both|{folder / 'trapped'}"
        run.start()
        push(run)
        until((folder / "trapped").exists, f"the step “{step}” of {about}")
        run.wait_dead()
        run.start()
        yield run


def _told(run: Product) -> None:
    """The target ran once, and so it is told."""
    told = concluded(run, source_run(run))
    (ran,) = run.forge.runs("acme/web")
    assert [(each.run, each.conclusion) for each in told.targets] == [(ran.id, "success")]
    assert len(starts(run)) == 1
    until(lambda: titled(run, "Dispatch results: ci.yml (success=1, failed=0, denied=0)"), "the issue")
    until(lambda: "ended in success](" in issues(run)[0].body, "the conclusion in it")


@pytest.mark.parametrize(("step", "about"), STEPS, ids=[f"{step} ({about})" for step, about in STEPS])
def test_killed_at_any_step_the_target_runs_once_and_is_told(tmp_path: Path, step: Step, about: str) -> None:
    with _killed(tmp_path, step, about) as run:
        _told(run)


def test_killed_where_it_may_have_been_sent_a_person_says_what_became_of_it(tmp_path: Path) -> None:
    with _killed(tmp_path, Step.EFFECT_SENDING, "workflow_dispatch") as run:
        (unknown,) = concluded(run, source_run(run)).targets
        assert str(unknown.stand) == "unknown"
        until(lambda: issues(run) and "may have started" in issues(run)[0].body, "the issue that says so")
        assert starts(run) == []

        (entry,) = until(lambda: stored(run, _unknown), "the effect that waits for a person")
        env = variables(run.settings)
        assert forgehand(run.folder, "effects", "settle", entry.slot, "--again", env=env).code == 0
        until(lambda: run.forge.runs("acme/web"), "the start that the person asked for")
        until(lambda: titled(run, "Dispatch results: ci.yml (success=1, failed=0, denied=0)"), "the issue")
        _told(run)


async def _unknown(store: SqlStore) -> list[LedgerEntry]:
    return await store.entries(10, EffectState.UNKNOWN)
