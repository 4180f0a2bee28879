"""Checks HTTP traffic against GitHub's own OpenAPI document (npm @octokit/openapi). Called by contract and flow tests.

The document is OpenAPI 3.0.3: `nullable` is turned into a JSON Schema union, and `oneOf` into `anyOf`, since GitHub's
alternatives overlap (a file also fits the schema of a symbolic link). `format` is not asserted: it is an annotation.
"""

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from support import needs

_DOCUMENT = needs.TESTS / "node_modules/@octokit/openapi/generated/api.github.com.json"

# GitHub may answer these to any request, whether the operation lists them or not:
# https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
_ANYWHERE = {304, 400, 401, 403, 404, 415, 422, 429, 500, 502, 503, 504}
_BODILESS = {204, 205, 304}
_METHODS = ("get", "post", "put", "patch", "delete")


class Recorded(Protocol):
    """One call as the practice forge records it; `fault` names an injected failure, whose answer is not GitHub's."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> Mapping[str, str]: ...
    @property
    def status(self) -> int: ...
    @property
    def request(self) -> Any: ...
    @property
    def response(self) -> Any: ...
    @property
    def response_headers(self) -> Mapping[str, str]: ...
    @property
    def fault(self) -> str | None: ...


def assert_conforms(calls: Iterable[Recorded]) -> None:
    """Every REST call of a practice forge's record, checked both ways; git's protocol and GraphQL are passed over."""
    problems: dict[str, None] = {}
    for call in calls:
        if ".git/" in call.path or call.path.endswith("/graphql"):
            continue
        found = check_request(call.method, call.path, call.query, call.request) if call.status < 400 else []
        if call.fault is None:
            found += check_response(call.method, call.path, call.status, call.response, call.response_headers)
        problems.update(dict.fromkeys(f"{call.method} {call.path} → {call.status}: {problem}" for problem in found))
    assert not problems, "against GitHub's OpenAPI document:\n" + "\n".join(problems)


def check_request(method: str, path: str, query: Mapping[str, str], body: Any) -> list[str]:
    """Problems of a request, each naming operation, JSON path and message; an unknown field is one."""
    operation = find_operation(method, path)
    if operation is None:
        return [f"no operation of GitHub's has {method.upper()} {path}"]
    parameters = operation.parameters("query")
    problems = [f"query {name!r} is not known" for name in query if name not in parameters]
    problems += [
        f"query {name!r} is required" for name, p in parameters.items() if p.get("required") and name not in query
    ]
    for name, value in query.items():
        if schema := parameters.get(name, {}).get("schema"):
            problems += _problems(schema, _from_text(schema, value), at=f"$query.{name}")
    problems += _body_problems(operation, body)
    return [f"{operation.id}: {problem}" for problem in problems]


def check_response(
    method: str, path: str, status: int, body: Any, headers: Mapping[str, str] | None = None
) -> list[str]:
    """Problems of an answer. Bodies that are not JSON (diffs, raw files, archives) are not looked into."""
    operation = find_operation(method, path)
    if operation is None:
        return [f"no operation of GitHub's has {method.upper()} {path}"]
    if status not in operation.responses and status in _ANYWHERE:
        problems = _error_problems(status, body)
    elif status not in operation.responses:
        documented = ", ".join(str(known) for known in sorted(operation.responses))
        problems = [f"status {status} is not documented; documented: {documented}"]
    else:
        problems = _answer_problems(operation.responses[status], status, body, headers or {})
    return [f"{operation.id}: {problem}" for problem in problems]


@dataclass(frozen=True)
class Operation:
    """One method on one path template of GitHub's document."""

    id: str
    method: str
    template: str
    spec: dict[str, Any]
    shared: tuple[dict[str, Any], ...]

    def parameters(self, place: str) -> dict[str, dict[str, Any]]:
        listed = [_resolve(item) for item in (*self.shared, *self.spec.get("parameters", ()))]
        return {item["name"]: item for item in listed if item["in"] == place}

    @property
    def responses(self) -> dict[int, dict[str, Any]]:
        return {int(code): _resolve(answer) for code, answer in self.spec["responses"].items() if code.isdigit()}


def find_operation(method: str, path: str) -> Operation | None:
    """The operation whose template fits with the most literal segments; only marked parameters may hold slashes."""
    path = "/" + unquote(path.removeprefix("/api/v3")).strip("/")
    single, multiple = _routes()
    segments = path.split("/")
    fits = [route for route in single.get(len(segments), ()) if route.pattern.fullmatch(path)]
    fits += [route for route in multiple if route.pattern.fullmatch(path)]
    for route in sorted(fits, key=lambda route: (-route.literals, route.multiple)):
        if method.lower() in route.operations:
            return route.operations[method.lower()]
    return None


@dataclass(frozen=True)
class _Route:
    pattern: re.Pattern[str]
    literals: int
    multiple: bool
    operations: dict[str, Operation]


@functools.cache
def _routes() -> tuple[dict[int, list[_Route]], list[_Route]]:
    single: dict[int, list[_Route]] = {}
    multiple: list[_Route] = []
    for template, item in _document()["paths"].items():
        shared = tuple(item.get("parameters", ()))
        operations = {
            method: Operation(item[method]["operationId"], method, template, item[method], shared)
            for method in _METHODS
            if method in item
        }
        slashed = {
            name
            for operation in operations.values()
            for name, parameter in operation.parameters("path").items()
            if parameter.get("x-multi-segment")
        }
        single.setdefault(template.count("/") + 1, []).append(_route(template, set(), operations))
        if slashed:
            multiple.append(_route(template, slashed, operations))
    return single, multiple


