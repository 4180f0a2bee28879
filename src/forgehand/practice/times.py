"""GitHub's way to write a moment: UTC, whole seconds, `Z`. Used by everything that renders."""

from datetime import UTC, datetime


def iso(moment: float) -> str:
    """`2026-01-31T12:00:00Z`."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_or_none(moment: float | None) -> str | None:
    return None if moment is None else iso(moment)


def parse(text: str) -> float:
    """The epoch seconds of an ISO 8601 moment. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
