"""What contract tests of the GitHub adapter act on: a practice forge, one pull request, our adapter in front of it."""

import time
from dataclasses import dataclass, replace
from typing import Any, Literal

from forgehand.adapters.github import AppTokens, GitHub, Identity, performers
from forgehand.adapters.github.calls import RepoCalls
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.effects import Effect
from forgehand.domain.repositories import Repo
from forgehand.ports.effects import Performer, Receipt
from forgehand.practice import Call, Forge
from forgehand.practice.records import App, Installation

SOON = 30.0
PERMISSIONS = {
    "actions": "write",
    "administration": "read",
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
BEFORE = "".join(f"value_{n} = {n}\n" for n in range(1, 21))
AFTER = BEFORE.replace("value_5 = 5", "value_5 = 55").replace("value_6 = 6", "value_6 = 66")


@dataclass
class Stage:
    """What the tests act on. `number` is an open pull request that changes lines 5 and 6 of `values.py`."""

    forge: Forge
    url: str
    app: App
    installation: Installation
    repo: Repo
    number: int
    head: str
    github: GitHub
    tokens: AppTokens
    identity: Identity
    store: MemoryStore

    @property
    def name(self) -> str:
        return self.repo.full_name

    def performer(self, effect: Effect) -> Performer[Any]:
        return performers(self.github, self.tokens, self.identity, self.store)[effect.kind]

    async def do(self, effect: Effect, remote_id: str | None = None) -> Receipt:
        """As the gate does it: find, perform, tidy after a create."""
        performer = self.performer(effect)
        existing = await performer.find(effect, remote_id)
        receipt = await performer.perform(effect, existing, time.time() + SOON)
        return receipt if existing else await performer.tidy(effect, receipt, time.time() + SOON)

    def writes(self, method: str | None = None) -> list[Call]:
        """What asked for a change, without the making of tokens."""
        return [call for call in self.forge.mutations() if method in (None, call.method)]

    async def as_app(
        self, app: App, permission: str, method: Literal["POST", "PATCH"], path: str, *bodies: Any
    ) -> None:
        """What another App does to the repository, once for each body; it gets installed where it is not."""
        there = (each for each in self.forge.world.installations.values() if each.app_id == app.id)
        installation = next(there, None) or self.forge.install(app, self.repo.owner)
        repo = replace(self.repo, installation=installation.id)
        async with GitHub(self.url, app_id=app.id, private_key=app.private_key) as github:
            calls = RepoCalls(github, AppTokens(github), {permission: "write"})
            for body in bodies:
                await calls.write(repo, method, path, body)

    def client(self, **options: Any) -> GitHub:
        settings: dict[str, Any] = {
            "app_id": self.app.id,
            "private_key": self.app.private_key,
            "user_agent": "forgehand/test",
            "pause": 0.01,
        }
        return GitHub(self.url, **(settings | options))
