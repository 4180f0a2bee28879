"""What an account may do in a repository. Used by assembly.

https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
"""

import re
from collections.abc import Mapping
from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.domain.repositories import Repo
from forgehand.ports.people import Permission

METADATA = {"metadata": "read"}

_LOGIN = re.compile(r"[A-Za-z0-9_-]+")
"""A person's login. A bot's ends in `[bot]`."""


class PeopleReader:
    """`ports.people.People`."""

    def __init__(self, github: GitHub, tokens: KeptTokens) -> None:
        self._calls = RepoCalls(github, tokens, METADATA)

    async def permission(self, repo: Repo, login: str) -> Permission:
        if not _LOGIN.fullmatch(login):
            return Permission.NONE
        found = await self._calls.get_or_none(repo, f"collaborators/{login}/permission")
        return parsed("permission", _permission, found) if found else Permission.NONE


def _permission(data: Mapping[str, Any]) -> Permission:
    """The role tells `maintain` from `write` and `triage` from `read`; a role that an organization made up has no
    place of its own, and counts as the permission that GitHub derives from it."""
    role = str(data.get("role_name") or "")
    return Permission(role) if role in set(Permission) else Permission(data["permission"])
