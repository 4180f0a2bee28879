"""What a source asked for is started only while it still asks for it."""

from dataclasses import replace

import pytest

from forgehand.workers.dispatch.config import Dispatching, OutboundTarget, Window
from forgehand.workers.dispatch.rules.attempts import Last
from forgehand.workers.dispatch.rules.facts import Broken, Config, NoFile, Options
from forgehand.workers.dispatch.rules.plan import screen
from forgehand.workers.dispatch.rules.source_again import asked_again
from forgehand.workers.dispatch.rules.target import Asked, Verdict
from support.dispatching import ANY, SOURCE, outbound

WEB = OutboundTarget("web", "cd.yml", inputs=(("sha", "{{ source.sha }}"),))
LIB = OutboundTarget("lib", "cd.yml")
NIGHT = Window(22 * 60, 23 * 60)
LAST = Last(1, ended=True)


def _asked(target: OutboundTarget = WEB) -> Asked:
    ((asked, _),) = screen(SOURCE, outbound(target), ANY)
    return asked


def test_what_is_still_asked_for_goes_on() -> None:
    assert asked_again(SOURCE, LAST, _asked(), outbound(LIB, WEB), ANY) == _asked()


def test_the_window_of_now_counts() -> None:
    again = asked_again(SOURCE, LAST, _asked(), outbound(replace(WEB, window=NIGHT)), ANY)
    assert again == replace(_asked(), window=NIGHT)


def test_what_was_approved_stays_so_and_what_needs_it_now_is_not_started() -> None:
    careful = replace(WEB, approval=True)
    assert asked_again(SOURCE, LAST, _asked(careful), outbound(careful), ANY) == _asked(careful)
    assert asked_again(SOURCE, LAST, _asked(careful), outbound(WEB), ANY) == _asked(careful)
    denied = asked_again(SOURCE, LAST, _asked(), outbound(careful), ANY)
    assert isinstance(denied, Verdict)
    assert (denied.reason, "an approval" in denied.ruling.reason) == ("source_withdrawn", True)


@pytest.mark.parametrize(
    ("config", "options", "reason"),
    [
        (NoFile(), ANY, "source_withdrawn"),
        (Dispatching(), ANY, "source_withdrawn"),
        (outbound(), ANY, "source_withdrawn"),
        (outbound(LIB), ANY, "source_withdrawn"),
        (outbound(replace(WEB, inputs=())), ANY, "source_withdrawn"),
        (outbound(replace(WEB, ref="stable")), ANY, "source_withdrawn"),
        (Broken(("dispatching.yml:1:1: it is broken",)), ANY, "source_config_invalid"),
        (outbound(WEB, branches=("release",)), ANY, "source_not_default_branch"),
        (outbound(WEB, conclusions=("failure",)), ANY, "source_not_success"),
        (outbound(WEB), Options(sources=("acme/other",)), "source_repo_not_allowlisted"),
        (outbound(WEB), Options(workflows=("nightly.yml",)), "source_workflow_not_allowlisted"),
        (outbound(WEB), Options(targets=("acme/lib",)), "target_repo_not_allowlisted"),
    ],
)
def test_what_is_not_asked_for_any_more_is_denied_with_its_reason(
    config: Config, options: Options, reason: str
) -> None:
    denied = asked_again(SOURCE, LAST, _asked(), config, options)
    assert isinstance(denied, Verdict)
    assert (denied.allowed, denied.undecided, denied.reason) == (False, False, reason)
    assert denied.ruling.reason.endswith(".") or reason == "source_config_invalid"


@pytest.mark.parametrize(
    ("last", "says"),
    [
        (Last(2, ended=True), "The run was repeated since: what waits is of attempt 1, and its last is 2."),
        (Last(2), "The run was repeated since: what waits is of attempt 1, and its last is 2."),
        (Last(1), "The run goes on again."),
        (Last(), "The run is gone."),
    ],
)
def test_what_was_asked_for_by_an_attempt_that_is_not_the_last_is_withdrawn(last: Last, says: str) -> None:
    denied = asked_again(SOURCE, last, _asked(), outbound(WEB), ANY)
    assert isinstance(denied, Verdict)
    assert (denied.reason, denied.ruling.reason) == ("source_withdrawn", says)
