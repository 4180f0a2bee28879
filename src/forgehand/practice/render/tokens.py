"""Installation tokens. https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app"""

from typing import Any

from forgehand.practice.records import Repository, Token
from forgehand.practice.render import repos
from forgehand.practice.times import iso
from forgehand.practice.world import World


def token(world: World, value: Token, selection: str, chosen: list[Repository] | None) -> dict[str, Any]:
    assert value.expires is not None
    body: dict[str, Any] = {
        "token": value.value,
        "expires_at": iso(value.expires),
        "permissions": dict(value.permissions),
        "repository_selection": selection,
    }
    if chosen is not None:
        body["repositories"] = [repos.repository(world, repo) for repo in chosen]
    return body
