"""Single files at a commit, by way of git's trees, which say what a name is: the contents route would follow a link
into whatever file it names. Used by assembly.

Whoever asks learned the commit from GitHub, so that a tree which is not there is one that a replica does not show yet,
as happens right after a push: no file is missing by that.

https://docs.github.com/en/rest/git/trees, https://docs.github.com/en/rest/git/blobs
"""

import base64
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.errors import Actor
from forgehand.domain.repositories import Repo
from forgehand.ports.github import NotFound, Token, Unprocessable, Unreachable

READ_CONTENTS = {"contents": "read"}

_REGULAR = ("100644", "100755")
_NO_FILES = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree of a commit without any file. Git need not store it, so that it may not be there to be shown."""


class ListingTokens(KeptTokens, Protocol):
    async def listing(self, installation: int) -> Token:
        """A token that sees which repositories an installation includes, and nothing of what is in them."""
        ...


class ContentReader:
    """`ports.contents.Contents`."""

    def __init__(self, github: GitHub, tokens: ListingTokens) -> None:
        self._github = github
        self._tokens = tokens
        self._calls = RepoCalls(github, tokens, READ_CONTENTS)

    async def file(self, repo: Repo, path: str, ref: str, *, most: int) -> bytes | None:
        *folders, name = path.strip("/").split("/")
        tree = ref
        for folder in folders:
            below = await self._entry(repo, tree, folder)
            if below is None or below["type"] != "tree":
                return None
            tree = str(below["sha"])
        entry = await self._entry(repo, tree, name)
        if entry is None or entry["mode"] not in _REGULAR:
            return None
        if (size := int(entry.get("size") or 0)) > most:
            raise Unprocessable(f"{path} in {repo.full_name} has {size:,} bytes; at most {most:,} are read")
        blob = (await self._calls.get(repo, f"git/blobs/{entry['sha']}")).data
        return parsed("blob", lambda data: base64.b64decode(data["content"]), blob)

    async def org_repository(self, repo: Repo) -> Repo | None:
        path = f"/repos/{quote(repo.owner)}/.github"
        try:
            if repo.installation:
                # A public one is shown to everybody: what counts is whether our installation includes it.
                installed = (await self._github.get(f"{path}/installation", Actor.APP)).data
                if parsed("installation", lambda data: int(data["id"]), installed) != repo.installation:
                    return None
            token = await self._tokens.listing(repo.installation)
            found = (await self._github.get(path, token, lane=repo.installation)).data
        except NotFound:
            return None
        return parsed("repository", lambda data: Repo(repo.installation, int(data["id"]), data["full_name"]), found)

    async def _entry(self, repo: Repo, tree: str, name: str) -> Mapping[str, Any] | None:
        try:
            found = (await self._calls.get(repo, f"git/trees/{quote(tree, safe='')}")).data
        except NotFound as error:
            if await self._holds_nothing(repo, tree):
                return None
            raise Unreachable(f"GitHub does not show all of {repo.full_name} yet: {error.why}", sent=False) from None
        entries = parsed("tree", lambda data: {str(each["path"]): each for each in data["tree"]}, found)
        return entries.get(name)

    async def _holds_nothing(self, repo: Repo, ref: str) -> bool:
        try:
            found = (await self._calls.get(repo, f"commits/{quote(ref, safe='')}", params={"per_page": 1})).data
        except (NotFound, Unprocessable):
            return False
        return parsed("commit", lambda data: str(data["commit"]["tree"]["sha"]), found) == _NO_FILES
