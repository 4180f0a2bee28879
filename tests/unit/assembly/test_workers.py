"""The workers that run here, with the powers that the operator leaves them."""

from forgehand.assembly.workers import BUILT_IN, listens, specs
from forgehand.domain.modes import Mode, Power


def test_only_one_worker_may_start_workflows_and_in_every_mode() -> None:
    for mode in Mode:
        assert [each.id for each in specs(BUILT_IN, mode) if each.grant.allows(Power.DISPATCH)] == ["dispatch-target"]


def test_where_dispatching_is_off_nobody_wakes_and_what_is_under_way_may_start_nothing() -> None:
    off = {each.id: each for each in specs(BUILT_IN, Mode.APPLY, dispatching=False)}
    assert not any(each.grant.allows(Power.DISPATCH) for each in off.values())
    assert {each.id for each in off.values() if not each.enabled} >= {"dispatch", "dispatch-target", "dispatch-follow"}
    assert off["review"].enabled


def test_a_run_is_listened_for_only_where_dispatching_is_on() -> None:
    assert listens(BUILT_IN) - listens(BUILT_IN, dispatching=False) == {"workflow_run"}
