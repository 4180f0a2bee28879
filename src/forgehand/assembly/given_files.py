"""Files that were given on the command line. Called by what stands behind it."""

from pathlib import Path

from forgehand.domain.policy import PolicyError, Problem


def bytes_of(path: Path) -> bytes:
    """What the file holds. Raises PolicyError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"the file cannot be read ({error.strerror})"
        raise PolicyError((Problem(str(path), 1, 1, message, "give the path of one that can"),)) from None
