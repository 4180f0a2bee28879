"""Reading GitHub: pull requests for workers, open pulls for the reconciling poll, hook deliveries for the sweep.

Each class implements one narrow port of `ports.github`; assembly hands each to the one who needs it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.errors import Actor
from forgehand.adapters.github.identity import Identity
from forgehand.adapters.github.read_contents import READ_CONTENTS, ListingTokens
from forgehand.adapters.github.tokens import Reach
from forgehand.domain.repositories import Repo
from forgehand.ports.github import (
    ChangedFile,
    Conflict,
    GitHubError,
    HookDelivery,
    NotFound,
    PullRequest,
    ReviewComment,
    Throttled,
    Unreachable,
)

log = logging.getLogger(__name__)

READ_PULLS = {"pull_requests": "read"}
"""What every reader of pull requests asks of an installation; `metadata: read` comes with any token."""


class ReachingTokens(ListingTokens, Protocol):
    async def reaches(self) -> list[Reach]: ...


class PullReader:
    """`ports.github.PullRequests`, `PullsAbout` and `PullsOnBranch`. https://docs.github.com/en/rest/pulls/pulls"""

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._calls = RepoCalls(github, tokens, READ_PULLS)
        self._identity = identity

    async def pull(self, repo: Repo, number: int) -> PullRequest:
        us = await self._identity.get()
        found = (await self._calls.get(repo, f"pulls/{int(number)}")).data
        return parsed("pull request", lambda data: replace(_pull(data), ours=us.wrote(data)), found)

    async def files(self, repo: Repo, number: int) -> Sequence[ChangedFile]:
        found = await self._calls.all(repo, f"pulls/{int(number)}/files")
        return [parsed("changed file", _file, each) for each in found]

    async def review_comments(self, repo: Repo, number: int) -> Sequence[ReviewComment]:
        us = await self._identity.get()
        found = await self._calls.all(repo, f"pulls/{int(number)}/comments")
        return [parsed("review comment", lambda data: _review_comment(data, us.wrote(data)), each) for each in found]

    async def at(self, repo: Repo, sha: str) -> Sequence[PullRequest]:
        # GitHub's own list of a commit's pull requests lacks those of forks.
        return [pull for pull in await self._open(repo, {}) if pull.head_sha == sha]

    async def into(self, repo: Repo, branch: str) -> Sequence[PullRequest]:
        return await self._open(repo, {"base": branch})

    async def on_branch(self, repo: Repo, branch: str) -> Sequence[int]:
        come = await self._open(repo, {"head": f"{repo.owner}:{branch}"})
        return sorted({pull.number for pull in (*come, *await self.into(repo, branch))})

    async def _open(self, repo: Repo, params: Mapping[str, str | int]) -> list[PullRequest]:
        found = await self._calls.all(repo, "pulls", params={"state": "open", **params})
        return [parsed("pull request", _pull, each) for each in found]


class OpenPullReader:
    """`ports.github.OpenPulls`."""

    def __init__(self, github: GitHub, tokens: ReachingTokens) -> None:
        self._github = github
        self._tokens = tokens
        self._calls = RepoCalls(github, tokens, READ_PULLS)
        self._refs = RepoCalls(github, tokens, READ_CONTENTS)

    async def repositories(self) -> Sequence[Repo]:
        found: list[Repo] = []
        passing: GitHubError | None = None
        for reach in await self._tokens.reaches():
            try:
                found.extend(await self._reached(reach))
            except GitHubError as error:
                # Suspended between two calls, say, or throttled; the other installations are still to be looked at.
                log.warning("installation %d is left out: %s", reach.installation, error.why)
                if isinstance(error, Throttled | Unreachable):
                    passing = error
        if passing and not found:
            # That no repository answers now does not say that there is none.
            raise passing
        return found

    async def open_pulls(self, repo: Repo, etag: str | None) -> tuple[Sequence[PullRequest], str | None] | None:
        """Newest first, since then a new pull request changes the first page, whose ETag this is."""
        params: dict[str, str | int] = {"state": "open", "sort": "created", "direction": "desc", "per_page": 100}
        first = await self._calls.get(repo, "pulls", params=params, etag=etag)
        if first.status == 304:
            return None
        items = list(first.data)
        if first.next_path:
            items = await self._calls.all(repo, "pulls", params=params)
            # A push to a pull request beyond the first page does not show in the first page's ETag.
            return [parsed("pull request", _pull, each) for each in items], None
        return [parsed("pull request", _pull, each) for each in items], first.etag

    async def tip(self, repo: Repo, branch: str, etag: str | None) -> tuple[str | None, str | None] | None:
        try:
            answer = await self._refs.get(repo, f"git/ref/heads/{quote(branch)}", etag=etag)
        except (NotFound, Conflict):
            # No such branch, or no commit at all.
            return None, None
        if answer.status == 304:
            return None
        return parsed("ref", lambda data: str(data["object"]["sha"]), answer.data), answer.etag

    async def _reached(self, reach: Reach) -> list[Repo]:
        found: list[Repo] = []
        token = await self._tokens.listing(reach.installation)
        async for page in self._github.pages(reach.path, token, lane=reach.installation):
            listed = page.data[reach.key] if reach.key else page.data
            found.extend(
                Repo(reach.installation, int(each["id"]), str(each["full_name"]))
                for each in listed
                # Nothing can be written to these.
                if not each.get("archived") and not each.get("disabled")
            )
        return found


