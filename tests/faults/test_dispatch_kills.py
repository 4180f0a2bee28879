"""kill -9 between a run's completion and the conclusion that is told: one run in each target, and one issue."""

from pathlib import Path

import pytest

from forgehand.engine.steps import Step
from support.dispatch_stage import concluded, dispatching, issues, push, source_run, starts, target, titled
from support.product import until

STEPS = [
    (Step.DELIVERY_RECORDED, "workflow_run"),
    (Step.JOB_CLAIMED, "dispatch"),
    (Step.JOB_SETTLING, "dispatch"),
    (Step.JOB_SETTLED, "dispatch"),
    (Step.JOB_CLAIMED, "dispatch-target"),
    (Step.EFFECT_INTENDED, "workflow_dispatch"),
    (Step.EFFECT_SENDING, "workflow_dispatch"),
    (Step.EFFECT_PERFORMED, "workflow_dispatch"),
    (Step.EFFECT_RECEIPTED, "workflow_dispatch"),
    (Step.JOB_SETTLING, "dispatch-target"),
    (Step.JOB_SETTLED, "dispatch-target"),
    (Step.JOB_SETTLING, "dispatch-follow"),
    (Step.EFFECT_PERFORMED, "issue"),
    (Step.JOB_SETTLING, "dispatch-report"),
]


@pytest.mark.parametrize(("step", "about"), STEPS, ids=[f"{step} ({about})" for step, about in STEPS])
def test_killed_at_any_step_each_target_runs_once_and_is_told(tmp_path: Path, step: Step, about: str) -> None:
    more = {"start": False, "sweep_seconds": 1.0, "settle_seconds": 1.5}
    with dispatching(tmp_path, "web", "docs", **more) as run:
        target(run, "acme/web")
        target(run, "acme/docs")
        run.trap = f"{step}|{about}|both|{tmp_path / 'trapped'}"
        run.start()
        push(run)
        until((tmp_path / "trapped").exists, f"the step “{step}” of {about}")
        run.wait_dead()
        run.start()
        told = concluded(run, source_run(run))
        assert [(each.conclusion, each.reason) for each in told.targets] == [("success", "")] * 2
        for each in told.targets:
            assert [made.id for made in run.forge.runs(each.repository)] == [each.run]
        assert len(starts(run)) == 2
        until(lambda: titled(run, "Dispatch results: ci.yml (success=2, failed=0, denied=0)"), "the issue")
        until(lambda: issues(run)[0].body.count("ended in success](") == 2, "both conclusions in it")
