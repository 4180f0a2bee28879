"""What the workers of this folder keep for each other and for pages, and under which key. JSON by the types themselves.

What cannot be read any more, since another version wrote it, counts as not there: it is made anew from GitHub.
"""

import json
from dataclasses import replace
from typing import TypeVar

from pydantic import TypeAdapter

from forgehand.domain.documents import MOST_BYTES
from forgehand.workers.review.rules.facts import Attempt
from forgehand.workers.review.rules.queue import Queue
from forgehand.workers.review.rules.queue_picture import picture
from forgehand.workers.review.rules.static import StaticReview, count

T = TypeVar("T")


def review_key(repository_id: int, number: int, head_sha: str) -> str:
    return f"review:{repository_id}:{number}:{head_sha}"


def verdict_key(repository_id: int, number: int) -> str:
    return f"verdict:{repository_id}:{number}"


def facts_key(repository_id: int, number: int, head_sha: str) -> str:
    return f"facts:{repository_id}:{number}:{head_sha}"


def attempt_key(repository_id: int, number: int) -> str:
    return f"attempt:{repository_id}:{number}"


def queue_key(repository_id: int, base_ref: str) -> str:
    return f"queue:{repository_id}:{base_ref}"


def fitting(key: str, text: str) -> dict[str, str]:
    """The document, or none where it is more than is kept: others do without it."""
    return {key: text} if len(text) <= MOST_BYTES else {}


def read_review(text: str | None) -> StaticReview | None:
    return _read(_REVIEW, text)


def read_attempt(text: str | None) -> Attempt | None:
    return _read(_ATTEMPT, text)


def read_queue(text: str | None) -> Queue:
    return _read(_QUEUE, text) or Queue()


def write_review(review: StaticReview) -> str:
    """Of a change whose files alone are too many to keep, only that is kept: somebody has to look."""
    text = _write(_REVIEW, review)
    if len(text) <= MOST_BYTES:
        return text
    why = f"what is known of its {count(len(review.files), 'file')} is more than is kept"
    return _write(_REVIEW, replace(review, files=(), findings=(), failures=(), not_compared=why))


def write_attempt(attempt: Attempt) -> str:
    return _write(_ATTEMPT, attempt)


def write_queue(queue: Queue) -> str:
    """With its picture, so that a page need not know how a queue works."""
    return json.dumps({**_QUEUE.dump_python(queue, exclude_defaults=True), "shown": picture(queue)})


_REVIEW, _ATTEMPT, _QUEUE = TypeAdapter(StaticReview), TypeAdapter(Attempt), TypeAdapter(Queue)


def _write(adapter: TypeAdapter[T], value: T) -> str:
    # Not pydantic's own JSON: names of files may hold what UTF-8 cannot.
    return json.dumps(adapter.dump_python(value, exclude_defaults=True), separators=(",", ":"))


def _read(adapter: TypeAdapter[T], text: str | None) -> T | None:
    try:
        return adapter.validate_python(json.loads(text)) if text else None
    except ValueError:
        return None
