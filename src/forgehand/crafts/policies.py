"""The policy of a repository, from its default branch and its organization's, within the operator's limits. Given to
workers by assembly as `ports.policies.Policies`.

Everything is read at one commit. A file that cannot be used changes nothing: the last valid one, which is kept as a
document, stays in force, and the problems are told. What GitHub does not show is no missing file: it raises.
"""

import asyncio
import json
from dataclasses import asdict, dataclass
from functools import lru_cache

from forgehand.crafts.policy_change import unusable, would_change
from forgehand.crafts.policy_file import MAX_BYTES, PATH, parse
from forgehand.domain.policy import OperatorLimits, PolicyError, PolicyFile, Problem, effective
from forgehand.domain.policy.limits import NOTHING
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling
from forgehand.ports.checks import Branches
from forgehand.ports.contents import Contents
from forgehand.ports.github import Unprocessable
from forgehand.ports.policies import Loaded
from forgehand.ports.store import Documents


def document_key(repository_id: int) -> str:
    """Where the last valid file of a repository is kept."""
    return f"config:{repository_id}"


@dataclass(frozen=True, slots=True)
class Kept:
    """The last valid file of a repository, None where there was none. `org` is the id of the repository whose file
    stood under it, 0 for none."""

    sha: str
    text: str | None
    org: int = 0


def read_kept(told: str | None) -> Kept | None:
    return Kept(**json.loads(told)) if told else None


@dataclass(frozen=True, slots=True)
class _Found:
    """One file at one commit. `source` names it for people, empty where there is none."""

    file: PolicyFile = NOTHING
    sha: str = ""
    source: str = ""
    problems: tuple[Problem, ...] = ()
    keep: tuple[tuple[str, str], ...] = ()


class RepositoryPolicies:
    """`ports.policies.Policies`."""

    def __init__(self, contents: Contents, branches: Branches, documents: Documents, limits: OperatorLimits) -> None:
        self._contents = contents
        self._branches = branches
        self._documents = documents
        self._limits = limits

    async def policy(self, repo: Repo, base_ref: str) -> Loaded:
        org, own = await self._files(repo)
        policy, notes = effective(self._limits, org.file, own.file, base_ref)
        return Loaded(
            policy,
            own.sha,
            source=" and ".join(filter(None, (org.source, own.source))) or "defaults",
            problems=org.problems + own.problems,
            notes=notes,
            keep=dict(org.keep + own.keep),
        )

    async def proposal(self, repo: Repo, base_ref: str, head_sha: str) -> Ruling:
        org, own = await self._files(repo)
        try:
            raw = await self._contents.file(repo, PATH, head_sha, most=MAX_BYTES)
            file = NOTHING if raw is None else await _parsed(raw, PATH)
        except (PolicyError, Unprocessable) as error:
            return unusable(_problems(error, PATH))
        return would_change(self._limits, org.file, own.file, file, base_ref)

    async def _files(self, repo: Repo) -> tuple[_Found, _Found]:
        """The organization's file and the repository's own."""
        shared = await self._contents.org_repository(repo)
        if shared is None or shared.id == repo.id:
            return _Found(), await self._file(repo, PATH)
        org = await self._file(shared, f"{shared.full_name}/{PATH}")
        return org, await self._file(repo, PATH, org=shared.id)

    async def _file(self, repo: Repo, name: str, org: int = 0) -> _Found:
        sha = await self._branches.default_tip(repo)
        if sha is None:
            return _Found()
        try:
            raw = await self._contents.file(repo, PATH, sha, most=MAX_BYTES)
            file = NOTHING if raw is None else await _parsed(raw, name)
        except (PolicyError, Unprocessable) as error:
            return await self._last_valid(repo, name, sha, _problems(error, name))
        keep = await self._keep(repo, sha, raw, org)
        return _Found(file, sha, f"{name} at {sha[:7]}" if raw is not None else "", keep=keep)

    async def _last_valid(self, repo: Repo, name: str, sha: str, problems: tuple[Problem, ...]) -> _Found:
        kept = await self._kept(repo)
        if kept is None or kept.text is None:
            return _Found(NOTHING, sha, problems=problems)
        try:
            file = await _parsed(kept.text.encode(), name)
        except PolicyError:  # it was valid for an earlier version of ours
            return _Found(NOTHING, sha, problems=problems)
        return _Found(file, sha, f"{name} at {kept.sha[:7]}, the last valid one", problems)

    async def _keep(self, repo: Repo, sha: str, raw: bytes | None, org: int) -> tuple[tuple[str, str], ...]:
        """What to keep of a valid file; nothing where it is kept already. That there is none is kept too."""
        now = Kept(sha, None if raw is None else raw.decode("utf-8-sig"), org)
        kept = await self._kept(repo)
        if kept and (kept.text, kept.org) == (now.text, now.org):
            return ()
        return ((document_key(repo.id), json.dumps(asdict(now))),)

    async def _kept(self, repo: Repo) -> "Kept | None":
        return read_kept(await self._documents.document(document_key(repo.id)))


async def _parsed(raw: bytes, name: str) -> PolicyFile:
    """A large file takes a moment, in which others go on; the same is read again for every pull request."""
    return await asyncio.to_thread(_parse, raw, name)


_parse = lru_cache(maxsize=64)(parse)


def _problems(error: PolicyError | Unprocessable, name: str) -> tuple[Problem, ...]:
    if isinstance(error, PolicyError):
        return error.problems
    return (Problem(name, 1, 1, error.why, f"keep the file below {MAX_BYTES:,} bytes"),)
