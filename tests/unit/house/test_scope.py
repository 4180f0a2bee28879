"""What the dispatcher must never become: no repository is created, no team managed, nothing provisioned by a webhook,
and no account, role or ARN of anybody's cloud stands in any file."""

import re
import subprocess
from pathlib import Path

import pytest

from forgehand.adapters.github.performers import KINDS
from forgehand.assembly.workers import BUILT_IN

ROOT = Path(__file__).resolve().parents[3]
OURS = "src/forgehand/"
PRACTICE = "src/forgehand/practice/"
"""A GitHub to practise on, which makes repositories as GitHub does."""

# Written in parts, so that this file does not find itself.
VENDING = {
    "vending": r"vend" + r"ing",
    "creating a repository": r"""POST["', ]+f?["']?/?(?:user|orgs/[^"']*)/re""" + "pos",
    "managing teams": r"""(?:POST|PUT|PATCH|DELETE)["', ]+f?["']?[^"']*/te""" + r"ams\b",
    "running Terraform": r"\b(?:terra" + r"form|to" + r"fu)\b",
}
IDENTITIES = {
    "an ARN": r"\barn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:[0-9]{12}:",
    "an account id": r"(?i)account[ _-]?id\W{1,4}[0-9]{12}\b",
    "a role of an account": r"\b[0-9]{12}:role/",
}


@pytest.mark.parametrize("what", VENDING)
def test_the_product_has_no_code_for(what: str) -> None:
    pattern = re.compile(VENDING[what], re.IGNORECASE)
    found = [name for name, text in _files() if name.startswith(OURS) and not _practice(name) and pattern.search(text)]
    assert found == []


@pytest.mark.parametrize("what", IDENTITIES)
def test_no_file_at_all_holds(what: str) -> None:
    pattern = re.compile(IDENTITIES[what])
    assert [name for name, text in _files() if pattern.search(text)] == []


def test_no_push_makes_or_changes_anything_but_pull_requests_and_their_branches() -> None:
    """What may be written is a closed list: none of it is a repository, a team, a member or a setting."""
    assert {kind.kind for kind in KINDS} == {
        "check_run",
        "comment",
        "delete branch",
        "issue",
        "merge",
        "merge into",
        "reaction",
        "redelivery",
        "ref",
        "thread",
        "review",
        "update branch",
        "workflow_dispatch",
    }
    woken_by_push = {
        each.spec.id for each in BUILT_IN if any(trigger.event == "push" for trigger in each.spec.triggers)
    }
    assert not {each for each in woken_by_push if each.startswith("dispatch")}


def _practice(name: str) -> bool:
    return name.startswith(PRACTICE)


def _files() -> list[tuple[str, str]]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    texts = []
    for name in done.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file() and path != Path(__file__).resolve():
            try:
                texts.append((name, path.read_text("utf-8")))
            except UnicodeDecodeError:
                continue
    return texts
