"""How much costly work one pull request, one person and all together may cause within an hour. Pure; asked by
`engine.planner`.

Nothing is refused: what is beyond a cap begins later. Each has a bucket that holds an hour's worth and empties
steadily, so that a burst passes at once and a flood is stretched. Where one bucket is full, those behind it are not
drawn on: what one person overdoes delays nobody else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

HOUR = 3600.0
HELD_BACK = "held_back"
"""In the payload of a job that begins later: its `why` says until when."""


@dataclass(frozen=True, slots=True)
class Caps:
    """The most events an hour that wake costly workers; 0 is no cap."""

    pull: int = 0
    user: int = 0
    all: int = 0


NO_CAPS = Caps()


@dataclass(frozen=True, slots=True)
class Bucket:
    """What `whose` may cause, `most` an hour, as the operator's `setting` says. Kept under `key`: when it is empty."""

    key: str
    whose: str
    most: int
    setting: str


@dataclass(frozen=True, slots=True)
class Turn:
    """When work begins, and `why` not at once (empty where it does). `marks` remember what was drawn."""

    at: float
    why: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)


def buckets(caps: Caps, repository_id: int, number: int, user: str) -> tuple[Bucket, ...]:
    """What an event about a pull request draws on; without a user only what is the pull request's own."""
    own = Bucket(f"cap:pull:{repository_id}:{number}", f"#{number}", caps.pull, "FORGEHAND_PULL_RUNS_PER_HOUR")
    theirs = Bucket(f"cap:user:{user.casefold()}", user, caps.user, "FORGEHAND_USER_RUNS_PER_HOUR")
    everybody = Bucket("cap:all", "everybody together", caps.all, "FORGEHAND_RUNS_PER_HOUR")
    drawn = (own, theirs, everybody) if user else (own,)
    return tuple(each for each in drawn if each.most)


def turn(drawn: Iterable[Bucket], marks: Mapping[str, str | None], now: float) -> Turn:
    """The turn of one more event. `marks` are those of the buckets."""
    kept: dict[str, str] = {}
    for bucket in drawn:
        empty = max(now, float(marks.get(bucket.key) or 0.0)) + HOUR / bucket.most
        kept[bucket.key] = f"{empty:.3f}"
        at = empty - HOUR
        if at > now:
            return Turn(at, _why(bucket, at), kept)
    return Turn(now, marks=kept)


def _why(bucket: Bucket, at: float) -> str:
    begins = datetime.fromtimestamp(at, UTC).strftime("%H:%M UTC")
    runs = "1 run" if bucket.most == 1 else f"{bucket.most} runs"
    return f"{bucket.whose} had {runs} within an hour ({bucket.setting}): it begins at {begins}"
