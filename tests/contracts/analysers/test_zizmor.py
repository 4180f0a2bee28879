"""`ports.analysers` over the real zizmor."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from forgehand.adapters.analysers.zizmor import Zizmor
from forgehand.domain.findings import Finding

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]
pytestmark = pytest.mark.anyio
HEAD = "name: CI\non: {}\npermissions: {{contents: read}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"


def _workflow(step: str, on: str = "push") -> str:
    return HEAD.format(on) + f"      - {step}\n"


def _brief(findings: tuple[Finding, ...]) -> list[tuple[int, str, str]]:
    return [(f.line, f.rule, str(f.severity)) for f in findings]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            _workflow('run: echo "${{ github.event.issue.title }}"', "issues"),
            [(8, "template-injection", "major")],
        ),
        (_workflow("run: make", "pull_request_target"), [(2, "dangerous-triggers", "minor")]),
        (_workflow("uses: someone/else@v1"), [(8, "unpinned-uses", "minor")]),
        (_workflow("uses: actions/setup-python@v5"), []),
        (_workflow("run: make test"), []),
        (_workflow('run: echo "${{ matrix.python }}"'), []),
    ],
)
async def test_what_gives_away_the_runner_is_found(
    zizmor: Zizmor, plant: Plant, text: str, found: list[tuple[int, str, str]]
) -> None:
    got = await zizmor.analyse(*plant({".github/workflows/ci.yml": text}))
    assert _brief(got.findings) == found


async def test_an_actions_own_inputs_are_minor(zizmor: Zizmor, plant: Plant) -> None:
    action = (
        "name: a\ndescription: b\ninputs: {x: {description: c}}\nruns:\n  using: composite\n  steps:\n"
        "    - run: echo ${{ inputs.x }}\n      shell: bash\n"
    )
    got = await zizmor.analyse(*plant({"tools/action.yml": action}))
    assert _brief(got.findings) == [(7, "template-injection", "minor")]


async def test_what_is_no_yaml_is_unread_and_disturbs_no_other(zizmor: Zizmor, plant: Plant) -> None:
    bad, good = ".github/workflows/a.yml", ".github/workflows/c.yml"
    files = {bad: "a: [\n b: }\n", good: _workflow('run: echo "${{ github.head_ref }}"', "pull_request")}
    got = await zizmor.analyse(*plant(files))
    assert [f.path for f in got.findings] == [good]
    assert list(got.unread) == [bad]


async def test_what_github_will_not_take_for_a_workflow_is_said(zizmor: Zizmor, plant: Plant) -> None:
    got = await zizmor.analyse(*plant({".github/workflows/b.yml": "on: push\njob: {}\n"}))
    assert _brief(got.findings) == [(1, "invalid-syntax", "minor")]
    assert got.unread == {}


async def test_an_alias_bomb_takes_no_room_and_is_named(zizmor: Zizmor, plant: Plant) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    got = await zizmor.analyse(*plant({".github/workflows/a.yml": bomb}))
    assert got.findings == ()
    assert list(got.unread) == [".github/workflows/a.yml"]


def test_workflows_and_actions_are_known_by_their_place(zizmor: Zizmor) -> None:
    paths = [
        ".github/workflows/a.yml",
        "x/.github/workflows/b.yaml",
        "action.yml",
        "x/action.yaml",
        "reaction.yml",
        "a.yml",
    ]
    assert [path for path in paths if zizmor.wants(path)] == paths[:4]
