"""What workers may do, how much at a time, and how often anything is looked at."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from forgehand.domain.retries import BACKOFF_SECONDS, LAG_SECONDS


class WorkSettings(BaseModel):
    """Jobs: their powers, their leases, and the clockwork around them."""

    mode: Annotated[
        Literal["comment-only", "apply"],
        Field(
            alias="FORGEHAND_MODE",
            description="What workers may do at most: `comment-only` speaks, `apply` also approves, merges and cleans "
            "up after merges, where a repository's own configuration asks for it.",
        ),
    ] = "comment-only"
    slots: Annotated[
        int, Field(alias="FORGEHAND_SLOTS", ge=1, le=256, description="Jobs that one worker process runs at a time.")
    ] = 8
    poll_seconds: Annotated[
        float,
        Field(
            alias="FORGEHAND_POLL_SECONDS",
            ge=0,
            description="How often open pull requests and finished runs are looked at in case webhooks were lost; 0 "
            "never.",
        ),
    ] = 300.0
    sweep_seconds: Annotated[
        float,
        Field(
            alias="FORGEHAND_SWEEP_SECONDS",
            ge=0,
            description="How often GitHub is asked for failed deliveries to redeliver; 0 never.",
        ),
    ] = 300.0
    keep_days: Annotated[
        float,
        Field(
            alias="FORGEHAND_KEEP_DAYS",
            ge=8,
            description="How long deliveries, jobs, their history and what was written are kept, for replays and for "
            "the admin pages; at least 8, since GitHub redelivers for days. What is said of an open pull request "
            "stays.",
        ),
    ] = 60.0
    lease_seconds: Annotated[
        float,
        Field(
            alias="FORGEHAND_LEASE_SECONDS",
            gt=0,
            description="How long a job stays with a worker process that gives no sign of life.",
        ),
    ] = 120.0
    heartbeat_seconds: Annotated[
        float, Field(alias="FORGEHAND_HEARTBEAT_SECONDS", gt=0, description="How often a worker gives one, per job.")
    ] = 30.0
    settle_seconds: Annotated[
        float,
        Field(
            alias="FORGEHAND_SETTLE_SECONDS",
            gt=0,
            description="How long after a write without an answer its result is looked up; GitHub may apply a write "
            "some 10 seconds late.",
        ),
    ] = 15.0
    retry_seconds: Annotated[
        float,
        Field(
            alias="FORGEHAND_RETRY_SECONDS",
            gt=0,
            description="How long after its first failed attempt a job is tried again; the pauses after the next ones "
            "are 5, 15, 60, 150 and 300 times as long.",
        ),
    ] = BACKOFF_SECONDS[0]
    lag_seconds: Annotated[
        float,
        Field(
            alias="FORGEHAND_LAG_SECONDS",
            gt=0,
            description="How long after a webhook GitHub is looked at again where it does not show yet what was told.",
        ),
    ] = LAG_SECONDS

    @model_validator(mode="after")
    def _beats_often_enough(self) -> Self:
        if self.heartbeat_seconds > self.lease_seconds / 4:
            raise ValueError(
                "FORGEHAND_HEARTBEAT_SECONDS must be at most a quarter of FORGEHAND_LEASE_SECONDS, or jobs lose their "
                "lease while they run"
            )
        return self
