"""What is decided about a pull request at this moment, said to nobody. Called by `forgehand policy explain`."""

from dataclasses import dataclass

from forgehand.domain.repositories import Repo
from forgehand.ports.github import PullRequest
from forgehand.ports.policies import Loaded
from forgehand.workers.review.reading import Sources, read
from forgehand.workers.review.rules.decision import Decision, judge


@dataclass(frozen=True, slots=True)
class Explained:
    pull: PullRequest
    loaded: Loaded
    decision: Decision


async def explained(sources: Sources, repo: Repo, number: int) -> Explained:
    """The decision with the policy behind it, from the facts as they are now."""
    known = await read(sources, repo, number)
    return Explained(known.facts.pull, known.loaded, judge(known.facts, known.loaded.policy))
