"""Checks as commit statuses, which a person's token may set: the newest of a context counts."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from forgehand.adapters.github import CheckReader, GitHub, Identity, PersonalTokens, performers
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.effects import CheckRun, Conclusion
from forgehand.domain.repositories import Repo
from forgehand.ports.checks import CheckState
from forgehand.ports.effects import Receipt
from forgehand.ports.github import Unreachable
from forgehand.practice import Forge

pytestmark = pytest.mark.anyio

STATUSES = "/repos/{owner}/{repo}/statuses/{sha}"


@dataclass
class Person:
    forge: Forge
    repo: Repo
    head: str
    github: GitHub
    tokens: PersonalTokens
    identity: Identity

    def check(self, conclusion: Conclusion | None = None, title: str = "It runs") -> CheckRun:
        return CheckRun(
            repo=self.repo,
            subject="pull/1",
            worker="review",
            purpose="verdict",
            sha=self.head,
            name="Forgehand review",
            conclusion=conclusion,
            title=title,
            summary="At length.",
            details_url="https://forgehand.example.org/1",
        )

    async def do(self, effect: CheckRun) -> Receipt:
        performer = performers(self.github, self.tokens, self.identity, MemoryStore(), person=True)[effect.kind]
        existing = await performer.find(effect, None)
        receipt = await performer.perform(effect, existing, time.time() + 30)
        return receipt if existing else await performer.tidy(effect, receipt, time.time() + 30)

    def statuses(self) -> list[tuple[str, str, str | None]]:
        found = self.forge.statuses(self.repo.full_name, self.head)
        return [(each.context, each.state, each.description) for each in found]


@pytest.fixture
async def person(forge: Forge) -> AsyncIterator[Person]:
    repository = forge.create_repository("dev/own")
    head = forge.commit("dev/own", "main", {"a.txt": "a\n"})
    tokens = PersonalTokens(forge.create_token("dev"))
    async with GitHub(forge.url, user_agent="forgehand/test", pause=0.01) as github:
        identity = Identity(github, tokens.person)
        yield Person(forge, Repo(0, repository.id, "dev/own"), head, github, tokens, identity)


async def test_a_check_that_runs_and_ends_is_two_statuses_of_one_context(person: Person) -> None:
    await person.do(person.check())
    await person.do(person.check(Conclusion.SUCCESS, "All good"))
    assert person.statuses() == [
        ("Forgehand review", "success", "All good"),
        ("Forgehand review", "pending", "It runs"),
    ]
    [read] = await CheckReader(person.github, person.tokens, person.identity).checks(person.repo, person.head)
    assert (read.name, read.told, read.ours, read.url) == (
        "Forgehand review",
        "success",
        True,
        "https://forgehand.example.org/1",
    )


async def test_saying_the_same_again_sets_nothing(person: Person) -> None:
    first = await person.do(person.check(Conclusion.FAILURE))
    assert await person.do(person.check(Conclusion.FAILURE)) == first
    assert len(person.statuses()) == 1


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [(Conclusion.NEUTRAL, "success"), (Conclusion.FAILURE, "failure"), (Conclusion.ACTION_REQUIRED, "failure")],
)
async def test_a_conclusion_has_the_state_that_holds_or_lets_pass_alike(
    person: Person, conclusion: Conclusion, state: str
) -> None:
    await person.do(person.check(conclusion))
    assert [each[1] for each in person.statuses()] == [state]


async def test_a_neutral_check_is_read_back_as_neutral(person: Person) -> None:
    await person.do(person.check(Conclusion.NEUTRAL, "There is no test command"))
    assert person.statuses() == [("Forgehand review", "success", "Neutral: There is no test command")]
    [read] = await CheckReader(person.github, person.tokens, person.identity).checks(person.repo, person.head)
    assert (read.state, read.told, read.title) == (CheckState.PASSED, "neutral", "There is no test command")


async def test_a_long_title_is_cut_to_what_github_takes(person: Person) -> None:
    await person.do(person.check(title="x" * 200))
    assert [each[2] for each in person.statuses()] == ["x" * 139 + "…"]


async def test_anothers_status_of_our_name_is_not_ours(person: Person) -> None:
    person.forge.set_collaborator("dev/own", "kim", "write")
    other = PersonalTokens(person.forge.create_token("kim"))
    theirs = replace(person, tokens=other, identity=Identity(person.github, other.person))
    await theirs.do(person.check(Conclusion.SUCCESS, "I am the reviewer"))
    await person.do(person.check(Conclusion.FAILURE, "No"))
    assert [each[1] for each in person.statuses()] == ["failure", "success"]


@pytest.mark.parametrize("fault", ["error_before", "error_after", "cut_after", "lands_later"])
async def test_one_without_an_answer_converges(person: Person, fault: str) -> None:
    person.forge.faults.add(fault, route=STATUSES, method="POST", seconds=60)  # type: ignore[arg-type]
    with pytest.raises(Unreachable):
        await person.do(person.check(Conclusion.SUCCESS))
    person.forge.land_now()
    await person.do(person.check(Conclusion.SUCCESS))
    assert [each[1] for each in person.statuses()] == ["success"]
