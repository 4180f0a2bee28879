from dataclasses import replace

import pytest

from forgehand.adapters.github import Installed, Probe
from forgehand.assembly.checks import Check, Level
from forgehand.assembly.doctor_github import judge
from forgehand.assembly.settings import read_settings
from forgehand.assembly.workers import BUILT_IN, listens
from forgehand.ports.github import HookDelivery

SETTINGS = read_settings(_env_file=None, github_app_id="7", github_api_url="https://api.github.com")
INSTALLED = Installed(
    id=1,
    account="acme",
    url="https://github.com/settings/installations/1",
    suspended=False,
    all_repositories=False,
    permissions={"checks": "write"},
    events=tuple(sorted(listens(BUILT_IN))),
    missing={},
)
WELL = Probe(
    id=7,
    slug="hand",
    name="Hand",
    url="https://github.com/apps/hand",
    permissions={"checks": "write"},
    events=tuple(sorted(listens(BUILT_IN, dispatching=False))),
    missing={},
    hook_url="https://forgehand.example.org/webhooks/github",
    hook_verifies_tls=True,
    limit=5000,
    remaining=4000,
    skew=0.4,
    installations=(INSTALLED,),
)


def checks(
    found: Probe = WELL, repositories: int = 2, lately: tuple[HookDelivery, ...] = (), **more: object
) -> dict[str, Check]:
    settings = SETTINGS.model_copy(update=more)
    return {check.name: check for check in judge(settings, found, {1: repositories}, lately)}


def attempt(ok: bool) -> HookDelivery:
    return HookDelivery(1, "guid", 0.0, ok, "pull_request")


def test_nothing_is_wrong_where_nothing_is() -> None:
    assert {check.level for check in checks(lately=(attempt(True),)).values()} == {Level.OK}


@pytest.mark.parametrize(
    ("skew", "level"),
    [(None, Level.OK), (-4.0, Level.OK), (6.0, Level.WARNING), (-31.0, Level.PROBLEM), (300.0, Level.PROBLEM)],
)
def test_a_clock_that_goes_wrong_is_noticed_before_it_breaks_sign_ins(skew: float | None, level: Level) -> None:
    assert checks(replace(WELL, skew=skew))["clock"].level is level


def test_the_clock_says_in_which_direction() -> None:
    assert checks(replace(WELL, skew=-90.0))["clock"].says == "90 s behind GitHub's"
    assert checks(replace(WELL, skew=90.0))["clock"].says == "90 s ahead of GitHub's"


@pytest.mark.parametrize(
    ("changed", "settings", "level"),
    [
        ({"hook_url": ""}, {}, Level.WARNING),
        ({"hook_url": ""}, {"poll_seconds": 0.0}, Level.PROBLEM),
        ({"hook_url": "https://forgehand.example.org/"}, {}, Level.WARNING),
        ({"hook_verifies_tls": False}, {}, Level.WARNING),
    ],
)
def test_a_webhook_that_is_not_as_it_should_be_is_named(
    changed: dict[str, object], settings: dict[str, object], level: Level
) -> None:
    check = checks(replace(WELL, **changed), **settings)["webhook"]  # type: ignore[arg-type]
    assert check.level is level
    assert "https://github.com/settings/apps/hand" in check.remedy


def test_an_event_that_is_not_subscribed_is_named_with_where_to_change_it() -> None:
    check = checks(replace(WELL, events=tuple(listens(BUILT_IN) - {"pull_request"})))["events"]
    assert (check.level, check.says) == (Level.WARNING, "GitHub does not send pull_request")
    assert "https://github.com/settings/apps/hand/permissions" in check.remedy


def test_a_permission_that_the_app_lacks_is_a_problem_with_where_to_change_it() -> None:
    check = checks(replace(WELL, missing={"checks": "write"}))["permissions"]
    assert (check.level, check.says) == (Level.PROBLEM, "the App lacks checks: write")
    assert "https://github.com/settings/apps/hand/permissions" in check.remedy


def test_an_app_that_is_installed_nowhere_says_where_to_install_it() -> None:
    check = checks(replace(WELL, installations=()))["installations"]
    assert check.level is Level.WARNING
    assert check.remedy.endswith("https://github.com/apps/hand/installations/new")


def test_an_installation_without_repositories_is_a_warning() -> None:
    assert checks(repositories=0)["installation on acme"].level is Level.WARNING


def test_a_wrong_slug_is_a_problem_and_an_empty_one_is_not() -> None:
    assert "App's name" not in checks()
    assert checks(github_app_slug="other")["App's name"].level is Level.PROBLEM


def test_a_rate_limit_that_is_nearly_used_up_is_a_warning() -> None:
    assert checks(replace(WELL, remaining=499))["rate limit"].level is Level.WARNING
    assert checks(replace(WELL, limit=None))["rate limit"].level is Level.OK


def test_only_the_newest_delivery_decides_whether_github_reaches_us() -> None:
    assert checks(lately=(attempt(True), attempt(False)))["deliveries"].level is Level.OK
    assert checks(lately=(attempt(False), attempt(True)))["deliveries"].level is Level.WARNING
    assert checks(lately=(attempt(False), attempt(True)))["deliveries"].says.startswith("1 of GitHub's last 2")


def test_the_mode_is_said_and_what_apply_lacks_to_know_what_a_branch_asks() -> None:
    assert checks()["mode"].says.startswith("comment-only")
    assert "protection" not in checks()
    lacking = checks(mode="apply")
    assert lacking["mode"].says.startswith("apply")
    assert lacking["protection"].level is Level.WARNING
    assert "administration: read" in (lacking["protection"].remedy or "")
    assert "protection" not in checks(replace(WELL, permissions={"administration": "read"}), mode="apply")


FULL = {"checks": "write", "actions": "write", "issues": "write"}
LISTENING = replace(WELL, events=(*WELL.events, "workflow_run"))


@pytest.mark.parametrize(
    ("found", "level", "says"),
    [
        (replace(LISTENING, permissions=FULL), Level.OK, "where both repositories say so"),
        (WELL, Level.OK, "not set up; it would need actions: write, issues: write, the event workflow_run"),
        (LISTENING, Level.WARNING, "it lacks actions: write, issues: write"),
        (replace(WELL, permissions=FULL), Level.WARNING, "it lacks the event workflow_run"),
    ],
)
def test_dispatching_is_set_up_whole_or_not_at_all(found: Probe, level: Level, says: str) -> None:
    check = checks(found)["dispatching"]
    assert (check.level, says in check.says) == (level, True)


def test_dispatching_that_is_off_needs_nothing() -> None:
    assert checks(replace(WELL, permissions=FULL), dispatch=False)["dispatching"].level is Level.OK
