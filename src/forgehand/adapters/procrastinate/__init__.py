"""Wake-ups between machines that share a PostgreSQL, by Procrastinate. Made by `assembly`."""

from forgehand.adapters.procrastinate.wakeups import ProcrastinateWakeups

__all__ = ["ProcrastinateWakeups"]
