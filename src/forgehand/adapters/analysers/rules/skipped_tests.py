"""Rule: a test that is skipped, or that has all others skipped."""

import re
from collections.abc import Iterator

from forgehand.adapters.analysers.rules.lines import NAME, matching
from forgehand.adapters.analysers.rules.test_files import is_test_file
from forgehand.domain.findings import Finding, Severity

_SKIPPED = re.compile(
    rb"^[ \t]*@(?:pytest\.mark\.)?(?:skip|xfail)\b(?!if)|^[ \t]*@unittest\.(?:skip|expectedFailure)\b(?!If|Unless)"
    rb"|^[ \t]*pytest(?:mark[ \t]*=[ \t]*pytest\.mark)?\.skip\b(?!if)"
    rb"|^[ \t]*self\.skipTest\(|^[ \t]*(?:it|test|describe|context|suite)\.(?:skip|todo)\b(?!If)"
    rb"|^[ \t]*(?:xit|xtest|xdescribe)\(|^[ \t]*@(?:Ignore|Disabled)\b|^[ \t]*t\.Skip(?:f|Now)?\(|^[ \t]*#\[ignore"
    rb"|^[ \t]*skip[ \t]+[\"']",
    re.MULTILINE,
)
_FOCUSED = re.compile(rb"^[ \t]*(?:it|test|describe|context|suite)\.only\b|^[ \t]*(?:fit|fdescribe)\(", re.MULTILINE)
_RUST = (".rs",)


def skipped_tests(path: str, content: bytes) -> Iterator[Finding]:
    """A condition under which a test is skipped is left to its author."""
    if not is_test_file(path) and not path.endswith(_RUST):
        return
    for line, text in matching(content, _SKIPPED):
        body = "A skipped test fails for nobody. Say when it will run again, or mend it."
        yield Finding(path, line, "skipped-test", Severity.MINOR, "A test is skipped", body, NAME, text)
    for line, text in matching(content, _FOCUSED):
        body = "With `only` in one place, the other tests of the file do not run."
        yield Finding(path, line, "focused-test", Severity.MAJOR, "All other tests are skipped", body, NAME, text)
