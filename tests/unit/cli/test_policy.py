"""`forgehand policy`: files validated, tested and tried out, each answer with an exit code for scripts."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from forgehand.adapters.sql import SqlStore
from forgehand.cli.main import app
from forgehand.domain.jobs import Change
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import FileFact, PullFacts
from forgehand.domain.policy.facts import to_json
from forgehand.domain.pulls import PullStage, PullState, Standing
from forgehand.domain.repositories import Repo
from support.command import make_store

RULE = "rules: [{name: payments, if: {files: {any: ['pay/**']}}, require: {reviews: {approvals: 1}}}]\n"
CASES = """
cases:
  - name: payments need somebody
    facts: {files: [{path: pay/sum.py}], reviews: []}
    expect: {verdict: violated, blocker: payments}
  - name: documents do not
    facts: {files: [{path: README.md}]}
    expect: {verdict: VERDICT, rules: {payments: not applicable}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / ".forgehand").mkdir()
    return tmp_path


def forgehand(*argv: str) -> Result:
    return CliRunner().invoke(app, ["policy", *argv])


def write(folder: Path, text: str, name: str = ".forgehand/config.yml") -> None:
    (folder / name).write_text(text)


def test_a_valid_file_is_called_valid_with_what_the_operator_does_not_allow(folder: Path) -> None:
    write(folder, "merge: {auto: true}\nbranches: {release/*: {tests: {network: true}}}\n")
    ran = forgehand("validate")
    assert ran.exit_code == 0
    assert ran.output.splitlines() == [
        ".forgehand/config.yml is valid.",
        "merge.auto: true is asked for; the operator's limit makes it false.",
        "tests.network: true is asked for; the operator's limit makes it false.",
    ]
    assert len(json.loads(forgehand("validate", "--json").output)["notes"]) == 2


def test_every_problem_stands_on_a_line_that_an_editor_can_follow(folder: Path) -> None:
    write(folder, "merge:\n  autos: true\n  queue: 1\n", "other.yml")
    ran = forgehand("validate", "other.yml")
    assert ran.exit_code == 1
    assert ran.output.splitlines() == [
        "other.yml:2:3: unknown key “merge.autos”: did you mean “auto”?",
        "other.yml:3:10: “merge.queue” has no keys: write its keys below it, each with a value",
    ]
    told = json.loads(forgehand("validate", "other.yml", "--json").output)
    assert (told["valid"], told["problems"][0]["line"]) == (False, 2)


def test_a_file_that_is_not_there_is_a_problem_like_others() -> None:
    ran = forgehand("validate", "nowhere.yml")
    assert ran.exit_code == 1
    assert "nowhere.yml:1:1: the file cannot be read (No such file or directory)" in ran.output


def test_the_schema_can_be_written_to_a_file() -> None:
    assert json.loads(forgehand("schema").output)["title"] == "Forgehand policy"


def test_cases_that_come_out_as_expected_exit_0(folder: Path) -> None:
    write(folder, RULE)
    write(folder, CASES.replace("VERDICT", "satisfied"), "CASES.yml")
    ran = forgehand("test", "CASES.yml")
    assert (ran.exit_code, ran.output.splitlines()[-1]) == (0, "2 cases, 0 not as expected.")


def test_a_case_that_does_not_shows_the_tree_with_the_difference(folder: Path) -> None:
    write(folder, RULE)
    write(folder, CASES.replace("VERDICT", "not yet"), "CASES.yml")
    ran = forgehand("test", "CASES.yml")
    assert ran.exit_code == 1
    assert ran.output.splitlines() == [
        "ok: payments need somebody",
        "not as expected: documents do not",
        "  verdict: expected not yet, found satisfied",
        "- policy: not yet",
        "+ policy: satisfied. The policy asks for nothing more.",
        "2 cases, 1 not as expected.",
    ]
    told = json.loads(forgehand("test", "CASES.yml", "--json").output)
    assert [each["ok"] for each in told["cases"]] == [True, False]


def test_a_mistake_in_the_cases_is_told(folder: Path) -> None:
    write(folder, RULE)
    write(folder, "cases: [{nme: x}]", "CASES.yml")
    ran = forgehand("test", "CASES.yml")
    assert ran.exit_code == 1
    assert "CASES.yml:1:10: unknown key “cases[1].nme”: did you mean “name”?" in ran.output


def test_what_another_file_would_change_is_found_in_what_was_judged(folder: Path) -> None:
    judged(folder, 1, "pay/sum.py")
    judged(folder, 2, "README.md")
    judged(folder, 3, "pay/old.py", days_ago=40)
    write(folder, RULE)
    ran = forgehand("simulate", "--days", "30")
    assert ran.exit_code == 0
    (row,) = [line for line in ran.output.splitlines() if "octo/shop#" in line]
    assert row.split()[0] == "octo/shop#1"
    assert "satisfied. The policy asks for nothing more." in row
    assert "violated. payments: 0 approvals of the present head" in row
    assert ran.output.splitlines()[-1] == "2 pull requests judged, 1 would be judged otherwise."
    told = json.loads(forgehand("simulate", "--days", "50", "--json").output)
    assert (told["judged"], [each["number"] for each in told["changed"]]) == (3, [1, 3])
    assert json.loads(forgehand("simulate", "--repo", "octo/other", "--json").output)["judged"] == 0


def test_the_policy_in_force_is_the_one_that_was_kept(folder: Path) -> None:
    judged(folder, 1, "pay/sum.py", in_force=RULE)
    write(folder, RULE)
    assert "Nothing would change." in forgehand("simulate").output
    write(folder, "# asks for nothing\n")
    assert "1 would be judged otherwise." in forgehand("simulate").output


def test_a_simulation_needs_a_valid_file_and_a_store(folder: Path) -> None:
    write(folder, RULE)
    assert "no store at" in forgehand("simulate").output
    make_store(folder)
    write(folder, "rules: 1")
    ran = forgehand("simulate")
    assert (ran.exit_code, ran.output) == (
        1, "forgehand: .forgehand/config.yml:1:8: “rules” is no list: write a list, such as [one, two]\n"
    )  # fmt: skip


def judged(folder: Path, number: int, path: str, *, days_ago: float = 1, in_force: str | None = None) -> None:
    """A pull request as a decision leaves it in the store."""
    repo, head = Repo(1, 7, "octo/shop"), f"{number}" * 40
    at = time.time() - days_ago * 24 * 3600
    facts = PullFacts(
        "dev", "main", "x", author_permission=Permission.WRITE, files=(FileFact(path),), checks=(), reviews=()
    )
    pull = PullState(
        repo, number, "A change", "dev", "main", head, PullStage.OPEN, Standing.READY, "https://x", 1, at
    )  # fmt: skip
    documents = {
        f"facts:7:{number}:{head}": json.dumps(to_json(facts)),
        "config:7": json.dumps({"sha": "a" * 40, "text": in_force, "org": 0}),
    }

    async def write_down() -> None:
        store = SqlStore(f"sqlite:///{make_path}")
        await store.open()
        await store.commit(Change(documents=documents, pulls=(pull,)), at)
        await store.close()

    make_path = folder / "data/forgehand.db"
    make_path.parent.mkdir(exist_ok=True)
    asyncio.run(write_down())
