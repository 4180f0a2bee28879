"""docs/dispatching.md names every key of `dispatching.yml` and every reason, and its examples are true."""

import re
from collections.abc import Iterator
from pathlib import Path

from forgehand.domain.repositories import Repo
from forgehand.workers.dispatch.config_file import parse, schema
from forgehand.workers.dispatch.rules.facts import Installed, Target
from forgehand.workers.dispatch.rules.reasons import Reason
from forgehand.workers.dispatch.rules.templates import names
from support.dispatching import SOURCE, planned

PAGE = Path(__file__).resolve().parents[3] / "docs/dispatching.md"
ROW = re.compile(r"^\| `((?:in|out)bound\[\][a-z_.\[\]]+)` \| (?:`([^`]*)`)? ?\| (.*) \|$", re.MULTILINE)
REASON = re.compile(r"^\| `([a-z_]+)` \| ", re.MULTILINE)
EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PREFIXES = {
    "SourceModel": "outbound[].source.",
    "OutboundTargetModel": "outbound[].targets[].",
    "WindowModel": "outbound[].targets[].window.",
    "InboundSourceModel": "inbound[].source.",
    "InboundTargetModel": "inbound[].targets[].",
}


def test_every_key_stands_in_a_table_with_its_default_and_its_meaning() -> None:
    told = {key: (default, says) for key, default, says in ROW.findall(PAGE.read_text())}
    assert told == dict(_keys())


def test_every_reason_is_named_once_and_in_the_order_in_which_it_is_asked() -> None:
    assert REASON.findall(PAGE.read_text()) == [str(reason) for reason in Reason]


def test_every_name_of_a_template_is_told() -> None:
    page = PAGE.read_text()
    assert [name for name in names() if f"`{{{{ {name} }}}}`" not in page] == []


def test_the_two_files_of_the_page_agree_with_each_other() -> None:
    source, target = (parse(text.encode()) for text in EXAMPLE.findall(PAGE.read_text()))
    plan = planned(source, Target(Installed(Repo(10, 2, "acme/web")), target))
    assert [each.inputs for each in plan.allowed] == [(("sha", SOURCE.head_sha),)]


def _keys() -> Iterator[tuple[str, tuple[str, str]]]:
    definitions = schema()["$defs"]
    assert set(definitions) - {"OutboundModel", "InboundModel"} == set(PREFIXES)
    for name, prefix in PREFIXES.items():
        for key, node in definitions[name]["properties"].items():
            if key != "window":
                yield f"{prefix}{key}", (_default(node.get("default")), node["description"])


def _default(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value or "")