class HookReader:
    """`ports.github.Hooks`. https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook"""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def hook_deliveries(self, since: float) -> Sequence[HookDelivery]:
        found: list[HookDelivery] = []
        async for page in self._github.pages("/app/hook/deliveries", Actor.APP):
            deliveries = [parsed("hook delivery", _delivery, each) for each in page.data]
            found.extend(each for each in deliveries if each.delivered_at >= since)
            if any(each.delivered_at < since for each in deliveries):
                break
        return found


def _pull(data: Any) -> PullRequest:
    return PullRequest(
        number=int(data["number"]),
        title=str(data["title"]),
        state="open" if data["state"] == "open" else "closed",
        # Lists leave `merged` and `mergeable` out.
        merged=bool(data.get("merged") or data.get("merged_at")),
        draft=data.get("draft") is True,
        # Null once the account is deleted: GitHub then shows “ghost”.
        author=str((data.get("user") or {}).get("login") or "ghost"),
        head_sha=str(data["head"]["sha"]),
        head_ref=str(data["head"]["ref"]),
        head_repository=(data["head"].get("repo") or {}).get("full_name"),
        base_sha=str(data["base"]["sha"]),
        base_ref=str(data["base"]["ref"]),
        mergeable=data.get("mergeable"),
        html_url=str(data["html_url"]),
        labels=tuple(str(label["name"]) for label in data.get("labels") or ()),
        # Lists leave the counts out, too.
        changed_files=int(data.get("changed_files") or 0),
        additions=int(data.get("additions") or 0),
        deletions=int(data.get("deletions") or 0),
        merge_commit=str(data.get("merge_commit_sha") or "") if data.get("merged_at") else "",
        body=str(data.get("body") or ""),
        author_is_bot=(data.get("user") or {}).get("type") == "Bot",
        updated_at=datetime.fromisoformat(data["updated_at"]).timestamp(),
    )


def _file(data: Any) -> ChangedFile:
    return ChangedFile(
        path=str(data["filename"]),
        status=str(data["status"]),
        previous_path=data.get("previous_filename"),
        additions=int(data.get("additions") or 0),
        deletions=int(data.get("deletions") or 0),
        patch=data.get("patch"),
    )


def _review_comment(data: Any, ours: bool) -> ReviewComment:
    return ReviewComment(
        id=int(data["id"]),
        path=str(data["path"]),
        # Null once the line is gone from the diff.
        line=data.get("line"),
        body=str(data.get("body") or ""),
        original_commit=str(data["original_commit_id"]),
        ours=ours,
        review=int(data.get("pull_request_review_id") or 0),
    )


def _delivery(data: Any) -> HookDelivery:
    return HookDelivery(
        id=int(data["id"]),
        guid=str(data["guid"]),
        delivered_at=datetime.fromisoformat(data["delivered_at"]).timestamp(),
        ok=200 <= int(data["status_code"]) < 300,
        event=str(data["event"]),
    )
