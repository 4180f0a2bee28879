"""The JSON routes and the document that describes them: each answer is held to the document that the port itself gives.

A new row of the table is asked here by itself: with each value that a parameter may have, and with one that it may not.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from forgehand.domain.rulings import Ruling, State
from support import history, stories
from support.dashboard import Dashboard
from support.dispatches import dispatched

pytestmark = pytest.mark.anyio

DOCUMENT = "/admin/api/openapi.json"


async def test_the_document_is_valid_openapi_and_names_every_json_route(dashboard: Dashboard) -> None:
    document = await _document(dashboard)
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    routes = {each.path for each in dashboard.app.routes if isinstance(each, Route)}
    assert set(document["paths"]) == {path for path in routes if path.startswith("/admin/api/")} - {DOCUMENT}
    assert document["info"]["version"] == "1.2.3"


async def test_every_answer_is_as_the_document_says(dashboard: Dashboard) -> None:
    known = await _everything_happened(dashboard)
    document = await _document(dashboard)
    for path, operation in _operations(document):
        where = _filled(path, known)
        asked = ["", *(f"?{query}" for each in operation["parameters"] for query in _allowed(each))]
        for query in asked:
            await _holds(dashboard, document, operation, where + query, 200)


async def test_a_list_is_paged_by_what_it_gave_as_its_last(dashboard: Dashboard) -> None:
    await _everything_happened(dashboard)
    document = await _document(dashboard)
    for path, operation in _operations(document):
        if "before" in {each["name"] for each in operation["parameters"]}:
            first = await _holds(dashboard, document, operation, f"{path}?limit=1", 200)
            after = f"{path}?limit=1&before={quote(first['last'])}"
            assert await _holds(dashboard, document, operation, after, 200) != first, path


async def test_what_a_parameter_may_not_be_and_what_is_not_there_is_refused_as_the_document_says(
    dashboard: Dashboard,
) -> None:
    document = await _document(dashboard)
    for path, operation in _operations(document):
        nobody = _filled(path, dict.fromkeys(("guid", "id", "slot", "repository", "number", "worker", "run"), "4711"))
        for parameter in operation["parameters"]:
            if parameter["in"] == "query" and not _is_valid(parameter["schema"], "no such thing"):
                await _holds(dashboard, document, operation, f"{nobody}?{parameter['name']}=no+such+thing", 400)
        if "{" in path:
            await _holds(dashboard, document, operation, nobody, 404)


async def test_strangers_are_refused_as_the_document_says(dashboard: Dashboard) -> None:
    document = await _document(dashboard)
    dashboard.client.cookies.clear()
    assert (await dashboard.client.get(DOCUMENT)).status_code == 401
    for path, operation in _operations(document):
        await _holds(dashboard, document, operation, path, 401)
    scheme = document["components"]["securitySchemes"]["adminToken"]["scheme"]
    by_token = await dashboard.client.get("/admin/api/status", headers={"authorization": f"{scheme} open sesame"})
    assert by_token.status_code == 200


async def _everything_happened(dashboard: Dashboard) -> dict[str, str]:
    """Something of each kind is stored, twice where it is listed; gives what path parameters may be."""
    store, now = dashboard.store, dashboard.clock.now
    job = await stories.reviewed(store, "guid", now)
    for number, story in enumerate((stories.dead, stories.failed, stories.unknown)):
        await story(store, f"guid-{number}", now + number)
    for number in (7, 8):
        await stories.decided(store, number, now)
    parts = (Ruling("open", State.SATISFIED, "It is open."),)
    await stories.decided(store, 9, now, Ruling("ready", State.SATISFIED, "Nothing stands in its way.", parts=parts))
    await stories.queued(store, now, 11, 12, 13)
    await dashboard.press("/admin", "/admin/pause")
    for run in (501, 502):
        await dispatched(store, now, run)
    await history.two_days(store, now)
    (entry, *_) = await store.entries_of(job.id)
    return {
        "guid": "guid",
        "id": job.id,
        "slot": entry.slot,
        "repository": "42",
        "number": "7",
        "worker": "review",
        "run": "501",
    }


async def _document(dashboard: Dashboard) -> dict[str, Any]:
    answer = await dashboard.client.get(DOCUMENT)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        assert set(item) == {"get"}, "what changes something is no JSON route"
        yield path, item["get"]


def _filled(path: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    assert "{" not in path, f"{path}: give an example of what stands in its place"
    return path


def _allowed(parameter: dict[str, Any]) -> Iterator[str]:
    """Each value that a query parameter may have, or one of them."""
    schema = parameter["schema"]
    if parameter["in"] == "query":
        for value in schema.get("enum") or [
            schema.get("minimum", "1800000000" if parameter["name"] == "before" else "a")
        ]:
            yield f"{parameter['name']}={value}"


async def _holds(
    dashboard: Dashboard, document: dict[str, Any], operation: dict[str, Any], where: str, status: int
) -> dict[str, Any]:
    answer: httpx2.Response = await dashboard.client.get(where)
    assert answer.status_code == status, f"{where}: {answer.status_code} {answer.text}"
    described = operation["responses"][str(status)]["content"][answer.headers["content-type"]]["schema"]
    validator = Draft202012Validator({**described, "components": document["components"]})
    assert [f"{where}: {each.json_path}: {each.message}" for each in validator.iter_errors(answer.json())] == []
    said: dict[str, Any] = answer.json()
    return said


def _is_valid(schema: dict[str, Any], value: str) -> bool:
    return Draft202012Validator(schema).is_valid(value)
