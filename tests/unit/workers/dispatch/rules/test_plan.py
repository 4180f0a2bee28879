"""The decision matrix: every guardrail on both sides, each reason, and what always holds."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import State
from forgehand.workers.dispatch.config import (
    Dispatching,
    Inbound,
    InboundTarget,
    Outbound,
    OutboundTarget,
    Runs,
)
from forgehand.workers.dispatch.rules.facts import (
    Absent,
    Broken,
    Installed,
    Link,
    NoFile,
    Options,
    Renamed,
    Target,
    Unreadable,
    Whence,
    WorkflowState,
)
from forgehand.workers.dispatch.rules.plan import (
    MOST_TARGETS,
    MOST_TOLD,
    Plan,
    Standing,
    hangs_on_whence,
    judge,
    screen,
)
from forgehand.workers.dispatch.rules.reasons import FAILURES, Reason
from forgehand.workers.dispatch.rules.target import authorized
from support.dispatching import SOURCE, agreeing, inbound, outbound, planned

WEB = OutboundTarget("web", "cd.yml")
EVERYTHING = outbound(WEB, branches=("*",), conclusions=("success", "failure"))
BROKEN = Broken(("dispatching.yml:3:1: unknown key “outbond”: did you mean “outbound”?",))
CHAIN = (Link("acme/lib", "ci.yml", 5),)

SOURCES: list[tuple[str, Any, dict[str, Any], Options, Reason | None]] = [
    ("the default branch", outbound(WEB), {}, Options(), None),
    ("another branch", outbound(WEB), {"head_branch": "topic"}, Options(), Reason.SOURCE_NOT_DEFAULT_BRANCH),
    (
        "no branch",
        outbound(WEB),
        {"head_branch": "", "default_branch": ""},
        Options(),
        Reason.SOURCE_NOT_DEFAULT_BRANCH,
    ),
    ("a pull request", outbound(WEB), {"event": "pull_request"}, Options(), Reason.SOURCE_NOT_DEFAULT_BRANCH),
    (
        "a pull request on its target",
        EVERYTHING,
        {"event": "pull_request_target"},
        Options(),
        Reason.SOURCE_NOT_DEFAULT_BRANCH,
    ),
    ("a release", EVERYTHING, {"event": "release"}, Options(), Reason.SOURCE_NOT_DEFAULT_BRANCH),
    ("no event", outbound(WEB), {"event": ""}, Options(), Reason.SOURCE_NOT_DEFAULT_BRANCH),
    ("started by hand", outbound(WEB), {"event": "workflow_dispatch"}, Options(), None),
    ("on a schedule", outbound(WEB), {"event": "schedule"}, Options(), None),
    ("a tag", outbound(WEB), {"whence": Whence.TAG}, Options(), Reason.SOURCE_NOT_DEFAULT_BRANCH),
    ("a tag that a pattern fits", EVERYTHING, {"whence": Whence.TAG}, Options(), Reason.SOURCE_NOT_DEFAULT_BRANCH),
    ("a commit elsewhere", EVERYTHING, {"whence": Whence.ELSEWHERE}, Options(), Reason.SOURCE_NOT_DEFAULT_BRANCH),
    ("a commit nobody saw", outbound(WEB), {"whence": Whence.UNKNOWN}, Options(), Reason.SOURCE_NOT_DEFAULT_BRANCH),
    ("success", outbound(WEB), {"conclusion": "success"}, Options(), None),
    ("a failure", outbound(WEB), {"conclusion": "failure"}, Options(), Reason.SOURCE_NOT_SUCCESS),
    ("a cancelled one", outbound(WEB), {"conclusion": "cancelled"}, Options(), Reason.SOURCE_NOT_SUCCESS),
    ("no conclusion", outbound(WEB), {"conclusion": ""}, Options(), Reason.SOURCE_NOT_SUCCESS),
    ("a listed repository", outbound(WEB), {}, Options(sources=("ACME/*",)), None),
    ("an unlisted one", outbound(WEB), {}, Options(sources=("other/*",)), Reason.SOURCE_REPO_NOT_ALLOWLISTED),
    ("a listed workflow", outbound(WEB), {}, Options(workflows=("c?.yml",)), None),
    ("an unlisted workflow", outbound(WEB), {}, Options(workflows=("CI.yml",)), Reason.SOURCE_WORKFLOW_NOT_ALLOWLISTED),
    ("its own commit", outbound(WEB), {"head_repository": "Acme/API"}, Options(), None),
    ("a fork's commit", outbound(WEB), {"head_repository": "eve/api"}, Options(), Reason.SOURCE_FORK),
    ("a deleted fork's", outbound(WEB), {"head_repository": ""}, Options(), Reason.SOURCE_FORK),
    ("a repository that is a fork", outbound(WEB), {"head_is_fork": True}, Options(), Reason.SOURCE_FORK),
    ("one that may be a fork", outbound(WEB), {"head_is_fork": None}, Options(), Reason.SOURCE_FORK),
    ("one of ours", outbound(WEB), {"ours": True, "chain": CHAIN}, Options(), Reason.SOURCE_DISPATCHED),
    ("a broken file", BROKEN, {}, Options(), Reason.SOURCE_CONFIG_INVALID),
    ("a broken file on a topic", BROKEN, {"head_branch": "topic"}, Options(), Reason.SOURCE_NOT_DEFAULT_BRANCH),
]


@pytest.mark.parametrize(("name", "file", "changes", "options", "reason"), SOURCES, ids=[each[0] for each in SOURCES])
def test_the_guardrails_of_the_source(
    name: str, file: Any, changes: dict[str, Any], options: Options, reason: Reason | None
) -> None:
    plan = planned(file, options=options, **changes)
    assert (plan.reason, plan.standing) == (reason, Standing.DENIED if reason else Standing.PLANNED)
    assert bool(plan.allowed) is not bool(reason)
    assert plan.ruling.reason


def test_of_very_many_accepted_inputs_some_are_named() -> None:
    accepting = agreeing(*(f"i{at:02}" for at in range(40)))
    (verdict,) = planned(outbound(OutboundTarget("web", "cd.yml", inputs=(("sha", "x"),))), accepting).targets
    assert verdict.reason is Reason.INPUTS_NOT_ACCEPTED
    assert verdict.ruling.reason.endswith("name i00, i01, i02, i03, i04, i05, i06, i07, i08, i09 and 30 more.")


@pytest.mark.parametrize(
    ("file", "changes", "hangs"),
    [
        (outbound(WEB), {}, True),
        (BROKEN, {}, True),
        (outbound(WEB), {"conclusion": "failure"}, False),
        (outbound(WEB), {"head_branch": "topic"}, False),
        (BROKEN, {"event": "pull_request"}, False),
        (Dispatching(), {}, False),
        (NoFile(), {}, False),
    ],
)
def test_where_a_run_comes_from_matters_only_where_nothing_else_says_no(
    file: Any, changes: dict[str, Any], hangs: bool
) -> None:
    source = replace(SOURCE, whence=Whence.UNKNOWN, **changes)
    assert hangs_on_whence(source, file, Options()) is hangs


TARGETS: list[tuple[str, OutboundTarget, Target, Options, Reason | None]] = [
    ("both agree", WEB, agreeing(), Options(), None),
    ("named with its owner", OutboundTarget("ACME/Web", "cd.yml"), agreeing(), Options(), None),
    ("a listed target", WEB, agreeing(), Options(targets=("acme/w*",)), None),
    ("an unlisted target", WEB, agreeing(), Options(targets=("acme/x",)), Reason.TARGET_REPO_NOT_ALLOWLISTED),
    ("itself", OutboundTarget("API", "cd.yml"), agreeing(), Options(), Reason.SELF_DISPATCH_BLOCKED),
    (
        "not installed",
        WEB,
        replace(agreeing(), installed=Absent("No installation.", sees=False)),
        Options(),
        Reason.TARGET_NOT_INSTALLED,
    ),
    (
        "no permission",
        WEB,
        replace(agreeing(), installed=Absent("Grant it.", sees=True)),
        Options(),
        Reason.TARGET_PERMISSION_MISSING,
    ),
    (
        "under another name now",
        WEB,
        replace(agreeing(), installed=Renamed("acme/site")),
        Options(),
        Reason.TARGET_NOT_INSTALLED,
    ),
    ("no file", WEB, replace(agreeing(), config=NoFile()), Options(), Reason.MISSING_TARGET_CONFIG),
    ("a broken file", WEB, replace(agreeing(), config=BROKEN), Options(), Reason.INVALID_TARGET_CONFIG),
    ("an empty file", WEB, replace(agreeing(), config=Dispatching()), Options(), Reason.INBOUND_NOT_AUTHORIZED),
    (
        "consent to another repository",
        WEB,
        replace(agreeing(), config=inbound(repository="acme/lib")),
        Options(),
        Reason.INBOUND_NOT_AUTHORIZED,
    ),
    (
        "consent to another owner's repository of that name",
        OutboundTarget("other/web", "cd.yml"),
        Target(Installed(Repo(11, 3, "other/web")), inbound(repository="api")),
        Options(),
        Reason.INBOUND_NOT_AUTHORIZED,
    ),
    (
        "consent to a repository of the same owner",
        WEB,
        replace(agreeing(), config=inbound(repository="API")),
        Options(),
        None,
    ),
    (
        "consent to another workflow of the source",
        WEB,
        replace(agreeing(), config=inbound(source="CI.yml")),
        Options(),
        Reason.INBOUND_NOT_AUTHORIZED,
    ),
    (
        "consent to start another workflow",
        WEB,
        replace(agreeing(), config=inbound(workflow="other.yml")),
        Options(),
        Reason.INBOUND_NOT_AUTHORIZED,
    ),
    (
        "an accepted input",
        OutboundTarget("web", "cd.yml", inputs=(("sha", "{{ source.sha }}"),)),
        agreeing("sha"),
        Options(),
        None,
    ),
    (
        "an input that is not accepted",
        OutboundTarget("web", "cd.yml", inputs=(("sha", "x"), ("dry", "y"))),
        agreeing("sha"),
        Options(),
        Reason.INPUTS_NOT_ACCEPTED,
    ),
    (
        "a template that cannot be filled",
        OutboundTarget("web", "cd.yml", inputs=(("sha", "{{ source.commit }}"),)),
        agreeing("sha"),
        Options(),
        Reason.INPUTS_TEMPLATE_ERROR,
    ),
    ("the ref is there", WEB, replace(agreeing(), ref=True, workflow=WorkflowState()), Options(), None),
    ("no such ref", WEB, replace(agreeing(), ref=False), Options(), Reason.REF_NOT_FOUND),
    (
        "no such workflow",
        WEB,
        replace(agreeing(), ref=True, workflow=WorkflowState(known=False)),
        Options(),
        Reason.WORKFLOW_NOT_FOUND,
    ),
    (
        "a disabled workflow",
        WEB,
        replace(agreeing(), ref=True, workflow=WorkflowState(active=False)),
        Options(),
        Reason.WORKFLOW_NOT_DISPATCHABLE,
    ),
    (
        "a workflow that nobody may dispatch",
        WEB,
        replace(agreeing(), ref=True, workflow=WorkflowState(dispatchable=False)),
        Options(),
        Reason.WORKFLOW_NOT_DISPATCHABLE,
    ),
]


@pytest.mark.parametrize(("name", "asked", "target", "options", "reason"), TARGETS, ids=[each[0] for each in TARGETS])
def test_the_guardrails_of_a_target(
    name: str, asked: OutboundTarget, target: Target, options: Options, reason: Reason | None
) -> None:
    (verdict,) = planned(outbound(asked), target, options=options).targets
    assert (verdict.reason, verdict.allowed) == (reason, reason is None)
    assert verdict.ruling.reason
    assert bool(verdict.ruling.parts)


@pytest.mark.parametrize(
    ("asked", "target", "says"),
    [
        ("web", {"config": BROKEN}, BROKEN.problems[0]),
        ("web", {"installed": Renamed("acme/site")}, "acme/web is called acme/site now: write that name."),
        ("other/web", {"installed": Renamed("acme/site")}, "other/web is called acme/site now: write that name."),
        (
            "other/web",
            {"config": BROKEN},
            "The dispatching.yml of other/web cannot be used: `forgehand dispatch validate` there says why.",
        ),
        ("other/web", {"installed": Renamed("other/secret")}, "other/web has another name now: write that one."),
        ("web", {"installed": Renamed("other/secret")}, "acme/web has another name now: write that one."),
    ],
)
def test_what_is_another_owners_is_not_told(asked: str, target: dict[str, Any], says: str) -> None:
    plan = planned(outbound(OutboundTarget(asked, "cd.yml")), replace(agreeing(), **target))
    assert plan.targets[0].ruling.reason == says


def test_every_reason_that_a_rule_can_give_is_in_the_matrix() -> None:
    elsewhere = {
        Reason.DUPLICATE_TARGET,
        Reason.MAX_TARGETS_EXCEEDED,
        Reason.SOURCE_CHAIN_LOOP,
        # Of a source that changed since: `test_source_again`.
        Reason.SOURCE_WITHDRAWN,
        # Given by GitHub's answer, by the gate, or of a job that gave up.
        Reason.GITHUB_ERROR,
        Reason.DISPATCHING_OFF,
        Reason.GAVE_UP,
    }
    seen = {each[-1] for each in SOURCES} | {each[-1] for each in TARGETS} | elsewhere
    assert seen - {None} == set(Reason)
    assert set(Reason) > FAILURES


def test_the_first_guardrail_that_says_no_gives_the_reason() -> None:
    worst = {"head_branch": "topic", "conclusion": "failure", "head_repository": "eve/api"}
    options = Options(sources=("x/y",), workflows=("z.yml",))
    order = []
    for name, good in [("head_branch", "main"), ("conclusion", "success")]:
        order.append(planned(outbound(WEB), options=options, **worst).reason)
        worst[name] = good
    for allowed in (replace(options, sources=()), Options()):
        order.append(planned(outbound(WEB), options=options, **worst).reason)
        options = allowed
    order.append(planned(outbound(WEB), options=options, **worst).reason)
    assert order == [
        Reason.SOURCE_NOT_DEFAULT_BRANCH,
        Reason.SOURCE_NOT_SUCCESS,
        Reason.SOURCE_REPO_NOT_ALLOWLISTED,
        Reason.SOURCE_WORKFLOW_NOT_ALLOWLISTED,
        Reason.SOURCE_FORK,
    ]


@pytest.mark.parametrize("file", [NoFile(), Dispatching(), outbound()])
def test_without_a_file_an_entry_or_a_target_nothing_happens(file: Any) -> None:
    plan = planned(file)
    assert (plan.standing, plan.reason, plan.targets) == (Standing.NOTHING, None, ())


def test_an_entry_for_another_workflow_is_none() -> None:
    assert planned(outbound(WEB), workflow="CI.yml").standing is Standing.NOTHING


def test_the_same_target_is_started_once() -> None:
    inputs = (("sha", "{{ source.sha }}"),)
    same = OutboundTarget("ACME/web", "cd.yml", ref="main", inputs=inputs)
    other_ref, other_inputs = replace(same, ref="v2"), replace(same, inputs=())
    plan = planned(outbound(replace(same, ref=""), same, other_ref, other_inputs), agreeing("sha"))
    assert [each.reason for each in plan.targets] == [None, Reason.DUPLICATE_TARGET, None, None]


def test_one_run_starts_so_many_targets_and_no_more() -> None:
    targets = [OutboundTarget(f"web-{number}", "cd.yml") for number in range(MOST_TARGETS + 2)]
    reasons = [each.reason for each in planned(outbound(OutboundTarget("api", "cd.yml"), *targets)).targets]
    assert reasons == [
        Reason.SELF_DISPATCH_BLOCKED,
        *[None] * MOST_TARGETS,
        Reason.MAX_TARGETS_EXCEEDED,
        Reason.MAX_TARGETS_EXCEEDED,
    ]


def test_what_is_far_too_much_is_only_counted() -> None:
    targets = [OutboundTarget(f"web-{number}", "cd.yml") for number in range(MOST_TOLD + 7)]
    plan = planned(outbound(*targets))
    assert (len(plan.targets), plan.more) == (MOST_TOLD, 7)


def test_what_nobody_can_read_yet_is_not_decided() -> None:
    away = Target(Unreadable("GitHub does not answer."), Unreadable("GitHub does not answer."))
    (verdict,) = planned(outbound(WEB), away).targets
    assert (verdict.allowed, verdict.reason, verdict.ruling.state) == (False, None, State.PENDING)


def test_the_default_ref_is_the_operators() -> None:
    ((asked, _),) = screen(SOURCE, outbound(WEB), Options(default_ref="trunk"))
    assert asked.ref == "trunk"


def test_another_branch_or_conclusion_counts_where_both_sides_name_it() -> None:
    run = {"head_branch": "release/1", "conclusion": "failure"}
    wide = {"branches": ("release/*",), "conclusions": ("failure",)}
    assert planned(outbound(WEB, **wide), agreeing(**wide), **run).allowed
    assert not planned(outbound(WEB, **wide), agreeing(), **run).allowed
    assert not planned(outbound(WEB), agreeing(**wide), **run).allowed


def test_a_chain_is_followed_where_both_sides_say_so() -> None:
    run: dict[str, Any] = {"ours": True, "chain": CHAIN}
    assert planned(outbound(WEB, dispatched=True), agreeing(dispatched=True), **run).allowed
    (verdict,) = planned(outbound(WEB, dispatched=True), agreeing(), **run).targets
    assert verdict.reason is Reason.INBOUND_NOT_AUTHORIZED


@pytest.mark.parametrize(
    "chain",
    [
        (),
        (Link("ACME/api", "ci.yml", 3), Link("acme/lib", "ci.yml", 5)),
        tuple(Link("acme/lib", f"{number}.yml", number) for number in range(5)),
    ],
    ids=["nobody knows what led to it", "it comes round", "too long"],
)
def test_a_chain_that_may_never_end_is_not_followed(chain: tuple[Link, ...]) -> None:
    plan = planned(outbound(WEB, dispatched=True), agreeing(dispatched=True), ours=True, chain=chain)
    assert plan.reason is Reason.SOURCE_CHAIN_LOOP


def test_one_entry_that_counts_is_enough() -> None:
    nightly = Outbound(Runs("ci.yml", branches=("nightly",)), (OutboundTarget("docs", "cd.yml"),))
    plan = planned(Dispatching((nightly, Outbound(Runs("ci.yml"), (WEB,)))))
    assert [each.asked.repository for each in plan.targets] == ["acme/web"]
    assert [part.state for part in plan.ruling.parts] == [State.VIOLATED, State.SATISFIED, State.SATISFIED]


NAMES = st.sampled_from(["acme/api", "acme/web", "acme/lib", "other/web", "web", "api"])
FILES = st.sampled_from(["ci.yml", "cd.yml"])
INPUTS = st.dictionaries(st.sampled_from(["sha", "dry"]), st.sampled_from(["x", "{{ source.sha }}", "{{ x }}"]))
ASKED = st.builds(
    lambda repository, workflow, inputs: OutboundTarget(repository, workflow, inputs=tuple(inputs.items())),
    NAMES,
    FILES,
    INPUTS,
)
RULES = st.builds(
    lambda repository, source, workflow, accept: Inbound(
        repository, Runs(source), (InboundTarget(workflow, tuple(accept)),)
    ),
    NAMES,
    FILES,
    FILES,
    st.lists(st.sampled_from(["sha", "dry"]), max_size=2),
)
SIDES = st.one_of(
    st.lists(RULES, max_size=4).map(lambda rules: Dispatching(inbound=tuple(rules))),
    st.just(NoFile()),
    st.just(BROKEN),
    st.just(Unreadable("away")),
)


@given(st.lists(ASKED, max_size=8, unique=True), st.dictionaries(NAMES, SIDES), st.randoms())
def test_the_order_of_targets_decides_nothing(asked: list[OutboundTarget], files: Any, chance: Any) -> None:
    shuffled = list(asked)
    chance.shuffle(shuffled)
    assert _verdicts(asked, files) == _verdicts(shuffled, files)


@given(st.lists(ASKED, max_size=8), st.dictionaries(NAMES, SIDES))
def test_nothing_is_started_without_an_inbound_rule_that_names_it(asked: list[OutboundTarget], files: Any) -> None:
    for verdict in _plan(asked, files).allowed:
        config = files.get(verdict.asked.repository)
        assert isinstance(config, Dispatching)
        rules = authorized(SOURCE, verdict.asked, config)
        assert rules
        assert {name for name, _ in verdict.inputs} <= {name for rule in rules for name in rule.accept_inputs}
        assert all("{{" not in value for _, value in verdict.inputs)
        assert any(
            inbound.repository in ("acme/api", "api") and inbound.source.workflow == "ci.yml"
            for inbound in config.inbound
        )


@given(st.lists(ASKED, max_size=8), st.dictionaries(NAMES, SIDES))
def test_every_target_that_is_not_started_has_a_reason_or_is_asked_again(asked: Any, files: Any) -> None:
    plan = _plan(asked, files)
    for verdict in plan.targets:
        assert verdict.allowed + verdict.undecided + (verdict.reason is not None) == 1
        assert verdict.ruling.reason


def _plan(asked: list[OutboundTarget], files: Any) -> Plan:
    file = outbound(*asked)
    known = {each.key: _target(each, files) for each, _ in screen(SOURCE, file, Options())}
    return judge(SOURCE, file, known, Options())


def _target(asked: Any, files: Any) -> Target:
    config = files.get(asked.repository, NoFile())
    return Target(Installed(Repo(10, len(asked.repository), asked.repository)), config)


def _verdicts(asked: list[OutboundTarget], files: Any) -> set[tuple[str, Reason | None, bool]]:
    """Without those that were asked twice: which of them is the double is a matter of order."""
    return {
        (each.asked.key, each.reason, each.allowed)
        for each in _plan(asked, files).targets
        if each.reason is not Reason.DUPLICATE_TARGET
    }
