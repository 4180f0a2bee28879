"""Documents: JSON that a job leaves under a key, for later jobs, pages and the command line. The last write wins.

They are written in a `Change`. `review:…`, `tests:…`, `verdict:…` and `facts:…` tell of one pull request and go with
age; what goes on mattering stays: the last valid configuration of a repository, what people ordered on a pull request,
the state of a merge queue.
"""

from collections.abc import Mapping

MOST_BYTES = 1_000_000
"""Of one document, as UTF-8. A store keeps it compressed."""

_LASTING = ("config:", "orders:", "queue:")


def lasts(key: str) -> bool:
    """Whether the document of this key is kept however old it is."""
    return key.startswith(_LASTING)


def too_large(documents: Mapping[str, str]) -> str:
    """Why a store will not take these documents, in a sentence; empty where it will."""
    for key, text in documents.items():
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if size > MOST_BYTES:
            return f"document {key} has {size:,} bytes, and at most {MOST_BYTES:,} are kept: leave something out of it"
    return ""
