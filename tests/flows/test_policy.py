"""A repository's policy at work: the file of the default branch decides, a pull request that changes it is told what it
would change, and the command line says the same as the check run, writing nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.command import Ran, forgehand, variables
from support.product import REPO, Product, at_rest, decided, passed, product, until

PATH = ".forgehand/config.yml"
POLICY = "merge: {auto: true}\nrules: [{name: small, says: Split it., require: {size: {max_lines: 3}}}]\n"


@dataclass
class Desk:
    product: Product
    folder: Path

    def run(self, *argv: str) -> Ran:
        return forgehand(self.folder, "policy", *argv, env=variables(self.product.settings))

    def open(self, branch: str, files: dict[str, Any]) -> Any:
        forge = self.product.forge
        forge.commit(REPO, branch, files, f"Change {branch}")
        pull = forge.open_pull(REPO, branch, title=f"Change {branch}")
        passed(forge, pull.head_sha)
        return pull

    def check(self, pull: Any) -> Any:
        return until(lambda: decided(self.product.forge, pull.head_sha), f"a decision about #{pull.number}")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("policy")
    with product(folder) as running:
        running.forge.commit(REPO, "main", {PATH: POLICY}, "Say what we ask for")
        made = Desk(running, folder / "desk")
        made.folder.mkdir()
        yield made


def test_a_rule_of_the_default_branch_blocks_and_explain_says_so_writing_nothing(desk: Desk) -> None:
    pull = desk.open("large", {"NOTES.md": "One.\nTwo.\nThree.\nFour.\n"})
    check = desk.check(pull)
    assert check.conclusion == "failure"
    assert "small: Split it. The change has" in check.title + check.summary

    until(lambda: at_rest(desk.product), "all that is said by itself")
    desk.product.forge.clear_calls()
    said = desk.run("explain", f"{REPO}#{pull.number}")
    assert said.code == 0, said.err
    assert re.search(r"policy +\.forgehand/config\.yml at [0-9a-f]{7}", said.out)
    assert "merge.auto: true is asked for; the operator's limit makes it false." in said.out
    assert re.search(r"✗ small: Split it\. The change has \d+ lines; expected at most 3\.", said.out)
    assert desk.product.forge.calls
    assert desk.product.forge.mutations() == ()

    told = desk.run("explain", f"{REPO}#{pull.number}", "--json").json
    assert (told["head"], told["standing"]) == (pull.head_sha, "blocked")
    assert told["ruling"]["state"] == "violated"


def test_a_pull_request_that_breaks_the_policy_is_told_the_line_and_the_fix(desk: Desk) -> None:
    pull = desk.open("broken", {PATH: "merge:\n  autos: true\n"})
    check = desk.check(pull)
    assert check.conclusion == "failure"
    told = (check.title + check.summary).replace("\\", "")
    assert ".forgehand/config.yml:2:3: unknown key “merge.autos”: did you mean “auto”?" in told


def test_what_was_judged_can_be_judged_again_under_another_file(desk: Desk) -> None:
    pull = desk.open("again", {"NOTES.md": "One.\nTwo.\n"})
    desk.check(pull)
    (desk.folder / "stricter.yml").write_text("rules: [{name: small, require: {size: {max_lines: 1}}}]\n")

    def found() -> Any:
        told = desk.run("simulate", "--config", "stricter.yml", "--repo", REPO, "--json").json
        return [each for each in told["changed"] if each["number"] == pull.number]

    (trial,) = until(found, "the decision's facts in the store")
    assert trial["before"]["policy"]["state"] == "satisfied"
    assert trial["after"]["policy"]["reason"] == "small: The change has 2 lines; expected at most 1."


@pytest.mark.parametrize(
    ("pull", "code", "says"),
    [
        ("nothing", 2, "is no OWNER/NAME#NUMBER"),
        ("acme/unknown#1", 1, "the App is not installed on a repository acme/unknown"),
        (f"{REPO}#9999", 1, "9999"),
    ],
)
def test_a_pull_request_that_is_not_there_is_said_so(desk: Desk, pull: str, code: int, says: str) -> None:
    ran = desk.run("explain", pull)
    assert ran.code == code
    assert says in ran.err
