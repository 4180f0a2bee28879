"""Analysers as child processes with pinned configuration; one file each. Assembly takes them from `analysers`."""

import os
import sysconfig
from pathlib import Path

from forgehand.adapters.analysers.own import OwnRules
from forgehand.adapters.analysers.queue import Queue
from forgehand.adapters.analysers.ruff import Ruff
from forgehand.adapters.analysers.secrets import Secrets
from forgehand.ports.analysers import Analyser
from forgehand.ports.children import Children

__all__ = ["OwnRules", "Ruff", "Secrets", "analysers"]


def analysers(children: Children, cache: Path) -> tuple[Analyser, ...]:
    """All of them, which together run no more children at once than there are processors, however many reviews go on.
    The programs are the ones installed beside us, whatever PATH says; `cache` must be ours alone."""
    installed = Path(sysconfig.get_path("scripts"))
    queue = Queue(children, os.cpu_count() or 1)
    return Ruff(queue, str(installed / "ruff")), Secrets(queue, cache), OwnRules()
