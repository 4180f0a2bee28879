"""Child processes, bounded. Later also the sandbox in which untrusted code runs."""

from forgehand.adapters.sandbox.children import ChildProcesses

__all__ = ["ChildProcesses"]
