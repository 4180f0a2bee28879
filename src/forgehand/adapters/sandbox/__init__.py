"""Child processes, bounded; and the sandbox in which untrusted code runs."""

from forgehand.adapters.sandbox.children import ChildProcesses
from forgehand.adapters.sandbox.ladder import SandboxLadder

__all__ = ["ChildProcesses", "SandboxLadder"]
