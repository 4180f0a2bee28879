"""What tests of the whole product stand on."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from forgehand.adapters.analysers import Secrets
from forgehand.ports.analysers import Analysis
from support.product import compiled_rules


@pytest.mark.anyio
async def test_the_scanners_rules_are_made_once_even_where_an_async_test_asks_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    async def compile(scanner: Secrets, tree: Path, paths: Sequence[str]) -> Analysis:
        (tree / "rules").touch()
        made.append(tree)
        return Analysis()

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Secrets, "analyse", compile)
    folders = {compiled_rules.__wrapped__() for _ in range(2)}
    assert [(folder.parent, (folder / "rules").exists()) for folder in folders] == [(tmp_path, True)]
    assert len(made) == 1
