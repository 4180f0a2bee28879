"""How much costly work, reviews and test runs, may begin within an hour."""

from typing import Annotated

from pydantic import BaseModel, Field

from forgehand.domain.caps import Caps


class CapSettings(BaseModel):
    """What is beyond a cap begins later; 0 is no cap."""

    pull_runs_per_hour: Annotated[
        int,
        Field(
            alias="FORGEHAND_PULL_RUNS_PER_HOUR",
            ge=0,
            description="How often an hour one pull request is reviewed and tested by itself; what is beyond begins "
            "later. 0: as often as it changes.",
        ),
    ] = 30
    user_runs_per_hour: Annotated[
        int,
        Field(
            alias="FORGEHAND_USER_RUNS_PER_HOUR",
            ge=0,
            description="The same for what one person, or one bot, causes on all pull requests together.",
        ),
    ] = 120
    runs_per_hour: Annotated[
        int,
        Field(
            alias="FORGEHAND_RUNS_PER_HOUR",
            ge=0,
            description="The same for everybody together, within an hour of the clock; 0: what this installation can "
            "take.",
        ),
    ] = 0

    @property
    def caps(self) -> Caps:
        return Caps(self.pull_runs_per_hour, self.user_runs_per_hour, self.runs_per_hour)
