"""Branches and tags: created, or moved forward from a known commit. Scratch branches also go elsewhere, or away.

https://docs.github.com/en/rest/git/refs
"""

from typing import Any
from urllib.parse import quote

from forgehand.adapters.github.calls import KeptTokens, RepoCalls
from forgehand.adapters.github.client import GitHub
from forgehand.domain.effects import UpdateRef
from forgehand.ports.effects import Receipt
from forgehand.ports.github import Conflict, Unprocessable


class RefPerformer:
    repeatable = True
    """Creating or deleting twice is answered with 422, moving twice to the same commit changes nothing."""

    def __init__(self, github: GitHub, tokens: KeptTokens) -> None:
        self._github = github
        self._tokens = tokens

    async def find(self, effect: UpdateRef, remote_id: str | None) -> Receipt | None:
        at = await self._at(effect)
        return self._receipt(effect) if at == effect.to else None

    async def perform(self, effect: UpdateRef, existing: Receipt | None, send_before: float) -> Receipt:
        at = await self._at(effect)
        if at == effect.to:
            return self._receipt(effect)
        if at != effect.expected:
            is_at = f"points at {at[:12]}" if at else "does not exist"
            wanted = f"at {effect.expected[:12]}" if effect.expected else "absent"
            raise Conflict(f"{effect.ref} in {effect.repo.full_name} {is_at}; it was expected {wanted}")
        calls, path = self._calls(effect), f"git/refs/{quote(_short(effect))}"
        body: dict[str, Any]
        if not effect.to:
            await calls.write(effect.repo, "DELETE", path, send_before=send_before)
        elif at:
            body = {"sha": effect.to, "force": effect.scratch}
            await calls.write(effect.repo, "PATCH", path, body, send_before=send_before)
        else:
            body = {"ref": effect.ref, "sha": effect.to}
            await calls.write(effect.repo, "POST", "git/refs", body, send_before=send_before)
        return self._receipt(effect)

    async def tidy(self, effect: UpdateRef, receipt: Receipt, send_before: float) -> Receipt:
        return receipt

    async def _at(self, effect: UpdateRef) -> str:
        """The object that the ref names now, empty where there is no such ref."""
        return await self._calls(effect).ref(effect.repo, _short(effect))

    def _receipt(self, effect: UpdateRef) -> Receipt:
        if not effect.to:
            return Receipt(effect.expected)
        return Receipt(effect.to, f"{self._github.web_url}/{effect.repo.full_name}/tree/{quote(_name(effect))}")

    def _calls(self, effect: UpdateRef) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)


def _short(effect: UpdateRef) -> str:
    """`heads/topic`, as these routes want it."""
    if not effect.ref.startswith("refs/") or ".." in effect.ref:
        raise Unprocessable(f"{effect.ref!r} is no full ref name such as refs/heads/topic")
    return effect.ref.removeprefix("refs/")


def _name(effect: UpdateRef) -> str:
    return effect.ref.split("/", 2)[-1]
