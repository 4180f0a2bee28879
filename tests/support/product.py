"""The whole product beside a practice forge, as a test drives it: start, kill, restart, and look at what came of it."""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

from pydantic import SecretStr

from forgehand.adapters.analysers import Secrets
from forgehand.adapters.sandbox import ChildProcesses
from forgehand.adapters.sql import SqlStore
from forgehand.assembly.build import App as Built
from forgehand.assembly.build import Crew
from forgehand.assembly.settings import Settings
from forgehand.domain.jobs import Change
from forgehand.engine.schedule import Poll, tick
from forgehand.practice.forge import Forge
from forgehand.practice.records import App, Quirks
from forgehand.practice.server import ForgeServer
from support.forge import assert_understood

T = TypeVar("T")
REPO = "acme/shop"
EVENTS = (
    "pull_request",
    "pull_request_review",
    "push",
    "issue_comment",
    "check_run",
    "check_suite",
    "status",
)
PERMISSIONS = {"checks": "write", "contents": "read", "metadata": "read", "pull_requests": "write", "statuses": "read"}
MERGING = {**PERMISSIONS, "contents": "write", "administration": "read"}
"""What an App needs besides that may merge."""
DISPATCHING = {**PERMISSIONS, "actions": "write", "issues": "write"}
"""What an App needs besides that may start workflows."""
SECRET = f"practice webhook secret {token_hex(8)}"
"""Each test process has its own: a test that looks for it everywhere must not find that of another."""
CLEAN = {"shop/cart.py": '"""A cart."""\n\n\ndef total(prices: list[int]) -> int:\n    return sum(prices)\n'}
FLAWED = {
    "shop/cart.py": (
        '"""A cart."""\n\n\ndef total(prices: list[int]) -> int:\n    return sum(prices) - discout(prices)\n'
    )
}
"""Calls a function that is not there: what ruff calls F821."""
SOON = 10.0
"""Seconds: what is to be done sooner is not left out as something for later."""


def until(condition: Callable[[], Any], what: str, seconds: float = 120.0) -> Any:
    """The first true value of `condition`; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:g} s: {what}")


@dataclass
class Product:
    """`forgehand serve` in a process of its own. `more` overrides settings by field name."""

    forge: Forge
    app: App
    folder: Path
    more: dict[str, Any] = field(default_factory=dict)
    trap: str = ""
    process: subprocess.Popen[bytes] | None = None
    webhook_url: str = ""
    admin_url: str = ""
    sign_in_url: str = ""
    others: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        given: dict[str, Any] = {
            "github_app_id": str(self.app.id),
            "github_app_slug": self.app.slug,
            "github_app_private_key": SecretStr(self.app.private_key),
            "github_webhook_secret": SecretStr(SECRET),
            "github_api_url": self.forge.url,
            "port": 0,
            "admin_port": 0,
            "database_url": f"sqlite:///{self.folder}/forgehand.db",
            "data_dir": self.folder,
            "poll_seconds": 0.0,
            "sweep_seconds": 0.0,
            "settle_seconds": 1.5,
            "retry_seconds": 0.2,
            "lag_seconds": 0.6,
            "log_format": "json",
        }
        return Settings.model_construct(**{**Settings.model_construct().__dict__, **given, **self.more})

    def start(self) -> None:
        """Serve, and point the App's webhook at it."""
        self.process = self._spawn("serve")
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the product did not start:\n{self.log()}"
        self.webhook_url, self.admin_url, self.sign_in_url = json.loads(line)
        self.app.webhook_url = self.webhook_url

    def start_worker(self, trap: str = "") -> subprocess.Popen[bytes]:
        """Another `forgehand worker` on the same store; returns once its store is open."""
        working = self.folder / "working"
        working.unlink(missing_ok=True)
        self.others.append(self._spawn("worker", trap))
        until(working.exists, "the second worker did not start")
        return self.others[-1]

    def kill(self) -> None:
        """kill -9 of the server and, through its death, the end of its worker."""
        self._unreachable()
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.wait_dead()

    def wait_dead(self) -> None:
        self._unreachable()
        if self.process:
            self.process.wait(60)
            # A worker whose parent was killed goes by itself; tests go on only once it has.
            with self._group_gone():
                _close(self.process)

    def stop(self) -> None:
        self._unreachable()
        for process in (self.process, *self.others):
            if process and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in (self.process, *self.others):
            if process:
                try:
                    process.wait(40)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                _close(process)

    def _unreachable(self) -> None:
        """What is sent from now on must not reach whoever gets our port next: that may be another test's server."""
        self.app.webhook_url = "http://127.0.0.1:9/webhooks/github"

    def log(self) -> str:
        return (self.folder / "log").read_text() if (self.folder / "log").exists() else ""

    def children(self) -> list[int]:
        """Pids of the server's worker children."""
        assert self.process is not None
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def _spawn(self, role: str, trap: str | None = None) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "support.product_process", role, self.trap if trap is None else trap],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(Path(__file__).parent.parent),
                    "HOME": "/nonexistent",
                },
                start_new_session=True,
            )
        assert process.stdin is not None
        process.stdin.write(self.settings.to_json() + b"\n")
        process.stdin.flush()
        return process

    @contextmanager
    def _group_gone(self) -> Iterator[None]:
        assert self.process is not None
        pid = self.process.pid

        def gone() -> bool:
            try:
                os.killpg(pid, 0)
            except ProcessLookupError:
                return True
            return False

        until(gone, "the worker outlived its server")
        yield


