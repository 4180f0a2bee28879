"""What a changed file would change, on either side: judged by the same rules that dispatch."""

from typing import Any

import pytest

from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling, State
from forgehand.workers.dispatch.config import Dispatching, OutboundTarget, Window
from forgehand.workers.dispatch.rules.changes import named, would_change
from forgehand.workers.dispatch.rules.facts import (
    Absent,
    Broken,
    Config,
    Installed,
    NoFile,
    Options,
    Target,
    Unreadable,
)
from forgehand.workers.dispatch.rules.flows import Here, Other
from support.dispatching import inbound, outbound

API, WEB = Here(Repo(10, 1, "acme/api"), "main"), Here(Repo(10, 2, "acme/web"), "main")
TO_WEB = OutboundTarget("web", "cd.yml")
FLOW = "ci.yml of acme/api → cd.yml of acme/web at main"
FROM_NOW_ON = "It would be started from now on."


def other(repository: str, config: Config, default_branch: str = "main") -> dict[str, Other]:
    return {repository.casefold(): Other(Target(Installed(Repo(10, 2, repository)), config), default_branch)}


def changes(
    before: Config, after: Config, others: dict[str, Other] | None = None, here: Here = API, **options: Any
) -> list[tuple[str, str, str]]:
    """Of each change its flow, its state and what is said of it."""
    known = other("acme/web", inbound()) if others is None else others
    ruling = would_change(here, before, after, known, Options(**options))
    assert ruling.state is State.SATISFIED
    return [(part.rule, str(part.state), part.reason) for part in ruling.parts]


def test_a_target_that_agrees_would_be_started_from_now_on() -> None:
    assert changes(NoFile(), outbound(TO_WEB)) == [(FLOW, "satisfied", FROM_NOW_ON)]


def test_a_target_that_is_taken_out_would_be_started_no_longer() -> None:
    says = "It is started today, and would be no longer."
    assert changes(outbound(TO_WEB), outbound()) == [(FLOW, "not applicable", says)]
    assert changes(outbound(TO_WEB), NoFile()) == [(FLOW, "not applicable", says)]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (
            Target(Installed(Repo(10, 2, "acme/web")), NoFile()),
            "acme/web has no dispatching.yml on its default branch.",
        ),
        (Target(Installed(Repo(10, 2, "acme/web")), Broken(("line 1: no",))), "line 1: no"),
        (
            Target(Installed(Repo(10, 2, "acme/web")), Dispatching()),
            "No inbound rule of acme/web lets ci.yml of acme/api",
        ),
        (Target(Absent("No App there.", sees=False), Unreadable("")), "No App there."),
    ],
)
def test_what_the_other_side_does_not_allow_is_told_with_its_reason(target: Target, says: str) -> None:
    [(flow, state, said)] = changes(NoFile(), outbound(TO_WEB), {"acme/web": Other(target)})
    assert (flow, state) == (FLOW, "violated")
    assert said.startswith(f"It would be asked for, and denied: {says}")


def test_inputs_that_are_not_accepted_deny_what_is_started_today() -> None:
    with_input = outbound(OutboundTarget("web", "cd.yml", inputs=(("sha", "{{ source.sha }}"),)))
    [(_, state, said)] = changes(outbound(TO_WEB), with_input)
    assert state == "violated"
    assert said.startswith("It is started today, and would be denied: acme/web does not accept sha")


def test_other_terms_of_the_same_start_are_a_change() -> None:
    says = "It would be started with other inputs, at another time, or after an approval."
    for target in (
        OutboundTarget("web", "cd.yml", approval=True),
        OutboundTarget("web", "cd.yml", window=Window(60, 120)),
    ):
        assert changes(outbound(TO_WEB), outbound(target)) == [(FLOW, "satisfied", says)]


def test_the_operators_lists_count_as_they_do_for_a_run() -> None:
    [(_, state, said)] = changes(NoFile(), outbound(TO_WEB), targets=("acme/docs",))
    assert (state, "FORGEHAND_DISPATCH_TARGETS" in said) == ("violated", True)
    [(_, state, said)] = changes(NoFile(), outbound(TO_WEB), sources=("acme/docs",))
    assert (state, "FORGEHAND_DISPATCH_SOURCES" in said) == ("violated", True)


