"""The file system inside: which parts of this machine can be seen, read-only. Called by the tiers.

Programs, libraries, certificates, and nothing that knows people or secrets: no /home, /root, /var, /run, /sys, no /etc
but what stands here, and only those of its files that everybody may read anyway.
"""

import os
from collections.abc import Iterator
from pathlib import Path

ETC = (
    "alternatives", "ca-certificates", "crypto-policies", "host.conf", "java-11-openjdk", "java-17-openjdk",
    "java-21-openjdk", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "maven", "mime.types", "nsswitch.conf",
    "os-release", "pki/tls/certs", "protocols", "resolv.conf", "services", "ssl/certs", "ssl/openssl.cnf", "timezone",
)  # fmt: skip
MADE = {
    "passwd": "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nsandbox:x:{uid}:{uid}:sandbox:{home}:/bin/sh\n",
    "group": "root:x:0:\nsandbox:x:{uid}:\n",
    "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
}
"""Files of /etc that are written for the run."""
UID = 1000
"""The user inside, by its number there."""
_TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


def shared(disk: int) -> int:
    """How much of the disk /tmp and /dev/shm get, each: both are known by name to programs that ignore TMPDIR."""
    return min(256 * 1024**2, disk // 8)


def links() -> Iterator[tuple[str, str]]:
    """Targets and paths of the top folders that are links, as `/bin` to `usr/bin`."""
    for name in _TOP:
        if os.path.islink(f"/{name}"):
            yield os.readlink(f"/{name}"), f"/{name}"


def folders() -> Iterator[str]:
    """Folders and files to show as they are, where they are."""
    yield "/usr"
    yield from (f"/{name}" for name in _TOP if Path(f"/{name}").is_dir() and not os.path.islink(f"/{name}"))
    yield from (f"/etc/{name}" for name in ETC if os.path.exists(f"/etc/{name}"))


def made(home: str) -> Iterator[tuple[str, str]]:
    """Paths and contents of what is written for the run."""
    for name, text in MADE.items():
        yield f"/etc/{name}", text.format(uid=UID, home=home)
