"""Everything a practice forge knows, behind one lock. `acts` change it, `render` and `routes` read it.

The git side is on disk below `root`; the rest is in memory and lives as long as the forge.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from forgehand.practice.actions.crew import Crew
from forgehand.practice.errors import not_found
from forgehand.practice.faults import Faults
from forgehand.practice.git import Bare
from forgehand.practice.later import Later
from forgehand.practice.ratelimit import Limits
from forgehand.practice.record import Journal
from forgehand.practice.records import (
    Account,
    App,
    CheckRun,
    CheckSuite,
    Comment,
    Grant,
    Installation,
    Issue,
    Label,
    Protection,
    Pull,
    Quirks,
    Reaction,
    Repository,
    Review,
    ReviewComment,
    Ruleset,
    Status,
    Token,
    Workflow,
    WorkflowJob,
    WorkflowRun,
)
from forgehand.practice.webhooks import Webhooks


@dataclass
class World:
    root: Path
    quirks: Quirks
    clock: Callable[[], float] = time.time
    base_url: str = "http://127.0.0.1"
    lock: threading.RLock = field(default_factory=threading.RLock)

    accounts: dict[str, Account] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    manifests: dict[str, App] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    """Codes of people who agreed to be signed in; see `oauth`."""
    repositories: dict[int, Repository] = field(default_factory=dict)
    deleted: dict[int, Repository] = field(default_factory=dict)
    """Repositories that are gone: a pull request from a deleted fork still names its owner."""
    collaborators: dict[tuple[int, str], str] = field(default_factory=dict)
    protections: dict[tuple[int, str], Protection] = field(default_factory=dict)
    """By repository and branch: classic branch protection."""
    rulesets: dict[int, Ruleset] = field(default_factory=dict)
    members: set[tuple[str, str]] = field(default_factory=set)
    """Organization and member, in lower case."""
    teams: set[tuple[str, str, str]] = field(default_factory=set)
    """Organization, slug of the team, and member."""
    labels: dict[int, Label] = field(default_factory=dict)
    threads: dict[tuple[int, int], Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    reviews: dict[int, Review] = field(default_factory=dict)
    review_comments: dict[int, ReviewComment] = field(default_factory=dict)
    resolved: dict[int, str] = field(default_factory=dict)
    """The first comment of each resolved review thread, and who resolved it."""
    reactions: dict[int, Reaction] = field(default_factory=dict)
    statuses: dict[int, Status] = field(default_factory=dict)
    suites: dict[int, CheckSuite] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    workflows: dict[int, Workflow] = field(default_factory=dict)
    runs: dict[int, WorkflowRun] = field(default_factory=dict)
    jobs: dict[int, WorkflowJob] = field(default_factory=dict)
    merge_asked: dict[tuple[int, str, str], float] = field(default_factory=dict)
    """When somebody first asked for the mergeability of a pull request, by its id, base sha and head sha."""
    failures: list[str] = field(default_factory=list)
    """Calls at which the forge itself failed, and how: its own bugs."""

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.faults = Faults()
        self.later = Later(self.lock)
        self.crew = Crew()
        self.limits = Limits()
        self.journal = Journal(self.clock)
        self.webhooks = Webhooks(self.clock, self.quirks)
        self._ids = itertools.count(1001)
        self._bares: dict[int, Bare] = {}

    def new_id(self) -> int:
        return next(self._ids)

    def now(self) -> float:
        return self.clock()

    def account(self, login: str) -> Account:
        """Logins are compared without case. Raises a 404."""
        found = self.accounts.get(login.lower())
        if found is None:
            raise not_found()
        return found

    def repository(self, full_name: str) -> Repository:
        """Raises a 404."""
        for repo in self.repositories.values():
            if repo.full_name.lower() == full_name.lower():
                return repo
        raise not_found()

    def git(self, repo: Repository) -> Bare:
        return self._bares.setdefault(repo.id, Bare(repo.path))

    def app_of(self, login: str) -> App | None:
        """The app whose bot has this login."""
        return next((app for app in self.apps.values() if app.bot == login), None)

    def issue(self, repo: Repository, number: int) -> Issue:
        """An issue or a pull request. Raises a 404."""
        found = self.threads.get((repo.id, number))
        if found is None:
            raise not_found()
        return found

    def pull(self, repo: Repository, number: int) -> Pull:
        found = self.issue(repo, number)
        if not isinstance(found, Pull):
            raise not_found()
        return found

    def pulls(self, repo: Repository) -> Iterator[Pull]:
        """The pull requests against a repository, oldest first."""
        return (t for t in list(self.threads.values()) if t.repo_id == repo.id and isinstance(t, Pull))

    def head_owner(self, pull: Pull) -> str:
        """Also of a fork that was deleted."""
        return (self.repositories.get(pull.head_repo_id) or self.deleted[pull.head_repo_id]).owner

    def put(self, thread: Issue) -> None:
        self.threads[thread.repo_id, thread.number] = thread

    def role(self, repo: Repository, login: str) -> str:
        """admin, maintain, write, triage, read or none.
        https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization"""
        if login.lower() == repo.owner.lower():
            return "admin"
        given = self.collaborators.get((repo.id, login.lower()))
        hidden = repo.private and (repo.owner.lower(), login.lower()) not in self.members
        return given or ("none" if hidden else "read")

    def permission(self, repo: Repository, login: str) -> str:
        """admin, write, read or none: "the maintain role is mapped to write and the triage role … to read".
        https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user"""
        role = self.role(repo, login)
        return {"maintain": "write", "triage": "read"}.get(role, role)

    def writes(self, repo: Repository, login: str) -> bool:
        """Whether a person, or the app behind a bot, may write to the code."""
        app = self.app_of(login)
        if app is None:
            return self.permission(repo, login) in ("write", "admin")
        return any(
            value.app_id == app.id
            and value.account.lower() == repo.owner.lower()
            and (value.repository_ids is None or repo.id in value.repository_ids)
            and value.permissions.get("contents") == "write"
            for value in self.installations.values()
        )
