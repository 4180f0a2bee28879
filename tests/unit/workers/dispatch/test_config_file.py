"""The file `dispatching.yml`: what it becomes, and what it says of every mistake."""

import json
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from forgehand.domain.policy import PolicyError
from forgehand.workers.dispatch.config import (
    Dispatching,
    Inbound,
    InboundTarget,
    Outbound,
    OutboundTarget,
    Runs,
    Window,
)
from forgehand.workers.dispatch.config_file import CONCLUSIONS, MAX_BYTES, parse, schema

SEED = b"""
outbound:
  - source:
      workflow: ci.yml
    targets:
      - repository: my-target-repo
        workflow: cd.yml
inbound:
  - source:
      repository: my-source-repo
      workflow: ci.yml
    targets:
      - workflow: cd.yml
"""
FULL = b"""
outbound:
  - source: {workflow: ci.yml, conclusions: [success, failure], branches: [main, release/*], dispatched: true}
    targets:
      - repository: other/target
        workflow: cd.yaml
        ref: v1
        inputs: {sha: "{{ source.sha }}", on: NO}
        window: {from: "08:30", until: "17:00", days: [mon, fri], timezone: Europe/Berlin}
        approval: true
inbound:
  - source: {repository: other/source, workflow: ci.yml}
    targets: [{workflow: cd.yml, accept_inputs: [sha, on]}]
"""
FIRST = "outbound:\n  - source: {workflow: ci.yml}\n    targets:\n"


def test_the_smallest_file_of_both_sides() -> None:
    assert parse(SEED) == Dispatching(
        (Outbound(Runs("ci.yml"), (OutboundTarget("my-target-repo", "cd.yml"),)),),
        (Inbound("my-source-repo", Runs("ci.yml"), (InboundTarget("cd.yml"),)),),
    )


def test_every_key_becomes_a_value() -> None:
    runs = Runs("ci.yml", ("success", "failure"), ("main", "release/*"), dispatched=True)
    window = Window(8 * 60 + 30, 17 * 60, ("mon", "fri"), "Europe/Berlin")
    inputs = (("sha", "{{ source.sha }}"), ("on", "NO"))
    target = OutboundTarget("other/target", "cd.yaml", "v1", inputs, window, approval=True)
    consent = Inbound("other/source", Runs("ci.yml"), (InboundTarget("cd.yml", ("sha", "on")),))
    assert parse(FULL) == Dispatching((Outbound(runs, (target,)),), (consent,))


@pytest.mark.parametrize("text", [b"", b"# nothing\n", b"{}", b"outbound: []\ninbound: []\n"])
def test_both_lists_are_empty_by_default(text: bytes) -> None:
    assert parse(text) == Dispatching()


ONE = f"{FIRST}      - {{repository: web, workflow: cd.yml, KEY}}\n"
TEXT = "write text; put it in quotes where it looks like a number or a list"
MISTAKES = [
    ("outbond: []\n", "1:1", "unknown key “outbond”", "did you mean “outbound”?"),
    ("inbound: []\ninbound: []\n", "2:1", "“inbound” is there already, in line 1", "remove one of them"),
    ("outbound:\n  - targets: []\n", "2:5", "“outbound[1].source” is missing here", "add it"),
    ("- outbound\n", "1:1", "the file has no keys", "write its keys below it, each with a value"),
    (
        f"{FIRST}      - {{repository: web, workflow: .github/workflows/cd.yml}}\n",
        "4:37",
        "“.github/workflows/cd.yml” is no workflow file",
        "write only the name of its file in .github/workflows, such as ci.yml",
    ),
    (
        f"{FIRST}      - {{repository: https://github.com/acme/web, workflow: cd.yml}}\n",
        "4:22",
        "“https://github.com/acme/web” is no repository",
        "write its name, or owner/name where the owner is another",
    ),
    (
        ONE.replace("KEY", "ref: refs/heads/main"),
        "4:50",
        "“refs/heads/main” is a full ref",
        "write the branch's or tag's short name, such as main",
    ),
    (ONE.replace("KEY", "inputs: {d: true}"), "4:57", "“outbound[1].targets[1].inputs.d” is no text", TEXT),
    (
        "outbound:\n  - source: {workflow: ci.yml, conclusions: [passed]}\n    targets: []\n",
        "2:46",
        "“passed” is no conclusion of a run",
        f"write one of {', '.join(CONCLUSIONS)}",
    ),
    (
        ONE.replace("KEY", "window: {from: '8'}"),
        "4:60",
        "“8” is no time of day",
        'write hours and minutes in quotes, such as "08:30"',
    ),
    (
        ONE.replace("KEY", "window: {timezone: Moon/Base}"),
        "4:64",
        "“Moon/Base” is no time zone",
        "write one such as UTC or Europe/Berlin",
    ),
    (
        "inbound:\n  - source: {repository: api, workflow: ci.yml}\n    targets: [{workflow: cd.yml, ref: main}]\n",
        "3:34",
        "unknown key “inbound[1].targets[1].ref”",
        "write one of workflow, accept_inputs",
    ),
]


@pytest.mark.parametrize(("text", "place", "message", "fix"), MISTAKES, ids=[each[2] for each in MISTAKES])
def test_a_mistake_is_told_with_its_line_and_its_fix(text: str, place: str, message: str, fix: str) -> None:
    with pytest.raises(PolicyError) as raised:
        parse(text.encode())
    assert str(raised.value) == f"dispatching.yml:{place}: {message}: {fix}"


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(PolicyError, match="keep it below"):
        parse(b"#" * (MAX_BYTES + 1))


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_the_bytes_are_the_parser_raises_nothing_but_its_own_error(raw: bytes) -> None:
    with suppress(PolicyError):
        assert isinstance(parse(raw), Dispatching)


WORDS = st.sampled_from(
    ["outbound", "inbound", "source", "targets", "repository", "workflow", "ref", "inputs", "window", "ci.yml", "web"]
)
VALUES = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_whatever_stands_in_it_the_parser_raises_nothing_but_its_own_error(value: object) -> None:
    with suppress(PolicyError):
        assert isinstance(parse(json.dumps(value).encode()), Dispatching)


@pytest.mark.parametrize("text", [SEED, FULL])
def test_the_schema_agrees_with_the_parser(text: bytes) -> None:
    jsonschema.validate(YAML(typ="safe", pure=True).load(text), schema())


def test_the_schema_that_editors_get_is_the_one_of_this_version() -> None:
    page = Path(__file__).resolve().parents[4] / "docs/dispatching.schema.json"
    assert json.loads(page.read_text()) == schema()
