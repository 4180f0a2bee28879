"""The file `.forgehand/config.yml` as it may be written: the one definition that validates it, makes the JSON Schema
for editors, and holds docs/policy.md to the truth. Called by `policy_file`.
"""

from collections import Counter
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from forgehand.crafts import strict_models
from forgehand.crafts.strict_models import STRICT, wrong
from forgehand.domain.effects.merge import MergeMethod
from forgehand.domain.findings import Severity
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import Flaky, Goes, RepositoryPolicy
from forgehand.domain.policy.globs import MAX_LENGTH, flaw

DEFAULTS = RepositoryPolicy()
_REVIEW, _TESTS, _MERGE, _QUEUE = DEFAULTS.review, DEFAULTS.tests, DEFAULTS.merge, DEFAULTS.merge.queue


def _checked_glob(text: str) -> str:
    if why := flaw(text):
        raise wrong(f"“{text[:60]}” is no pattern", why)
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise wrong("this text has control characters or line breaks", "write it in one line")
    return text


_Line = AfterValidator(_one_line)
Glob = Annotated[str, AfterValidator(_checked_glob), Field(json_schema_extra={"minLength": 1, "maxLength": MAX_LENGTH})]
Wildcard = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH), _Line]
Globs = Annotated[list[Glob], Field(max_length=100)]
SomeGlobs = Annotated[list[Glob], Field(min_length=1, max_length=100)]
Wildcards = Annotated[list[Wildcard], Field(max_length=100)]
SomeWildcards = Annotated[list[Wildcard], Field(min_length=1, max_length=100)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60), _Line]
Command = Annotated[str, StringConstraints(max_length=4000)]


class Model(BaseModel):
    """Strict: an unknown key, or a value of another type, is an error."""

    model_config = STRICT


