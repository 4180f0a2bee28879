"""Analysers as child processes with pinned configuration; one file each. Assembly takes them from `analysers`."""

import os
import sysconfig
from pathlib import Path

from forgehand.adapters.analysers.hadolint import Hadolint
from forgehand.adapters.analysers.own import ChangeRules, OwnRules
from forgehand.adapters.analysers.oxlint import Oxlint
from forgehand.adapters.analysers.queue import Queue
from forgehand.adapters.analysers.ruff import Ruff
from forgehand.adapters.analysers.secrets import Secrets
from forgehand.adapters.analysers.shellcheck import Shellcheck
from forgehand.adapters.analysers.yamllint import Yamllint
from forgehand.adapters.analysers.zizmor import Zizmor
from forgehand.ports.analysers import Analyser, ChangeAnalyser
from forgehand.ports.children import Children

__all__ = ["OwnRules", "Ruff", "Secrets", "analysers"]


def analysers(children: Children, cache: Path) -> tuple[Analyser | ChangeAnalyser, ...]:
    """All of them, which together run no more children at once than there are processors, however many reviews go on.
    The programs are the ones installed beside us, whatever PATH says; `cache` must be ours alone."""
    queue = Queue(children, os.cpu_count() or 1)
    return (
        Ruff(queue, _installed("ruff")),
        Shellcheck(queue, _installed("shellcheck")),
        Yamllint(queue),
        Zizmor(queue, _installed("zizmor")),
        Hadolint(queue, _installed("hadolint")),
        Oxlint(queue, _installed("oxlint")),
        Secrets(queue, cache),
        OwnRules(),
        ChangeRules(),
    )


def _installed(program: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / program)
