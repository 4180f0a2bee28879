"""`forgehand practice`: a GitHub on this machine, to try things on. `cli.demo` plants the same sample."""

import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.errors import USAGE, Stop
from forgehand.cli.sample import AUTHOR, REPOSITORY, changes, shop

if TYPE_CHECKING:
    from forgehand.practice import Forge
    from forgehand.practice.records import App, Pull

WEBHOOK_URL = "http://127.0.0.1:8080/webhooks/github"
"""Where `forgehand serve` listens by default."""


def practice(
    root: Annotated[
        Path | None, typer.Option(help="An empty folder for its repositories. Default: a temporary one, removed.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 lets the system pick.")] = 0,
    webhook_url: Annotated[str, typer.Option(help="Where the sample App's events go.")] = WEBHOOK_URL,
    empty: Annotated[
        bool,
        typer.Option(
            "--empty",
            help="No sample App and repository: its front page makes a repository and a token, `init` an App.",
        ),
    ] = False,
) -> None:
    """A GitHub on this machine: REST API, git, pages, signed webhooks. Nothing leaves the machine; Ctrl-C ends it.

    Prints the settings with which `forgehand serve`, in another terminal, works on it."""
    from forgehand.practice import Forge, ForgeServer

    with ending_with_signals(), folder(root, "forgehand-practice-") as where:
        forge = Forge(where / "forge")
        with _serving(ForgeServer, forge, port):
            typer.echo(f"A practice GitHub listens at {forge.url}")
            if empty:
                typer.echo(f"\nMake the first repository and token on its front page: {forge.url}")
                typer.echo(f"Then create an App on it:  GITHUB_API_URL={forge.url} forgehand init")
            else:
                _print_sample(forge, plant(forge, webhook_url, where))
            typer.echo("\nCtrl-C ends it.")
            threading.Event().wait()


@dataclass(frozen=True, slots=True)
class Planted:
    """The sample on a forge: its App, the settings that connect a server to it, a token of its author."""

    app: "App"
    settings: Mapping[str, str]
    token: str


def plant(forge: "Forge", webhook_url: str | None, where: Path) -> Planted:
    """Make the sample's App, organization and repository. Its private key is written to `where`, 0600."""
    import secrets

    from forgehand.assembly.credentials import manifest, write_private

    asked = manifest("forgehand", "http://127.0.0.1", "http://127.0.0.1", None)
    secret = secrets.token_hex(20)
    app = forge.create_app("forgehand", asked["default_permissions"], asked["default_events"], webhook_url, secret)
    key = where / "forgehand.private-key.pem"
    write_private(key, app.private_key)
    forge.create_user(REPOSITORY.partition("/")[0], "Organization")
    forge.create_repository(REPOSITORY, description="A cart that adds up")
    forge.set_collaborator(REPOSITORY, AUTHOR, "write")
    forge.commit(REPOSITORY, "main", shop(), "A cart that adds up", author=AUTHOR)
    forge.install(app, REPOSITORY.partition("/")[0])
    settings = {
        "GITHUB_API_URL": forge.url,
        "GITHUB_APP_ID": str(app.id),
        "GITHUB_APP_PRIVATE_KEY_FILE": str(key),
        "GITHUB_WEBHOOK_SECRET": secret,
    }
    return Planted(app, settings, forge.create_token(AUTHOR))


def open_pulls(forge: "Forge") -> "tuple[Pull, ...]":
    """Open the sample's pull requests; its continuous integration is content with both."""
    opened = []
    for change in changes():
        forge.commit(REPOSITORY, change.branch, change.files, change.title, author=AUTHOR)
        pull = forge.open_pull(REPOSITORY, change.branch, "main", change.title, change.body, AUTHOR)
        forge.report_status(REPOSITORY, pull.head_sha, "ci/unit", "success")
        opened.append(pull)
    return tuple(opened)


def clone_command(forge: "Forge", token: str) -> str:
    """How to clone the sample so that a push works; the token is good on this practice forge only."""
    scheme, _, host = forge.url.partition("://")
    return f"git clone {scheme}://{AUTHOR}:{token}@{host}/{REPOSITORY}.git"


@contextmanager
def folder(given: Path | None, prefix: str) -> Iterator[Path]:
    """The given folder, which must be empty, or a temporary one that is removed, unless something went wrong that can
    be read there. Raises Stop."""
    if given is None:
        made = Path(tempfile.mkdtemp(prefix=prefix))
        try:
            yield made
        except Stop as stop:
            raise Stop(f"{stop}\nEverything is kept in {made}", stop.code) from None
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        shutil.rmtree(made, ignore_errors=True)
        return
    try:
        given.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(given.iterdir()):
            raise Stop(f"{given} is not empty: give an empty or a new folder", USAGE)
    except OSError as error:
        raise Stop(f"cannot use {given}: {error.strerror}", USAGE) from None
    yield given.resolve()


@contextmanager
def ending_with_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the block as Ctrl-C does, and all of them quietly."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _serving(server: type, forge: "Forge", port: int) -> Iterator[None]:
    try:
        made = server(forge, "127.0.0.1", port)
    except OSError as error:
        raise Stop(f"cannot listen on 127.0.0.1:{port}: {error.strerror}; choose another --port") from None
    with made:
        yield


def _print_sample(forge: "Forge", planted: Planted) -> None:
    opened = open_pulls(forge)
    typer.echo(f"{forge.url}/{REPOSITORY} has {len(opened)} open pull requests; the App forgehand is installed.")
    typer.echo("\nSettings for `forgehand serve` in another terminal:\n")
    for name, value in planted.settings.items():
        typer.echo(f"export {name}={value}")
    typer.echo(f"\nTo push something:\n\n{clone_command(forge, planted.token)}")
