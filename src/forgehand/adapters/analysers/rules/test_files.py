"""Which files hold tests, and the names of the tests in them. Pure; used by the rules about tests."""

import re
from collections.abc import Iterator

_TEST_FILE = re.compile(
    r"(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.pyi?$"
    r"|[._-](?:test|spec)s?\.[cm]?[jt]sx?$|(?:^|/)__tests__/[^/]*\.[cm]?[jt]sx?$"
    r"|_test\.go$|_(?:spec|test)\.rb$|(?:Tests?|IT|Spec)\.(?:java|kt|cs|scala|php|swift)$|\.bats$"
)
_TESTS = re.compile(
    rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(test\w*)"  # Python and Ruby
    rb"|^func[ \t]+(Test\w+)\("  # Go
    rb"|^[ \t]*(?:it|test)(?:\.\w+)*\([ \t]*(?:'([^'\n]{1,200})'|\"([^\"\n]{1,200})\"|`([^`\n]{1,200})`)"  # JavaScript
    rb"|^@test[ \t]+[\"']([^\"'\n]{1,200})"  # bats
    rb"|@(?:Parameterized)?Test\b[^{;]{0,300}?\b(?:void|fun)[ \t]+(\w+)",  # Java and Kotlin
    re.MULTILINE,
)


def is_test_file(path: str) -> bool:
    return _TEST_FILE.search(path) is not None


def names_of_tests(content: bytes) -> Iterator[str]:
    """The names of the tests, each as often as it is defined."""
    for found in _TESTS.finditer(content):
        yield next(name for name in found.groups() if name is not None).decode("utf-8", "replace")
