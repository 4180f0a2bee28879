"""`ports.analysers` over the real yamllint."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from forgehand.adapters.analysers.nesting import TOO_DEEP
from forgehand.adapters.analysers.yamllint import Yamllint

Plant = Callable[[Mapping[str, str | bytes]], tuple[Path, list[str]]]
pytestmark = pytest.mark.anyio


async def test_what_does_not_parse_or_says_a_thing_twice_is_major(yamllint: Yamllint, plant: Plant) -> None:
    files = {"a.yml": "a: 1\nb: 2\na: 3\n", "b.yaml": "a: [1,\nb: }\n", "c.yml": "a: *nowhere\n"}
    got = await yamllint.analyse(*plant(files))
    assert [(f.path, f.line, f.rule, f.severity) for f in got.findings] == [
        ("a.yml", 3, "key-duplicates", "major"),
        ("b.yaml", 2, "invalid-syntax", "major"),
        ("c.yml", 1, "anchors", "major"),
    ]
    assert got.findings[0].title == 'Duplication of key "a" in mapping'


@pytest.mark.parametrize(
    "text",
    [
        "on: push\nyes:   [ 1,2 ]\nmode: 0644\n",
        "a: &x {b: 1}\nc:\n  <<: *x\n",
        "a: 1\n---\na: 2\n",
        "Key: !Ref Other\nSub: !Sub '${A}'\n",
        "no document start, very long " + "x" * 300 + ": yes\n",
        "\n\n\n\na: 1   \n\n\n",
    ],
)
async def test_matters_of_style_are_none_of_ours(yamllint: Yamllint, plant: Plant, text: str) -> None:
    assert (await yamllint.analyse(*plant({"a.yml": text}))).findings == ()


async def test_a_template_is_read_as_far_as_it_parses_but_a_workflow_has_to(yamllint: Yamllint, plant: Plant) -> None:
    files = {"chart/templates/a.yaml": "{{- if .x }}\na: {{ .b }}\n{{- end }}\n", "w.yml": "a: ${{ x }}\n b: 1\n"}
    got = await yamllint.analyse(*plant(files))
    assert ([f.path for f in got.findings], got.unread) == (["w.yml"], {})
    assert list(got.partly) == ["chart/templates/a.yaml"]


async def test_an_alias_bomb_takes_no_room(yamllint: Yamllint, plant: Plant) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    got = await yamllint.analyse(*plant({"a.yml": bomb}))
    assert (got.findings, got.unread) == ((), {})


async def test_deep_nesting_is_named_and_costs_no_time(yamllint: Yamllint, plant: Plant) -> None:
    got = await yamllint.analyse(*plant({"deep.yml": "[" * 100_000, "a.yml": "a: 1\na: 2\n"}))
    assert got.unread == {"deep.yml": TOO_DEEP}
    assert [f.path for f in got.findings] == ["a.yml"]


def test_lock_files_are_not_read(yamllint: Yamllint) -> None:
    paths = ["a.yml", "b.YAML", "x/pnpm-lock.yaml", "conda.lock.yml", "a.json"]
    assert [path for path in paths if yamllint.wants(path)] == ["a.yml", "b.YAML"]
