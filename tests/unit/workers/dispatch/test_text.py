"""The issue that tells an outcome: what stands in it, and what a stranger's text cannot do there."""

from dataclasses import replace

from forgehand.domain.dispatches import Dispatch, Stand, TargetState
from forgehand.domain.rulings import Ruling, State
from forgehand.workers.dispatch.text import body, broken_body, title

WEB = TargetState("k1", "acme/web", "cd.yml", "main", Stand.ENDED, run=901, url="https://x/901", conclusion="success")
DOCS = TargetState("k2", "other/docs", "cd.yml", "v1", Stand.STARTED, run=902, url="https://x/902")
APP = TargetState("k3", "acme/app", "cd.yml", "main", Stand.FAILED, "ref_not_found", "There is no main.")
LIB = TargetState("k4", "acme/lib", "cd.yml", "main", Stand.DENIED, "inbound_not_authorized", "No rule | names it.")
OUTCOME = Dispatch(
    run=77,
    attempt=1,
    repository="acme/api",
    repository_id=1,
    installation=10,
    workflow="ci.yml",
    head_branch="main",
    head_sha="3f2a" * 10,
    conclusion="success",
    url="https://x/77",
    planned_at=1000.0,
    ruling=Ruling("dispatch", State.SATISFIED, "Yes."),
    targets=(WEB, DOCS, APP, LIB),
)


def _body(dispatch: Dispatch) -> str:
    return body(dispatch, lambda slot: f"https://hand/{slot}")


def test_the_title_counts() -> None:
    assert title(OUTCOME) == "Dispatch results: ci.yml (success=2, failed=1, denied=1)"


def test_outcomes_come_first_and_then_what_was_denied() -> None:
    assert _body(OUTCOME) == (
        "[Run 77](https://x/77) of `ci.yml` on `main` at 3f2a3f2 ended in success.\n"
        "\n"
        "## Outcomes\n"
        "\n"
        "| target | workflow | ref | outcome |\n"
        "|---|---|---|---|\n"
        "| `acme/web` | `cd.yml` | `main` | [ended in success](https://x/901) |\n"
        "| `other/docs` | `cd.yml` | `v1` | [started](https://x/902) |\n"
        "| `acme/app` | `cd.yml` | `main` | did not start, ref\\_not\\_found\\: There is no main\\. |\n"
        "\n"
        "## Denied\n"
        "\n"
        "| target | workflow | reason | why |\n"
        "|---|---|---|---|\n"
        "| `acme/lib` | `cd.yml` | `inbound_not_authorized` | No rule \\| names it\\. |\n"
    )


def test_a_repeated_run_and_targets_that_were_too_many_are_told() -> None:
    told = _body(replace(OUTCOME, attempt=3, more=7))
    assert "ended in success in attempt 3." in told
    assert "7 more were too many: `max_targets_exceeded`." in told


def test_what_waits_for_approval_says_how_to_give_it() -> None:
    waiting = replace(WEB, stand=Stand.APPROVAL, url="", conclusion="")
    told = _body(replace(OUTCOME, targets=(waiting,)))
    assert "1 target waits for approval" in told
    assert "`/forgehand approve 3f2a3f2`" in told


def test_what_may_have_started_leads_to_where_a_person_decides() -> None:
    unknown = replace(WEB, stand=Stand.UNKNOWN, url="", conclusion="", why="Nobody knows", effect="5107")
    assert "[may have started\\: Nobody knows](https://hand/5107)" in _body(replace(OUTCOME, targets=(unknown,)))


def test_a_strangers_text_stays_text() -> None:
    told = _body(replace(OUTCOME, targets=(replace(LIB, why="@acme/all <!-- forgehand:0 --> #1"),)))
    assert "@acme" not in told
    assert "<!--" not in told


def test_it_stays_within_what_github_takes_and_outcomes_come_first() -> None:
    long = "<" * 60_000
    failed = tuple(replace(APP, key=f"f{at}", why=long) for at in range(20))
    denied = tuple(replace(LIB, key=f"d{at}", why=long) for at in range(80))
    told = _body(replace(OUTCOME, head_branch="b" * 255, targets=(*denied, *failed)))
    assert len(told) <= 65_000
    assert told.count("did not start") == 20
    assert told.endswith(" more |\n")


def test_a_broken_file_and_a_title_stay_within_it_too() -> None:
    assert len(broken_body(["&" * 5_000] * 900)) <= 65_000
    assert len(title(replace(OUTCOME, workflow="w" * 204))) <= 256


def test_a_broken_file_is_told_with_each_line() -> None:
    told = broken_body(["dispatching.yml:1:1: unknown key: remove it", "dispatching.yml:9:1: empty: write one"])
    assert told.count("\n- ") == 2
    assert "forgehand dispatch validate" in told
