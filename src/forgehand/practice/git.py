"""A bare repository: trees, commits, refs, differences and merges. Used by `acts`, `routes` and `pages`.

Values that git derives from shas alone never change, so they are kept. Real merges come from
`git merge-tree --write-tree` (git 2.38): https://git-scm.com/docs/git-merge-tree
"""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from forgehand.practice import objects
from forgehand.practice.diffs import FileDiff, parse_changes, parse_diff

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
FILE, EXECUTABLE, SYMLINK, DIRECTORY, SUBMODULE = "100644", "100755", "120000", "040000", "160000"

Content = str | bytes | tuple[str, bytes] | None
"""A file to write: text, bytes, (mode, bytes), or None to delete it."""


@dataclass(frozen=True)
class Signature:
    name: str
    email: str
    when: float

    def line(self) -> str:
        return f"{self.name} <{self.email}> {int(self.when)} +0000"


@dataclass(frozen=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True)
class Entry:
    mode: str
    path: str
    sha: str

    @property
    def type(self) -> str:
        return {DIRECTORY: "tree", SUBMODULE: "commit"}.get(self.mode, "blob")


@dataclass
class Bare:
    path: Path
    _kept: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def commit_files(self, parent: str | None, files: Mapping[str, Content], message: str, author: Signature) -> str:
        """The sha of a new commit on top of `parent` with these files changed."""
        tree = self.change_tree(self.commit(parent).tree if parent else None, files)
        return self.write_commit(tree, (parent,) if parent else (), message, author, author)

    def change_tree(self, tree: str | None, files: Mapping[str, Content]) -> str:
        """The sha of `tree` with `files` written, replaced or deleted. Only touched folders are read."""
        entries = {entry.path: entry for entry in self.tree(tree)} if tree else {}
        below: dict[str, dict[str, Content]] = {}
        for path, content in files.items():
            name, _, rest = path.partition("/")
            if not name or name in (".", "..", ".git"):
                raise ValueError(f"{path!r} is not a path inside a repository")
            if rest:
                below.setdefault(name, {})[rest] = content
            elif content is None:
                entries.pop(name, None)
            else:
                mode, data = _mode_and_bytes(content)
                entries[name] = Entry(mode, name, objects.write(self.path, "blob", data))
        for name, changes in below.items():
            old = entries.get(name)
            new = self.change_tree(old.sha if old and old.mode == DIRECTORY else None, changes)
            entries[name] = Entry(DIRECTORY, name, new)
            if new == EMPTY_TREE:
                del entries[name]
        return self.write_tree(entries.values())

    def put(self, tree: str | None, path: str, entry: Entry | None) -> str:
        """The sha of `tree` with `entry` at `path`, or with nothing there. Folders come and go as needed."""
        entries = {item.path: item for item in self.tree(tree)} if tree else {}
        name, _, rest = path.partition("/")
        if not name or name in (".", "..", ".git"):
            raise ValueError(f"{path!r} is not a path inside a repository")
        if rest:
            old = entries.get(name)
            new = self.put(old.sha if old and old.mode == DIRECTORY else None, rest, entry)
            entry = None if new == EMPTY_TREE else Entry(DIRECTORY, name, new)
        entries.pop(name, None)
        if entry is not None:
            entries[name] = entry
        return self.write_tree(entries.values())

    def write_tree(self, entries: Any) -> str:
        # Git sorts folders as if their name ended with a slash.
        ordered = sorted(entries, key=lambda e: (e.path + "/" if e.mode == DIRECTORY else e.path).encode())
        return objects.write(
            self.path,
            "tree",
            b"".join(f"{e.mode.lstrip('0')} {e.path}".encode() + b"\0" + bytes.fromhex(e.sha) for e in ordered),
        )

    def write_commit(
        self, tree: str, parents: tuple[str, ...], message: str, author: Signature, committer: Signature
    ) -> str:
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {author.line()}", f"committer {committer.line()}", "", message]
        text = "\n".join(lines)
        return objects.write(self.path, "commit", (text if text.endswith("\n") else text + "\n").encode())

    def commit(self, sha: str) -> Commit:
        """Raises KeyError if there is no such commit."""
        key = ("commit", sha)
        if key not in self._kept:
            found = objects.read(self.path, sha)
            if found is None or found[0] != "commit":
                raise KeyError(sha)
            self._kept[key] = _parse_commit(sha, found[1])
        value: Commit = self._kept[key]
        return value

    def blob(self, sha: str) -> bytes:
        found = objects.read(self.path, sha)
        if found is None or found[0] != "blob":
            raise KeyError(sha)
        return found[1]

    def kind(self, sha: str) -> str | None:
        found = objects.read(self.path, sha)
        return found[0] if found else None

    def tree(self, sha: str) -> list[Entry]:
        """The entries of one folder, in git's order. Raises KeyError."""
        if sha == EMPTY_TREE:
            return []
        found = objects.read(self.path, sha)
        if found is None or found[0] != "tree":
            raise KeyError(sha)
        return list(_parse_tree(found[1]))

    def walk(self, sha: str, prefix: str = "") -> Iterator[Entry]:
        """The entries of a tree and of all below it, with full paths."""
        for entry in self.tree(sha):
            yield Entry(entry.mode, prefix + entry.path, entry.sha)
            if entry.mode == DIRECTORY:
                yield from self.walk(entry.sha, f"{prefix}{entry.path}/")

    def find(self, commit: str, path: str) -> Entry | None:
        """The entry at `path` of a commit; the empty path is its root."""
        return self.below(self.commit(commit).tree, path)

    def below(self, tree: str, path: str) -> Entry | None:
        entry: Entry | None = Entry(DIRECTORY, "", tree)
        for name in PurePosixPath(path).parts:
            if entry is None or entry.mode != DIRECTORY:
                return None
            entry = next((e for e in self.tree(entry.sha) if e.path == name), None)
        return entry

    def ref(self, name: str) -> str | None:
        return objects.read_ref(self.path, name)

    def refs(self, prefix: str = "refs/") -> list[tuple[str, str]]:
        return list(objects.list_refs(self.path, prefix))

    def set_ref(self, name: str, sha: str, expected: str | None) -> None:
        """Compare and set. Raises objects.RefConflict."""
        objects.write_ref(self.path, name, sha, expected)

    def delete_ref(self, name: str) -> None:
        objects.git(self.path, "update-ref", "-d", name)

    def resolve(self, name: str) -> str | None:
        """The commit that a branch, tag, full ref or (short) sha names, or None."""
        if not name or name.startswith("-") or ".." in name:
            return None
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", name if name.startswith("refs/") else ""):
            sha = self.ref(candidate) if candidate else None
            if sha:
                return self.peel(sha)
        if len(name) == 40 and all(c in "0123456789abcdef" for c in name):
            return self.peel(name)
        if name == "HEAD":
            return self.ref((self.path / "HEAD").read_text().removeprefix("ref: ").strip())
        if 4 <= len(name) < 40 and all(c in "0123456789abcdef" for c in name):
            found = objects.git(self.path, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)
            return found.decode().strip() or None
        return None

    def peel(self, sha: str) -> str | None:
        """The commit behind an annotated tag; a commit is itself."""
        found = objects.read(self.path, sha)
        while found and found[0] == "tag":
            sha = found[1].split(b"\n", 1)[0].split()[1].decode()
            found = objects.read(self.path, sha)
        return sha if found and found[0] == "commit" else None

    def merge_base(self, one: str, other: str) -> str | None:
        if one == other:
            return one
        found: str | None = self._keep(
            ("base", one, other), lambda: self._git("merge-base", one, other).strip() or None
        )
        return found

    def is_ancestor(self, old: str, new: str) -> bool:
        return self.merge_base(old, new) == old

    def commits_between(self, base: str, head: str) -> list[str]:
        """Commits of `head` that `base` does not reach, oldest first."""
        return list(
            self._keep(
                ("between", base, head),
                lambda: self._git("rev-list", "--topo-order", "--reverse", f"{base}..{head}").split(),
            )
        )

    def history(self, head: str, path: str | None = None) -> list[str]:
        """Commits that `head` reaches (and that touch `path`), newest first."""
        return list(
            self._keep(
                ("history", head, path),
                lambda: self._git("rev-list", head, *(["--", path] if path else [])).split(),
            )
        )

    def diff(self, base: str, head: str) -> list[FileDiff]:
        """The changed files from commit or tree `base` to `head`, with their patches."""
        return list(self._keep(("diff", base, head), lambda: parse_diff(self._raw_diff(base, head))))

    def changes(self, base: str, head: str) -> list[tuple[str, str, str | None]]:
        """Status, name and previous name of the changed files: a diff without its patches."""
        return list(self._keep(("changes", base, head), lambda: parse_changes(self._raw(base, head))))

    def diff_text(self, base: str, head: str) -> str:
        return self._git("diff", *DIFF_OPTIONS, base, head)

    def patch_text(self, base: str, head: str) -> str:
        return self._git("format-patch", "--stdout", "--full-index", f"{base}..{head}")

    def _raw(self, base: str, head: str) -> bytes:
        return objects.git(self.path, "diff", "--raw", "-z", "--abbrev=40", "-M", base, head)

    def _raw_diff(self, base: str, head: str) -> bytes:
        return objects.git(self.path, "diff", "--raw", "-z", "--abbrev=40", "-p", *DIFF_OPTIONS, base, head)

    def merge_tree(self, base: str, head: str) -> str | None:
        """The tree of a clean merge of two commits, or None where they conflict."""
        if self._kept.get(("base", base, head)) == base:
            # Known to go on from the base: that needs no process.
            return self.commit(head).tree
        tree: str | None = self._keep(("merge", base, head), lambda: self._merge_tree(base, head))
        return tree

    def _merge_tree(self, base: str, head: str) -> str | None:
        command = ["git", f"--git-dir={self.path}", "merge-tree", "--write-tree", "--no-messages", base, head]
        done = subprocess.run(command, capture_output=True, env=objects.ENVIRONMENT, check=False)
        if done.returncode > 1:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        return done.stdout.decode().split("\n", 1)[0] if done.returncode == 0 else None

    def pick(self, onto: str, commit: str, committer: Signature) -> str | None:
        """A commit that repeats `commit` on top of `onto`, or None where that conflicts."""
        picked = self.commit(commit)
        # git 2.39 has no `merge-tree --merge-base`, so the merge base is made: a root commit with the
        # parent's tree, below a copy of each side.
        parent_tree = self.commit(picked.parents[0]).tree if picked.parents else EMPTY_TREE
        root = self.write_commit(parent_tree, (), "base", committer, committer)
        ours = self.write_commit(self.commit(onto).tree, (root,), "ours", committer, committer)
        theirs = self.write_commit(picked.tree, (root,), "theirs", committer, committer)
        tree = self.merge_tree(ours, theirs)
        return tree and self.write_commit(tree, (onto,), picked.message, picked.author, committer)

    def _git(self, *arguments: str) -> str:
        # `merge-base` answers 1 where there is none.
        return objects.git(self.path, *arguments, check=arguments[0] != "merge-base").decode("utf-8", "replace")

    def _keep(self, key: tuple[Any, ...], make: Any) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]