def _route(template: str, slashed: set[str], operations: dict[str, Operation]) -> _Route:
    pattern = ""
    for literal, name in re.findall(r"([^{}]+)|\{([^{}]+)\}", template):
        pattern += re.escape(literal) if literal else ("(.+)" if name in slashed else "([^/]+)")
    literals = sum("{" not in segment for segment in template.split("/"))
    return _Route(re.compile(pattern), literals, bool(slashed), operations)


def _body_problems(operation: Operation, body: Any) -> list[str]:
    spec = _resolve(operation.spec.get("requestBody", {}))
    schema = spec.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return [] if body is None or spec else ["no body is expected"]
    if body is None:
        return ["a body is required"] if spec.get("required") else []
    problems = _problems(schema, body)
    known = _known_properties(schema)
    if known is not None and isinstance(body, dict):
        problems += [f"$.{name}: the operation knows no such field" for name in body if name not in known]
    return problems


def _answer_problems(answer: dict[str, Any], status: int, body: Any, headers: Mapping[str, str]) -> list[str]:
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "application/json")
    if status in _BODILESS or "content" not in answer:
        return [] if body in (None, "", b"") or status not in _BODILESS else [f"status {status} carries a body"]
    if "json" not in kind:
        return []
    schema = answer["content"].get("application/json", {}).get("schema")
    return [] if schema is None else _problems(schema, body)


def _error_problems(status: int, body: Any) -> list[str]:
    if status == 304:
        return ["status 304 carries a body"] if body not in (None, "", b"") else []
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return []
    return [f'$: an error {status} carries {{"message": …}}']


def _problems(schema: dict[str, Any], instance: Any, *, at: str = "$") -> list[str]:
    validator = Draft202012Validator(_converted(schema))
    return [_sentence(error, at) for error in validator.iter_errors(instance)]


def _converted(schema: dict[str, Any]) -> Any:
    """Converted once: the document, and so each schema in it, lives as long as the process."""
    if id(schema) not in _CONVERTED:
        _CONVERTED[id(schema)] = _convert(schema)
    return _CONVERTED[id(schema)]


_CONVERTED: dict[int, Any] = {}


def _sentence(error: ValidationError, at: str) -> str:
    deepest = best_match([error]) or error
    where = deepest.json_path.replace("$", at, 1)
    message = deepest.message if len(deepest.message) <= 240 else deepest.message[:120] + " … " + deepest.message[-110:]
    return f"{where}: {message}"


def _convert(schema: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema 2020-12."""
    if isinstance(schema, list):
        return [_convert(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        # In place: GitHub's document has no cycles, and a resolved reference costs more than the rest of a check.
        return _converted(_resolve(schema))
    if [part.get("title") for part in map(_resolve, schema.get("allOf", ()))] == ["Simple User", "Enterprise"]:
        # A slip in the document: nothing is both. The same account is an `anyOf` in its other places.
        schema = {**schema, "anyOf": schema["allOf"], "allOf": []}
    if set(schema.get("properties", ())) >= _END:
        # Another: the head of a pull request whose fork was deleted has no repository, as the event schemas say.
        properties = schema["properties"]
        schema = {**schema, "properties": {**properties, "repo": {**_resolve(properties["repo"]), "nullable": True}}}
    if set(schema.get("enum", ())) >= _EVENTS:
        # A third: an app may subscribe to workflow_job, which the list of an app's events lacks in some places.
        schema = {**schema, "enum": [*schema["enum"], "workflow_job"]}
    turned = {_RENAMED.get(key, key): _convert_value(key, value) for key, value in schema.items() if key in _KEPT}
    return {"anyOf": [{"type": "null"}, turned]} if schema.get("nullable") else turned


_KEPT = {
    "additionalProperties", "allOf", "anyOf", "enum", "items", "maxItems", "maxLength", "maximum", "minItems",
    "minLength", "minProperties", "minimum", "not", "oneOf", "pattern", "properties", "required", "type", "uniqueItems",
}  # fmt: skip
_END = {"label", "ref", "repo", "sha", "user"}
_EVENTS = {"check_run", "workflow_run", "workflow_dispatch"}
_RENAMED = {"oneOf": "anyOf"}


def _convert_value(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: _convert(item) for name, item in value.items()}
    return value if key in ("enum", "required", "type", "pattern") else _convert(value)


def _known_properties(schema: dict[str, Any]) -> set[str] | None:
    """Every field that some alternative of the schema names; None where any field is allowed."""
    known: set[str] = set()
    for part in _alternatives(schema):
        if part.get("additionalProperties"):
            return None
        known |= set(part.get("properties", ()))
    return known or None


def _alternatives(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    schema = _resolve(schema)
    yield schema
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, ()):
            yield from _alternatives(part)


def _resolve(item: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in item:
        return item
    found: Any = _document()
    for key in item["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return _resolve(found)


def _from_text(schema: dict[str, Any], value: str) -> Any:
    kind = _resolve(schema).get("type")
    if kind in ("integer", "number") and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "array":
        return value.split(",")
    return value


@functools.cache
def _document() -> dict[str, Any]:
    needs.require("node")
    document: dict[str, Any] = json.loads(Path(_DOCUMENT).read_bytes())
    return document
