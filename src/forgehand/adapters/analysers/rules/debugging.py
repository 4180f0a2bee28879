"""Rule: what somebody left behind who looked for a bug. Python's and JavaScript's debuggers are ruff's and oxlint's."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from forgehand.adapters.analysers.rules.lines import NAME, matching
from forgehand.adapters.analysers.rules.test_files import is_test_file
from forgehand.domain.findings import Finding, Severity

_SHOUT = (
    rb"[\"'`][ \t]*(?:(?i:debug(?:ging)?|here|xxx+|wtf|foo|got here|to be removed)\b|[=#>*!-]{3,})[^\"'`\n]{0,40}[\"'`]"
)
_PYTHON = re.compile(
    rb"^[ \t]*print\((?:[ \t]*f?"
    + _SHOUT
    + rb"|f[\"'][^\"'\n]{0,80}\{[\w.\[\]]+=\})|^[ \t]*import (?:pdb|ipdb|pudb)\b",
    re.MULTILINE,
)
_JAVASCRIPT = re.compile(
    rb"^[ \t]*console\.(?:log|debug|trace|dir)\((?:[ \t]*" + _SHOUT + rb"|[ \t]*\w+[ \t]*\)|\{[ \t]*\w+[ \t]*\}\))",
    re.MULTILINE,
)
_RUBY = re.compile(rb"^[ \t]*(?:binding\.(?:pry|irb|break)|byebug)\b", re.MULTILINE)
_PHP = re.compile(rb"^[ \t]*(?:var_dump|dd|print_r)\(", re.MULTILINE)
_RUST = re.compile(rb"^[ \t]*(?:let [^=\n]{1,60}=[ \t]*)?dbg!\(", re.MULTILINE)
_BY_ENDING = {
    **dict.fromkeys((".py", ".pyw"), _PYTHON),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte"), _JAVASCRIPT),
    ".rb": _RUBY,
    ".php": _PHP,
    ".rs": _RUST,
}


def debugging(path: str, content: bytes) -> Iterator[Finding]:
    """A plain `print` may be what a program is for: told are those that shout, name a variable or wait for a person."""
    pattern = _BY_ENDING.get(PurePosixPath(path).suffix.lower())
    if pattern is None or is_test_file(path):
        return
    for line, text in matching(content, pattern):
        body = "If it is meant to stay, a logger says where it comes from and can be turned off."
        yield Finding(path, line, "debugging", Severity.MINOR, "Left over from debugging", body, NAME, text)
