"""oxlint as an analyser: what is wrong or dangerous in JavaScript and TypeScript, with a selection of our own.

It is one program that needs no Node and runs no plugin of the tree. `.oxlintrc.json`, `.eslintrc` and ignore files are
not read; `oxlint-disable` and `eslint-disable` silence minor findings only. https://oxc.rs/docs/guide/usage/linter
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from forgehand.adapters.analysers.copies import Manner, Report, Row, analyse_copies
from forgehand.adapters.analysers.line_breaks import RETURNS
from forgehand.adapters.analysers.parts import Broke
from forgehand.adapters.analysers.program import LIMITS, Program
from forgehand.domain.findings import SYNTAX, Severity
from forgehand.ports.analysers import Analysis
from forgehand.ports.children import Children, Finished, Limits

MAJOR = (
    # It cannot run, or fails when it is reached.
    *("no-const-assign", "no-class-assign", "no-func-assign", "no-import-assign", "no-obj-calls", "no-invalid-regexp"),
    *("constructor-super", "no-this-before-super", "no-new-native-nonconstructor", "unicorn/no-invalid-fetch-options"),
    *("oxc/bad-replace-all-arg", "unicorn/no-accessor-recursion", "oxc/uninvoked-array-callback"),
    # It does something other than it shows.
    *("no-dupe-keys", "no-dupe-class-members", "no-dupe-else-if", "no-duplicate-case", "no-cond-assign", "use-isnan"),
    *("for-direction", "getter-return", "no-compare-neg-zero", "valid-typeof", "no-unsafe-negation"),
    *("no-unsafe-finally", "no-unsafe-optional-chaining", "oxc/missing-throw", "oxc/bad-comparison-sequence"),
    *("oxc/const-comparisons", "oxc/bad-min-max-func", "oxc/bad-object-literal-comparison"),
    *("oxc/bad-char-at-comparison", "oxc/bad-array-method-on-arguments", "react/jsx-no-duplicate-props"),
    # It opens a door, or stops for a debugger.
    *("no-eval", "no-debugger"),
)
MINOR = (
    *("no-unused-vars", "no-unreachable", "no-self-assign", "no-self-compare", "no-constant-condition"),
    *("no-constant-binary-expression", "no-async-promise-executor", "no-implied-eval", "no-new-func", "no-script-url"),
    *("no-ex-assign", "no-setter-return", "no-loss-of-precision", "no-sparse-arrays", "no-empty-pattern"),
    *("no-empty-character-class", "no-shadow-restricted-names", "no-global-assign", "no-unexpected-multiline"),
    *("no-useless-backreference", "no-useless-catch", "no-irregular-whitespace", "no-unused-private-class-members"),
    *("require-yield", "oxc/double-comparisons", "oxc/erasing-op", "oxc/misrefactored-assign-op"),
    *("oxc/number-arg-out-of-range", "oxc/bad-match-all-arg", "typescript/no-duplicate-enum-values"),
    *("typescript/no-misused-new", "typescript/no-non-null-asserted-optional-chain"),
    *("unicorn/no-invalid-remove-event-listener", "unicorn/no-await-in-promise-methods", "unicorn/no-thenable"),
    *("unicorn/no-array-fill-with-reference-type", "react/jsx-key", "react/no-danger-with-children"),
    *("react/void-dom-elements-no-children", "react/jsx-no-script-url", "import/no-self-import"),
)
_OPTIONS: Mapping[str, Any] = {
    # What a signature or a `catch` must name is no litter.
    "no-unused-vars": {"args": "none", "caughtErrors": "none", "ignoreRestSiblings": True, "varsIgnorePattern": "^_"},
    "no-constant-condition": {"checkLoops": False},
}
_CONFIG = {
    "plugins": ["eslint", "typescript", "unicorn", "oxc", "react", "import"],
    "categories": {"correctness": "off"},
    "rules": {rule: ["error", _OPTIONS[rule]] if rule in _OPTIONS else "error" for rule in (*MAJOR, *MINOR)},
}
_ENDINGS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_NOT_WRITTEN = re.compile(r"[.-]min\.[cm]?js$|\.bundle\.js$")
_MUTES = re.compile(rb"\b((?:oxlin|eslin))t(-disable)")
_CODE = re.compile(r"([\w-]+)\(([\w-]+)\)")
_REFUSED = re.compile(r'Failed to open file (?P<file>\S+) with error "(?P<why>.*)"')
_FLOW = re.compile(rb"(@(?:no)?flo)w\b")
"""Where a file says it, oxlint is silent about what it cannot parse."""


class Oxlint:
    """`program` is the oxlint to run."""

    name = "oxlint"

    def __init__(self, children: Children, program: str = "oxlint", limits: Limits = LIMITS) -> None:
        self._program = Program(self.name, children, [program], limits)

    def wants(self, path: str, start: bytes = b"") -> bool:
        return path.lower().endswith(_ENDINGS) and not _NOT_WRITTEN.search(path.lower())

    async def analyse(self, tree: Path, paths: Sequence[str]) -> Analysis:
        """See `ports.analysers.Analyser`."""
        return await analyse_copies(self.name, self._program, _MANNER, tree, paths)


def _named(number: int, path: str) -> str:
    name = PurePosixPath(path).name.lower()
    if name.endswith((".d.ts", ".d.mts", ".d.cts")):
        return f"{number}.d{PurePosixPath(name).suffix}"
    return f"{number}{PurePosixPath(name).suffix}"


def _read(done: Finished, _: Collection[str]) -> Report:
    try:
        rows = json.loads(done.stdout)["diagnostics"]
    except (ValueError, KeyError, TypeError):
        raise Broke("its report is no JSON") from None
    refused = (_REFUSED.match(row["message"]) for row in rows if "filename" not in row)
    unread = {PurePosixPath(found["file"]).name: found["why"] for found in refused if found}
    return Report(list(_rows(row for row in rows if "filename" in row)), unread)


def _rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for row in rows:
        code = _CODE.fullmatch(row.get("code") or "")
        # Of two places, such as a constant and what assigns to it, the later one is the flaw.
        line = max((label["span"]["line"] for label in row.get("labels") or ()), default=1)
        if code is None:
            title = f"Syntax error: {row['message'].rstrip('.')}"
            yield Row(row["filename"], line, SYNTAX, Severity.MAJOR, title)
            continue
        rule = code[2] if code[1] == "eslint" else f"{code[1].replace('-', '_')}/{code[2]}"
        told = Severity.MAJOR if rule in MAJOR else Severity.MINOR
        yield Row(row["filename"], line, rule, told, row["message"], row.get("help") or "", row.get("url") or "")


def _is_flow(content: bytes) -> bool:
    return _FLOW.search(content[:2_000]) is not None


_MANNER = Manner(
    named=_named,
    deafened=lambda content: _FLOW.sub(rb"\1x", _MUTES.sub(rb"\1x\2", content)),
    arguments=(
        *("--config", "oxlint-pinned.json", "--disable-nested-config", "--no-ignore", "--format", "json"),
        *("--threads", "2", "--"),
    ),
    read=_read,
    beside={"oxlint-pinned.json": json.dumps(_CONFIG)},
    pieces=_is_flow,
    breaks=RETURNS,
)
