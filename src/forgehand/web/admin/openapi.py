"""A JSON route as a row of a table: the route and its place in the OpenAPI document come from the same row.

`api` holds the table. An answer is a frozen dataclass, which pydantic both writes as JSON and describes as a schema: so
answers and document cannot drift apart.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

DIALECT = "3.1.0"
DOCUMENT = "/admin/api/openapi.json"


@dataclass(frozen=True, slots=True)
class Query:
    """A query parameter that may be given; `schema` is what it may be."""

    name: str
    schema: Mapping[str, Any]
    says: str


@dataclass(frozen=True, slots=True)
class Read:
    """`answer` is the dataclass that `read` gives. A `read` that may give None says in `absent` what that means."""

    path: str
    says: str
    answer: type
    read: Callable[[Request], Awaitable[Any]]
    queries: tuple[Query, ...] = ()
    absent: str = ""

    def route(self) -> Route:
        async def respond(request: Request) -> Response:
            found = await self.read(request)
            if found is None:
                raise HTTPException(HTTPStatus.NOT_FOUND, self.absent)
            return Response(_adapter(self.answer).dump_json(found), media_type="application/json")

        return Route(self.path, respond)


def one_of(states: type[StrEnum]) -> dict[str, Any]:
    """The schema of a parameter that names one of these."""
    return {"type": "string", "enum": [str(each) for each in states]}


def described(reads: Sequence[Read], version: str) -> dict[str, Any]:
    """The OpenAPI document of these routes."""
    schemas, shared = TypeAdapter.json_schemas(
        [(each.path, "serialization", _adapter(each.answer)) for each in reads],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Whole,
    )
    return {
        "openapi": DIALECT,
        "info": {
            "title": "Forgehand",
            "version": version,
            "description": "What the admin pages show, as JSON. Times are seconds since 1970. Every answer is read by "
            "key or by one index range, however long the history.",
        },
        "security": [{"adminToken": []}],
        "paths": {each.path: {"get": _operation(each, schemas[each.path, "serialization"])} for each in reads},
        "components": {
            "schemas": {**shared.get("$defs", {}), "Refused": _REFUSED},
            "securitySchemes": {
                "adminToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`FORGEHAND_ADMIN_TOKEN`; a browser's session does as well.",
                }
            },
        },
    }


class _Whole(GenerateJsonSchema):
    """Answers are always whole: a field that has a default is there too."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        return True


@cache
def _adapter(answer: type) -> TypeAdapter[Any]:
    return TypeAdapter(answer)


_REFUSED = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "Why, in a sentence."}},
}


def _operation(read: Read, schema: Any) -> dict[str, Any]:
    refusals = {400: bool(read.queries), 401: True, 404: bool(read.absent), 429: True, 503: True}
    return {
        "operationId": "_".join(re.findall(r"[a-z]+", read.path.removeprefix("/admin/api/"))),
        "summary": read.says,
        "parameters": [*_in_path(read.path), *map(_in_query, read.queries)],
        "responses": {
            "200": {"description": "It is this.", "content": {"application/json": {"schema": schema}}},
            **{str(status): _refusal(status) for status, applies in refusals.items() if applies},
        },
    }


def _in_path(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _in_query(query: Query) -> dict[str, Any]:
    return {"name": query.name, "in": "query", "schema": dict(query.schema), "description": query.says}


def _refusal(status: int) -> dict[str, Any]:
    return {
        "description": f"{HTTPStatus(status).phrase}.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refused"}}},
    }
