"""Finding what somebody has in hand: a repository's name, a delivery's GUID, a pull request, a job's id. Called by
`web.admin`. Everything is a key or the beginning of one; nothing is searched through.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from forgehand.domain.jobs import Job
from forgehand.domain.projections import NAMES
from forgehand.domain.pulls import PullState
from forgehand.domain.tallies import tally_from
from forgehand.engine.queries.journeys import Pages
from forgehand.engine.queries.lists import repository_named
from forgehand.engine.queries.windows import Numbers
from forgehand.ports.store import StoredDelivery

LIMIT = 10
"""Of each kind; who wants another one types more."""
LEAST = 4
"""Characters of a GUID or a job's id, so that half of them all is not an answer."""


class Findable(Pages, Numbers, Protocol):
    """The part of the store that is searched."""


@dataclass(frozen=True, slots=True)
class NamedRepository:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """What begins as was asked. `exact`: it is one thing, and named whole."""

    repositories: tuple[NamedRepository, ...] = ()
    pulls: tuple[PullState, ...] = ()
    deliveries: tuple[StoredDelivery, ...] = ()
    jobs: tuple[Job, ...] = ()
    exact: bool = False

    def __bool__(self) -> bool:
        return bool(self.repositories or self.pulls or self.deliveries or self.jobs)


async def search(store: Findable, asked: str) -> Found:
    asked = asked.strip()
    if pull := _PULL.fullmatch(asked):
        return await _pull(store, pull["name"], int(pull["number"]))
    if url := _REPOSITORY_URL.fullmatch(asked):
        asked = url["name"]
    repositories = await _repositories(store, asked.casefold())
    deliveries, jobs = await _by_id(store, asked) if _ID.fullmatch(asked) else ((), ())
    names = [each.name for each in repositories]
    names += [each.delivery.guid for each in deliveries] + [each.id for each in jobs]
    exact = len(names) == 1 and names[0].casefold() == asked.casefold()
    return Found(repositories, (), deliveries, jobs, exact)


async def _pull(store: Findable, name: str, number: int) -> Found:
    """The pull request; its repository where nobody has decided about it."""
    repository_id = await repository_named(store, name)
    if repository_id is None:
        return Found()
    pull = await store.pull(repository_id, number)
    return Found(pulls=(pull,), exact=True) if pull else Found((NamedRepository(repository_id, name),))


async def _repositories(store: Findable, start: str) -> tuple[NamedRepository, ...]:
    """Full names and names without their owner, each repository once."""
    if not start:
        return ()
    found: dict[int, NamedRepository] = {}
    for row in await store.projections_like(NAMES, start, LIMIT):
        said = tally_from(row.content, row.at)
        found.setdefault(int(said.last("id")), NamedRepository(int(said.last("id")), said.last("name")))
    return tuple(found.values())


async def _by_id(store: Findable, start: str) -> tuple[tuple[StoredDelivery, ...], tuple[Job, ...]]:
    return tuple(await store.deliveries_like(start, LIMIT)), tuple(await store.jobs_like(start, LIMIT))


_NAME = r"(?P<name>[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}?)"
_SITE = r"https?://[^/\s]{1,200}/"
_PULL = re.compile(rf"(?:{_SITE})?{_NAME}(?:#|/pull/)(?P<number>[0-9]{{1,18}})(?:[/?#]\S*)?")
_REPOSITORY_URL = re.compile(rf"{_SITE}{_NAME}(?:\.git)?(?:/\S*)?")
_ID = re.compile(rf"[A-Za-z0-9._:-]{{{LEAST},200}}")
