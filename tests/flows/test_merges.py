"""Merging by itself and by the queue: the whole product in apply mode beside a practice GitHub that lags."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forgehand.practice.records import Quirks
from forgehand.workers.review import documents
from support.product import CLEAN, FLAWED, MERGING, REPO, Product, decided, passed, product, stored, until

AWKWARD = Quirks(mergeable_seconds=0.2, stale_lists_seconds=0.3)
AUTO = "merge:\n  auto: true\n  delete_branch: true\n  update_branch: true\n"
QUEUE = "merge:\n  auto: true\n  queue: {enabled: true, most: 10}\n"
CONFIG = ".forgehand/config.yml"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Auto-merge is on for `main`."""
    folder = tmp_path_factory.mktemp("merges")
    with product(folder, quirks=AWKWARD, settle_seconds=1.5, permissions=MERGING, mode="apply", start=False) as made:
        made.forge.commit(REPO, "main", {CONFIG: AUTO}, "Merge by itself")
        made.start()
        yield made


def _open(run: Product, branch: str, **more: Any) -> Any:
    files = more.pop("files", {f"docs/{branch}.md": f"About {branch}.\n"})
    run.forge.commit(REPO, branch, files, f"Change {branch}")
    return run.forge.open_pull(REPO, branch, title=f"Change {branch}", **more)


def _tree(run: Product, commit: str) -> str:
    return run.forge.world.git(run.forge.world.repository(REPO)).commit(commit).tree


def _merged(run: Product, pull: Any) -> Any:
    return until(lambda: (it := run.forge.pull(REPO, pull.number)).merged and it, f"the merge of #{pull.number}")


def _summary(run: Product, pull: Any) -> str:
    comments = [each.body for each in run.forge.comments(REPO, pull.number)]
    assert len(comments) <= 1
    return "".join(comments).replace("\\", "")


def _stays(run: Product, pull: Any, says: str) -> None:
    until(lambda: says in _summary(run, pull), f"a summary that says “{says}”")
    assert not run.forge.pull(REPO, pull.number).merged


def test_what_is_clean_and_green_lands_with_the_tree_that_was_tested_and_says_so_once(run: Product) -> None:
    pull = _open(run, "clean")
    passed(run.forge, pull.head_sha)
    _merged(run, pull)
    assert _tree(run, run.forge.branch(REPO, "main")) == _tree(run, pull.head_sha)
    until(lambda: "✅ Automated review passed. PR merged automatically." in _summary(run, pull), "the last word")
    assert "- Tests: ✅ Passing\n- Code review: ✅ Approved\n- Merge conflicts: ✅ None\n" in _summary(run, pull)
    assert [review.state for review in run.forge.reviews(REPO, pull.number)] == ["APPROVED"]
    until(lambda: run.forge.branch(REPO, "clean") is None, "the branch's end")


def test_one_that_lacks_commits_is_brought_up_to_date_tested_anew_and_then_lands(run: Product) -> None:
    pull = _open(run, "behind")
    run.forge.commit(REPO, "main", {"README.md": "# Shop, open late\n"}, "Say when")
    passed(run.forge, pull.head_sha)
    head = until(
        lambda: (sha := run.forge.pull(REPO, pull.number).head_sha) != pull.head_sha and sha, "the updated branch"
    )
    assert not run.forge.pull(REPO, pull.number).merged
    passed(run.forge, head)
    _merged(run, pull)
    assert _tree(run, run.forge.branch(REPO, "main")) == _tree(run, head)


def test_a_strangers_change_is_never_merged_by_a_machine(run: Product) -> None:
    run.forge.create_user("stranger")
    pull = _open(run, "strange", user="stranger")
    passed(run.forge, pull.head_sha)
    _stays(run, pull, "Ready: a person merges it.")


def test_a_fork_is_never_merged_by_a_machine(run: Product) -> None:
    run.forge.create_user("dev")
    fork = run.forge.fork(REPO, "dev")
    run.forge.commit(fork.full_name, "forked", {"docs/forked.md": "From outside.\n"}, "From outside")
    pull = run.forge.open_pull(REPO, "dev:forked", title="From outside")
    passed(run.forge, pull.head_sha)
    _stays(run, pull, "The branch lives in a fork")


@pytest.mark.parametrize("path", [".github/workflows/ci.yml", CONFIG])
def test_workflows_and_our_own_configuration_need_a_person(run: Product, path: str) -> None:
    name = path.rpartition("/")[2].replace(".", "-")
    content = {CONFIG: AUTO + "  method: rebase\n"}.get(path, "on: push\npermissions: {}\njobs: {}\n")
    pull = _open(run, name, files={path: content})
    passed(run.forge, pull.head_sha)
    until(lambda: decided(run.forge, pull.head_sha), "the decision")
    until(lambda: "a person" in _summary(run, pull) or "not merged" in _summary(run, pull), "the summary")
    assert not run.forge.pull(REPO, pull.number).merged


def test_a_push_between_the_decision_and_the_merge_means_no_merge_of_what_was_not_seen(run: Product) -> None:
    pull = _open(run, "racing")
    route = "/repos/{owner}/{repo}/pulls/{pull_number}/merge"
    struck = run.forge.faults.add("error_before", route=route, method="PUT", count=None)
    passed(run.forge, pull.head_sha)
    until(lambda: struck.hits, "the attempt to merge")
    newer = run.forge.commit(REPO, "racing", {"docs/late.md": "Sneaked in.\n"}, "Sneak in")
    run.forge.faults.clear()
    until(lambda: "has not" in _summary(run, pull) or "not yet" in _summary(run, pull), "a look at the new head")
    assert not run.forge.pull(REPO, pull.number).merged
    passed(run.forge, newer)
    _merged(run, pull)
    assert run.forge.read(REPO, "main", "docs/late.md") == b"Sneaked in.\n"


