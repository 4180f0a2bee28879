"""The REST routes, one file per area. Importing this fills `router.ROUTES`, in which `find` looks."""

from forgehand.practice.router import find
from forgehand.practice.routes import (
    apps,
    checks,
    comments,
    commits,
    contents,
    gitdata,
    gitobjects,
    hooks,
    issues,
    manifest,
    merges,
    meta,
    protection,
    pulls,
    repos,
    reviews,
)

__all__ = [
    "apps",
    "checks",
    "comments",
    "commits",
    "contents",
    "find",
    "gitdata",
    "gitobjects",
    "hooks",
    "issues",
    "manifest",
    "merges",
    "meta",
    "protection",
    "pulls",
    "repos",
    "reviews",
]
