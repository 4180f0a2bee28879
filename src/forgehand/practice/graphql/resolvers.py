"""Queries and mutations: who may ask what. Methods carry the field names of the schema; `nodes` fills the types."""

from dataclasses import dataclass
from typing import Any

from forgehand.practice import render
from forgehand.practice.acts import conversations
from forgehand.practice.acts.conversations import Thread
from forgehand.practice.auth import permitted, reaches
from forgehand.practice.errors import Refusal
from forgehand.practice.graphql import nodes
from forgehand.practice.graphql.nodes import Denied
from forgehand.practice.records import Pull, Repository
from forgehand.practice.router import Request

NO_ACCESS = "Resource not accessible by integration"


@dataclass(frozen=True)
class Root:
    """Queries and mutations. The call may do what the same token may do through REST."""

    request: Request

    @property
    def viewer(self) -> dict[str, Any]:
        """Of an app it is the bot, here with its brackets."""
        login = self.request.caller.login
        return nodes.actor(self.request.world, login) | {"login": login}

    def repository(self, info: object, owner: str, name: str, followRenames: bool = True) -> dict[str, Any]:
        world, full_name = self.request.world, f"{owner}/{name}"
        try:
            repo = world.repository(full_name)
        except Refusal:
            repo = None
        if repo is None or not self.reads(repo):
            raise Denied("NOT_FOUND", f"Could not resolve to a Repository with the name '{full_name}'.")
        return {
            "id": render.node("R_kgDO", repo.id),
            "databaseId": repo.id,
            "name": repo.name,
            "nameWithOwner": repo.full_name,
            "owner": nodes.actor(world, repo.owner),
            "pullRequest": lambda info, number: self._pull(repo, number),
        }

    def node(self, info: object, id: str) -> dict[str, Any]:
        """Of review threads only."""
        return nodes.thread(self, self._thread(id))

    def resolveReviewThread(self, info: object, input: dict[str, Any]) -> dict[str, Any]:
        return self._resolve(input, True)

    def unresolveReviewThread(self, info: object, input: dict[str, Any]) -> dict[str, Any]:
        return self._resolve(input, False)

    def reads(self, repo: Repository) -> bool:
        caller, world = self.request.caller, self.request.world
        if caller.kind == "user":
            return world.permission(repo, caller.login) != "none"
        return reaches(world, caller, repo) or not (repo.private or world.quirks.strict_reads)

    def resolves(self, thread: Thread) -> bool:
        """An app needs `contents: write` beside `pull_requests: write`, a person push access, unless it is his own
        pull request. GitHub's pages do not say so; its answers do."""
        caller, world = self.request.caller, self.request.world
        if caller.kind == "user":
            repo = world.repositories[thread.pull.repo_id]
            return caller.login == thread.pull.user or world.permission(repo, caller.login) in ("write", "admin")
        return permitted(caller, ["pull_requests:write"]) and permitted(caller, ["contents:write"])

    def _pull(self, repo: Repository, number: int) -> dict[str, Any]:
        self._check_reads_pulls(repo)
        pull = self.request.world.threads.get((repo.id, number))
        if not isinstance(pull, Pull):
            raise Denied("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        return nodes.pull(self, pull)

    def _thread(self, node_id: str) -> Thread:
        world = self.request.world
        found = conversations.find(world, node_id)
        if found is None or not self.reads(world.repositories[found.pull.repo_id]):
            raise Denied("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'")
        self._check_reads_pulls(world.repositories[found.pull.repo_id])
        return found

    def _check_reads_pulls(self, repo: Repository) -> None:
        caller, strict = self.request.caller, repo.private or self.request.world.quirks.strict_reads
        if strict and caller.kind == "installation" and not permitted(caller, ["pull_requests:read"]):
            raise Denied("FORBIDDEN", NO_ACCESS)

    def _resolve(self, given: dict[str, Any], resolved: bool) -> dict[str, Any]:
        thread = self._thread(given["threadId"])
        caller = self.request.caller
        if not self.resolves(thread):
            verb = "ResolveReviewThread" if resolved else "UnresolveReviewThread"
            words = f"{caller.login} does not have the correct permissions to execute `{verb}`"
            raise Denied("FORBIDDEN", NO_ACCESS if caller.kind == "installation" else words)
        changed = conversations.resolve(self.request.world, thread, caller.login, resolved)
        return {"thread": nodes.thread(self, changed), "clientMutationId": given.get("clientMutationId")}
