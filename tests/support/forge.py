"""The practice forge for tests: served on a free port, with an app installed on a small sample repository.

    with forge_server(tmp_path) as server: ...          an empty forge
    with sample_forge(tmp_path) as sample: ...          app, installation, octo/sample with one open pull request
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import jwt

from forgehand.practice.forge import Forge
from forgehand.practice.records import App, Installation, Pull, Quirks, Repository
from forgehand.practice.server import ForgeServer

PERMISSIONS = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "checks": "write",
    "statuses": "write",
}
EVENTS = (
    "push",
    "create",
    "delete",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "issue_comment",
    "issues",
    "check_run",
    "check_suite",
    "status",
)
REPOSITORY = "octo/sample"
FLOW_QUIRKS = Quirks(stale_lists_seconds=0.3)
"""What a flow test lives with by default: null mergeability, unordered webhooks, and lists that lag."""

BASE_FILES = {"README.md": "# Sample\n", "app.py": "def add(a, b):\n    return a + b\n"}
HEAD_FILES = {"app.py": "import os\n\n\ndef add(a, b):\n    return a + b\n", "notes.txt": "one\ntwo\nthree\n"}


@contextmanager
def forge_server(root: Path, quirks: Quirks | None = None) -> Iterator[ForgeServer]:
    """An empty forge below `root`, served until the block ends. `server.forge` is its door."""
    with ForgeServer(Forge(root / "forge", quirks or Quirks())) as server:
        yield server


@dataclass
class Sample:
    server: ForgeServer
    app: App
    installation: Installation
    repository: Repository
    pull: Pull

    @property
    def forge(self) -> Forge:
        return self.server.forge

    @property
    def url(self) -> str:
        return self.server.url

    def token(self, permissions: Mapping[str, str] | None = None, **body: Any) -> str:
        """An installation token, down-scoped to `permissions`."""
        given = dict(body) | ({"permissions": dict(permissions)} if permissions is not None else {})
        path = f"/app/installations/{self.installation.id}/access_tokens"
        reply = client(self.url, app_jwt(self.app)).post(path, json=given)
        assert reply.status_code == 201, reply.text
        return str(reply.json()["token"])

    def client(self, permissions: Mapping[str, str] | None = None) -> httpx2.Client:
        """A client with a fresh installation token."""
        return client(self.url, self.token(permissions))


@contextmanager
def sample_forge(
    root: Path, quirks: Quirks | None = None, webhook_url: str | None = None, webhook_secret: str = "practice"
) -> Iterator[Sample]:
    """An app `forgehand` installed on `octo`, with `octo/sample` and its pull request #1 from `feature`."""
    with forge_server(root, quirks) as server:
        forge = server.forge
        app = forge.create_app("forgehand", PERMISSIONS, EVENTS, webhook_url, webhook_secret)
        repository = forge.create_repository(REPOSITORY)
        forge.set_collaborator(REPOSITORY, "dev", "write")
        forge.commit(REPOSITORY, "main", BASE_FILES, "First files")
        installation = forge.install(app, "octo")
        forge.commit(REPOSITORY, "feature", HEAD_FILES, "Change the app")
        pull = forge.open_pull(REPOSITORY, head="feature", base="main", title="A feature", body="What it does")
        yield Sample(server, app, installation, repository, pull)


def client(url: str, secret: str | None = None) -> httpx2.Client:
    """An HTTP client of the forge's REST API, with a JWT, an installation token or a person's token."""
    headers = {"Accept": "application/vnd.github+json", "User-Agent": "tests"}
    if secret is not None:
        headers["Authorization"] = f"Bearer {secret}"
    return httpx2.Client(base_url=url, headers=headers, timeout=15)


def app_jwt(app: App, issued: float | None = None, lasts: float = 540, **claims: Any) -> str:
    """A JWT as GitHub asks for it; `lasts` counts seconds from now."""
    now = time.time()
    body = {"iat": int(now - 60 if issued is None else issued), "exp": int(now + lasts), "iss": app.client_id}
    return jwt.encode(body | claims, app.private_key, algorithm="RS256")
