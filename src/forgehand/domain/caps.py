"""How much costly work one pull request, one person and all together may cause within an hour. Pure; asked by
`engine.planner`.

Nothing is refused: what is beyond a cap begins later, where several hold it back by the one that does so longest. A
pull request and a person each have a bucket that holds an hour's worth and empties steadily, so that a burst passes at
once and a flood is stretched. What all may cause is counted by the hour in which it begins: what one person overdoes
takes its place in later hours, as much in each as that person may cause, and leaves the rest to everybody else.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from forgehand.domain.jobs import Job, JobState

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
    """What `whose` may cause, `most` an hour, as the operator's `setting` says. Kept under `key`: when it is empty; or,
    where it is `by_hour`, how many begin in each hour from this one on."""

    key: str
    whose: str
    most: int
    setting: str
    by_hour: bool = False


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
    everybody = Bucket("cap:all by hour", "everybody together", caps.all, "FORGEHAND_RUNS_PER_HOUR", by_hour=True)
    drawn = (own, theirs, everybody) if user else (own,)
    return tuple(each for each in drawn if each.most)


def turn(drawn: Iterable[Bucket], marks: Mapping[str, str | None], now: float) -> Turn:
    """The turn of one more event. `marks` are those of the buckets; what is counted by the hour comes last."""
    kept: dict[str, str] = {}
    at, why = now, ""
    for bucket in drawn:
        draw = _by_hour if bucket.by_hour else _steadily
        begins, kept[bucket.key] = draw(bucket.most, marks.get(bucket.key), at, now)
        if begins > at:
            at, why = begins, _why(bucket, begins)
    return Turn(at, why, kept)


def held_back(job: Job) -> bool:
    """Whether this is work that waits for its turn, and not for what stopped it once it had begun."""
    return job.state is JobState.PENDING and not job.attempts and bool(job.payload.get(HELD_BACK))


def _steadily(most: int, mark: str | None, at: float, now: float) -> tuple[float, str]:
    empty = max(now, float(mark or 0.0)) + HOUR / most
    return max(at, empty - HOUR), f"{empty:.3f}"


def _by_hour(most: int, mark: str | None, at: float, now: float) -> tuple[float, str]:
    """In its own hour, or else in the next that has room, behind those that are there already."""
    begin = {int(hour): count for hour, count in json.loads(mark or "{}").items() if int(hour) >= now // HOUR}
    hour = own = int(at // HOUR)
    while (taken := begin.get(hour, 0)) >= most:
        hour += 1
    begin[hour] = taken + 1
    return (at if hour == own else (hour + taken / most) * HOUR), json.dumps(begin)


def _why(bucket: Bucket, at: float) -> str:
    begins = datetime.fromtimestamp(at, UTC).strftime("%H:%M UTC")
    runs = "1 run" if bucket.most == 1 else f"{bucket.most} runs"
    return f"{bucket.whose} had {runs} within an hour ({bucket.setting}): it begins at {begins}"
