"""docs/effects.md and the effects' own words agree."""

import re
from pathlib import Path

from forgehand.domain.effects import Effect

PAGE = Path(__file__).parents[3] / "docs" / "effects.md"


def rows() -> dict[str, list[str]]:
    cells = [line.strip("|\n").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): [each.strip() for each in row[1:]] for row in cells}


def test_every_kind_has_its_row_with_its_class_and_permissions() -> None:
    kinds = {kind.kind: kind for kind in Effect.__subclasses__()}
    told = rows()
    assert set(told) == set(kinds)
    for name, kind in kinds.items():
        _, permissions, _, exactness = told[name]
        needs = object.__new__(kind).permissions
        assert (name, exactness) == (name, str(kind.exactness))
        assert (name, dict(re.findall(r"(\w+): (\w+)", permissions))) == (name, dict(needs))
