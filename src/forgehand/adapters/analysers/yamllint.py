"""yamllint as an analyser: YAML that cannot be read, or that says one thing and means another. No matters of style.

Its `.yamllint` files are not read. It runs in a Python that sees neither the tree nor its user's packages.
https://yamllint.readthedocs.io/
"""

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from forgehand.adapters.analysers.copies import Manner, Report, Row, analyse_copies
from forgehand.adapters.analysers.deafening import deafening
from forgehand.adapters.analysers.line_breaks import OF_YAML
from forgehand.adapters.analysers.parts import Broke
from forgehand.adapters.analysers.program import LIMITS, Program
from forgehand.adapters.analysers.templates import is_template
from forgehand.domain.findings import SYNTAX, Severity
from forgehand.ports.analysers import Analysis
from forgehand.ports.children import Children, Finished, Limits

_RULES = "{rules: {key-duplicates: {forbid-duplicated-merge-keys: true}, anchors: {forbid-undeclared-aliases: true}}}"
_ROW = re.compile(r"([^:]+):(\d+):\d+: \[\w+\] (.*) \(([\w-]+)\)")
_NOT_WRITTEN = re.compile(r"(^|/)(pnpm-lock\.ya?ml|[^/]*\.lock\.ya?ml)$")
_FILES_AT_ONCE = 40
"""It reads some 150 KB a second."""


class Yamllint:
    """`argv` starts the yamllint to run."""

    name = "yamllint"

    def __init__(
        self,
        children: Children,
        argv: Sequence[str] = (sys.executable, "-I", "-m", "yamllint"),
        limits: Limits = LIMITS,
    ) -> None:
        self._program = Program(self.name, children, argv, limits)

    def wants(self, path: str, start: bytes = b"") -> bool:
        return PurePosixPath(path).suffix.lower() in (".yml", ".yaml") and not _NOT_WRITTEN.search(path)

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """See `ports.analysers.Analyser`."""
        return await analyse_copies(self.name, self._program, _MANNER, tree, paths)


def _read(done: Finished, _: Collection[str]) -> Report:
    if b"Traceback" in done.stderr:
        # Its code is then the one of findings.
        raise Broke("it cannot read the file")
    return Report(list(_rows(done.stdout.decode("utf-8", "replace").splitlines())))


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    for line in lines:
        found = _ROW.fullmatch(line)
        if found is None:
            continue
        name, number, message, rule = found.groups()
        if rule == "syntax":
            title = f"Syntax error: {message.removeprefix('syntax error: ')}"
            yield Row(name, int(number), SYNTAX, Severity.MAJOR, title)
        else:
            url = f"https://yamllint.readthedocs.io/en/stable/rules.html#module-yamllint.rules.{rule.replace('-', '_')}"
            yield Row(name, int(number), rule, Severity.MAJOR, f"{message[:1].upper()}{message[1:]}", url=url)


_MANNER = Manner(
    named=lambda number, path: f"{number}.yaml",
    deafened=deafening(b"yamllint"),
    arguments=("--format", "parsable", "--config-data", _RULES, "--"),
    read=_read,
    pieces=is_template,
    breaks=OF_YAML,
    at_once=_FILES_AT_ONCE,
)
