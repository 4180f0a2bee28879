"""zizmor as an analyser: GitHub workflows and actions that give away secrets, tokens or the runner.

`zizmor.yml` is not read, nothing is asked of GitHub, and `# zizmor: ignore` silences minor findings only.
https://docs.zizmor.sh/audits/
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from forgehand.adapters.analysers.copies import Manner, Report, Row, analyse_copies
from forgehand.adapters.analysers.deafening import deafening
from forgehand.adapters.analysers.parts import Broke
from forgehand.adapters.analysers.program import LIMITS, Program
from forgehand.domain.findings import SYNTAX, Severity
from forgehand.ports.analysers import Analysis
from forgehand.ports.children import Children, Finished, Limits

MAJOR = frozenset(
    {"template-injection", "hardcoded-container-credentials", "insecure-commands", "unsound-condition", "github-env"}
)
"""Major where zizmor is sure of it (high severity, high confidence); else minor."""
MINOR = frozenset(
    {
        *("dangerous-triggers", "excessive-permissions", "bot-conditions", "cache-poisoning", "secrets-inherit"),
        *("overprovisioned-secrets", "unsound-contains", "unpinned-uses", "archived-uses"),
    }
)
"""Told where zizmor calls the severity high."""
_CONFIG = """\
rules:
  unpinned-uses:
    config:
      policies:
        # A tag of GitHub's own actions moves by their hand alone.
        actions/*: ref-pin
        github/*: ref-pin
        "*": hash-pin
"""
_VALID = "on: push\njobs: {}\n"
"""With nothing valid to read, it would fail."""
_COMPLETED = re.compile(r"completed (\S+)$", re.MULTILINE)
_INVALID = re.compile(r"failed to validate file://(\S+) as ")
_NO_WORKFLOW = "Not what GitHub expects of a workflow or an action"
_NO_WORKFLOW_BODY = (
    "A key is missing, unknown or of another form, so GitHub will not run it, and zizmor cannot judge it."
)
_WORKFLOW = re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$", re.IGNORECASE)
_ACTION = re.compile(r"(?:^|/)action\.ya?ml$", re.IGNORECASE)


class Zizmor:
    """`program` is the zizmor to run."""

    name = "zizmor"

    def __init__(self, children: Children, program: str = "zizmor", limits: Limits = LIMITS) -> None:
        self._program = Program(self.name, children, [program], limits)

    def wants(self, path: str, start: bytes = b"") -> bool:
        return bool(_WORKFLOW.search(path) or _ACTION.search(path))

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """See `ports.analysers.Analyser`."""
        return await analyse_copies(self.name, self._program, _MANNER, tree, paths)


def _named(number: int, path: str) -> str:
    # It takes a file for an action by its name alone, and for a workflow otherwise.
    return f"{number}/action.yml" if _ACTION.search(path) else f"{number}/workflow.yml"


def _read(done: Finished, names: Collection[str]) -> Report:
    try:
        rows = list(_rows(json.loads(done.stdout)))
    except ValueError:
        raise Broke("its report is no JSON") from None
    said = done.stderr.decode("utf-8", "replace")
    invalid = {found[1] for found in _INVALID.finditer(said)}
    rows += [Row(name, 1, SYNTAX, Severity.MINOR, _NO_WORKFLOW, _NO_WORKFLOW_BODY) for name in sorted(invalid)]
    read = {found[1] for found in _COMPLETED.finditer(said)} | invalid
    return Report(rows, {name: "it is no YAML that zizmor can read" for name in names if name not in read})


def _rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for row in rows:
        place = next((each for each in row["locations"] if each["symbolic"]["kind"] == "Primary"), None)
        if place is None:
            continue
        said_there = place["symbolic"]["annotation"].removesuffix(" (required by blanket policy)")
        name = place["symbolic"]["key"]["Local"]["verbatim_path"]
        told = _severity(row["ident"], row["determinations"], name)
        if told is None:
            continue
        line = place["concrete"]["location"]["start_point"]["row"] + 1
        title = f"{row['desc'][:1].upper()}{row['desc'][1:]}: {said_there}"
        yield Row(name, line, row["ident"], told, title, url=row["url"])


def _severity(ident: str, sure: Mapping[str, Any], name: str) -> Severity | None:
    if ident in MAJOR:
        certain = (sure["severity"], sure["confidence"]) == ("High", "High")
        # An action's inputs come from the workflow that uses it, seldom from a stranger.
        return Severity.MAJOR if certain and _ACTION.search(name) is None else Severity.MINOR
    return Severity.MINOR if ident in MINOR and sure["severity"] == "High" else None


_MANNER = Manner(
    named=_named,
    deafened=deafening(b"zizmor"),
    arguments=(
        *("--offline", "--no-progress", "--format", "json-v1", "--no-exit-codes", "--persona", "regular"),
        *("--color", "never", "--collect", "all", "--config", "zizmor-pinned.yml", "--", "valid.yml"),
    ),
    read=_read,
    codes=(0,),
    beside={"zizmor-pinned.yml": _CONFIG, "valid.yml": _VALID},
    template=lambda content: False,
)