@cache
def compiled_rules() -> Path:
    """The secret scanner's compiled rules, made once for this version of it: that takes seconds."""
    name = f"forgehand-tests-rules-{os.getuid()}-{version('kingfisher-bin')}"
    folder = Path(tempfile.gettempdir()) / name
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            # In a thread of its own: in that of an async test a loop is running already.
            with tempfile.TemporaryDirectory() as made, ThreadPoolExecutor(1) as beside:
                beside.submit(asyncio.run, Secrets(ChildProcesses(), Path(made)).analyse(Path(made), [])).result()
                shutil.copytree(made, f"{folder}.new", dirs_exist_ok=True)
            Path(f"{folder}.new").rename(folder)
    return folder


@contextmanager
def running_forge(
    folder: Path,
    quirks: Quirks | None = None,
    permissions: Mapping[str, str] = PERMISSIONS,
    events: tuple[str, ...] = EVENTS,
) -> Iterator[tuple[Forge, App]]:
    """A practice forge with an App installed on `acme/shop`, which has one clean commit on main. `dev` may write."""
    # A server that starved for ten seconds has lost no webhook here, where nothing else would wake it.
    forge = Forge(folder / "forge", replace(quirks or Quirks(), webhook_timeout=60.0))
    with ForgeServer(forge):
        forge.create_user("acme", type="Organization")
        app = forge.create_app("forgehand", permissions=permissions, events=events, webhook_secret=SECRET)
        forge.create_repository(REPO)
        forge.set_collaborator(REPO, "dev", "write")
        forge.commit(REPO, "main", {"README.md": "# Shop\n", **CLEAN}, "Open the shop")
        forge.install(app, "acme")
        yield forge, app
    assert_understood(forge)


def _close(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()


def stored(run: Product, question: Callable[[SqlStore], Awaitable[T]]) -> T:
    """What the product's store answers, asked beside it."""

    async def ask() -> T:
        store = SqlStore(run.settings.database_url)
        await store.open()
        try:
            return await question(store)
        finally:
            await store.close()

    return asyncio.run(ask())


@contextmanager
def product(
    folder: Path,
    *,
    quirks: Quirks | None = None,
    start: bool = True,
    permissions: Mapping[str, str] = PERMISSIONS,
    events: tuple[str, ...] = EVENTS,
    **more: Any,
) -> Iterator[Product]:
    """Forge and product; stopped at the end, whatever happened. The log is shown when the test fails."""
    (folder / "product").mkdir(parents=True)
    shutil.copytree(compiled_rules(), folder / "product" / "analysers")
    with running_forge(folder, quirks, permissions, events) as (forge, app):
        made = Product(forge, app, folder / "product", more)
        try:
            if start:
                made.start()
            yield made
        except BaseException:
            print(made.log(), file=sys.stderr)
            raise
        finally:
            made.stop()


def open_flawed_pull(forge: Forge, number: int = 1) -> Any:
    """A pull request with one bug on a changed line."""
    branch = f"feature-{number}"
    forge.commit(REPO, branch, FLAWED, "Give a discount")
    return forge.open_pull(REPO, branch, title="Give a discount")


def passed(forge: Forge, sha: str, name: str = "unit") -> None:
    """Somebody's tests pass on a commit."""
    forge.report_status(REPO, sha, name, "success")


def decisions(forge: Forge, sha: str) -> list[Any]:
    """Our check runs that say what is decided about a commit: there should be one."""
    return [run for run in forge.check_runs(REPO, sha) if run.name == "Forgehand review"]


def decided(forge: Forge, sha: str) -> Any:
    """That check run once it is concluded, None before."""
    return next((run for run in decisions(forge, sha) if run.status == "completed"), None)


def reviewed(forge: Forge, number: int, sha: str) -> bool:
    """Whether review, summary and check run of this head are all there."""
    said = [review for review in forge.reviews(REPO, number) if review.commit_id == sha]
    return bool(decided(forge, sha) and said and forge.comments(REPO, number))


def at_rest(run: Product) -> bool:
    """Whether all is done that the webhooks so far gave cause for: nothing more is said unless somebody acts."""
    run.forge.webhooks.settle()
    jobs = [job for job in stored(run, lambda store: store.jobs(500)) if job.delivery or job.repository_id]
    later = time.time() + SOON
    # What is only looked at again much later is as it was said; what is tried again later was not said yet.
    return bool(jobs) and all(job.state.ended or (job.run_at > later and not job.attempts) for job in jobs)


async def poll(app: Built, crew: Crew) -> None:
    """One poll in this process, and all that it finds to do, also what is tried again in a moment."""
    await app.store.commit(Change(enqueue=(tick(Poll("reconcile", 300), time.time()),)), time.time())
    while (due := await app.store.next_due()) is not None and due < time.time() + SOON:
        await asyncio.sleep(max(0.0, due - time.time()))
        await crew.runner.drain()


def assert_said_once(forge: Forge, number: int, sha: str) -> None:
    """Exactly one review, one summary and one check run, and the finding on its line."""
    assert len(forge.reviews(REPO, number)) == 1
    assert len(forge.comments(REPO, number)) == 1
    assert len(decisions(forge, sha)) == 1
    assert [(each.path, each.line) for each in forge.review_comments(REPO, number)] == [("shop/cart.py", 5)]
