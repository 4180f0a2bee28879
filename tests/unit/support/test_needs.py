"""What a machine lacks is named, and fails where CI says so: nothing is skipped in silence."""

import os
import subprocess
import sys
from pathlib import Path

from support import needs

SAMPLE = """
import pytest

@pytest.mark.needs("chromium")
def test_a_page(): pass

def test_something_else(): pass
"""


def test_what_is_absent_is_listed_with_its_reason(tmp_path: Path) -> None:
    done = _pytest(tmp_path, SAMPLE, CI="")
    assert done.returncode == 0
    assert "not run: chromium, because chromium is not installed; it needs root (1 tests)" in done.stdout
    assert "::test_a_page" in done.stdout
    assert "1 skipped" in done.stdout


def test_what_is_absent_fails_where_ci_says_so(tmp_path: Path) -> None:
    done = _pytest(tmp_path, SAMPLE, CI="true")
    assert done.returncode == 1
    assert "not run: chromium, because chromium is not installed; it needs root (1 tests)" in done.stdout
    assert "1 error" in done.stdout


def test_any_other_skip_is_listed_and_fails_where_ci_says_so(tmp_path: Path) -> None:
    sample = 'import pytest\n\ndef test_later(): pytest.skip("not today")\n'
    done = _pytest(tmp_path, sample, CI="true")
    assert done.returncode == 1
    assert "not run: not today (1 tests)" in done.stdout


def _pytest(folder: Path, sample: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_sample.py").write_text(sample)
    (folder / "bin").mkdir()
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "conftest",
            "-p",
            "no:cacheprovider",
            "-n",
            "1",
            "-W",
            "ignore",
            "test_sample.py",
        ],
        cwd=folder,
        env=os.environ
        | {"PATH": str(folder / "bin"), "PYTHONPATH": str(needs.TESTS), "FORGEHAND_DEV_INSTALL": "it needs root"}
        | environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
