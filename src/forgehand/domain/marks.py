"""Marks: short texts under a key that polls, the planner and workers find again the next time. The last write wins.
Written in a `Change`, or by `move_marks`.
"""

_PASSING = ("cap:", "open_pulls:", "own:")
"""What one pull request or person has used up of their hour, what a list looked like at the last poll, how often we
moved a head in a row: long afterwards each means the same as nothing."""


def lasts(key: str) -> bool:
    """Whether the mark of this key is kept however long ago it was written."""
    return not key.startswith(_PASSING)
