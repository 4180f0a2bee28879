"""The door of GraphQL. https://docs.github.com/en/graphql/guides/forming-calls-with-graphql"""

from forgehand.practice.errors import Refusal
from forgehand.practice.router import Reply, Request, route


@route("POST", "/graphql")
def graphql(request: Request) -> Reply:
    if request.caller.kind == "anonymous":
        raise Refusal(401, "This endpoint requires you to be authenticated.")
    if request.caller.kind == "app":
        raise Refusal(401, "Bad credentials")
    if request.caller.signed_in:
        raise Refusal(501, "GraphQL for whoever signed in with an app is not modelled by the practice forge")
    # Most forges never see a GraphQL call, and its library takes a tenth of a second to import.
    from forgehand.practice.graphql import execute

    return execute(request)
