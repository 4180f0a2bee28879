"""`ports.analysers` over the real shellcheck."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from forgehand.adapters.analysers.shellcheck import MAJOR, MINOR, Shellcheck
from forgehand.domain.findings import Finding

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]
pytestmark = pytest.mark.anyio


def _brief(findings: tuple[Finding, ...]) -> list[tuple[str, int, str, str]]:
    return [(f.path, f.line, f.rule, str(f.severity)) for f in findings]


async def test_bugs_dangers_and_litter_are_told_apart(shellcheck: Shellcheck, plant: Plant) -> None:
    script = '#!/bin/sh\ncd "$1"\nrm -rf "$cache/"*\nif [ "$a"="b" ]; then echo yes; fi\n'
    got = await shellcheck.analyse(*plant({"a.sh": script}))
    assert _brief(got.findings) == [
        ("a.sh", 2, "SC2164", "minor"),
        ("a.sh", 3, "SC2115", "major"),
        ("a.sh", 4, "SC2077", "major"),
    ]
    assert got.findings[1].url == "https://www.shellcheck.net/wiki/SC2115"
    assert got.findings[1].text == 'rm -rf "$cache/"*'


async def test_a_syntax_error_is_one_major_finding(shellcheck: Shellcheck, plant: Plant) -> None:
    got = await shellcheck.analyse(*plant({"a.sh": 'if true; then\n  echo "x"\n', "b.sh": "[ -n $x ]\n"}))
    assert [(f.path, f.rule) for f in got.findings] == [("a.sh", "invalid-syntax"), ("b.sh", "SC2070")]
    assert got.findings[0].title.startswith("Syntax error: ")


async def test_good_and_common_style_is_no_finding(shellcheck: Shellcheck, plant: Plant) -> None:
    script = "#!/usr/bin/env bash\nset -euo pipefail\nfiles=$(ls)\nfor f in $files; do echo $f; done\nunused=1\n"
    assert (await shellcheck.analyse(*plant({"a.sh": script}))).findings == ()


async def test_a_template_that_does_not_parse_is_unread_not_wrong(shellcheck: Shellcheck, plant: Plant) -> None:
    script = "#!/bin/sh\n{% if x %}\nif true; then\n{% endif %}\n{{ y }}(\n"
    got = await shellcheck.analyse(*plant({"a.sh": script, "b.sh": "echo '{{ y }}'\n"}))
    assert (got.findings, list(got.unread)) == ((), ["a.sh"])


@pytest.mark.parametrize(
    ("path", "start", "wanted"),
    [
        ("a.sh", b"", True),
        ("x/A.BASH", b"", True),
        (".bashrc", b"", True),
        ("run", b"#!/bin/sh\n", True),
        ("run", b"#!/usr/bin/env bash\n", True),
        ("run", b"#!/usr/bin/env -S bash -e\n", True),
        ("run", b"#! /bin/dash", True),
        ("run", b"#!/usr/bin/env python3\n", False),
        ("run", b"#!/bin/zsh\n", False),
        ("run", b"echo #!/bin/sh\n", False),
        ("a.py", b"import sh\n", False),
        ("sh", b"", False),
    ],
)
def test_a_shell_script_is_known_by_its_name_or_its_first_line(
    shellcheck: Shellcheck, path: str, start: bytes, wanted: bool
) -> None:
    assert shellcheck.wants(path, start) is wanted


async def test_sourced_files_are_not_followed(shellcheck: Shellcheck, plant: Plant) -> None:
    files = {"a.sh": "#!/bin/sh\n# shellcheck source=b.sh\n. ./b.sh\n", "b.sh": "[ -n $x ]\n"}
    tree, _ = plant(files)
    assert (await shellcheck.analyse(tree, ["a.sh"])).findings == ()


def test_no_code_is_both_major_and_minor() -> None:
    assert not MAJOR & MINOR
