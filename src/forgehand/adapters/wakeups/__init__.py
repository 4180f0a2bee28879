"""Wake-ups on one machine: inside one process, and from a parent to its worker child. Made by `assembly`."""

from forgehand.adapters.wakeups.in_process import InProcessWakeups
from forgehand.adapters.wakeups.pipe import PipeWakeups, wakeup_pipe

__all__ = ["InProcessWakeups", "PipeWakeups", "wakeup_pipe"]
