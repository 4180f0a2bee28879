"""hadolint as an analyser: Dockerfiles that do not build, or build something else than they show.

No `.hadolint.yaml` is read, and `# hadolint ignore` silences minor findings only. Scripts in `RUN` are judged as
`shellcheck` judges them. https://github.com/hadolint/hadolint
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from forgehand.adapters.analysers import shellcheck
from forgehand.adapters.analysers.copies import Manner, Report, Row, analyse_copies
from forgehand.adapters.analysers.deafening import deafening
from forgehand.adapters.analysers.parts import Broke
from forgehand.adapters.analysers.program import LIMITS, Program
from forgehand.domain.findings import SYNTAX, Severity
from forgehand.ports.analysers import Analysis
from forgehand.ports.children import Children, Finished, Limits

MAJOR = frozenset({"DL3011", "DL3021", "DL3023", "DL3024", "DL3043", "DL3061"})
"""The build refuses it."""
MINOR = frozenset(
    {
        *("DL3000", "DL3002", "DL3004", "DL3007", "DL3012", "DL3020", "DL3044", "DL3064"),
        *("DL4003", "DL4004"),
    }
)
_SYNTAX = "DL1000"
_OTHERS = (
    ".md",
    ".txt",
    ".dockerignore",
    ".j2",
    ".jinja",
    ".jinja2",
    ".erb",
    ".tmpl",
    ".tpl",
    ".template",
    ".in",
    ".py",
)


class Hadolint:
    """`program` is the hadolint to run."""

    name = "hadolint"

    def __init__(self, children: Children, program: str = "hadolint", limits: Limits = LIMITS) -> None:
        self._program = Program(self.name, children, [program], limits)

    def wants(self, path: str, start: bytes = b"") -> bool:
        name = PurePosixPath(path).name.lower()
        mine = name.startswith(("dockerfile.", "containerfile.")) and not name.endswith(_OTHERS)
        return mine or name in ("dockerfile", "containerfile") or name.endswith((".dockerfile", ".containerfile"))

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """See `ports.analysers.Analyser`."""
        return await analyse_copies(self.name, self._program, _MANNER, tree, paths)


def _read(done: Finished, _: Collection[str]) -> Report:
    try:
        return Report(list(_rows(json.loads(done.stdout))))
    except ValueError:
        raise Broke("its report is no JSON") from None


def _rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for row in rows:
        name, line, code, message = row["file"], row["line"], row["code"], row["message"]
        if code == _SYNTAX:
            # The parser's expectations, a line each, say nothing to a person.
            title = f"Syntax error: {message.partition(chr(10))[0]}"
            yield Row(name, line, SYNTAX, Severity.MAJOR, title)
        elif code.startswith("SC"):
            if code[2:] in shellcheck.PARSING:
                title = shellcheck.syntax_error(message)
                yield Row(name, line, SYNTAX, Severity.MAJOR, title, url=shellcheck.url(code[2:]))
            elif told := shellcheck.severity(code[2:]):
                yield Row(name, line, code, told, message, url=shellcheck.url(code[2:]))
        elif code in MAJOR | MINOR:
            told = Severity.MAJOR if code in MAJOR else Severity.MINOR
            yield Row(name, line, code, told, message, url=f"https://github.com/hadolint/hadolint/wiki/{code}")


_MANNER = Manner(
    named=lambda number, path: f"{number}.Dockerfile",
    deafened=deafening(b"hadolint", b"shellcheck"),
    arguments=("--no-fail", "--no-color", "--format", "json", "--config", "hadolint-pinned.yaml", "--"),
    read=_read,
    codes=(0,),
    beside={"hadolint-pinned.yaml": "ignored: []\n"},
)
