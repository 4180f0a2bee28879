"""The values that the practice forge keeps: accounts, apps, repositories, threads, checks, deliveries.

Written by `acts`, read by `render`, `routes`, `pages` and by tests through `Forge`. All but `App` are
frozen: a change stores a new value, so that a value a test holds never moves under it. Times are seconds
since the epoch, as the forge's clock gave them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Permissions = Mapping[str, str]


@dataclass(frozen=True)
class Quirks:
    """GitHub's habits that a client must live with; each can be switched off."""

    mergeable_null_first: bool = True
    """The first read of a pull request answers `mergeable: null` and starts the computation.
    https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request"""

    mergeable_seconds: float = 0.0
    """How long that computation takes: whoever reads meanwhile, however often, is answered null too."""

    stale_lists_seconds: float = 0.0
    """Lists leave out what was created less than this long ago, as GitHub's read replicas may."""

    late_seconds: float = 0.0
    """What GitHub does after its answer, such as updating a pull request's branch, comes this much later;
    with 0 it has happened once the answer is there."""

    run_details: bool = True
    """Whether a dispatch answers with its run where that is asked for. An Enterprise Server before 3.21 refuses the
    question, and answers 204 without it.
    https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event"""

    webhooks_in_order: bool = False
    """Deliver one after the other. GitHub promises no order.
    https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks"""

    strict_reads: bool = True
    """Ask for permissions and access on public repositories as on private ones, so that a missing
    permission shows on any sample. GitHub itself lets everybody read a public repository."""

    token_length: int = 40
    """Characters of a new installation token. GitHub's are 40 today; the stateless form is about 520."""

    webhook_timeout: float = 10.0
    """Seconds a receiver has. https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks"""


@dataclass(frozen=True, kw_only=True)
class Account:
    id: int
    login: str
    type: str
    created: float


@dataclass(kw_only=True)
class App:
    """A registered GitHub App. Mutable, for a test sets `webhook_url` once its receiver listens."""

    id: int
    slug: str
    name: str
    owner: str
    client_id: str
    client_secret: str
    private_key: str = field(repr=False)
    permissions: dict[str, str]
    events: tuple[str, ...]
    webhook_url: str | None
    webhook_secret: str = field(repr=False)
    external_url: str
    description: str | None
    created: float
    hook_id: int
    callback_urls: tuple[str, ...] = ()
    """Where browsers may be sent back to from signing in."""

    @property
    def bot(self) -> str:
        return f"{self.slug}[bot]"


@dataclass(frozen=True, kw_only=True)
class Installation:
    id: int
    app_id: int
    account: str
    repository_ids: tuple[int, ...] | None
    """None: all repositories of the account."""
    permissions: Permissions
    events: tuple[str, ...]
    created: float
    suspended_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Token:
    value: str = field(repr=False)
    user: str
    app_id: int | None = None
    installation_id: int | None = None
    permissions: Permissions = field(default_factory=dict)
    repository_ids: tuple[int, ...] | None = None
    expires: float | None = None
    revoked: bool = False


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a code stands for: a person agreed to be signed in with an app. `challenge` is PKCE's."""

    app_id: int
    login: str
    redirect_uri: str
    challenge: str
    made: float


@dataclass(frozen=True, kw_only=True)
class Repository:
    id: int
    owner: str
    name: str
    path: Path
    private: bool
    default_branch: str
    description: str | None
    created: float
    pushed: float
    fork_of: int | None = None
    merge_methods: tuple[str, ...] = ("merge", "squash", "rebase")
    actions: bool = False
    """Whether its workflows run. Their steps execute on this machine."""

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class RequiredCheck:
    """A check run or status that must succeed; `app_id` None takes it from anybody."""

    context: str
    app_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What a branch demands. `checks` and `approvals` are None where nothing of the kind is required."""

    checks: tuple[RequiredCheck, ...] | None = None
    strict: bool = False
    """The head must hold the base's tip."""
    approvals: int | None = None
    """0 asks for a pull request without an approval."""
    dismiss_stale: bool = False
    conversations: bool = False
    linear: bool = False
    enforce_admins: bool = False
    force_pushes: bool = False
    deletions: bool = False
    locked: bool = False
    bypass: tuple[str, ...] = ()
    """Logins of people and of apps' bots who need no pull request; of a ruleset: whom it does not bind."""


