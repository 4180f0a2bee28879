"""Lines of a file as ranges, and which lines a patch adds and shows. Used by the review worker on GitHub's patches.

The lengths in a hunk's header decide where it ends, so that removed lines such as `-- a` (which a patch shows as
`--- a`) are never taken for headers. unidiff 1.0 was tried: it refuses whole diffs over one odd file name.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class MalformedPatch(ValueError):
    """The text is no run of hunks."""


@dataclass(frozen=True, slots=True, init=False)
class Spans:
    """Line numbers as ascending ranges that do not touch: a million lines in a row take no more room than one."""

    ranges: tuple[range, ...]

    def __init__(self, ranges: Iterable[range] = ()) -> None:
        """`ranges` come in ascending order."""
        object.__setattr__(self, "ranges", tuple(_joined(ranges)))

    def __contains__(self, line: object) -> bool:
        if not isinstance(line, int):
            return False
        at = bisect_right(self.ranges, line, key=lambda each: each.start)
        return at > 0 and line in self.ranges[at - 1]

    def nearest(self, line: int) -> int | None:
        """The last line not after this one, else the first; None when there is none."""
        at = bisect_right(self.ranges, line, key=lambda each: each.start)
        if at:
            return min(line, self.ranges[at - 1][-1])
        return self.ranges[0].start if self.ranges else None

    def __iter__(self) -> Iterator[int]:
        return (line for each in self.ranges for line in each)


@dataclass(frozen=True, slots=True)
class Lines:
    """Line numbers of the new file, counted from 1. `added` are the patch's `+` lines; `shown` are those and the
    context: the lines that can carry a review comment with `side=RIGHT`.
    https://docs.github.com/en/rest/pulls/comments#create-a-review-comment-for-a-pull-request"""

    added: Spans = field(default_factory=Spans)
    shown: Spans = field(default_factory=Spans)


def read_patch(patch: str | None) -> Lines:
    """The lines of one file's patch, which starts at its first `@@`; no lines for None. Raises MalformedPatch. Takes
    about a second for a million lines: where patches may be large, call it in a thread."""
    if not patch:
        return Lines()
    added: list[range] = []
    shown: list[range] = []
    for line, is_added in _new_side(patch.removesuffix("\n").split("\n")):
        _extend(shown, line)
        if is_added:
            _extend(added, line)
    return Lines(Spans(added), Spans(shown))


def _extend(ranges: list[range], line: int) -> None:
    if ranges and ranges[-1].stop == line:
        ranges[-1] = range(ranges[-1].start, line + 1)
    else:
        ranges.append(range(line, line + 1))


def _joined(ranges: Iterable[range]) -> Iterator[range]:
    last = range(0)
    for each in ranges:
        if last and each.start <= last.stop:
            last = range(last.start, max(last.stop, each.stop))
        else:
            if last:
                yield last
            last = each
    if last:
        yield last


def _new_side(rows: list[str]) -> Iterator[tuple[int, bool]]:
    """Each line of the new side with whether it is added."""
    at = 0
    while at < len(rows):
        header = _HUNK.match(rows[at])
        if header is None:
            raise MalformedPatch(f"expected a hunk header at row {at + 1} of the patch")
        old, new = (int(n) if n is not None else 1 for n in (header[1], header[3]))
        line = int(header[2])
        at += 1
        while old > 0 or new > 0:
            if at >= len(rows):
                raise MalformedPatch("the patch ends inside a hunk")
            sign = rows[at][:1]
            at += 1
            match sign:
                case "+":
                    yield line, True
                    line, new = line + 1, new - 1
                case "-":
                    old -= 1
                case " " | "":
                    # Some tools strip the blank that marks an empty context line.
                    yield line, False
                    line, old, new = line + 1, old - 1, new - 1
                case "\\":
                    pass
                case _:
                    raise MalformedPatch(f"row {at} of the patch starts with {sign!r}")
        while at < len(rows) and rows[at].startswith("\\"):
            at += 1
