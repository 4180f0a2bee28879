"""What may not be in the repository: endless files, addresses of one machine, package registries, secrets."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LONGEST = 600
LOCKS = {"uv.lock", "package-lock.json"}

# Written in parts, so that this file does not find itself.
FOREIGN = {
    "a path of one machine": r"/(?:home/(?!forgehand)\w|Users/\w|work/(?:main|shared|steering)|farm/)",
    "a package registry": r"(?:pypi|pythonhosted|npmjs)\.(?:org|com)",
    "a neighbor folder": r"\.\./shared/",
}
SECRETS = {
    "a GitHub token": r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40,}",
    "a private key": r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{64,}",
    "an AWS key": r"(?<![A-Z0-9])AKIA[0-9A-Z]{16}(?![A-Z0-9])",
    "a Slack token": r"xox[abprs]-[0-9A-Za-z-]{20,}",
}


def test_no_python_file_is_longer_than_600_lines_without_a_written_reason() -> None:
    decisions = "".join(path.read_text() for path in (ROOT / "docs/decisions").glob("*.md"))
    long = {name: _lines(name) for name in _tracked() if name.endswith(".py")}
    too_long = [f"{name}: {lines} lines" for name, lines in long.items() if lines > LONGEST and name not in decisions]
    assert not too_long, f"longer than {LONGEST} lines, and docs/decisions/ gives no reason:\n" + "\n".join(too_long)


@pytest.mark.parametrize("what", [*FOREIGN, *SECRETS])
def test_no_tracked_file_holds(what: str) -> None:
    pattern = re.compile((FOREIGN | SECRETS)[what])
    found = []
    for name in _tracked():
        if Path(name).name not in LOCKS and (text := _text(name)) and (match := pattern.search(text)):
            found.append(f"{name}:{text.count(chr(10), 0, match.start()) + 1}")
    assert not found, f"{what} stands in:\n" + "\n".join(found)


def _tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def _lines(name: str) -> int:
    return len((ROOT / name).read_bytes().splitlines())


def _text(name: str) -> str | None:
    try:
        return (ROOT / name).read_text("utf-8")
    except UnicodeDecodeError:
        return None
