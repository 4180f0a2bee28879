"""What a dispatch is judged by, gathered: the run, the source's file, and for each target our installation there, its
file, the ref and the workflow. Called by the workers of this folder.

Files are those of the default branch, at its tip: nobody dispatches by a file on a branch of theirs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from forgehand.domain.dispatches import Started, read_started, started_key
from forgehand.domain.policy import PolicyError
from forgehand.domain.repositories import Repo
from forgehand.ports.checks import Compared
from forgehand.ports.contents import Contents
from forgehand.ports.github import GitHubError, NotFound, NotPermitted, Unprocessable
from forgehand.ports.store import Documents
from forgehand.ports.workflows import Installations, NotInstalled, PermissionMissing, Run, Runs, Workflows
from forgehand.workers.dispatch.config import same
from forgehand.workers.dispatch.config_file import MAX_BYTES, PATHS, parse
from forgehand.workers.dispatch.rules.facts import (
    Absent,
    Broken,
    Config,
    Installed,
    Link,
    NoFile,
    Renamed,
    Source,
    Target,
    Unreadable,
    Whence,
    WorkflowState,
)
from forgehand.workers.dispatch.rules.target import Asked

DISPATCHED, FOLLOWS = "workflow_dispatch", "workflow_run"
"""What started a run, as GitHub says it: somebody who asked for it, or the end of another run in its repository."""
AT_ONCE = 5
"""Repositories that are looked at together."""
MOST_TRIES = 4


class Us(Protocol):
    """Who we are on GitHub: our login, and our App's id, 0 for a person."""

    @property
    def login(self) -> str: ...

    @property
    def app_id(self) -> int: ...


class Tips(Protocol):
    """The part of `ports.checks.Branches` that finds a repository's own files, and what lies on a branch."""

    async def default_branch(self, repo: Repo) -> str: ...

    async def default_tip(self, repo: Repo) -> str | None: ...

    async def tip(self, repo: Repo, branch: str) -> str | None: ...

    async def compared(self, repo: Repo, base: str, head: str) -> Compared: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """Where it is read from."""

    runs: Runs
    workflows: Workflows
    installations: Installations
    contents: Contents
    branches: Tips
    kept: Documents
    us: Callable[[], Awaitable[Us]]


async def started_by_us(sources: Sources, repo: Repo, run: int) -> Started | None:
    """What is known of a run where we started it."""
    return read_started(await sources.kept.document(started_key(repo.id, run)))


async def source_of(sources: Sources, repo: Repo, run: Run, started: Started | None) -> Source:
    """The run as its guardrails judge it, but for `whence`."""
    return Source(
        repository=repo.full_name,
        repository_id=repo.id,
        installation=repo.installation,
        run=run.id,
        attempt=run.attempt,
        workflow=file_name(run.workflow),
        conclusion=run.conclusion,
        head_branch=run.head_branch,
        head_sha=run.head_sha,
        head_repository=run.head_repository,
        head_is_fork=run.head_is_fork,
        default_branch=await sources.branches.default_branch(repo),
        url=run.url,
        ours=started is not None or await _in_our_name(sources, run),
        chain=tuple(Link(*link) for link in started.chain) if started else (),
        event=run.event,
    )


async def whence_of(sources: Sources, source: Source) -> Whence:
    """Whether the run is of the branch that it names. The tag of that name is looked for, since it may stand at a
    commit of the branch, and the commit is looked at, since the tag may be gone by now."""
    repo, name = source.repo, source.head_branch
    if await sources.workflows.tag_exists(repo, name):
        return Whence.TAG
    tip = await sources.branches.tip(repo, name)
    if tip is None:
        return Whence.ELSEWHERE
    try:
        lacks = tip != source.head_sha and (await sources.branches.compared(repo, source.head_sha, tip)).behind
    except NotFound:
        # They have no ancestor in common, or the commit is gone.
        return Whence.ELSEWHERE
    return Whence.ELSEWHERE if lacks else Whence.BRANCH


