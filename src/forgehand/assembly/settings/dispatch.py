"""What dispatching between repositories may do, and where it tells the outcome."""

from typing import Annotated

from pydantic import BaseModel, Field


class DispatchSettings(BaseModel):
    """Lists are separated by commas."""

    dispatch: Annotated[
        bool,
        Field(
            alias="FORGEHAND_DISPATCH",
            description="Whether workflows of other repositories are started at all, where both repositories ask for "
            "it in their `dispatching.yml`.",
        ),
    ] = True
    default_dispatch_ref: Annotated[
        str,
        Field(
            alias="DEFAULT_DISPATCH_REF",
            min_length=1,
            description="The branch or tag that a target is started on where the source names none.",
        ),
    ] = "main"
    create_issues: Annotated[
        bool,
        Field(
            alias="CREATE_ISSUES",
            description="Whether each run that starts others has an issue in its repository that tells the outcome.",
        ),
    ] = True
    dispatch_sources: Annotated[
        str,
        Field(
            alias="FORGEHAND_DISPATCH_SOURCES",
            description="Patterns of the repositories whose runs may start others, such as `acme/*`; empty: all.",
        ),
    ] = ""
    dispatch_workflows: Annotated[
        str,
        Field(
            alias="FORGEHAND_DISPATCH_WORKFLOWS",
            description="Patterns of the workflow files whose runs may do that, such as `ci.yml`; empty: all.",
        ),
    ] = ""
    dispatch_targets: Annotated[
        str,
        Field(
            alias="FORGEHAND_DISPATCH_TARGETS",
            description="Patterns of the repositories in which they may start something; empty: all.",
        ),
    ] = ""
