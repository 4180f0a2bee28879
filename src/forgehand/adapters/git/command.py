"""One git command: the flags, environment and limits under which git runs here, and what its failures mean.

Git reads no configuration but what stands here: repositories are bare, made by us, and their config file is ours.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from forgehand.ports.children import Children, Finished, Limits
from forgehand.ports.git import GitFailed

_PINNED = (
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.quotePath=false",
    "core.fsmonitor=false",
    "core.bigFileThreshold=2m",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.recurseSubmodules=false",
    "fetch.fsckObjects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "protocol.version=2",
    "pack.threads=2",
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TRANSIENT = re.compile(
    r"could not resolve|timed out|connection (?:reset|refused)|early eof|unexpected disconnect|hung up|index\.lock"
    r"|returned error: (?:429|5\d\d)|not our ref|couldn't find remote ref|rpc failed|\.lock': file exists"
    r"|operation too slow|failed to connect|ssl_error_syscall|gnutls_handshake|gnutls recv",
    re.IGNORECASE,
)
_SECRETS = re.compile(r"gh[pousr]_[A-Za-z0-9._-]{16,}|github_pat_\w+|(?<=://)[^/\s@]+@")
_BROKEN = re.compile(
    r"corrupt|bad object|unable to read|missing (?:blob|tree|commit|object)|not a git repository|packfile"
    r"|promisor|does not point to a valid|invalid sha1|bad pack|loose object",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(
    r"authentication failed|could not read (?:username|password)|repository not found|returned error: 40[134]"
    r"|repository '[^']*' not found|write access to repository not granted",
    re.IGNORECASE,
)
MAX_WHY = 300
MAX_OUTPUT = 96 * 1024 * 1024


class RepositoryBroken(GitFailed):
    """The local repository makes no sense, as after a crash: a command that needs no server fails on it. A fresh one
    may do better."""


def allowed_protocol(url: str) -> str:
    """The one protocol that git may speak to reach `url`. Plain http only on this machine. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme in ("https", "file") or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return parts.scheme
    raise ValueError(f"git may not speak {parts.scheme or 'an unnamed protocol'} to {parts.hostname or url!r}")


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git in one bare repository. `env` holds what reaching the server needs; never a secret."""

    children: Children
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 120.0

    async def __call__(self, *argv: str, stdin: bytes = b"", codes: Sequence[int] = (0,)) -> bytes:
        """Standard output. Raises GitFailed for an exit code that is not among `codes`."""
        pinned = [part for setting in _PINNED for part in ("-c", setting)]
        done = await self.children.run(
            ["git", *pinned, *argv],
            cwd=self.folder,
            env={**_ENV, "GIT_DIR": str(self.folder), **self.env},
            stdin=stdin,
            limits=Limits(seconds=self.seconds, output=MAX_OUTPUT),
        )
        if done.timed_out or done.cut or done.code not in codes:
            raise _failure(argv[0], done, self.seconds)
        return done.stdout


_ENV = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_ALLOW_PROTOCOL": "",
}


def _failure(command: str, done: Finished, seconds: float) -> GitFailed:
    if done.timed_out:
        return GitFailed(f"git {command} took longer than {seconds:.0f} s", transient=True)
    if done.cut:
        return GitFailed(f"git {command} printed more than we keep", transient=False)
    said = " ".join(done.stderr.decode(errors="replace").split())
    why = f"git {command} failed: {_SECRETS.sub('…', said)[:MAX_WHY] or done.code}"
    if _TRANSIENT.search(said) or done.code < 0:
        return GitFailed(why, transient=True)
    if command != "fetch" or _BROKEN.search(said):
        return RepositoryBroken(why, transient=False)
    hint = " (the App needs read access to the repository's contents)" if _FORBIDDEN.search(said) else ""
    return GitFailed(why + hint, transient=False)