async def config_of(sources: Sources, repo: Repo) -> Config:
    """The file of a repository, from its default branch. Raises a GitHubError where GitHub does not answer."""
    tip = await sources.branches.default_tip(repo)
    return NoFile() if tip is None else await config_at(sources, repo, tip)


async def config_at(sources: Sources, repo: Repo, commit: str) -> Config:
    """The file of a repository as it is at a commit: never to dispatch by."""
    for path in PATHS:
        try:
            raw = await sources.contents.file(repo, path, commit, most=MAX_BYTES)
        except Unprocessable as error:
            return Broken((f"{path}:1:1: {error.why}: keep it below {MAX_BYTES:,} bytes",))
        if raw is not None:
            return await asyncio.to_thread(read_config, raw, path)
    return NoFile()


@lru_cache(maxsize=64)
def read_config(raw: bytes, path: str) -> Config:
    """What the bytes of a file say, or what is wrong with it."""
    try:
        return parse(raw, path)
    except PolicyError as error:
        return Broken(tuple(map(str, error.problems)))


async def target_of(sources: Sources, asked: Asked, *, closely: bool = False) -> Target:
    """What is known of a target; `closely`: also whether its ref and workflow are there. Raises a GitHubError where
    GitHub does not answer."""
    found = await sources.installations.find(asked.repository)
    if not isinstance(found, Repo):
        return Target(_absent(found), Unreadable("Nobody may look."))
    if not same(found.full_name, asked.repository):
        return Target(Renamed(found.full_name), Unreadable("Nobody looks under an old name."))
    try:
        target = Target(Installed(found), await config_of(sources, found))
        return await _looked_at(sources, asked, found, target) if closely else target
    except NotPermitted as error:
        return Target(Absent(error.why, sees=True), Unreadable("Nobody may look."))


async def targets_of(sources: Sources, asked: Sequence[Asked]) -> dict[str, Target]:
    """All of them by their keys, each repository looked at once. What cannot be read keeps no other waiting: it is not
    decided yet."""
    limit = asyncio.Semaphore(AT_ONCE)
    by_repository = {each.repository.casefold(): each for each in asked}

    async def look(each: Asked) -> Target:
        async with limit:
            try:
                return await target_of(sources, each)
            except GitHubError as error:
                return Target(Unreadable(error.why), Unreadable(error.why))

    found = await asyncio.gather(*(look(each) for each in by_repository.values()))
    known = dict(zip(by_repository, found, strict=True))
    return {each.key: known[each.repository.casefold()] for each in asked}


def file_name(path: str) -> str:
    """The name of a workflow's file, by which rules name it."""
    return path.partition("@")[0].rpartition("/")[2]


async def _in_our_name(sources: Sources, run: Run) -> bool:
    """Whether we started it, or maybe the run that it follows: GitHub's `on: workflow_run` hands the actor on and does
    not say what led there, so that a circle through it could not be seen. A push in our name is a change like any
    other.

    A person whose token we use may also start a workflow by hand, and what we start is stored. Of a run that follows
    another nothing is stored: there a circle that never ends is worse than a start too few.
    """
    if run.event not in (DISPATCHED, FOLLOWS):
        return False
    us = await sources.us()
    return run.actor == us.login and (bool(us.app_id) or run.event == FOLLOWS)


def _absent(found: NotInstalled | PermissionMissing) -> Absent:
    return Absent(found.why, sees=isinstance(found, PermissionMissing))


async def _looked_at(sources: Sources, asked: Asked, repo: Repo, target: Target) -> Target:
    if not await sources.workflows.ref_exists(repo, asked.ref):
        return Target(target.installed, target.config, ref=False)
    found = await sources.workflows.workflow(repo, asked.workflow, asked.ref)
    state = WorkflowState(active=found.active, dispatchable=found.dispatchable) if found else WorkflowState(known=False)
    return Target(target.installed, target.config, ref=True, workflow=state)
