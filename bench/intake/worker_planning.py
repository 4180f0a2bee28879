"""The worker child of a `serve` that plans: the product's own, whose review worker has nothing to do."""

from dataclasses import dataclass

from forgehand.assembly.worker_process import main
from forgehand.assembly.workers import BuiltIn
from forgehand.domain.jobs import Done, Outcome
from forgehand.ports.desk import Desk
from forgehand.workers import review


@dataclass
class NothingToDo:
    type: str = review.REVIEW_SPEC.type

    async def run(self, desk: Desk) -> Outcome:
        return Done()


if __name__ == "__main__":
    main(built_in=(BuiltIn(review.REVIEW_SPEC, lambda parts: NothingToDo()),))
