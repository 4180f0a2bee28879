"""`forgehand demo`: a practice GitHub, the server, and two pull requests reviewed, on this machine alone.

The server is a process of its own and is reached as in production: by a signed webhook, and through GitHub's REST API.
"""

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.errors import Stop
from forgehand.cli.practice import Planted, clone_command, ending_with_signals, folder, open_pulls, plant
from forgehand.cli.printing import console
from forgehand.cli.sample import REPOSITORY
from forgehand.cli.tables import Column, Room, table

if TYPE_CHECKING:
    from forgehand.practice import Forge
    from forgehand.practice.records import CheckRun, Pull

START_SECONDS = 60.0
DECISION = "Forgehand review"
"""The check run that says what is decided about a commit."""
REVIEW_SECONDS = 180.0
"""A small machine compiles the secret scanner's rules first. Whoever cannot wait presses Ctrl-C."""
STOP_SECONDS = 60.0
"""More than the server may take: one that is killed leaves its worker behind, which goes on writing in the folder."""
LAST_LINES = 30


def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit when both pull requests are reviewed.")] = False,
    keep: Annotated[
        Path | None, typer.Option(help="An empty folder that keeps everything: repositories, database, log.")
    ] = None,
) -> None:
    """See it work: two pull requests on a practice GitHub, reviewed. No account, no key, nothing leaves the machine.

    Without --once it stays up, so that you can look around, push and replay."""
    from forgehand.practice import Forge, ForgeServer

    with ending_with_signals(), folder(keep, "forgehand-demo-") as where:
        forge = Forge(where / "github")
        with ForgeServer(forge):
            typer.echo(f"A practice GitHub listens at {forge.url}")
            planted = plant(forge, None, where)
            with Product(where, planted) as product:
                typer.echo(f"Forgehand takes webhooks at {product.addresses['webhook_url']}")
                planted.app.webhook_url = product.addresses["webhook_url"]
                reviewed = _watch(forge, product)
                _print_reviews(forge, reviewed)
                _print_links(forge, reviewed, product, once)
                if not once:
                    _print_ideas(forge, planted, where)
                    product.wait()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A pull request, the check run on its head, and the seconds from opening it to that."""

    pull: "Pull"
    check: "CheckRun"
    seconds: float


class Product:
    """`forgehand serve` as a child: `addresses` are what it printed once it listened. Raises Stop, with its last log
    lines, when it does not come up or ends by itself."""

    def __init__(self, where: Path, planted: Planted) -> None:
        from forgehand.assembly.credentials import with_variables, write_private

        self._log = where / "forgehand.log"
        settings = {
            **planted.settings,
            "PORT": "0",
            "FORGEHAND_ADMIN_PORT": "0",
            "FORGEHAND_LOG_FORMAT": "text",
        }
        # In a file, so that every other command of ours, given in that folder, works on the same store.
        write_private(where / ".env", with_variables("", settings))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "forgehand", "serve", "--json"],
                cwd=where,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.addresses: dict[str, str] = {}

    def __enter__(self) -> "Product":
        lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_read_lines, args=(self._process, lines), daemon=True).start()
        try:
            self.addresses = json.loads(lines.get(timeout=START_SECONDS))
        except (queue.Empty, ValueError):
            self.stop()
            raise self._failed("Forgehand did not start") from None
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def check(self) -> None:
        """Raise Stop if it has ended."""
        if self._process.poll() is not None:
            raise self._failed(f"the server stopped (exit code {self._process.returncode})")

    def wait(self) -> None:
        """Until it ends, or Ctrl-C."""
        self._process.wait()
        self.check()

    def failed_review(self, missing: str) -> Stop:
        return self._failed(f"not reviewed within {REVIEW_SECONDS:g} s: {missing}")

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def _failed(self, why: str) -> Stop:
        with suppress(OSError):
            lines = self._log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:]
            why = "\n".join([f"{why}; its last log lines:", *lines])
        return Stop(why)


def _read_lines(process: "subprocess.Popen[bytes]", lines: "queue.Queue[bytes]") -> None:
    assert process.stdout
    # An empty line, which is not JSON, says that it ended.
    with suppress(ValueError):
        for line in process.stdout:
            lines.put(line)
    lines.put(b"")


def _environment() -> dict[str, str]:
    """Ours without any setting of the product: the demo must not reach a real App."""
    from forgehand.assembly.settings import Settings

    ours = {str(field.alias or name).upper() for name, field in Settings.model_fields.items()}
    foreign = ("GITHUB_", "FORGEHAND_")
    return {name: value for name, value in os.environ.items() if name not in ours and not name.startswith(foreign)}


def _watch(forge: "Forge", product: Product) -> list[Reviewed]:
    """Open the pull requests and wait until each has its check run."""
    pulls = open_pulls(forge)
    opened = time.monotonic()
    typer.echo(f"Opened {len(pulls)} pull requests on {REPOSITORY}; waiting for their reviews ...")
    reviewed: dict[int, Reviewed] = {}
    with _spinner():
        while len(reviewed) < len(pulls):
            for pull in pulls:
                check = _completed_check(forge, pull)
                if check and pull.number not in reviewed:
                    reviewed[pull.number] = Reviewed(pull, check, time.monotonic() - opened)
            product.check()
            if time.monotonic() - opened > REVIEW_SECONDS:
                missing = ", ".join(pull.title for pull in pulls if pull.number not in reviewed)
                raise product.failed_review(missing)
            time.sleep(0.02)
    return [reviewed[pull.number] for pull in pulls]


def _completed_check(forge: "Forge", pull: "Pull") -> "CheckRun | None":
    runs = [run for run in forge.check_runs(REPOSITORY, pull.head_sha) if run.name == DECISION]
    return next((run for run in runs if run.status == "completed"), None)


@contextmanager
def _spinner() -> Iterator[None]:
    if not sys.stdout.isatty():
        yield
        return
    with console().status("Reviewing"):
        yield


def _print_reviews(forge: "Forge", reviewed: list[Reviewed]) -> None:
    rows = []
    for each in reviewed:
        title, verdict = f"#{each.pull.number} {each.pull.title}", each.check.conclusion or ""
        rows.append((title, verdict, each.check.title or "", f"{each.seconds:.1f} s"))
        rows.extend(("", "", finding, "") for finding in _findings(forge, each.pull))
    typer.echo("")
    columns = [Column("pull request"), Column("verdict", Room.WHOLE), Column("findings"), Column("after", Room.WHOLE)]
    table(columns, rows, "")
    typer.echo("")


def _findings(forge: "Forge", pull: "Pull") -> list[str]:
    comments = sorted(forge.review_comments(REPOSITORY, pull.number), key=lambda each: (each.path, each.line or 0))
    return [f"{each.path}:{each.line}  {line}" for each in comments for line in _first_lines(each.body)]


def _first_lines(body: str) -> Iterator[str]:
    """What a comment says, without Markdown and signs: the first line of each finding in it."""
    for part in re.split(r"<!--.*?-->", body, flags=re.DOTALL):
        line = part.strip().partition("\n")[0]
        if line:
            unlinked = re.sub(r"(?<!\\)\[([^\]]*)\]\(https?://[^)\s]*\)", r"\1", line)
            # Terminals do not agree how wide an emoji is.
            plain = re.sub("[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f] ?", "", unlinked)
            yield re.sub(r"[*`]|\\(?=[\W_])", "", plain)


def _print_links(forge: "Forge", reviewed: list[Reviewed], product: Product, once: bool) -> None:
    typer.echo("Links, gone when this ends (without --once you can look around):" if once else "Look at them:")
    for each in reviewed:
        typer.echo(f"  #{each.pull.number}        {forge.url}/{REPOSITORY}/pull/{each.pull.number}")
        typer.echo(f"    check   {forge.url}/{REPOSITORY}/runs/{each.check.id}")
    typer.echo(f"  admin     {product.addresses['admin_url']}")
    typer.echo(f"  sign in   {product.addresses['sign_in_url']}  (works once, within 15 minutes)")


def _print_ideas(forge: "Forge", planted: Planted, where: Path) -> None:
    typer.echo("\nTry, in another terminal:")
    typer.echo(f"  cd {where}")
    typer.echo(f"  {clone_command(forge, planted.token)}")
    typer.echo("     ... push to the branch card-payments, and see the review follow")
    command = f"{sys.executable} -m forgehand"
    typer.echo(f"  {command} deliveries list")
    typer.echo(f"  {command} replay GUID --dry-run")
    typer.echo("\nCtrl-C ends it, and removes everything." if "forgehand-demo-" in where.name else "\nCtrl-C ends it.")
