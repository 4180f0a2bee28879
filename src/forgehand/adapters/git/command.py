"""One git command: the flags, environment and limits under which git runs here, and what its failures mean.

Git reads no configuration but what stands here: repositories are bare, made by us, and their config file is ours.
"""

import re
import signal
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
    # Names are judged by us; packs are mapped in small windows, to stay within the limit on memory.
    "core.protectNTFS=false",
    "core.packedGitWindowSize=32m",
    "core.packedGitLimit=512m",
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
_TOO_LARGE = re.compile(r"died of signal 25|file too large|file size limit", re.IGNORECASE)
_SECRETS = re.compile(r"gh[pousr]_[A-Za-z0-9._-]{16,}|github_pat_\w+|(?<=://)[^/\s@]+@")
_BROKEN = re.compile(
    r"corrupt|bad object|unable to read|missing (?:blob|tree|commit|object)|not a git repository|packfile"
    r"|does not point to a valid|invalid sha1|bad pack|loose object|not a valid (?:commit|object) name",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(
    r"authentication failed|could not read (?:username|password)|repository not found|returned error: 40[134]"
    r"|repository '[^']*' not found|write access to repository not granted",
    re.IGNORECASE,
)
MAX_WHY = 300
MAX_OUTPUT = 96 * 1024 * 1024
MAX_FILE = 4 * 1024**3


class RepositoryBroken(GitFailed):
    """The local repository makes no sense, as after a crash. A fresh one may do better."""


class TooLarge(GitFailed):
    """What was to be written or printed is more than the limit."""


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

    async def __call__(
        self,
        *argv: str,
        stdin: bytes = b"",
        codes: Sequence[int] = (0,),
        output: int = MAX_OUTPUT,
        file: int = MAX_FILE,
        beginning: bool = False,
    ) -> bytes:
        """Standard output, of which `output` bytes are kept; no file may grow beyond `file` bytes. Raises GitFailed
        for an exit code that is not among `codes`, and TooLarge, unless only the `beginning` is wanted."""
        pinned = [part for setting in _PINNED for part in ("-c", setting)]
        done = await self.children.run(
            ["git", *pinned, *argv],
            cwd=self.folder,
            env={**_ENV, "GIT_DIR": str(self.folder), **self.env},
            stdin=stdin,
            limits=Limits(seconds=self.seconds, output=output, file=file),
        )
        if done.timed_out or (done.cut and not beginning) or done.code not in codes:
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
        # A server may be faster next time. What is slow here is slow each time.
        return GitFailed(f"git {command} took longer than {seconds:.0f} s", transient=command == "fetch")
    if done.cut:
        return TooLarge(f"git {command} printed more than we keep", transient=False)
    said = " ".join(done.stderr.decode(errors="replace").split())
    why = f"git {command} failed: {_SECRETS.sub('…', said)[:MAX_WHY] or done.code}"
    if -done.code == signal.SIGXFSZ or _TOO_LARGE.search(said):
        return TooLarge(f"git {command} would write more than we keep", transient=False)
    if -done.code == signal.SIGXCPU:
        return GitFailed(f"git {command} took more time of the processor than it has", transient=False)
    if _TRANSIENT.search(said) or done.code < 0:
        return GitFailed(why, transient=True)
    if _BROKEN.search(said):
        return RepositoryBroken(why, transient=False)
    hint = " (the App needs read access to the repository's contents)" if _FORBIDDEN.search(said) else ""
    return GitFailed(why + hint, transient=False)
