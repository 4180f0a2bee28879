"""shellcheck as an analyser: what is wrong or dangerous in shell scripts, with a selection of our own.

`.shellcheckrc` is not read, and a `# shellcheck disable` silences minor findings only. Sourced files are not followed.
https://www.shellcheck.net/
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from forgehand.adapters.analysers.copies import Manner, Report, Row, analyse_copies
from forgehand.adapters.analysers.deafening import deafening
from forgehand.adapters.analysers.parts import Broke
from forgehand.adapters.analysers.program import Program
from forgehand.domain.findings import SYNTAX, Severity
from forgehand.ports.analysers import Analysis
from forgehand.ports.children import Children, Finished, Limits

MAJOR = frozenset(
    {
        # It is no assignment, or no test: the shell runs something else.
        *("1020", "1035", "1066", "1068", "1097", "2270", "2271", "2272", "2273", "2274", "2275", "2276", "2277"),
        *("2281", "2282", "2283"),
        # It is always true or never, whatever the variables hold.
        *("2050", "2055", "2056", "2070", "2071", "2072", "2074", "2077", "2078", "2081", "2157", "2158", "2159"),
        *("2170", "2193", "2194", "2252"),
        # It fails when it is reached.
        *("2144", "2168", "2218", "2264"),
        # With an empty variable, or as it stands, it removes what nobody meant.
        *("2114", "2115"),
    }
)
MINOR = frozenset(
    {
        *(
            "2020",
            "2024",
            "2045",
            "2048",
            "2059",
            "2060",
            "2064",
            "2066",
            "2068",
            "2069",
            "2076",
            "2088",
            "2089",
            "2090",
        ),
        *(
            "2091",
            "2094",
            "2096",
            "2121",
            "2124",
            "2128",
            "2141",
            "2142",
            "2145",
            "2150",
            "2160",
            "2161",
            "2163",
            "2164",
        ),
        *(
            "2178",
            "2183",
            "2188",
            "2189",
            "2190",
            "2198",
            "2199",
            "2210",
            "2213",
            "2214",
            "2216",
            "2217",
            "2221",
            "2222",
        ),
        *("2238", "2239", "2251", "2257", "2259", "2260", "2261", "2269"),
        # `#!/bin/sh` that only bash understands.
        *("3010", "3014", "3020", "3024", "3030"),
    }
)
PARSING = frozenset({"1072", "1073"})
_REMEDY = re.compile(r"Fix (?:any mentioned problems and try again|to allow more checks)\.$")
_LIMITS = Limits(seconds=30.0, output=16_000_000)
_FILES_AT_ONCE = 50
"""It is the slowest of all, up to a second for a script."""
_ENDINGS = (".sh", ".bash", ".ksh", ".dash")
_NAMES = frozenset({".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".envrc"})
_SHEBANG = re.compile(rb"#![ \t]*/(?:\S*/)?(?:env[ \t]+(?:-S[ \t]*)?)?(?:bash|dash|ksh|sh)[ \t\r\n]")


class Shellcheck:
    """`program` is the shellcheck to run."""

    name = "shellcheck"

    def __init__(self, children: Children, program: str = "shellcheck", limits: Limits = _LIMITS) -> None:
        self._program = Program(self.name, children, [program], limits)

    def wants(self, path: str, start: bytes = b"") -> bool:
        name = PurePosixPath(path).name.lower()
        return name.endswith(_ENDINGS) or name in _NAMES or _SHEBANG.match(start + b"\n") is not None

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """See `ports.analysers.Analyser`."""
        return await analyse_copies(self.name, self._program, _MANNER, tree, paths)


def severity(code: str) -> Severity | None:
    """How much a code weighs, without its `SC`; None for one that is not told."""
    return Severity.MAJOR if code in MAJOR else Severity.MINOR if code in MINOR else None


def syntax_error(message: str) -> str:
    """A title, from what it says of a script that it cannot parse."""
    said = _REMEDY.sub("", message).strip()
    return f"Syntax error: {said}" if said else "Syntax error"


def url(code: str) -> str:
    return f"https://www.shellcheck.net/wiki/SC{code}"


def _named(number: int, path: str) -> str:
    # Where no first line says which shell it is for, the ending does.
    ending = PurePosixPath(path).suffix.lower()
    return f"{number}{ending if ending in _ENDINGS else '.bash'}"


def _read(done: Finished, _: Collection[str]) -> Report:
    try:
        comments = json.loads(done.stdout)["comments"]
    except (ValueError, KeyError, TypeError):
        raise Broke("its report is no JSON") from None
    return Report(list(_rows(comments)))


def _rows(comments: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for comment in comments:
        code, line = str(comment["code"]), comment["line"]
        if code in PARSING:
            yield Row(comment["file"], line, SYNTAX, Severity.MAJOR, syntax_error(comment["message"]), url=url(code))
        elif told := severity(code):
            yield Row(comment["file"], line, f"SC{code}", told, comment["message"], url=url(code))


_MANNER = Manner(
    named=_named,
    deafened=deafening(b"shellcheck"),
    arguments=("--norc", "--format", "json1", "--"),
    read=_read,
    at_once=_FILES_AT_ONCE,
)
