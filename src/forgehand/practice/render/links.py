"""Addresses and node ids. Used by every other renderer."""

import base64

from forgehand.practice.records import Repository
from forgehand.practice.world import World


def api(world: World, repo: Repository) -> str:
    """The repository's REST address."""
    return f"{world.base_url}/repos/{repo.full_name}"


def html(world: World, repo: Repository) -> str:
    """The repository's page."""
    return f"{world.base_url}/{repo.full_name}"


def node(prefix: str, number: int | str) -> str:
    """An opaque global id, as GraphQL has it."""
    return prefix + base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")
