"""How git learns a token: it asks a script, which answers one server only, from a file that only we can read.

So a token never stands in an argument, an environment variable, a URL or a configuration file. Used by `comparisons`.
https://git-scm.com/docs/gitcredentials
"""

import contextlib
import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

USER = "x-access-token"
"""https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app"""


@contextlib.contextmanager
def askpass(token: str, server: str, folder: Path) -> Iterator[Mapping[str, str]]:
    """The environment with which git may authenticate to `server` (a URL) for as long as the block lasts. The two
    files live in a new folder below `folder`, which must allow execution."""
    parts = urlsplit(server)
    host = f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"
    with tempfile.TemporaryDirectory(prefix="askpass-", dir=folder) as private:
        secret, script = Path(private, "token"), Path(private, "answer")
        _write(secret, f"{token}\n", 0o600)
        _write(script, _SCRIPT.format(**_quoted(parts.scheme, host, secret)), 0o700)
        yield {"GIT_ASKPASS": str(script)}


_SCRIPT = """#!/bin/sh
case "$1" in
  {username}) echo {user} ;;
  {password} | {bare_password}) cat {secret} ;;
  *) exit 1 ;;
esac
"""


def _quoted(scheme: str, host: str, secret: Path) -> dict[str, str]:
    return {
        "username": shlex.quote(f"Username for '{scheme}://{host}': "),
        "password": shlex.quote(f"Password for '{scheme}://{USER}@{host}': "),
        "bare_password": shlex.quote(f"Password for '{scheme}://{host}': "),
        "user": USER,
        "secret": shlex.quote(str(secret)),
    }


def _write(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
