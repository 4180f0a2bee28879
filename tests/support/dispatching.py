"""Runs, files and targets for tests of dispatching: a source that counts in every way, and a target that agrees."""

from dataclasses import replace
from typing import Any

from forgehand.domain.repositories import Repo
from forgehand.workers.dispatch.config import (
    Dispatching,
    Inbound,
    InboundTarget,
    Outbound,
    OutboundTarget,
    Runs,
)
from forgehand.workers.dispatch.rules.facts import Installed, Options, Source, Target, Whence
from forgehand.workers.dispatch.rules.plan import Plan, judge, screen

ANY = Options()
SHA = "3f2a" * 10
SOURCE = Source(
    repository="acme/api",
    repository_id=1,
    installation=10,
    run=77,
    attempt=1,
    workflow="ci.yml",
    conclusion="success",
    head_branch="main",
    head_sha=SHA,
    head_repository="acme/api",
    head_is_fork=False,
    default_branch="main",
    url="https://github.example/acme/api/actions/runs/77",
    event="push",
    whence=Whence.BRANCH,
)


def outbound(*targets: OutboundTarget, **runs: Any) -> Dispatching:
    """A file of the source: after `ci.yml`, these targets."""
    return Dispatching(outbound=(Outbound(Runs("ci.yml", **runs), targets),))


def inbound(
    *accept: str, repository: str = "acme/api", source: str = "ci.yml", workflow: str = "cd.yml", **runs: Any
) -> Dispatching:
    """A file of a target that lets the source start `cd.yml`."""
    return Dispatching(inbound=(Inbound(repository, Runs(source, **runs), (InboundTarget(workflow, accept),)),))


def agreeing(*accept: str, repository: str = "acme/web", number: int = 2, **runs: Any) -> Target:
    """All that a target needs, right before it is started."""
    return Target(Installed(Repo(10, number, repository)), inbound(*accept, **runs))


def planned(
    file: Any, target: Target | None = None, *, source: Source = SOURCE, options: Options = ANY, **changes: Any
) -> Plan:
    """The plan where every target is like `target`; `changes` are of the source."""
    source = replace(source, **changes)
    asked = [each for each, _ in screen(source, file, options)] if isinstance(file, Dispatching) else []
    return judge(source, file, {each.key: target or agreeing() for each in asked}, options)
