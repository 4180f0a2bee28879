"""A pull request that changes `dispatching.yml` is told what it would change, on either side: the whole product."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.dispatch_stage import API, CONSENT, dispatching, starts, target
from support.product import Product, stored, until

CHECK = "Forgehand dispatching"
ASKS = "outbound:\n- source: {workflow: ci.yml}\n  targets:\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with dispatching(tmp_path_factory.mktemp("proposals"), "web") as running:
        target(running, "acme/web")
        target(running, "other/docs", CONSENT)
        running.forge.set_collaborator(API, "dev", "write")
        yield running


def checks(run: Product, name: str, sha: str) -> list[Any]:
    return [each for each in run.forge.check_runs(name, sha) if each.name == CHECK and each.status == "completed"]


def told(run: Product, name: str, pull: Any) -> Any:
    """The check run, with its title and summary as people read them."""
    (check,) = until(lambda: checks(run, name, pull.head_sha), f"what is said of {name}#{pull.number}")
    return check, f"{check.title}\n{check.summary}".replace("\\", "")


def jobs(run: Product, worker: str, pull: Any) -> list[Any]:
    """A worker's jobs about a pull request of the source. Other repositories count from 1 as well."""
    kept = stored(run, lambda store: store.jobs(500))
    about = (worker, API, f"pull/{pull.number}")
    return [job for job in kept if (job.type, job.repository, job.subject) == about]


def propose(run: Product, name: str, branch: str, files: dict[str, Any]) -> Any:
    run.forge.commit(name, branch, files, f"Change {branch}")
    return run.forge.open_pull(name, branch, title=f"Change {branch}")


def test_the_source_is_told_what_would_start_and_what_would_be_denied(run: Product) -> None:
    listed = "  - {repository: other/docs, workflow: cd.yml}\n  - {repository: away, workflow: cd.yml}\n"
    check, said = told(run, API, propose(run, API, "more", {"dispatching.yml": ASKS + listed}))
    assert check.conclusion == "success"
    assert "ci.yml of acme/api → cd.yml of acme/web at main**: It is started today, and would be no longer." in said
    assert "ci.yml of acme/api → cd.yml of other/docs at main**: It would be started from now on." in said
    assert "cd.yml of acme/away at main**: It would be asked for, and denied: there is no acme/away" in said


def test_the_target_is_told_what_it_would_no_longer_let_in(run: Product) -> None:
    pull = propose(run, "acme/web", "closed", {"dispatching.yml": "inbound: []\n"})
    check, said = told(run, "acme/web", pull)
    assert check.conclusion == "success"
    assert "It is started today, and would be denied: No inbound rule of acme/web lets ci.yml of acme/api" in said


def test_a_file_that_cannot_be_used_fails_with_its_line(run: Product) -> None:
    check, said = told(run, API, propose(run, API, "broken", {"dispatching.yml": "outbound:\n  - targets: []\n"}))
    assert check.conclusion == "failure"
    assert "dispatching.yml:2:5: “outbound[1].source” is missing here" in said


def test_the_other_place_of_the_file_counts_where_the_first_is_empty(run: Product) -> None:
    files = {"dispatching.yml": None, ".github/dispatching.yml": ASKS + "  - {repository: web, workflow: cd.yml}\n"}
    _, said = told(run, API, propose(run, API, "moved", files))
    assert "It would be started with other inputs" in said


def test_a_stranger_is_not_told_what_other_repositories_say(run: Product) -> None:
    run.forge.fork(API, "kim")
    listed = "  - {repository: other/docs, workflow: cd.yml}\n"
    run.forge.commit("kim/api", "theirs", {"dispatching.yml": ASKS + listed}, "Ask")
    pull = run.forge.open_pull(API, "kim:theirs", user="kim")
    _, said = told(run, API, pull)
    assert "of other/docs at main**: It would be asked for. Whether it may be is not known: For a pull" in said


def test_what_changes_no_such_file_hears_nothing_and_nothing_was_started(run: Product) -> None:
    pull = propose(run, API, "quiet", {"README.md": "# API\n"})

    def decided() -> bool:
        said = [each for each in run.forge.check_runs(API, pull.head_sha) if each.status == "completed"]
        return "Forgehand review" in {each.name for each in said}

    until(decided, "the decision about it")
    assert not jobs(run, "dispatch-proposal", pull)
    assert not checks(run, API, pull.head_sha)
    assert starts(run) == []


def test_a_head_is_told_once_however_often_it_is_decided_about(run: Product) -> None:
    pull = propose(run, API, "often", {"dispatching.yml": ASKS + "  - {repository: web, workflow: cd.yml}\n"})
    told(run, API, pull)

    def ended() -> float | None:
        (job,) = jobs(run, "dispatch-proposal", pull)
        return job.ended_at

    before = until(ended, "the end of what told it")
    run.forge.report_status(API, pull.head_sha, "unit", "success")

    def decided_anew() -> bool:
        return any(job.state.ended and job.created_at > before for job in jobs(run, "decide", pull))

    until(decided_anew, "another decision")
    assert len(jobs(run, "dispatch-proposal", pull)) == 1
