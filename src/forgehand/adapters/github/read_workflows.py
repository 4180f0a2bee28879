"""Workflows, their runs, and refs by name. Used by assembly.

https://docs.github.com/en/rest/actions/workflows#get-a-workflow
https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run
https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
https://docs.github.com/en/rest/git/refs#get-a-reference
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.read_contents import READ_CONTENTS, ContentReader, ListingTokens
from forgehand.adapters.github.workflow_files import Unclear, is_file_name, lists_dispatch
from forgehand.domain.repositories import Repo
from forgehand.ports.github import Unprocessable
from forgehand.ports.workflows import NEWEST, Run, Workflow

READ_ACTIONS = {"actions": "read"}

MOST_BYTES = 512 * 1024
"""Of a workflow's file. GitHub itself takes no larger one."""
MOST_PAGES = 10
"""Of a list of runs."""


class WorkflowReader:
    """`ports.workflows.Workflows`."""

    def __init__(self, github: GitHub, tokens: ListingTokens) -> None:
        self._calls = RepoCalls(github, tokens, READ_ACTIONS)
        self._refs = RepoCalls(github, tokens, READ_CONTENTS)
        self._contents = ContentReader(github, tokens)

    async def workflow(self, repo: Repo, file: str, ref: str) -> Workflow | None:
        if not is_file_name(file):
            return None
        found = await self._calls.get_or_none(repo, f"actions/workflows/{quote(file, safe='')}")
        if not found:
            return None
        dispatchable = await self._dispatchable(repo, parsed("workflow", lambda data: str(data["path"]), found), ref)
        return parsed("workflow", lambda data: _workflow(data, dispatchable), found)

    async def ref_exists(self, repo: Repo, name: str) -> bool:
        return await self._exists(repo, "heads", name) or await self._exists(repo, "tags", name)

    async def tag_exists(self, repo: Repo, name: str) -> bool:
        return await self._exists(repo, "tags", name)

    async def _exists(self, repo: Repo, kind: str, name: str) -> bool:
        if not name or ".." in name or name.startswith("/") or name.endswith("/"):
            # No name of a ref; and no path that leads elsewhere.
            return False
        return bool(await self._refs.ref(repo, f"{kind}/{name}"))

    async def _dispatchable(self, repo: Repo, path: str, ref: str) -> bool:
        try:
            content = await self._contents.file(repo, path, ref, most=MOST_BYTES)
            return content is not None and await asyncio.to_thread(lists_dispatch, content)
        except (Unprocessable, Unclear):
            # GitHub reads it in its own way, and refuses what cannot be started.
            return True


class RunReader:
    """`ports.workflows.Runs` and `WatchedRuns`."""

    def __init__(self, github: GitHub, tokens: KeptTokens) -> None:
        self._calls = RepoCalls(github, tokens, READ_ACTIONS)

    async def run(self, repo: Repo, run: int) -> Run | None:
        found = await self._calls.get_or_none(repo, f"actions/runs/{int(run)}")
        return parsed("run", _run, found) if found else None

    async def newest(self, repo: Repo, etag: str | None, known: int = 0) -> tuple[Sequence[Run], str | None] | None:
        first = await self._calls.get(repo, "actions/runs", params={"per_page": NEWEST}, etag=etag)
        if first.status == 304:
            return None
        listed, page, last = _runs(first.data), 1, first
        while known and listed[-1:] and listed[-1].id > known and last.next_path and page < MOST_PAGES:
            page += 1
            last = await self._calls.get(repo, "actions/runs", params={"per_page": NEWEST, "page": page})
            listed += _runs(last.data)
        return listed, first.etag

    async def under_way(self, repo: Repo, etag: str | None) -> tuple[Sequence[Run], str | None] | None:
        params: dict[str, str | int] = {"status": "in_progress", "per_page": 100}
        answer = await self._calls.get(repo, "actions/runs", params=params, etag=etag)
        return None if answer.status == 304 else (_runs(answer.data), answer.etag)


def _workflow(data: Mapping[str, Any], dispatchable: bool) -> Workflow:
    return Workflow(int(data["id"]), str(data["name"]), str(data["path"]), str(data["state"]), dispatchable)


def _runs(data: Any) -> list[Run]:
    return parsed("list of runs", lambda data: [_run(each) for each in data["workflow_runs"]], data)


def _run(data: Mapping[str, Any]) -> Run:
    head = data.get("head_repository") or {}
    return Run(
        id=int(data["id"]),
        name=str(data.get("name") or ""),
        # A run of another ref than the default branch may show it as `path@ref`.
        workflow=str(data["path"]).partition("@")[0],
        event=str(data["event"]),
        status=str(data.get("status") or ""),
        conclusion=str(data.get("conclusion") or ""),
        head_branch=str(data.get("head_branch") or ""),
        head_sha=str(data["head_sha"]),
        head_repository=str(head.get("full_name") or ""),
        head_is_fork=head.get("fork") if isinstance(head.get("fork"), bool) else None,
        actor=str((data.get("actor") or {}).get("login") or ""),
        url=str(data["html_url"]),
        created_at=datetime.fromisoformat(data["created_at"]).timestamp(),
        updated_at=datetime.fromisoformat(data["updated_at"]).timestamp(),
        attempt=int(data.get("run_attempt") or 1),
    )
