"""Throw-away folders: private, gone at the end, and gone after a crash."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from forgehand.adapters.git.scratch import throw_away_folder


def test_a_folder_is_ours_alone_and_gone_at_the_end(tmp_path: Path) -> None:
    with throw_away_folder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "token").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), throw_away_folder(tmp_path):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_one_in_use_is_left_alone(tmp_path: Path) -> None:
    with throw_away_folder(tmp_path) as first, throw_away_folder(tmp_path) as second:
        assert first != second
        assert first.is_dir()


def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from forgehand.adapters.git.scratch import throw_away_folder
with throw_away_folder(Path({str(tmp_path)!r})) as folder:
    (folder / "token").write_text("canary")
    print(folder, flush=True)
    input()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    left = Path(process.stdout.readline().strip())
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert (left / "token").read_text() == "canary"
    with throw_away_folder(tmp_path):
        assert not left.exists()
    assert list(tmp_path.iterdir()) == []
