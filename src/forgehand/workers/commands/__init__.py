"""Obeys `/forgehand …` comments on pull requests: asks the worker that can do it, and answers."""

from forgehand.domain.routing import Trigger, WorkerSpec
from forgehand.workers.commands.worker import CommandsWorker, Ports

__all__ = ["SPEC", "CommandsWorker", "Ports"]

SPEC = WorkerSpec(
    id=CommandsWorker.type,
    type=CommandsWorker.type,
    triggers=(Trigger("issue_comment", actions=("created",)),),
)
"""A comment that was changed orders nothing: who may write may also rewrite what others said."""