def test_what_a_second_push_fixes_has_its_thread_resolved_and_what_it_leaves_stays_open(run: Product) -> None:
    pull = _open(run, "flawed", files={**FLAWED, "shop/till.py": "import os\n"})
    passed(run.forge, pull.head_sha)
    threads = until(lambda: _threads(run, pull), "the review's threads")
    assert threads == {"shop/cart.py": False, "shop/till.py": False}
    assert [each.state for each in run.forge.reviews(REPO, pull.number)] == ["CHANGES_REQUESTED"]
    second = run.forge.commit(REPO, "flawed", CLEAN, "Fix the cart")
    passed(run.forge, second)
    until(lambda: _threads(run, pull).get("shop/cart.py"), "the fixed finding's thread to be resolved")
    until(lambda: decided(run.forge, second), "the second decision")
    assert _threads(run, pull) == {"shop/cart.py": True, "shop/till.py": False}
    assert len(run.forge.review_comments(REPO, pull.number)) == 2
    # The next test begins with a base that stands still.
    _merged(run, pull)


def test_what_goes_into_another_branch_is_judged_anew_and_github_shows_the_verdict_for_that_one(run: Product) -> None:
    run.forge.commit(REPO, "next", FLAWED, "Give a discount")
    run.forge.set_branch(REPO, "notes", run.forge.branch(REPO, "next"))
    run.forge.commit(REPO, "notes", {"docs/notes.md": "Notes.\n"}, "Take notes")
    pull = run.forge.open_pull(REPO, "notes", "next", title="Take notes")
    states: list[str] = []
    for base, state in ((None, "APPROVED"), ("main", "CHANGES_REQUESTED"), ("next", "APPROVED")):
        if base:
            run.forge.edit_pull(REPO, pull.number, base=base)
        states.append(state)
        until(lambda: [each.state for each in run.forge.reviews(REPO, pull.number)] == states, f"{states}")
    assert len(run.forge.review_comments(REPO, pull.number)) == 1
    run.forge.close_pull(REPO, pull.number)


def _threads(run: Product, pull: Any) -> dict[str, bool]:
    """Each of our threads by its path, and whether it is resolved."""
    comments = run.forge.review_comments(REPO, pull.number)
    with run.forge.world.lock:
        return {each.path: each.id in run.forge.world.resolved for each in comments}


@pytest.mark.parametrize("fault", ["error_after", "cut_after", "lands_later"])
def test_a_merge_without_a_clear_answer_happens_once(run: Product, fault: str) -> None:
    pull = _open(run, f"fault-{fault}")
    route = "/repos/{owner}/{repo}/pulls/{pull_number}/merge"
    struck = run.forge.faults.add(fault, route=route, method="PUT", seconds=0.5)  # type: ignore[arg-type]
    passed(run.forge, pull.head_sha)
    _merged(run, pull)
    assert struck.hits == 1
    until(lambda: "PR merged automatically." in _summary(run, pull), "the last word")


def test_of_a_queue_of_ten_with_one_bad_nine_land_in_at_most_eight_runs(tmp_path: Path) -> None:
    with product(tmp_path, permissions=MERGING, mode="apply", start=False, settle_seconds=3.0) as run:
        run.forge.commit(REPO, "main", {CONFIG: QUEUE}, "Queue")
        run.forge.protect(REPO, "main", checks=["unit"])
        pulls = [_open(run, f"topic-{number}") for number in range(1, 11)]
        bad = pulls[4]
        for pull in pulls:
            passed(run.forge, pull.head_sha)
        run.start()
        run.forge.webhooks.settle()
        tested: dict[str, str] = {}
        for pull in pulls:
            # Nothing woke us before we were there.
            run.forge.edit_pull(REPO, pull.number, title=f"Topic {pull.number}")

        # Whoever comes late would make it one more run. So nothing is answered before all are there.
        until(lambda: _waiting(run) == len(pulls), "all ten in the queue")

        def nine_landed() -> bool:
            for name, sha in _test_branches(run).items():
                if sha not in tested:
                    broken = run.forge.read(REPO, sha, "docs/topic-5.md") is not None
                    tested[sha] = name
                    run.forge.report_status(REPO, sha, "unit", "failure" if broken else "success")
            return sum(bool(run.forge.pull(REPO, pull.number).merged) for pull in pulls) == 9

        until(nine_landed, "nine merges", 240)
        assert len(tested) <= 8
        assert not run.forge.pull(REPO, bad.number).merged
        # Those before it may land last, where it came late: then it is told after them.
        until(lambda: _thrown_out(run, bad), "the word about the bad one")
        until(lambda: not _scratch(run), "the end of the scratch branches")
        assert len(_thrown_out(run, bad)) == 1
        merges = [call for call in run.forge.mutations() if call.route and call.route.endswith("/merge")]
        assert len(merges) == 9


def _waiting(run: Product) -> int:
    key = documents.queue_key(run.forge.world.repository(REPO).id, "main")
    return len(documents.read_queue(stored(run, lambda store: store.document(key))).order)


def _thrown_out(run: Product, pull: Any) -> list[str]:
    return [each.body for each in run.forge.comments(REPO, pull.number) if "threw this out" in each.body]


def _scratch(run: Product) -> dict[str, str]:
    with run.forge.world.lock:
        refs = run.forge.world.git(run.forge.world.repository(REPO)).refs("refs/heads/")
    return {name: sha for name, sha in refs if name.startswith("refs/heads/forgehand/")}


def _test_branches(run: Product) -> dict[str, str]:
    return {name: sha for name, sha in _scratch(run).items() if "/test-" in name}
