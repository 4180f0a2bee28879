"""A workflow of a repository started by hand: GitHub's `workflow_dispatch`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from forgehand.domain.effects.base import Effect, Exactness
from forgehand.domain.modes import Power


class DispatchRefusal(StrEnum):
    """Why GitHub started nothing, for certain. `Landed.reason` carries one."""

    REF_NOT_FOUND = "ref_not_found"
    WORKFLOW_NOT_FOUND = "workflow_not_found"
    WORKFLOW_NOT_DISPATCHABLE = "workflow_not_dispatchable"
    """The file has no `workflow_dispatch` at that ref, or it is disabled, or Actions is."""
    INPUTS_NOT_ACCEPTED = "inputs_not_accepted"
    """The workflow lacks one of the inputs, requires another, or does not take its value."""
    PERMISSION_MISSING = "target_permission_missing"
    GITHUB_ERROR = "github_error"


@dataclass(frozen=True, kw_only=True)
class WorkflowDispatch(Effect):
    """`workflow` is the name of a file in `.github/workflows`, `ref` a branch or tag, `inputs` pairs of names and
    values. The receipt's id is that of the run that it started. Let `purpose` name the one start that it is: a slot is
    never sent twice, whatever else its content says later."""

    kind: ClassVar[str] = "workflow_dispatch"
    exactness: ClassVar[Exactness] = Exactness.NEVER_TWO

    workflow: str
    ref: str
    inputs: tuple[tuple[str, str], ...] = ()

    @property
    def power(self) -> Power:
        return Power.DISPATCH

    @property
    def permissions(self) -> Mapping[str, str]:
        return {"actions": "write"}

    def describe(self) -> str:
        return f"dispatch of {self.workflow} at {self.ref} in {self.repo.full_name}"
