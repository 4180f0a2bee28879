"""ruff as an analyser: what is wrong or dangerous in Python, with a selection and configuration of our own.

The tree decides nothing. Its `pyproject.toml`, `ruff.toml` and ignore files are not read; files go in by name, so no
exclusion applies. A `# noqa` is obeyed for minor findings, where it is a person's considered choice; a major finding
is reported all the same, or the author of a change could wave their own bug through.
https://docs.astral.sh/ruff/
"""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from forgehand.adapters.analysers.concealing import conceal, without_strings
from forgehand.adapters.analysers.copies import flooded
from forgehand.adapters.analysers.parts import Broke, in_parts
from forgehand.adapters.analysers.program import LIMITS, Program
from forgehand.adapters.analysers.python_source import why_unseen
from forgehand.adapters.analysers.rules.test_files import is_test_file
from forgehand.adapters.analysers.sources import Sources
from forgehand.domain.findings import SYNTAX, Finding, Severity
from forgehand.ports.analysers import Analysis
from forgehand.ports.children import Children, Limits

MAJOR = (
    # It cannot run, or fails when it is reached.
    "F404,F406,F407,F50,F52,F601,F602,F621,F622,F631,F632,F633,F634,F70,F722,F82,F901,E902,"
    "PLE0100,PLE0101,PLE0115,PLE0116,PLE0117,PLE0118,PLE0237,PLE0241,PLE0302,PLE0303,PLE0304,PLE0305,PLE0307,PLE0308,"
    "PLE0309,PLE0604,PLE0605,PLE0643,PLE0704,PLE1132,PLE1142,PLE1205,PLE1206,PLE1300,PLE1307,PLE1507,PLE1519,PLE1520,"
    "PLE1700,B002,B012,B016,B020,B025,B029,B030,PLW0129,PLW0133,PLW0711,RUF008,RUF016,"
    # It does something other than it shows.
    "B005,B031,B035,B039,RUF018,RUF024,PLE2502,T100,"
    # It opens a door.
    "S102,S103,S202,S304,S305,S307,S501,S502,S503,S505,S506,S507,S508,S509,S602,S609,S612"
)
MINOR = (
    "F401,F402,F403,F405,F541,F811,F841,F842,E711,E712,E713,E714,E721,E722,"
    "B003,B004,B006,B007,B008,B009,B010,B011,B013,B014,B015,B017,B018,B019,B021,B022,B023,B024,B026,B027,B032,B033,"
    "B034,B904,PLE1310,PLE2510,PLE2512,PLE2513,PLE2514,PLE2515,PLW0120,PLW0127,PLW0128,PLW0131,PLW0177,PLW0211,"
    "PLW0245,PLW0406,PLW1501,PLW1507,PLW1508,PLW1509,RUF006,RUF009,RUF032,RUF034,RUF040,RUF049,"
    "S104,S108,S110,S112,S113,S201,S301,S302,S306,S310,S313,S314,S315,S316,S317,S318,S319,S323,S324,S504,S601,S604,"
    "S605,S608,S610,S611,S701,S702,S704,"
    "ASYNC210,ASYNC212,ASYNC220,ASYNC221,ASYNC222,ASYNC251,LOG004,LOG014,PIE794,PIE796,PGH005,YTT"
)
TARGET = "py314"
"""The newest grammar: code for an older Python is never called a syntax error, and forward references are legal."""
_UNREADABLE = "E902"
_QUOTING = frozenset({"F601", "F722", "B033", "PIE794", "PIE796", SYNTAX})
"""Rules that repeat strings of the source in their message."""
_FILES_AT_ONCE = 200


