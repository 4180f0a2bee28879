"""`forgehand dispatch`: files validated, runs explained without GitHub, each answer with an exit code for scripts."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from forgehand.adapters.sql import SqlStore
from forgehand.cli.main import app
from forgehand.domain.dispatches import Dispatch, Stand, TargetState, plan_key, state_key, write_dispatch, write_state
from forgehand.domain.jobs import Change
from forgehand.domain.rulings import Ruling, State
from support.command import make_store

SOURCE = """
outbound:
  - source: {workflow: ci.yml}
    targets:
      - {repository: web, workflow: cd.yml, inputs: {sha: "{{ source.sha }}"}}
      - {repository: other/docs, workflow: cd.yml}
"""
CONSENT = (
    "inbound: [{source: {repository: acme/api, workflow: ci.yml}, targets: [{workflow: cd.yml, accept_inputs: [sha]}]}]"
)
EVENT: dict[str, Any] = {
    "action": "completed",
    "repository": {"id": 1, "full_name": "acme/api", "default_branch": "main"},
    "workflow_run": {
        "id": 77,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "event": "push",
        "head_branch": "main",
        "head_sha": "3f2a" * 10,
        "conclusion": "success",
        "html_url": "https://github.example/acme/api/actions/runs/77",
        "run_attempt": 1,
        "head_repository": {"full_name": "acme/api", "fork": False},
    },
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "dispatching.yml").write_text(SOURCE)
    (tmp_path / "target.yml").write_text(CONSENT)
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    return tmp_path


def forgehand(*argv: str) -> Result:
    return CliRunner().invoke(app, ["dispatch", *argv])


def test_a_valid_file_is_called_valid(folder: Path) -> None:
    ran = forgehand("validate")
    assert (ran.exit_code, ran.output) == (0, "dispatching.yml is valid.\n")
    assert json.loads(forgehand("validate", "--json").output) == {"valid": True, "problems": [], "notes": []}


def test_the_file_is_also_found_where_workflows_lie(folder: Path) -> None:
    (folder / "dispatching.yml").unlink()
    (folder / ".github").mkdir()
    (folder / ".github/dispatching.yml").write_text(SOURCE)
    assert forgehand("validate").output == ".github/dispatching.yml is valid.\n"


def test_each_mistake_is_a_line_with_its_place_and_its_fix(folder: Path) -> None:
    (folder / "wrong.yml").write_text("outbond: []\ninbound:\n  - targets: []\n")
    ran = forgehand("validate", "wrong.yml")
    assert ran.exit_code == 1
    assert ran.output.splitlines() == [
        "wrong.yml:1:1: unknown key “outbond”: did you mean “outbound”?",
        "wrong.yml:3:5: “inbound[1].source” is missing here: add it",
    ]
    assert json.loads(forgehand("validate", "wrong.yml", "--json").output)["problems"][0]["line"] == 1


def test_a_template_that_can_never_be_filled_is_told(folder: Path) -> None:
    (folder / "dispatching.yml").write_text(SOURCE.replace("source.sha", "source.commit"))
    ran = forgehand("validate")
    assert ran.exit_code == 1
    assert "web cd.yml is never started: input sha: nothing is called “source.commit”" in ran.output


def test_no_file_at_all_is_told_with_the_remedy(folder: Path) -> None:
    (folder / "dispatching.yml").unlink()
    ran = forgehand("validate")
    assert (ran.exit_code, ran.output) == (1, "dispatching.yml:1:1: there is no such file here: give the path of one\n")


def test_an_event_is_explained_with_the_files_given(folder: Path) -> None:
    ran = forgehand("explain", "event.json", "--target", "acme/web=target.yml", "--target", "other/docs=target.yml")
    assert ran.exit_code == 0, ran.output
    assert "✓ dispatch: 2 of 2 targets may be started." in ran.output
    assert "✓ acme/web cd.yml at main: Both sides ask for it and allow it." in ran.output


def test_a_target_that_is_denied_says_why_and_the_exit_code_tells(folder: Path) -> None:
    targets = ["--target", "acme/web=target.yml", "--target", "other/docs="]
    ran = forgehand("explain", "event.json", *targets)
    assert ran.exit_code == 1
    assert "✗ other/docs cd.yml at main: other/docs has no dispatching.yml on its default branch." in ran.output
    told = json.loads(forgehand("explain", "event.json", *targets, "--json").output)
    assert [(each["repository"], each["allowed"], each["reason"]) for each in told["targets"]] == [
        ("acme/web", True, None),
        ("other/docs", False, "missing_target_config"),
    ]
    assert told["targets"][0]["inputs"] == {"sha": "3f2a" * 10}


def test_a_target_whose_file_is_not_given_is_not_decided(folder: Path) -> None:
    ran = forgehand("explain", "event.json", "--target", "acme/web=target.yml")
    assert ran.exit_code == 1
    assert "… other/docs cd.yml at main: The file of other/docs is not given: --target other/docs=PATH" in ran.output


def test_the_operators_lists_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGEHAND_DISPATCH_TARGETS", "acme/*")
    ran = forgehand("explain", "event.json", "--target", "acme/web=target.yml")
    assert "other/docs is not on the operator's list, FORGEHAND_DISPATCH_TARGETS." in ran.output


@pytest.mark.parametrize("text", ["{}", "[]", "no JSON", json.dumps({"workflow_run": {"id": 1}})])
def test_what_is_no_event_is_told(folder: Path, text: str) -> None:
    (folder / "event.json").write_text(text)
    ran = forgehand("explain", "event.json")
    assert ran.exit_code == 1
    assert "event.json:1:1: this is no" in ran.output


def test_a_target_without_its_owner_is_wrong_usage(folder: Path) -> None:
    assert forgehand("explain", "event.json", "--target", "web=target.yml").exit_code == 2


@pytest.mark.parametrize("what", ["77", "https://github.example/acme/api/actions/runs/77"])
def test_a_run_is_explained_as_it_is_stored(folder: Path, what: str) -> None:
    _kept(folder)
    ran = forgehand("explain", what)
    assert ran.exit_code == 1
    assert "77 of ci.yml in acme/api, attempt 1" in ran.output
    assert "acme/web" in ran.output
    assert "success" in ran.output
    told = json.loads(forgehand("explain", what, "--json").output)
    assert told["counts"] == {"success": 1, "failed": 0, "denied": 1, "open": 0}
    assert [each["run"] for each in told["targets"]] == [901, None]


@pytest.mark.parametrize(
    ("stand", "conclusion", "code"),
    [
        (Stand.ENDED, "success", 0),
        (Stand.STARTED, "", 0),
        (Stand.ENDED, "failure", 1),
        (Stand.QUEUED, "", 1),
        (Stand.APPROVAL, "", 1),
        (Stand.UNKNOWN, "", 1),
        (Stand.FAILED, "", 1),
    ],
)
def test_the_exit_code_tells_whether_every_target_was_started(
    folder: Path, stand: Stand, conclusion: str, code: int
) -> None:
    _kept(folder, TargetState("k1", "acme/web", "cd.yml", "main", stand, conclusion=conclusion))
    assert forgehand("explain", "77").exit_code == code


def test_a_run_that_nothing_is_known_of_is_told(folder: Path) -> None:
    _kept(folder)
    ran = forgehand("explain", "78")
    assert ran.exit_code == 1
    assert "no dispatch of run 78 is stored" in ran.output


WEB = TargetState("k1", "acme/web", "cd.yml", "main", Stand.ENDED, run=901, url="https://x", conclusion="success")
DOCS = TargetState("k2", "other/docs", "cd.yml", "main", Stand.DENIED, "missing_target_config", "No file.")


def _kept(folder: Path, *targets: TargetState) -> None:
    """A store that knows what came of run 77, and of its targets by now."""
    targets = targets or (WEB, DOCS)
    ruling = Ruling("dispatch", State.SATISFIED, "1 of 2 targets may be started.")
    planned = tuple(each if each.stand is Stand.DENIED else replace(each, stand=Stand.QUEUED) for each in targets)
    plan = Dispatch(77, 1, "acme/api", 1, 10, "ci.yml", "main", "3f2a", "success", "", 1.0, ruling, planned)
    states = {state_key(77, 1, each.key): write_state(each) for each in targets if each.stand is not Stand.DENIED}
    documents = {plan_key(77): write_dispatch(plan), **states}

    async def fill() -> None:
        store = SqlStore(f"sqlite:///{folder}/data/forgehand.db")
        await store.open()
        try:
            await store.commit(Change(documents=documents), 1.0)
        finally:
            await store.close()

    make_store(folder)
    asyncio.run(fill())
