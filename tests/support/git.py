"""Small real git repositories for tests, written without a work tree so that any name and mode can be made."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

Content = bytes | str | tuple[str, bytes] | None
"""Text, bytes, (mode, bytes) or, to delete, None. For a submodule, ("160000", sha as bytes)."""


class Bare:
    """A bare repository that answers like a server: partial fetches and any sha."""

    def __init__(self, path: Path) -> None:
        self.path = path
        subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
        for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            self.git("config", key, "true")

    def git(self, *argv: str, stdin: bytes = b"", index: Path | None = None) -> bytes:
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _WHO.items()}
        env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **who}
        if index:
            env["GIT_INDEX_FILE"] = str(index)
        done = subprocess.run(
            ["git", "--git-dir", str(self.path), *argv], input=stdin, capture_output=True, env=env, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def commit(self, files: Mapping[str | bytes, Content], parent: str | None = None, ref: str = "") -> str:
        """The sha of a new commit: `parent` with `files` written or deleted."""
        index = self.path / "test-index"
        index.unlink(missing_ok=True)
        if parent:
            self.git("read-tree", parent, index=index)
        rows = b""
        for name, content in files.items():
            path = name if isinstance(name, bytes) else name.encode()
            mode, data = content if isinstance(content, tuple) else ("100644", content)
            data = data.encode() if isinstance(data, str) else data
            if data is None:
                rows += b"0 " + b"0" * 40 + b"\t" + path + b"\0"
                continue
            sha = data if mode == "160000" else self.git("hash-object", "-w", "--stdin", stdin=data).strip()
            rows += mode.encode() + b" " + sha + b"\t" + path + b"\0"
        self.git("update-index", "-z", "--index-info", stdin=rows, index=index)
        tree = self.git("write-tree", index=index).decode().strip()
        parents = ["-p", parent] if parent else []
        sha_ = self.git("commit-tree", tree, *parents, "-m", "test").decode().strip()
        if ref:
            self.git("update-ref", ref, sha_)
        return sha_


_WHO = {"NAME": "Test", "EMAIL": "test@example.org", "DATE": "2026-01-01T00:00:00Z"}
