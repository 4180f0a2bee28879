"""The `forgehand` command as a person runs it: a process of its own, with nothing of this machine's settings."""

import asyncio
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, SecretStr

from forgehand.adapters.sql import SqlStore
from forgehand.assembly.settings import Settings


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code in (0, 1), self.err
        return json.loads(self.out)


def forgehand(folder: Path, *argv: str, env: Mapping[str, str] | None = None, timeout: float = 120) -> Ran:
    """Run a command in `folder` to its end."""
    done = subprocess.run(
        _argv(*argv),
        cwd=folder,
        env=_environment(folder, env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def make_store(folder: Path) -> Path:
    """An empty store where commands in `folder` look for it, as a server leaves it that nothing came to."""

    async def make(path: Path) -> None:
        store = SqlStore(f"sqlite:///{path}")
        await store.open()
        await store.close()

    path = folder / "data/forgehand.db"
    asyncio.run(make(path))
    return path


class Running:
    """A command that goes on; its output comes line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.seen: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def line_with(self, text: str, timeout: float = 120) -> str:
        """The next line that holds `text`."""
        while True:
            try:
                line = self._lines.get(timeout=timeout)
            except queue.Empty:
                line = None
            assert line is not None, f"no line with {text!r} in:\n{''.join(self.seen)}"
            self.seen.append(line)
            if text in line:
                return line.rstrip("\n")

    def end(self, timeout: float = 120) -> int:
        """Its exit code, once it ends by itself."""
        return self.process.wait(timeout)

    def _read(self) -> None:
        assert self.process.stdout
        try:
            for line in self.process.stdout:
                self._lines.put(line)
        except ValueError:  # closed under our feet, at the end of the block
            pass
        self._lines.put(None)


@contextmanager
def running(folder: Path, *argv: str, env: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Start a command in `folder`; what is left of it at the end of the block is ended."""
    process = subprocess.Popen(
        _argv(*argv),
        cwd=folder,
        env=_environment(folder, env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Running(process)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout:
            process.stdout.close()


def variables(settings: Settings) -> dict[str, str]:
    """The environment that makes these settings."""
    made = {}
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = str(alias.choices[0]) if isinstance(alias, AliasChoices) else str(alias)
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else "" if value is None else str(value)
        made[variable] = text
    return made


def _argv(*argv: str) -> list[str]:
    return [sys.executable, "-m", "forgehand", *argv]


def _environment(folder: Path, env: Mapping[str, str] | None) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8", **(env or {})}
