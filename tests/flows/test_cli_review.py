"""`forgehand review`: the same engine from a command line, with a practice GitHub and no webhook."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from forgehand.practice.forge import Forge
from support.command import Ran, forgehand, make_store, running, variables
from support.product import MERGING, REPO, Product, open_flawed_pull, passed, product, until

NONE = {"prs_reviewed": 0, "prs_merged": 0, "prs_rejected": 0, "approval_rate": 0.0, "last_checked": None}


@dataclass
class Desk:
    """A folder whose `origin` is the repository."""

    product: Product
    folder: Path

    @property
    def forge(self) -> Forge:
        return self.product.forge

    @property
    def env(self) -> dict[str, str]:
        return {**variables(self.product.settings), "GITHUB_WEBHOOK_SECRET": ""}

    def run(self, *argv: str) -> Ran:
        return forgehand(self.folder, "review", *argv, env=self.env, timeout=240)

    def status(self) -> dict[str, Any]:
        told = self.run("--status").json
        assert told.pop("worker") == "pr_review_worker"
        return dict(told)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with product(tmp_path, permissions=MERGING, start=False, mode="apply") as made:
        folder = tmp_path / "clone"
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
        url = f"{made.forge.url}/{REPO}.git"
        subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", url], check=True)
        yield Desk(made, folder)


def _open_clean(desk: Desk, branch: str = "clean", config: str = "") -> Any:
    if config:
        desk.forge.commit(REPO, "main", {".forgehand/config.yml": config}, "Say what we want")
    tip = desk.forge.branch(REPO, "main")
    desk.forge.commit(REPO, branch, {f"{branch}.md": "Open on Sundays.\n"}, f"Change {branch}", parent=tip)
    pull = desk.forge.open_pull(REPO, branch, title=f"Change {branch}")
    passed(desk.forge, pull.head_sha)
    return pull


def test_one_round_reviews_what_is_new_and_the_next_has_nothing_to_do(desk: Desk) -> None:
    good = _open_clean(desk, config="merge: {auto: true}\n")
    flawed = open_flawed_pull(desk.forge)
    first = desk.run("--run-once")
    assert first.code == 0, first.err
    assert f"Processing PR #{good.number}\nProcessing PR #{flawed.number}\n" in first.out
    assert f"✅ PR #{good.number} approved\n✅ PR #{good.number} merged\n" in first.out
    assert f"❌ PR #{flawed.number} needs changes: static review: 1 major finding" in first.out
    assert desk.forge.pull(REPO, good.number).merged
    assert len(desk.forge.reviews(REPO, flawed.number)) == 1
    told = desk.status()
    assert told.pop("last_checked")
    assert told == {"prs_reviewed": 2, "prs_merged": 1, "prs_rejected": 1, "approval_rate": 50.0}
    assert desk.run("--run-once").code == 0
    assert len(desk.forge.reviews(REPO, flawed.number)) == 1
    assert desk.status()["prs_reviewed"] == 2


def test_an_approval_of_what_was_blocked_is_heard_in_the_next_round_and_once(desk: Desk) -> None:
    pull = _open_clean(desk, config="merge: {approvals: 1}\n")
    desk.forge.set_collaborator(REPO, "kim", "write")
    assert f"❌ PR #{pull.number} needs changes" in desk.run("--run-once").out
    assert "Nothing new" in desk.run("--run-once").out
    decided = int(time.time())
    until(lambda: int(time.time()) > decided, "the next second: GitHub tells no finer when it was updated")
    desk.forge.review(REPO, pull.number, "kim", "APPROVE", "Well done.")
    assert f"✅ PR #{pull.number} approved" in desk.run("--run-once").out
    assert "Nothing new" in desk.run("--run-once").out
    assert desk.status()["prs_reviewed"] == 1


def test_one_pull_request_has_an_exit_code_for_scripts(desk: Desk) -> None:
    good, flawed = _open_clean(desk), open_flawed_pull(desk.forge)
    ran = desk.run("--review", str(good.number), "--json")
    assert ran.code == 0, ran.err
    [told] = json.loads(ran.out)["pulls"]
    assert (told["number"], told["standing"], told["head"]) == (good.number, "ready", good.head_sha)
    assert desk.run("--review", str(flawed.number)).code == 3


def test_what_was_said_of_an_earlier_head_is_no_answer_while_the_new_one_is_not_judged(desk: Desk) -> None:
    pull = _open_clean(desk)
    assert desk.run("--review", str(pull.number)).code == 0
    desk.forge.commit(REPO, "clean", {"clean.md": "Open every day.\n"}, "Open longer")
    passed(desk.forge, pull.head_sha)
    unseen = _open_clean(desk, "unseen")
    assert forgehand(desk.folder, "pause", "--why", "moving", env=desk.env).code == 0
    for number in (pull.number, unseen.number):
        ran = desk.run("--review", str(number))
        assert (ran.code, "approved" in ran.out) == (4, False), ran.out + ran.err
        assert f"⏳ PR #{number} is not judged yet: " in ran.out
        assert "moving" in ran.out
    told = json.loads(desk.run("--review", str(pull.number), "--json").out)
    assert (told["pulls"], told["failed"]) == ([], [])
    assert [number for number, _ in told["unjudged"]] == [pull.number]
    assert forgehand(desk.folder, "resume", env=desk.env).code == 0
    assert desk.run("--review", str(pull.number)).code == 0


def test_the_daemon_goes_round_until_it_is_told_to_stop(desk: Desk) -> None:
    first = _open_clean(desk, "first")
    with running(desk.folder, "review", "--daemon", "1", env=desk.env) as daemon:
        daemon.line_with(f"PR #{first.number} approved")
        second = _open_clean(desk, "second")
        daemon.line_with(f"PR #{second.number} approved")
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.end() == 0
    assert "job.settled" in (desk.folder / "logs/review.log").read_text()


def test_the_repository_must_be_one_that_the_app_is_on(desk: Desk) -> None:
    ran = desk.run("--run-once", "--repo", "acme/other")
    assert (ran.code, ran.out) == (1, "")
    assert "not installed on a repository acme/other" in ran.err


def test_without_a_wish_or_a_repository_nothing_is_done(tmp_path: Path) -> None:
    ran = forgehand(tmp_path, "review")
    assert (ran.code, ran.err.startswith("forgehand: give one of --daemon SECONDS")) == (2, True)
    ran = forgehand(tmp_path, "review", "--run-once")
    assert (ran.code, "has no remote `origin`: give --repo OWNER/NAME" in ran.err) == (2, True)


def test_status_of_nothing_is_zeros(tmp_path: Path) -> None:
    make_store(tmp_path)
    told = forgehand(tmp_path, "review", "--status").json
    assert told == {"worker": "pr_review_worker", **NONE}
