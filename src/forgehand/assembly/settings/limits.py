"""What a repository may ask for in its policy, at most; and what is asked of every pull request, at least."""

from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from forgehand.assembly.settings.lists import split
from forgehand.domain.policy.globs import flaw


class LimitSettings(BaseModel):
    """The operator's limits, which a repository can narrow and never widen."""

    auto_merge: Annotated[
        bool,
        Field(
            alias="FORGEHAND_AUTO_MERGE",
            description="Whether a repository may switch automatic merges on, where `FORGEHAND_MODE` is `apply`.",
        ),
    ] = True
    ignore_findings: Annotated[
        bool,
        Field(
            alias="FORGEHAND_IGNORE_FINDINGS",
            description="Whether a repository may leave files out of what the review tells; secrets are always told.",
        ),
    ] = True
    tests: Annotated[
        bool, Field(alias="FORGEHAND_TESTS", description="Whether the tests of repositories are run at all.")
    ] = True
    test_minutes: Annotated[
        int, Field(alias="FORGEHAND_TEST_MINUTES", ge=1, description="The most minutes that tests may take.")
    ] = 60
    test_memory_mb: Annotated[
        int, Field(alias="FORGEHAND_TEST_MEMORY_MB", ge=64, description="The most memory that tests may take, in MB.")
    ] = 8192
    approvals: Annotated[
        int,
        Field(
            alias="FORGEHAND_APPROVALS",
            ge=0,
            le=20,
            description="Approvals by people who write that every pull request needs; a repository may ask for more.",
        ),
    ] = 0
    protected_paths: Annotated[
        str,
        Field(
            alias="FORGEHAND_PROTECTED_PATHS",
            description="Patterns, separated by commas: changes of these files are merged by people only. A repository "
            "may add more.",
        ),
    ] = ".github/**,.forgehand/**,dispatching.yml"

    @field_validator("protected_paths")
    @classmethod
    def _patterns(cls, text: str) -> str:
        for glob in split(text):
            if why := flaw(glob):
                raise ValueError(f"{glob} is no pattern: {why}")
        return text
