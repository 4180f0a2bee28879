"""Every relative link in a document leads to a file, and every anchor to a heading."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|<(?:a|img)\b[^>]*?(?:href|src)=\"([^\"]+)\"")


def _documents() -> list[str]:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "*.md"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(name for name in done.stdout.split("\0") if name and (ROOT / name).is_file())


@pytest.mark.parametrize("document", _documents())
def test_the_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    broken = [link for link in _links(path) if not _leads(path, link)]
    assert not broken, f"{document} links to nothing: {broken}"


def _links(path: Path) -> list[str]:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text("utf-8"), flags=re.DOTALL)
    links = [first or second for first, second in LINK.findall(prose)]
    return [link for link in links if not re.match(r"[a-z][a-z0-9+.-]*:", link)]


def _leads(document: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (document.parent / file).resolve() if file else document
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or target.suffix != ".md" or anchor in _anchors(target)


def _anchors(path: Path) -> set[str]:
    """As GitHub makes them from headings: lower case, punctuation dropped, spaces turned into hyphens."""
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", path.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