class Ruff:
    """`program` is the ruff to run."""

    name = "ruff"

    def __init__(self, children: Children, program: str = "ruff", limits: Limits = LIMITS) -> None:
        self._program = Program(self.name, children, [program], limits)

    def wants(self, path: str, start: bytes = b"") -> bool:
        return path.lower().endswith((".py", ".pyi", ".pyw"))

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """See `ports.analysers.Analyser`. A file that breaks ruff is unread, and so is one that it does not see as it
        runs; one with more findings than anybody would read has a finding that says so, too."""
        unseen = await asyncio.to_thread(_unseen, tree, paths)

        async def look(files: Sequence[str]) -> Analysis:
            loud = await self._check(tree, files, "--ignore-noqa", "--select", MAJOR)
            quiet = await self._check(tree, files, "--select", MINOR)
            return await asyncio.to_thread(_read, tree, loud, quiet)

        seen, guilty = await in_parts(self.name, [p for p in paths if p not in unseen], _FILES_AT_ONCE, look)
        findings = {finding for one in seen for finding in one.findings}
        findings |= {flooded(self.name, path) for path, broke in guilty.items() if broke.flooded}
        unread = unseen | {path: why for one in seen for path, why in one.unread.items()}
        return Analysis(tuple(sorted(findings)), unread | {path: broke.why for path, broke in guilty.items()})

    async def _check(self, tree: Path, files: Sequence[str], *how: str) -> bytes:
        # `./` keeps a file called `-x.py` or `@x.py` from being an option or a list of arguments.
        named = (f"./{file}" for file in files)
        return (await self._program.run(["check", *_PINNED, *how, "--", *named], tree)).stdout


_PINNED = (
    *("--isolated", "--no-cache", "--no-fix", "--no-preview", "--no-force-exclude", "--no-respect-gitignore"),
    *("--quiet", "--output-format", "json", "--target-version", TARGET),
)


def _unseen(tree: Path, paths: Iterable[str]) -> dict[str, str]:
    return {path: why for path in paths if (why := why_unseen((tree / path).read_bytes()))}


def _read(tree: Path, loud: bytes, quiet: bytes) -> Analysis:
    tree = tree.resolve()
    sources = Sources(tree)
    major, minor = _rows(loud), _rows(quiet)
    unread = {_path(row, tree): conceal(row["message"]) for row in major if row["code"] == _UNREADABLE}
    findings = set(_findings(major, Severity.MAJOR, tree, sources))
    findings |= {f for f in _findings(minor, Severity.MINOR, tree, sources) if f.rule != SYNTAX}
    return Analysis(tuple(sorted(findings)), unread)


def _rows(stdout: bytes) -> list[dict[str, Any]]:
    try:
        rows = json.loads(stdout)
    except ValueError:
        raise Broke("its report is no JSON") from None
    return list(rows)


def _findings(rows: Iterable[Mapping[str, Any]], severity: Severity, tree: Path, sources: Sources) -> Iterator[Finding]:
    broken: set[str] = set()
    for row in rows:
        path, rule, line = _path(row, tree), row["code"] or SYNTAX, row["location"]["row"]
        if rule == _UNREADABLE or path in broken or _harmless_in_tests(rule, severity, path):
            continue
        if rule == SYNTAX:
            # The first one is the cause; the rest is the parser looking for its way back.
            broken.add(path)
        text = sources.line(path, line)
        told = Severity.MINOR if "seems safe" in row["message"] else severity
        title, body = _title(rule, row["message"]), _body(row, severity, text)
        yield Finding(path, line, rule, told, title, body, Ruff.name, text, row.get("url") or "")


def _harmless_in_tests(rule: str, severity: Severity, path: str) -> bool:
    """A test that loads its own pickle or binds to all interfaces opens no door."""
    return rule.startswith("S") and severity is Severity.MINOR and is_test_file(path)


def _path(row: Mapping[str, Any], tree: Path) -> str:
    return str(Path(row["filename"]).relative_to(tree))


def _title(rule: str, message: str) -> str:
    told = conceal(without_strings(message) if rule in _QUOTING else message)
    return f"Syntax error: {told}" if rule == SYNTAX else told


def _body(row: Mapping[str, Any], severity: Severity, text: str) -> str:
    parts = []
    fix = (row.get("fix") or {}).get("message")
    if fix:
        parts.append(f"{conceal(without_strings(fix))}.")
    if severity is Severity.MAJOR and "noqa" in text:
        parts.append("The line's `noqa` does not silence a major finding.")
    return " ".join(parts)