def test_an_unchanged_file_changes_nothing() -> None:
    ruling = would_change(API, outbound(TO_WEB), outbound(TO_WEB), other("acme/web", inbound()), Options())
    assert (ruling.parts, ruling.reason) == ((), "The file can be used. It changes nothing that is dispatched.")


def test_another_condition_is_another_start() -> None:
    told = changes(outbound(TO_WEB), outbound(TO_WEB, conclusions=("failure",), branches=("release/*",)))
    assert [rule for rule, _, _ in told] == [
        FLOW,
        "ci.yml of acme/api (on release/*; after failure) → cd.yml of acme/web at main",
    ]


def test_conditions_that_both_sides_name_agree() -> None:
    conditions = {"conclusions": ("failure",), "branches": ("release/*",)}
    [(_, state, _)] = changes(NoFile(), outbound(TO_WEB, **conditions), other("acme/web", inbound(**conditions)))
    assert state == "satisfied"


def test_consent_that_is_given_starts_what_the_other_side_asks_for() -> None:
    asks = other("acme/api", outbound(TO_WEB))
    [(flow, state, said)] = changes(NoFile(), inbound(), asks, WEB)
    assert (flow, state) == (FLOW, "satisfied")
    assert said == f"{FROM_NOW_ON} Today it is not: acme/web has no dispatching.yml on its default branch."


def test_consent_that_is_taken_back_denies_what_is_started_today() -> None:
    asks = other("acme/api", outbound(TO_WEB))
    [(flow, state, said)] = changes(inbound(), Dispatching(), asks, WEB)
    assert (flow, state) == (FLOW, "violated")
    assert said.startswith("It is started today, and would be denied: No inbound rule of acme/web")


def test_the_other_sides_own_default_branch_counts() -> None:
    asks = other("acme/api", outbound(TO_WEB), default_branch="trunk")
    [(_, state, _)] = changes(NoFile(), inbound(branches=("trunk",)), asks, WEB)
    assert state == "satisfied"


def test_consent_that_nobody_asks_for_is_said_so() -> None:
    [(rule, state, said)] = changes(Dispatching(), inbound(), other("acme/api", Dispatching()), WEB)
    assert (rule, state) == ("ci.yml of acme/api → cd.yml", "not applicable")
    assert said == "It would be allowed, and acme/api does not ask for it today."
    assert changes(inbound(), inbound(), other("acme/api", Dispatching()), WEB) == []


def test_what_the_other_side_says_is_not_known_where_it_cannot_be_read() -> None:
    unread = Unreadable("GitHub did not answer")
    hidden = {name: Other(Target(unread, unread)) for name in ("acme/api", "acme/web")}
    assert changes(NoFile(), outbound(TO_WEB), hidden) == [
        (FLOW, "not yet", "It would be asked for. Whether it may be is not known: GitHub did not answer")
    ]
    assert changes(NoFile(), inbound(), hidden, WEB) == [
        (
            "ci.yml of acme/api → cd.yml",
            "not yet",
            "It would be allowed. Whether acme/api asks for it is not known: GitHub did not answer",
        )
    ]


def test_a_file_that_cannot_be_used_is_told_line_by_line() -> None:
    ruling = would_change(API, outbound(TO_WEB), Broken(("line 1: a", "line 2: b")), {}, Options())
    assert ruling == Ruling(
        "dispatching",
        State.VIOLATED,
        "line 1: a",
        parts=(Ruling("line", State.VIOLATED, "line 1: a"), Ruling("line", State.VIOLATED, "line 2: b")),
    )


def test_a_file_that_could_not_be_used_today_starts_everything_anew() -> None:
    assert changes(Broken(("no",)), outbound(TO_WEB)) == [(FLOW, "satisfied", FROM_NOW_ON)]


def test_the_other_side_is_named_once_and_by_its_owner() -> None:
    file = Dispatching(
        outbound=outbound(TO_WEB, OutboundTarget("ACME/Web", "x.yml"), OutboundTarget("other/docs", "x.yml")).outbound,
        inbound=inbound(repository="api").inbound + inbound(repository="site").inbound,
    )
    assert named(API, NoFile(), file) == ("acme/web", "other/docs", "acme/site")