class Asking(Model):
    """A part of a condition, which must ask for something; `details` are keys that alone ask for nothing."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    details: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self.model_fields_set <= self.details:
            keys = [field.alias or name for name, field in type(self).model_fields.items() if name not in self.details]
            raise wrong("nothing is asked for here", f"add one of {', '.join(keys)}")
        return self


class PathChoice(Asking):
    """Globs over changed paths; a renamed file counts under both names."""

    any: Annotated[SomeGlobs, Field(description="At least one changed file matches one of these globs.")] = []
    all: Annotated[SomeGlobs, Field(description="Every changed file matches one of these globs.")] = []
    none: Annotated[SomeGlobs, Field(description="No changed file matches any of these globs.")] = []


class TextChoice(Asking):
    """Wildcards (`*` is anything), compared without regard to case."""

    any: Annotated[SomeWildcards, Field(description="At least one of these is found.")] = []
    all: Annotated[SomeWildcards, Field(description="Each of these is found.")] = []
    none: Annotated[SomeWildcards, Field(description="None of these is found.")] = []


class AuthorCondition(Asking):
    logins: Annotated[SomeWildcards, Field(description="The author is one of these.")] = []
    permission: Annotated[
        Permission | None,
        Field(strict=False, description="The least permission that the author has in the repository."),
    ] = None
    bot: Annotated[bool | None, Field(description="Whether the author is an App.")] = None
    fork: Annotated[bool | None, Field(description="Whether the branch lives in another repository.")] = None


class ChecksCondition(Asking):
    passed: Annotated[
        SomeWildcards, Field(description="Each of these has reported, and all that fit have passed.")
    ] = []
    all_passed: Annotated[
        Literal[True] | None, Field(description="A check has reported, and all that did have passed.")
    ] = None


class ReviewsCondition(Asking):
    details: ClassVar[frozenset[str]] = frozenset({"permission", "by"})

    approvals: Annotated[
        int | None,
        Field(ge=1, le=20, description="How many people must approve the present head, the author not counted."),
    ] = None
    permission: Annotated[
        Permission, Field(strict=False, description="The least permission that makes a review count.")
    ] = Permission.WRITE
    by: Annotated[SomeWildcards, Field(description="Only reviews by these logins count.")] = []
    no_changes_requested: Annotated[
        Literal[True] | None, Field(description="Nobody whose review counts still asks for changes.")
    ] = None


class SizeCondition(Asking):
    """Lines are those added plus those deleted."""

    min_files: Annotated[int | None, Field(ge=0, description="The change has at least so many files.")] = None
    max_files: Annotated[int | None, Field(ge=0, description="The change has at most so many files.")] = None
    min_lines: Annotated[int | None, Field(ge=0, description="The change has at least so many lines.")] = None
    max_lines: Annotated[int | None, Field(ge=0, description="The change has at most so many lines.")] = None


class Condition(Asking):
    """Holds where everything that it names holds."""

    files: Annotated[PathChoice | None, Field(description="The changed files.")] = None
    labels: Annotated[TextChoice | None, Field(description="The labels.")] = None
    author: Annotated[AuthorCondition | None, Field(description="Who opened the pull request.")] = None
    base: Annotated[SomeGlobs | None, Field(description="The branch merged into is one of these.")] = None
    head: Annotated[SomeGlobs | None, Field(description="The branch that is merged is one of these.")] = None
    draft: Annotated[bool | None, Field(description="Whether the pull request is a draft.")] = None
    checks: Annotated[ChecksCondition | None, Field(description="Check runs and statuses of the head.")] = None
    reviews: Annotated[ReviewsCondition | None, Field(description="What reviewers said.")] = None
    size: Annotated[SizeCondition | None, Field(description="How large the change is.")] = None
    title: Annotated[TextChoice | None, Field(description="The whole title.")] = None
    body: Annotated[TextChoice | None, Field(description="The whole description.")] = None
    all: Annotated[
        "list[Condition] | None", Field(min_length=1, max_length=20, description="All of these conditions hold.")
    ] = None
    any: Annotated[
        "list[Condition] | None", Field(min_length=1, max_length=20, description="One of these conditions holds.")
    ] = None
    not_: Annotated["Condition | None", Field(alias="not", description="This condition does not hold.")] = None


class RuleModel(Model):
    name: Annotated[Word, Field(description="What people read when the rule stands in the way.")]
    says: Annotated[
        str, StringConstraints(max_length=200), _Line, Field(description="Why the rule is there, or what to do.")
    ] = ""
    if_: Annotated[Condition | None, Field(alias="if", description="When the rule applies; always by default.")] = None
    require: Annotated[Condition, Field(description="What must hold where it applies.")]


class ReviewSection(Model):
    max_findings: Annotated[
        int, Field(ge=1, le=25, description="How many findings are told; the others are counted.")
    ] = _REVIEW.max_findings
    blocking: Annotated[
        Severity, Field(strict=False, description="From which severity on a finding blocks: `minor` is every one.")
    ] = _REVIEW.blocking
    ignore: Annotated[Globs, Field(description="Findings in these files are not told; secrets always are.")] = []
    mute: Annotated[Wildcards, Field(description="Rules whose minor findings are not told.")] = []


class TestsSection(Model):
    enabled: Annotated[bool, Field(description="Whether tests are run.")] = _TESTS.enabled
    command: Annotated[Command, Field(description="The command that runs the tests; empty: it is found out.")] = (
        _TESTS.command
    )
    setup: Annotated[Command, Field(description="A command that is run before, such as an installation.")] = (
        _TESTS.setup
    )
    timeout_minutes: Annotated[int, Field(ge=1, le=360, description="How long they may take.")] = _TESTS.timeout_minutes
    memory_mb: Annotated[int, Field(ge=64, le=262_144, description="How much memory they may take, in MB.")] = (
        _TESTS.memory_mb
    )
    network: Annotated[bool, Field(description="Whether they reach the network.")] = _TESTS.network
    junit: Annotated[Globs, Field(description="The JUnit reports that they write.")] = []
    coverage: Annotated[Globs, Field(description="The coverage reports that they write.")] = []
    flaky_reruns: Annotated[
        int, Field(ge=0, le=3, description="How often failed tests are run again to learn whether they are flaky.")
    ] = _TESTS.flaky_reruns
    flaky: Annotated[
        Flaky,
        Field(strict=False, description="What becomes of a run with flaky tests: `pass` names them as a warning."),
    ] = _TESTS.flaky
    min_diff_coverage: Annotated[
        int | None, Field(ge=0, le=100, description="Percent of the changed lines that tests must cover.")
    ] = None
    measure_base: Annotated[
        bool | None, Field(description="Whether pushes to base branches are tested, to compare coverage with.")
    ] = None


class PriorityModel(Model):
    if_: Annotated[Condition, Field(alias="if", description="Which pull requests.")]
    goes: Annotated[Goes, Field(strict=False, description="Before all others, as they came, or after all others.")]


class QueueSection(Model):
    enabled: Annotated[bool, Field(description="Whether pull requests are merged through the queue.")] = _QUEUE.enabled
    most: Annotated[int, Field(ge=1, le=20, description="How many are tested together.")] = _QUEUE.most
    timeout_minutes: Annotated[
        int, Field(ge=1, le=1440, description="How long the checks of a combination may take.")
    ] = _QUEUE.timeout_minutes
    wait_for_checks_minutes: Annotated[
        int, Field(ge=1, le=1440, description="How long to wait for a first check, where none is required or run here.")
    ] = _QUEUE.wait_for_checks_minutes
    priority: Annotated[
        list[PriorityModel], Field(max_length=20, description="Who goes first or last; the first that applies counts.")
    ] = []


class MergeSection(Model):
    auto: Annotated[bool, Field(description="Merge by itself what nothing stands in the way of.")] = _MERGE.auto
    method: Annotated[MergeMethod, Field(strict=False, description="How it is merged.")] = _MERGE.method
    delete_branch: Annotated[bool, Field(description="Delete the branch after the merge.")] = _MERGE.delete_branch
    update_branch: Annotated[bool, Field(description="Bring a branch up to date that must contain its base.")] = (
        _MERGE.update_branch
    )
    require_tests: Annotated[bool, Field(description="Merge only what checks or a test run have passed.")] = (
        _MERGE.require_tests
    )
    approvals: Annotated[int, Field(ge=0, le=20, description="Approvals of the present head by people who write.")] = (
        _MERGE.approvals
    )
    protected_paths: Annotated[Globs, Field(description="Changes of these files are merged by people only.")] = []
    hold_labels: Annotated[Wildcards, Field(description="Labels that hold a pull request back.")] = []
    require_labels: Annotated[Wildcards, Field(description="Labels that a pull request must have.")] = []
    max_files: Annotated[int | None, Field(ge=1, description="The most changed files.")] = None
    max_lines: Annotated[int | None, Field(ge=1, description="The most changed lines, added plus deleted.")] = None
    queue: Annotated[QueueSection, Field(description="The merge queue.")] = QueueSection()


def _names_differ(rules: list[RuleModel]) -> list[RuleModel]:
    for name, times in Counter(rule.name for rule in rules).items():
        if times > 1:
            raise wrong(f"{times} rules have the name “{name}”", "give each rule a name of its own")
    return rules


class SectionModel(Model):
    """What holds everywhere, or for one base branch."""

    review: Annotated[ReviewSection, Field(description="The static review.")] = ReviewSection()
    tests: Annotated[TestsSection, Field(description="The test run.")] = TestsSection()
    merge: Annotated[MergeSection, Field(description="What is asked before a merge, and how it is made.")] = (
        MergeSection()
    )
    rules: Annotated[
        list[RuleModel], AfterValidator(_names_differ), Field(max_length=100, description="Rules of your own.")
    ] = []


class PolicyModel(SectionModel):
    """Forgehand's policy for this repository."""

    branches: Annotated[
        dict[Glob, SectionModel],
        Field(max_length=50, description="What holds, besides and instead, for base branches that match a glob."),
    ] = {}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    return strict_models.json_schema(PolicyModel, "Forgehand policy")
