"""Another policy, tried on pull requests that were judged before. Called by `forgehand policy simulate`; it writes
nothing, and asks nobody but the store."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from forgehand.crafts.policies import Kept, document_key, read_kept
from forgehand.crafts.policy_file import parse
from forgehand.domain.paging import Last
from forgehand.domain.policy import (
    OperatorLimits,
    PolicyError,
    PolicyFile,
    PullFacts,
    RepositoryPolicy,
    effective,
    judge_automatic_merge,
    judge_policy,
)
from forgehand.domain.policy.facts import from_json
from forgehand.domain.policy.limits import NOTHING
from forgehand.domain.pulls import PullState
from forgehand.domain.rulings import Ruling

PAGE = 100


class Stored(Protocol):
    """What is asked of the store."""

    async def document(self, key: str) -> str | None: ...

    async def pulls(self, limit: int, *, still_open: bool, before: Last | None = None) -> list[PullState]: ...


@dataclass(frozen=True, slots=True)
class Trial:
    """One pull request under two policies: what they ask of it, and whether we would merge it by ourselves."""

    pull: PullState
    asked: tuple[Ruling, Ruling]
    automatic: tuple[Ruling, Ruling]

    @property
    def differs(self) -> bool:
        return any((old.state, old.reason) != (new.state, new.reason) for old, new in (self.asked, self.automatic))


async def trials(
    stored: Stored, limits: OperatorLimits, file: PolicyFile, since: float, repository: str = ""
) -> AsyncIterator[Trial]:
    """The pull requests judged since then, of one repository or of all, as last judged: under the policy in force, and
    were `file` its repository's. Those whose facts are no longer kept are left out."""
    async for pull in _pulls(stored, since):
        if repository and pull.repo.full_name.casefold() != repository.casefold():
            continue
        told = await stored.document(f"facts:{pull.repo.id}:{pull.number}:{pull.head_sha}")
        if told is not None:
            org, own = await _in_force(stored, pull.repo.id)
            both = (effective(limits, org, each, pull.base_ref)[0] for each in (own, file))
            yield _trial(pull, from_json(json.loads(told)), *both)


async def _pulls(stored: Stored, since: float) -> AsyncIterator[PullState]:
    for still_open in (True, False):
        before: Last | None = None
        while page := await stored.pulls(PAGE, still_open=still_open, before=before):
            for pull in page:
                if pull.updated_at < since:
                    break
                yield pull
            before = page[-1].last
            if before.at < since:
                break


async def _in_force(stored: Stored, repository_id: int) -> tuple[PolicyFile, PolicyFile]:
    """The organization's file and the repository's own, as last kept."""
    own = read_kept(await stored.document(document_key(repository_id)))
    org = read_kept(await stored.document(document_key(own.org))) if own and own.org else None
    return _file(org), _file(own)


def _file(kept: Kept | None) -> PolicyFile:
    """What was valid for an earlier version of ours only is not in force."""
    try:
        return parse(kept.text.encode()) if kept and kept.text is not None else NOTHING
    except PolicyError:
        return NOTHING


def _trial(pull: PullState, facts: PullFacts, old: RepositoryPolicy, new: RepositoryPolicy) -> Trial:
    return Trial(
        pull,
        (judge_policy(old, facts), judge_policy(new, facts)),
        (judge_automatic_merge(old, facts), judge_automatic_merge(new, facts)),
    )
