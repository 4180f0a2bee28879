"""The operator's limits, as the settings give them. Used by `build`, and by what tries a policy out."""

from forgehand.assembly.settings import Settings, split
from forgehand.domain.modes import Mode
from forgehand.domain.policy import OperatorLimits
from forgehand.workers import dispatch


def operator_limits(settings: Settings) -> OperatorLimits:
    return OperatorLimits(
        mode=Mode(settings.mode),
        auto_merge=settings.auto_merge,
        ignore_findings=settings.ignore_findings,
        tests=settings.tests,
        test_network=settings.sandbox_network,
        test_minutes=settings.test_minutes,
        test_memory_mb=settings.test_memory_mb,
        approvals=settings.approvals,
        protected_paths=split(settings.protected_paths),
    )


def dispatch_options(settings: Settings) -> dispatch.Options:
    """What may be dispatched, and how it is told."""
    return dispatch.Options(
        default_ref=settings.default_dispatch_ref,
        sources=split(settings.dispatch_sources),
        workflows=split(settings.dispatch_workflows),
        targets=split(settings.dispatch_targets),
        create_issues=settings.create_issues,
    )
