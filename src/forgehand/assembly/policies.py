"""What `forgehand policy` reaches of the policy's reader and judge; it writes nothing anywhere."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forgehand.assembly.build import App, working
from forgehand.assembly.given_files import bytes_of
from forgehand.assembly.limits import operator_limits
from forgehand.assembly.settings import Settings
from forgehand.assembly.workers import sources
from forgehand.crafts import policy_file
from forgehand.crafts.policy_cases import Tried, read_cases, try_case
from forgehand.crafts.policy_file import parse
from forgehand.crafts.policy_trial import Trial, trials
from forgehand.domain.policy import PolicyFile, effective
from forgehand.domain.policy.limits import NOTHING
from forgehand.ports.github import NotFound
from forgehand.workers import review
from forgehand.workers.review import Explained

DAY = 24 * 3600.0

__all__ = ["Explained", "Trial", "Tried", "explained", "schema", "simulated", "tried", "validated"]


def schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    return policy_file.schema()


def validated(settings: Settings, path: Path) -> tuple[str, ...]:
    """What the file asks for and the operator does not allow. Raises PolicyError where it cannot be used."""
    file = _read(path)
    bases = ("main", *(glob for glob, _ in file.branches))
    limits = operator_limits(settings)
    return tuple(dict.fromkeys(note for base in bases for note in effective(limits, NOTHING, file, base)[1]))


def tried(settings: Settings, cases: Path, path: Path) -> Sequence[Tried]:
    """Each case under the file, with where it went another way than expected. Raises as `validated`."""
    file, limits = _read(path), operator_limits(settings)
    read = read_cases(bytes_of(cases), str(cases))
    return [try_case(case, effective(limits, NOTHING, file, case.facts.base)[0]) for case in read]


async def simulated(app: App, path: Path, days: float, repository: str) -> list[Trial]:
    """What became of the pull requests of the last `days` under the file. Raises as `validated`."""
    since = time.time() - days * DAY
    return [each async for each in trials(app.store, operator_limits(app.settings), _read(path), since, repository)]


async def explained(app: App, repository: str, number: int) -> Explained:
    """What is decided about a pull request at this moment, read from GitHub. Raises a GitHubError."""
    async with working(app) as crew:
        for repo in await crew.repositories.repositories():
            if repo.full_name.casefold() == repository.casefold():
                return await review.explained(sources(crew.parts), repo, number)
    raise NotFound(
        f"the App is not installed on a repository {repository}: give OWNER/NAME#NUMBER of one that it is on"
    )


def _read(path: Path) -> PolicyFile:
    return parse(bytes_of(path), str(path))
