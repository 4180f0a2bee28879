"""The store in memory: for tests, and the plainest statement of what a store does."""

from forgehand.adapters.memory.store import MemoryStore

__all__ = ["MemoryStore"]
