"""What comes with every delivery that is new: the job that plans it, and the fact that it was received. Called by
`engine.intake` and whoever plans again, and by the stores, which keep both with the delivery."""

from forgehand.domain.deliveries import Delivery
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import PLAN, PLANNER, Change, Job, job_id
from forgehand.domain.retries import MAX_ATTEMPTS

PLAN_PRIORITY = 7


def arrival(delivery: Delivery, ignored: str = "") -> Change:
    """What is stored with a delivery. `ignored` says why it wakes nobody: then there is no job."""
    guid, at = delivery.guid, delivery.received_at
    # How many jobs it made, as `made_known` says it: here that is always known.
    said = {"event": delivery.event} if ignored else {"event": delivery.event, "made": {PLANNER: 1}}
    received = Fact(received_id(guid), "delivery.received", at, delivery=guid, data=said)
    return Change(enqueue=() if ignored else (planning_job(guid, delivery.event, at),), facts=(received,))


def received_id(guid: str) -> str:
    return fact_id("received", guid, near=guid)


def planning_id(guid: str, replay: str = "", cursor: int = 0) -> str:
    return job_id(PLAN, guid, replay, cursor, near=guid)


def planning_job(guid: str, event: str, now: float, *, replay: str = "", cursor: int = 0) -> Job:
    """The job that plans a delivery. A `replay` token makes it, and the jobs it plans, new ones."""
    return Job(
        id=planning_id(guid, replay, cursor),
        type=PLAN,
        worker=PLANNER,
        tenant=0,
        repository_id=0,
        repository="",
        subject=event,
        created_at=now,
        payload={"guid": guid, "replay": replay, "cursor": cursor},
        priority=PLAN_PRIORITY,
        run_at=now,
        max_attempts=MAX_ATTEMPTS,
        delivery=guid,
        correlation=guid,
    )
