"""docs/routes.md names every route of both ports, and nothing else."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from starlette.routing import BaseRoute, Mount, Route

from forgehand.web import intake
from forgehand.web.admin.app import build_admin

PAGE = Path(__file__).resolve().parents[3] / "docs/routes.md"
ROW = re.compile(r"^\| `(GET|POST|PUT|PATCH|DELETE)` \| `(/[^`]*)` \| ", re.MULTILINE)


def test_the_page_names_every_route_of_the_admin_port() -> None:
    nothing: Any = MagicMock()
    app = build_admin(nothing, nothing, version="0")
    assert _rows("## Admin port") == _routes(app.routes)


def test_the_page_names_every_route_of_the_webhook_port() -> None:
    assert _rows("## Webhook port") == {("POST", intake.PATH), ("GET", "/health"), ("GET", "/ready")}


def _rows(heading: str) -> set[tuple[str, str]]:
    _, found, after = PAGE.read_text().partition(heading + "\n")
    assert found, f"docs/routes.md has no {heading!r}"
    return set(ROW.findall(after.split("\n## ")[0]))


def _routes(routes: list[BaseRoute]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for route in routes:
        if isinstance(route, Mount):
            found.add(("GET", route.path + "/{path}"))
        elif isinstance(route, Route):
            found |= {(method, route.path) for method in route.methods or {"GET"} if method != "HEAD"}
    return found
