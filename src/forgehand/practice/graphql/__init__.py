"""The small part of GitHub's GraphQL API that REST has no word for: review threads, and resolving them."""

from forgehand.practice.graphql.execution import execute

__all__ = ["execute"]
