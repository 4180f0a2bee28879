"""The JSON that GitHub answers and sends, one file per kind of thing. Pure: it reads the world, no more.

Every shape satisfies the response schemas of https://github.com/github/rest-api-description
"""

from forgehand.practice.render import (
    accounts,
    actions,
    checks,
    git,
    hooks,
    protection,
    pulls,
    repos,
    reviews,
    threads,
    tokens,
)
from forgehand.practice.render.links import api, html, node
from forgehand.practice.times import iso, iso_or_none

__all__ = [
    "accounts",
    "actions",
    "api",
    "checks",
    "git",
    "hooks",
    "html",
    "iso",
    "iso_or_none",
    "node",
    "protection",
    "pulls",
    "repos",
    "reviews",
    "threads",
    "tokens",
]
