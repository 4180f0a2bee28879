"""The practice forge for tests: served on a free port, with an app installed on a small sample repository.

with forge_server(tmp_path) as server: ...          an empty forge
with sample_forge(tmp_path) as sample: ...          app, installation, octo/sample with one open pull request
with Receiver() as receiver: ...                    a webhook endpoint that keeps what it gets
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    "actions": "write",
}
EVENTS = (
    "push",
    "create",
    "delete",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "issue_comment",
    "issues",
    "check_run",
    "check_suite",
    "status",
    "workflow_dispatch",
    "workflow_job",
    "workflow_run",
)
REPOSITORY = "octo/sample"
FLOW_QUIRKS = Quirks(stale_lists_seconds=0.3, late_seconds=0.3)
"""What a flow test lives with by default: null mergeability, unordered webhooks, lists that lag, and late effects."""

BASE_FILES = {"README.md": "# Sample\n", "app.py": "def add(a, b):\n    return a + b\n"}
HEAD_FILES = {"app.py": "import os\n\n\ndef add(a, b):\n    return a + b\n", "notes.txt": "one\ntwo\nthree\n"}


@contextmanager
def forge_server(root: Path, quirks: Quirks | None = None) -> Iterator[ForgeServer]:
    """An empty forge below `root`, served until the block ends. `server.forge` is its door."""
    with ForgeServer(Forge(root / "forge", quirks or Quirks())) as server:
        yield server
    assert_understood(server.forge)


def assert_understood(forge: Forge) -> None:
    """The forge knew every call and failed at none: a client that asks again, as ours does, would hide either."""
    assert forge.failures == ()
    assert [f"{call.method} {call.path}" for call in forge.unmodelled()] == []


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
    # No connection is kept, so that a client that a test drops leaves no open socket; and nothing here
    # speaks TLS, whose certificates take longer to read than the rest of a test.
    limits = httpx2.Limits(max_keepalive_connections=0)
    return httpx2.Client(base_url=url, headers=headers, timeout=15, limits=limits, verify=False)


def app_jwt(app: App, issued: float | None = None, lasts: float = 540, **claims: Any) -> str:
    """A JWT as GitHub asks for it; `lasts` counts seconds from now."""
    now = time.time()
    body = {"iat": int(now - 60 if issued is None else issued), "exp": int(now + lasts), "iss": app.client_id}
    return jwt.encode(body | claims, app.private_key, algorithm="RS256")


@dataclass(frozen=True)
class Received:
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes


class Receiver:
    """A webhook endpoint that keeps what it gets and answers `status` (None: never, until it is closed)."""

    def __init__(self, status: int | None = 202) -> None:
        self.status = status
        self.received: list[Received] = []
        self._closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Received({k.lower(): v for k, v in self.headers.items()}, body))
                if receiver.status is None:
                    receiver._closing.wait(timeout=30)
                    return
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Tests print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/webhook"

    def events(self) -> list[str]:
        return [one.headers["x-github-event"] for one in self.received]

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
