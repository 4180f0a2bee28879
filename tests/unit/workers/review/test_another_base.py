"""A pull request that gets another base branch: its verdict follows the last one, which must be in GitHub's list."""

from dataclasses import replace
from typing import Any

import pytest

from forgehand.domain.effects import Review
from forgehand.domain.followups import ANOTHER_BASE
from forgehand.domain.jobs import Done, Job, Retry
from unit.workers.review.test_review_worker import APPLY, JOB, Paper, Says, _run

pytestmark = pytest.mark.anyio

EDITED = {"event": "pull_request", "action": "edited", "rebased": True}


def _first(job: Job, payload: dict[str, Any]) -> Job:
    return replace(job, attempts=1, payload=payload)


@pytest.mark.parametrize("payload", [EDITED, {"event": ANOTHER_BASE}])
async def test_it_is_judged_once_what_was_said_for_the_other_base_can_be_read(payload: dict[str, Any]) -> None:
    job = _first(APPLY, payload)
    outcome, effects = await _run(Paper(job), Says())
    assert outcome == Retry("the last verdict before main may not be listed yet", after=Paper.lag)
    assert effects == []
    outcome, effects = await _run(Paper(replace(job, attempts=2)), Says())
    assert isinstance(outcome, Done)
    assert len([each for each in effects if isinstance(each, Review)]) == 1


@pytest.mark.parametrize(
    ("job", "payload"), [(APPLY, {"event": "pull_request", "action": "edited"}), (APPLY, {}), (JOB, EDITED)]
)
async def test_whoever_gave_no_other_base_or_gives_no_verdict_waits_for_nothing(
    job: Job, payload: dict[str, Any]
) -> None:
    outcome, _ = await _run(Paper(_first(job, payload)), Says())
    assert isinstance(outcome, Done)
