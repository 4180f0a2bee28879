"""Why something is not dispatched: the whole list, in the order in which it is asked. Pure."""

from enum import StrEnum


class Reason(StrEnum):
    """Names for machines; each comes with a sentence for people."""

    SOURCE_NOT_DEFAULT_BRANCH = "source_not_default_branch"
    SOURCE_NOT_SUCCESS = "source_not_success"
    SOURCE_REPO_NOT_ALLOWLISTED = "source_repo_not_allowlisted"
    SOURCE_WORKFLOW_NOT_ALLOWLISTED = "source_workflow_not_allowlisted"
    SOURCE_FORK = "source_fork"
    SOURCE_DISPATCHED = "source_dispatched"
    """We started the run ourselves, or the one that it follows, and nobody asks for chains to be followed."""
    SOURCE_CHAIN_LOOP = "source_chain_loop"
    """The chain that led to the run has been here before, or is too long."""
    SOURCE_CONFIG_INVALID = "source_config_invalid"

    SOURCE_WITHDRAWN = "source_withdrawn"
    """It was asked for when the run ended, and right before the start it was not any more."""
    TARGET_REPO_NOT_ALLOWLISTED = "target_repo_not_allowlisted"
    DUPLICATE_TARGET = "duplicate_target"
    SELF_DISPATCH_BLOCKED = "self_dispatch_blocked"
    MAX_TARGETS_EXCEEDED = "max_targets_exceeded"
    TARGET_NOT_INSTALLED = "target_not_installed"
    TARGET_PERMISSION_MISSING = "target_permission_missing"
    MISSING_TARGET_CONFIG = "missing_target_config"
    INVALID_TARGET_CONFIG = "invalid_target_config"
    INBOUND_NOT_AUTHORIZED = "inbound_not_authorized"
    INPUTS_NOT_ACCEPTED = "inputs_not_accepted"
    INPUTS_TEMPLATE_ERROR = "inputs_template_error"

    # Allowed, and yet it did not start.
    REF_NOT_FOUND = "ref_not_found"
    WORKFLOW_NOT_FOUND = "workflow_not_found"
    WORKFLOW_NOT_DISPATCHABLE = "workflow_not_dispatchable"
    GITHUB_ERROR = "github_error"
    DISPATCHING_OFF = "dispatching_off"
    """The operator switched it off meanwhile."""
    GAVE_UP = "gave_up"
    """Its job was cancelled, or ended without an outcome."""


FAILURES = frozenset(
    {
        Reason.REF_NOT_FOUND,
        Reason.WORKFLOW_NOT_FOUND,
        Reason.WORKFLOW_NOT_DISPATCHABLE,
        Reason.GITHUB_ERROR,
        Reason.DISPATCHING_OFF,
        Reason.GAVE_UP,
    }
)
"""Nobody said no to these: they failed."""
