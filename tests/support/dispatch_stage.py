"""Repositories of a practice forge that start workflows in each other, and what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from forgehand.domain.dispatches import Dispatch
from forgehand.practice.records import Issue, Pull, WorkflowRun
from forgehand.workers.dispatch.report_worker import current
from support.product import DISPATCHING, EVENTS, Product, product, stored, until

API = "acme/api"
CI = """
name: CI
on: {push: {branches: [main, topic]}}
jobs:
  test:
    runs-on: ubuntu-latest
    steps: [{run: "true"}]
"""
CD = """
name: CD
on:
  workflow_dispatch:
    inputs: {sha: {required: false}}
jobs:
  ship:
    runs-on: ubuntu-latest
    steps: [{run: "test -n '${{ inputs.sha }}'"}]
"""
CONSENT = """
inbound:
  - source: {repository: acme/api, workflow: ci.yml}
    targets: [{workflow: cd.yml, accept_inputs: [sha]}]
"""
TARGET = "  - {repository: NAME, workflow: cd.yml, inputs: {sha: '{{ source.sha }}'}}\n"


@contextmanager
def dispatching(folder: Path, *targets: str, **more: Any) -> Iterator[Product]:
    """A product whose App may start workflows, and `acme/api`, which asks for `cd.yml` in each of the targets."""
    events = (*EVENTS, "issues", "workflow_run")
    with product(folder, permissions=DISPATCHING, events=events, **more) as run:
        run.forge.create_repository(API)
        run.forge.enable_actions(API)
        listed = "".join(TARGET.replace("NAME", name) for name in targets)
        asked = f"outbound:\n- source: {{workflow: ci.yml}}\n  targets:\n{listed}"
        run.forge.commit(API, "main", {"dispatching.yml": asked}, "Say what a success starts")
        yield run


def target(run: Product, name: str, file: str | None = CONSENT, *, install: bool = True) -> None:
    """A repository with `cd.yml`. Another owner than `acme` has an installation of its own, or none."""
    owner = name.partition("/")[0]
    if owner != "acme":
        run.forge.create_user(owner, "Organization")
        if install:
            run.forge.install(run.app, owner)
    run.forge.create_repository(name)
    run.forge.enable_actions(name)
    files = {".github/workflows/cd.yml": CD} | ({} if file is None else {"dispatching.yml": file})
    run.forge.commit(name, "main", files, "Be ready")


def push(run: Product, branch: str = "main") -> str:
    """A push to the source, which runs its `ci.yml`; gives the commit."""
    return run.forge.commit(API, branch, {".github/workflows/ci.yml": CI, "CHANGES.md": branch}, "Change something")


def source_run(run: Product, count: int = 1) -> WorkflowRun:
    """The last run of the source, once there are so many and all have ended."""

    def ended() -> WorkflowRun | None:
        runs = run.forge.runs(API)
        return runs[-1] if len(runs) == count and all(each.status == "completed" for each in runs) else None

    found: WorkflowRun = until(ended, "the end of the source's run")
    return found


def outcome(run: Product, of: WorkflowRun) -> Dispatch | None:
    """What the product knows of it."""
    return stored(run, lambda store: current(store, of.id))


def concluded(run: Product, of: WorkflowRun) -> Dispatch:
    """The same, once no target's end is open any more."""

    def whole() -> Dispatch | None:
        found = outcome(run, of)
        open_yet = ("queued", "started", "waits for approval")
        done = found and all(each.stand not in open_yet for each in found.targets)
        return found if done else None

    found: Dispatch = until(whole, "the end of all targets")
    return found


def issues(run: Product, name: str = API) -> list[Issue]:
    """The issues of a repository."""
    with run.forge.world.lock:
        repo = run.forge.world.repository(name)
        threads = [each for each in run.forge.world.threads.values() if each.repo_id == repo.id]
        return sorted((each for each in threads if not isinstance(each, Pull)), key=lambda each: each.number)


def titled(run: Product, title: str) -> bool:
    """Whether the source has one issue, of this title."""
    return [each.title for each in issues(run)] == [title]


def starts(run: Product) -> list[Any]:
    """The requests that ask for a start."""
    return [call for call in run.forge.mutations() if (call.route or "").endswith("/dispatches")]
