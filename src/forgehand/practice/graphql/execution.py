"""Runs a GraphQL document and answers as GitHub does: 200, with what failed in `errors`. Called by `routes.graphql`.

What GitHub has and this schema lacks answers 501, so that a test which needs it fails.
https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
"""

from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.validation import FieldsOnCorrectTypeRule, KnownArgumentNamesRule, KnownTypeNamesRule, specified_rules

from forgehand.practice.errors import Refusal
from forgehand.practice.graphql.nodes import Denied
from forgehand.practice.graphql.resolvers import Root
from forgehand.practice.router import Reply, Request

MODELLED = (FieldsOnCorrectTypeRule, KnownArgumentNamesRule, KnownTypeNamesRule)


def execute(request: Request) -> Reply:
    query = request.body.get("query")
    if not isinstance(query, str):
        return Reply({"errors": [{"message": "A query attribute must be specified and must be a string."}]})
    try:
        document = parse(query)
    except GraphQLError as error:
        return Reply({"errors": [_shown(error)]})
    lacking = validate(_schema(), document, MODELLED)
    if lacking:
        raise Refusal(501, f"not modelled by the practice forge: {lacking[0].message}")
    wrong = validate(_schema(), document, specified_rules)
    if wrong:
        return Reply({"errors": [_shown(error) for error in wrong]})
    result = execute_sync(
        _schema(),
        document,
        Root(request),
        variable_values=request.body.get("variables") or {},
        operation_name=request.body.get("operationName"),
    )
    return Reply(_answer(result))


@cache
def _schema() -> GraphQLSchema:
    return build_schema(files("forgehand.practice.graphql").joinpath("schema.graphql").read_text())


def _answer(result: ExecutionResult) -> dict[str, Any]:
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [_shown(error) for error in result.errors]
    return body


def _shown(error: GraphQLError) -> dict[str, Any]:
    """`type`, `path` and `locations` as GitHub gives them; a bug of the forge is raised, not shown."""
    cause = error.original_error
    if cause is not None and not isinstance(cause, (Denied, GraphQLError)):
        raise cause
    shown: dict[str, Any] = {"message": error.message}
    if isinstance(cause, Denied):
        shown = {"type": cause.kind} | shown
    if error.path:
        shown["path"] = list(error.path)
    if error.locations:
        shown["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return shown
