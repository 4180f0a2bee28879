"""docs/routes.md names every route of both ports, and nothing else; and of JSON routes what their table says."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from starlette.routing import BaseRoute, Mount, Route

from forgehand.web import intake
from forgehand.web.admin.api import Api
from forgehand.web.admin.app import build_admin

PAGE = Path(__file__).resolve().parents[3] / "docs/routes.md"
ROW = re.compile(r"^\| `(GET|POST|PUT|PATCH|DELETE)` \| `(/[^`]*)` \| ", re.MULTILINE)
JSON_ROW = re.compile(r"^\| `GET` \| `(/admin/api/[^`]*)` \| JSON: (.*) \|$", re.MULTILINE)
QUERY = re.compile(r"`\?(\w+)=")


def test_the_page_names_every_route_of_the_admin_port() -> None:
    nothing: Any = MagicMock()
    app = build_admin(nothing, nothing, version="0", by_github=nothing)
    assert _rows("## Admin port") == _routes(app.routes)


def test_the_page_says_of_each_json_route_what_its_table_says() -> None:
    table = {
        each.path: _told(each.says, *(query.name for query in each.queries)) for each in Api(MagicMock(), "0").reads
    }
    rows = {
        path: _told(says.partition(";")[0], *QUERY.findall(says)) for path, says in JSON_ROW.findall(PAGE.read_text())
    }
    assert rows == table


def test_the_page_names_every_route_of_the_webhook_port() -> None:
    assert _rows("## Webhook port") == {("POST", intake.PATH), ("GET", "/health"), ("GET", "/ready")}


def _told(says: str, *parameters: str) -> tuple[str, frozenset[str]]:
    return says.rstrip(".").casefold(), frozenset(parameters)


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
