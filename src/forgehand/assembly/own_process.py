"""What each of our processes does to itself at its start. Called by `serve` and `worker_process`."""

import ctypes
import gc
import os
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress

ENOUGH_FILES = 65_536
_PR_SET_DUMPABLE = 4
_KEPT = frozenset(
    {
        *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV"),
        *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"),
    }
)


def close_to_neighbours() -> None:
    """Let no other process of our user read our memory, environment or open files through /proc: analysers and git run
    as that user on strangers' input. See PR_SET_DUMPABLE in prctl(2) and proc(5)."""
    if sys.platform == "linux":
        with suppress(OSError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def allow_many_connections() -> None:
    """Raise the number of open files to what the system allows us, but not to the billion that some container engines
    allow: a child that closes every file by its number would be long at it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_FILES)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, enough), hard))


def worker_environment(ours: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Our environment without anything that may be a secret: the worker gets its settings through a pipe."""
    return {name: value for name, value in ours.items() if name in _KEPT}


def give_way() -> None:
    """Let the process that takes webhooks in have the processor first: GitHub waits 10 seconds for it, a job can wait.
    What we start inherits it."""
    os.nice(10)
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):
            # Linux: what wakes up here waits for whoever is at it, instead of pushing the intake off its processor.
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def spare_what_stays() -> None:
    """Leave what is loaded by now out of every later garbage collection, and collect less often.

    A full collection walks some 300,000 objects of imported modules: 60 ms in which no delivery is taken in.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