DIFF_OPTIONS = ("-M", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv")


def _mode_and_bytes(content: str | bytes | tuple[str, bytes]) -> tuple[str, bytes]:
    if isinstance(content, tuple):
        return content
    return FILE, content.encode() if isinstance(content, str) else content


def _parse_tree(data: bytes) -> Iterator[Entry]:
    at = 0
    while at < len(data):
        space, end = data.index(b" ", at), data.index(b"\0", at)
        name = data[space + 1 : end].decode("utf-8", "surrogateescape")
        yield Entry(data[at:space].decode().zfill(6), name, data[end + 1 : end + 21].hex())
        at = end + 21


def _parse_commit(sha: str, data: bytes) -> Commit:
    header, _, message = data.decode("utf-8", "replace").partition("\n\n")
    fields: dict[str, list[str]] = {}
    for line in header.split("\n"):
        name, _, value = line.partition(" ")
        fields.setdefault(name, []).append(value)
    return Commit(
        sha,
        fields["tree"][0],
        tuple(fields.get("parent", ())),
        _parse_signature(fields["author"][0]),
        _parse_signature(fields["committer"][0]),
        message.rstrip("\n"),
    )


def _parse_signature(text: str) -> Signature:
    person, _, rest = text.rpartition("> ")
    name, _, email = person.partition(" <")
    return Signature(name, email, float(rest.split()[0]))