@dataclass(frozen=True, kw_only=True)
class Ruleset:
    """An active ruleset of a repository for one branch."""

    id: int
    repo_id: int
    name: str
    branch: str
    demands: Protection


@dataclass(frozen=True, kw_only=True)
class Label:
    id: int
    repo_id: int
    name: str
    color: str
    description: str | None


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue, and the part of a pull request that GitHub treats as one."""

    id: int
    repo_id: int
    number: int
    title: str
    body: str | None
    user: str
    created: float
    updated: float
    state: str = "open"
    state_reason: str | None = None
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    closed: float | None = None
    closed_by: str | None = None
    app_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Pull(Issue):
    pull_id: int
    head_ref: str
    head_repo_id: int
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged: float | None = None
    merged_by: str | None = None
    merge_commit_sha: str | None = None
    maintainer_can_modify: bool = False
    reviewers: tuple[str, ...] = ()
    """Whose review is asked for and not yet given."""

    @property
    def merge_ref(self) -> str:
        """Where its last test merge is kept."""
        return f"refs/pull/{self.number}/merge"


@dataclass(frozen=True, kw_only=True)
class Comment:
    id: int
    repo_id: int
    number: int
    user: str
    body: str
    created: float
    updated: float
    app_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Review:
    """`state` is PENDING, COMMENTED, APPROVED, CHANGES_REQUESTED or DISMISSED."""

    id: int
    repo_id: int
    number: int
    user: str
    body: str
    state: str
    commit_id: str
    created: float
    submitted: float | None


@dataclass(frozen=True, kw_only=True)
class ReviewComment:
    """`line` and friends are as written; `render.reviews` follows them to the current head."""

    id: int
    repo_id: int
    number: int
    review_id: int
    user: str
    body: str
    path: str
    commit_id: str
    line: int | None
    side: str
    start_line: int | None
    start_side: str | None
    subject_type: str
    diff_hunk: str
    position: int | None
    created: float
    updated: float
    in_reply_to_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reaction:
    id: int
    comment_id: int
    user: str
    content: str
    created: float


@dataclass(frozen=True, kw_only=True)
class Status:
    id: int
    repo_id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: str
    created: float


@dataclass(frozen=True, kw_only=True)
class CheckSuite:
    id: int
    repo_id: int
    app_id: int
    head_sha: str
    head_branch: str | None
    before: str | None
    created: float
    updated: float


@dataclass(frozen=True, kw_only=True)
class Annotation:
    path: str
    start_line: int
    end_line: int
    annotation_level: str
    message: str
    title: str | None = None
    raw_details: str | None = None
    start_column: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, kw_only=True)
class CheckRun:
    id: int
    repo_id: int
    suite_id: int
    app_id: int
    name: str
    head_sha: str
    external_id: str
    details_url: str | None
    status: str
    conclusion: str | None
    started: float | None
    completed: float | None
    title: str | None
    summary: str | None
    text: str | None
    annotations: tuple[Annotation, ...]
    actions: tuple[Mapping[str, str], ...]
    created: float


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A workflow file that the repository has, or once had. `state` is active or disabled_manually."""

    id: int
    repo_id: int
    path: str
    state: str
    created: float

    @property
    def file_name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class WorkflowRun:
    """`problem` says what the practice forge could not do with the file; GitHub has no such field."""

    id: int
    repo_id: int
    workflow_id: int
    number: int
    name: str
    title: str
    event: str
    head_branch: str | None
    head_sha: str
    head_repo_id: int
    actor: str
    suite_id: int
    status: str
    conclusion: str | None
    created: float
    updated: float
    inputs: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class StepResult:
    name: str
    number: int
    conclusion: str
    output: str


@dataclass(frozen=True, kw_only=True)
class WorkflowJob:
    id: int
    run_id: int
    name: str
    labels: tuple[str, ...]
    check_run_id: int
    status: str
    conclusion: str | None
    created: float
    started: float
    completed: float | None
    steps: tuple[StepResult, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One attempt to deliver an event; a redelivery is another one with the same `guid`."""

    id: int
    guid: str
    app_id: int
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    redelivery: bool
    url: str
    delivered_at: float
    duration: float
    status: str
    status_code: int
    request_headers: Mapping[str, str]
    request_body: bytes
    response_headers: Mapping[str, str]
    response_body: str

    @property
    def payload(self) -> dict[str, Any]:
        import json

        value: dict[str, Any] = json.loads(self.request_body)
        return value
