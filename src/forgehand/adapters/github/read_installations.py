"""Where our App is installed, by the name of a repository, and whether it may start workflows there. Used by assembly.

https://docs.github.com/en/rest/apps/apps#get-a-repository-installation-for-the-authenticated-app
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forgehand.adapters.github.calls import FULL_NAME, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.errors import Actor
from forgehand.adapters.github.read_contents import ListingTokens
from forgehand.adapters.github.tokens import missing_permissions
from forgehand.domain.repositories import Repo
from forgehand.ports.github import NotFound
from forgehand.ports.workflows import NotInstalled, PermissionMissing

NEEDED = {"actions": "write", "contents": "read"}
"""To start a workflow, and to read the file that allows it."""


class InstallationReader:
    """`ports.workflows.Installations`."""

    def __init__(self, github: GitHub, tokens: ListingTokens) -> None:
        self._github = github
        self._tokens = tokens

    async def find(self, full_name: str) -> Repo | NotInstalled | PermissionMissing:
        if not FULL_NAME.fullmatch(full_name):
            return NotInstalled(f"{full_name!r} is no repository name")
        if not self._github.app_id:
            return await self._as_person(full_name)
        try:
            found = (await self._github.get(f"/repos/{full_name}/installation", Actor.APP)).data
        except NotFound:
            return NotInstalled(
                f"there is no {full_name}, or our App is not installed for it: its owner adds the repository to the "
                "App's installation"
            )
        return await self._through(full_name, parsed("installation", _installation, found))

    async def _through(self, full_name: str, at: "_Installation") -> Repo | NotInstalled | PermissionMissing:
        if at.suspended:
            return NotInstalled(
                f"the App's installation for {full_name} is suspended; its owner lifts that at {at.url}"
            )
        if missing := missing_permissions(NEEDED, at.permissions):
            lacking = ", ".join(f"{name}: {level}" for name, level in sorted(missing.items()))
            return PermissionMissing(
                f"the App's installation for {full_name} lacks {lacking}: grant it on the App's settings page, then "
                f"accept it at {at.url}"
            )
        token = await self._tokens.listing(at.id)
        try:
            seen = (await self._github.get(f"/repos/{full_name}", token, lane=at.id)).data
        except NotFound:
            return NotInstalled(f"our App's installation does not include {full_name} any more")
        return parsed("repository", lambda data: Repo(at.id, int(data["id"]), str(data["full_name"])), seen)

    async def _as_person(self, full_name: str) -> Repo | NotInstalled | PermissionMissing:
        token = await self._tokens.listing(0)
        try:
            seen = (await self._github.get(f"/repos/{full_name}", token)).data
        except NotFound:
            return NotInstalled(f"there is no {full_name}, or GITHUB_TOKEN may not see it")
        if not (seen.get("permissions") or {}).get("push"):
            return PermissionMissing(f"the account of GITHUB_TOKEN may not write to {full_name}")
        return parsed("repository", lambda data: Repo(0, int(data["id"]), str(data["full_name"])), seen)


@dataclass(frozen=True, slots=True)
class _Installation:
    id: int
    suspended: bool
    permissions: Mapping[str, str]
    url: str


def _installation(data: Any) -> _Installation:
    page = str(data.get("html_url") or "the installation's settings page")
    return _Installation(int(data["id"]), bool(data.get("suspended_at")), dict(data["permissions"]), page)
