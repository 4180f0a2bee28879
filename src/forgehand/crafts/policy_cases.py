"""A file of cases for a policy: facts of a pull request, and the verdict that is expected. Read and tried offline by
`forgehand policy test`."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from forgehand.crafts.policy_model import Model
from forgehand.crafts.strict_yaml import validated
from forgehand.domain.checks import CheckState
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import Opinion, PullFacts, RepositoryPolicy, judge_policy
from forgehand.domain.policy.facts import from_json
from forgehand.domain.rulings import Ruling, State, first

MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Expected:
    """`blocker` is the first rule that stands in the way, empty where nobody asked. `rules` are single rules."""

    verdict: State
    blocker: str = ""
    rules: tuple[tuple[str, State], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    facts: PullFacts
    expected: Expected


@dataclass(frozen=True, slots=True)
class Tried:
    """`misses` are sentences, each an expectation that was not met; `ruling` is the tree."""

    case: Case
    ruling: Ruling
    misses: tuple[str, ...]


def read_cases(raw: bytes, file: str) -> tuple[Case, ...]:
    """Raises PolicyError with everything that is wrong in the file."""
    model = validated(raw, CasesModel, CasesModel.model_json_schema(by_alias=True), file, MAX_BYTES)
    return tuple(map(_case, model.cases))


def try_case(case: Case, policy: RepositoryPolicy) -> Tried:
    """What the policy says of a case, and where that is not what was expected."""
    root = judge_policy(policy, case.facts)
    found = {part.rule: str(part.state) for part in root.parts}
    blocker = first(root.parts, State.VIOLATED) or first(root.parts, State.PENDING)
    asked = [("verdict", str(case.expected.verdict), str(root.state))]
    if case.expected.blocker:
        asked.append(("blocker", case.expected.blocker, blocker.rule if blocker else "nothing"))
    asked += [(f"rule “{name}”", str(state), found.get(name, "no such rule")) for name, state in case.expected.rules]
    misses = tuple(f"{what}: expected {wanted}, found {got}" for what, wanted, got in asked if wanted != got)
    return Tried(case, root, misses)


class FileModel(Model):
    path: str
    additions: Annotated[int, Field(ge=0)] = 0
    deletions: Annotated[int, Field(ge=0)] = 0
    previous_path: str | None = None


class CheckModel(Model):
    name: str
    state: Annotated[CheckState, Field(strict=False)]
    app: int = 0


class ReviewModel(Model):
    author: str
    opinion: Annotated[Opinion, Field(strict=False)]
    permission: Annotated[Permission | None, Field(strict=False)] = None
    current: bool = True


class FactsModel(Model):
    """`PullFacts` as JSON; what is left out is unknown, or as by default."""

    author: str = "somebody"
    base: str = "main"
    head: str = "change"
    title: str = ""
    body: str = ""
    draft: bool = False
    author_is_bot: bool = False
    author_permission: Annotated[Permission | None, Field(strict=False)] = None
    fork: bool = False
    labels: list[str] | None = None
    files: list[FileModel] | None = None
    files_complete: bool = True
    checks: list[CheckModel] | None = None
    reviews: list[ReviewModel] | None = None


class ExpectModel(Model):
    verdict: Literal["satisfied", "violated", "not yet"]
    blocker: str = ""
    rules: dict[str, Literal["satisfied", "violated", "not yet", "not applicable"]] | None = None


class CaseModel(Model):
    name: str
    facts: FactsModel = FactsModel()
    expect: ExpectModel


class CasesModel(Model):
    cases: Annotated[list[CaseModel], Field(min_length=1, max_length=1000)]


def _case(model: CaseModel) -> Case:
    facts = from_json(model.facts.model_dump(exclude_none=True))
    rules = tuple((name, State(state)) for name, state in (model.expect.rules or {}).items())
    return Case(model.name, facts, Expected(State(model.expect.verdict), model.expect.blocker, rules))
