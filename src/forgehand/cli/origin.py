"""Which repository a command is about where nobody says: the remote `origin` of the folder."""

import re
import subprocess
from pathlib import Path

from forgehand.cli.errors import USAGE, Stop

_ORIGIN = re.compile(r"[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$")


def origin(folder: Path) -> str:
    """OWNER/NAME of the folder's `origin`; empty where it has none."""
    asked = ["git", "-C", str(folder), "remote", "get-url", "origin"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except OSError:
        return ""
    found = _ORIGIN.search(said)
    return found[1] if found else ""


def repository(given: str, folder: Path | None = None) -> str:
    """The one that was given, or that of the folder, which is the current one by default. Raises Stop where there is
    neither."""
    where = folder or Path.cwd()
    if given and not re.fullmatch(r"[\w.-]+/[\w.-]+", given):
        raise Stop(f"{given!r} is no OWNER/NAME", USAGE)
    if found := given or origin(where):
        return found
    raise Stop(f"{where.resolve()} has no remote `origin`: give --repo OWNER/NAME", USAGE)
