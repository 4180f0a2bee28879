"""Git objects and refs of a bare repository, read and written without a process where that is possible.

Used by `git.Bare`. A forge is made for nearly every flow test, and a `git` process for each blob would
make up most of its time. What is written here is what git itself writes (loose objects, loose refs with a
lock file), so the real git serves it; packs that a push left behind are read through `git cat-file`.
https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

import hashlib
import os
import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}

# What protection says about each pushed ref comes from `acts.protection.push_rules`.
# https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/choosing-permissions-for-a-github-app
UPDATE_HOOK = """#!/bin/sh
while IFS='|' read -r ref forward linear name lacking; do
    [ "$ref" = "$1" ] || continue
    if [ -n "$linear" ] && [ -n "$(git rev-list --min-parents=2 --max-count=1 "$2..$3")" ]; then
        lacking="$lacking${lacking:+ }$linear"
    fi
    if [ -n "$forward" ] && ! git merge-base --is-ancestor "$2" "$3"; then
        lacking='Cannot force-push to this branch'
    fi
    [ -z "$lacking" ] && continue
    printf 'error: %s\\nerror: %s\\n' "$name" "$lacking" >&2
    exit 1
done <<RULES
$PRACTICE_PROTECTED
RULES
[ "$PRACTICE_WORKFLOWS" = no ] || exit 0
case $3 in 0000*) exit 0 ;; esac
base=$2
case $2 in 0000*) base=$(git merge-base HEAD "$3" || git hash-object -t tree /dev/null) ;; esac
file=$(git diff --name-only "$base" "$3" -- .github/workflows | head -n 1)
[ -z "$file" ] && exit 0
echo "refusing to allow a GitHub App to create or update workflow \\`$file\\` without \\`workflows\\` permission" >&2
exit 1
"""


# Also keeps a name inside of the repository's folder: it is a path below it here.
NOT_IN_A_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|//|/\.|\.\.|@\{|\.lock(?=/|$)|[/.]$")
"""https://git-scm.com/docs/git-check-ref-format"""


class RefConflict(Exception):
    """A ref did not have the expected value, another writer holds its lock, or git knows no such name."""


def git(directory: Path, *arguments: str, data: bytes | None = None, check: bool = True) -> bytes:
    """Standard output of one git command in the bare repository. Raises CalledProcessError."""
    command = ["git", f"--git-dir={directory}", *arguments]
    return subprocess.run(command, input=data, capture_output=True, env=ENVIRONMENT, check=check).stdout


def create(directory: Path, default_branch: str) -> None:
    """What `git init --bare` makes, without its templates."""
    for name in ("objects", "refs/heads", "refs/tags"):
        (directory / name).mkdir(parents=True)
    (directory / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")
    (directory / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
        # A repack in the background would race with the readers of loose objects and refs.
        "[gc]\n\tauto = 0\n[receive]\n\tautogc = false\n\tunpackLimit = 5000\n"
        # Nobody may push to refs/pull, which GitHub keeps itself.
        "\thideRefs = refs/pull\n"
        "[http]\n\treceivepack = true\n[uploadpack]\n\tallowAnySHA1InWant = true\n\tallowFilter = true\n"
    )
    (directory / "hooks").mkdir()
    hook = directory / "hooks" / "update"
    hook.write_text(UPDATE_HOOK)
    hook.chmod(0o755)


def write(directory: Path, kind: str, data: bytes) -> str:
    """The sha of the stored object."""
    raw = b"%s %d\0" % (kind.encode(), len(data)) + data
    sha = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
    path = directory / "objects" / sha[:2] / sha[2:]
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_name(f"tmp_{os.getpid()}_{os.urandom(4).hex()}")
        temporary.write_bytes(zlib.compress(raw, 1))
        temporary.chmod(0o444)
        temporary.rename(path)
    return sha


def read(directory: Path, sha: str) -> tuple[str, bytes] | None:
    """Kind and content of an object, or None if there is none."""
    try:
        raw = zlib.decompress((directory / "objects" / sha[:2] / sha[2:]).read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return _read_packed(directory, sha)
    header, _, data = raw.partition(b"\0")
    return header.split()[0].decode(), data


def _read_packed(directory: Path, sha: str) -> tuple[str, bytes] | None:
    if not any((directory / "objects" / "pack").glob("*.idx")):
        return None
    output = git(directory, "cat-file", "--batch", data=f"{sha}\n".encode())
    header, _, rest = output.partition(b"\n")
    fields = header.split()
    if len(fields) != 3:
        return None
    return fields[1].decode(), rest[: int(fields[2])]


def valid_ref(name: str) -> bool:
    """Whether git takes `refs/…` as the name of a ref."""
    return name.startswith("refs/") and NOT_IN_A_REF.search(name) is None


def read_ref(directory: Path, name: str) -> str | None:
    """The sha that `refs/…` points to, or None."""
    if not valid_ref(name):
        return None
    try:
        return (directory / name).read_text().strip() or None
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return _packed_refs(directory).get(name)


def list_refs(directory: Path, prefix: str) -> Iterator[tuple[str, str]]:
    """Names and shas of the refs whose name begins with `prefix`, sorted."""
    found = dict(_packed_refs(directory))
    for path in (directory / "refs").rglob("*"):
        if path.is_file() and path.suffix != ".lock":
            found[path.relative_to(directory).as_posix()] = path.read_text().strip()
    return iter(sorted((name, sha) for name, sha in found.items() if name.startswith(prefix)))


def write_ref(directory: Path, name: str, sha: str, expected: str | None) -> None:
    """Move a ref from `expected` (None: it is new) to `sha`. Raises RefConflict."""
    if not valid_ref(name):
        raise RefConflict(f"{name} is not a valid ref name")
    path = directory / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(f"{path}.lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except (FileExistsError, NotADirectoryError) as error:
        raise RefConflict(f"{name} is locked, or lies below another ref") from error
    try:
        with os.fdopen(handle, "w") as lock:
            if path.is_dir() or read_ref(directory, name) != expected:
                raise RefConflict(f"{name} is not at {expected}")
            lock.write(f"{sha}\n")
        os.replace(f"{path}.lock", path)
    except BaseException:
        Path(f"{path}.lock").unlink(missing_ok=True)
        raise


def _packed_refs(directory: Path) -> dict[str, str]:
    try:
        lines = (directory / "packed-refs").read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split(" ", 1) for line in lines if line and line[0] not in "#^")
    return {name: sha for sha, name in pairs}
