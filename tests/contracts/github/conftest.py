"""A practice forge over real HTTP with one repository and one pull request, and our adapter in front of it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from forgehand.adapters.github import AppTokens, GitHub, Identity
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.repositories import Repo
from forgehand.practice import Forge, ForgeServer, Quirks
from support import needs
from support.forge import assert_understood
from support.github_stage import AFTER, BEFORE, PERMISSIONS, Stage
from support.openapi import assert_conforms


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    forge = Forge(tmp_path / "forge", Quirks())
    with ForgeServer(forge):
        yield forge
    assert_understood(forge)
    if not isinstance(needs.find("node"), needs.Missing):
        assert_conforms(forge.calls)


@pytest.fixture
async def stage(forge: Forge) -> AsyncIterator[Stage]:
    app = forge.create_app("helper", permissions=PERMISSIONS)
    repository = forge.create_repository("octo/sample")
    forge.commit("octo/sample", "main", {"values.py": BEFORE})
    installation = forge.install(app, "octo")
    head = forge.commit("octo/sample", "topic", {"values.py": AFTER})
    pull = forge.open_pull("octo/sample", "topic")
    github = GitHub(forge.url, app_id=app.id, private_key=app.private_key, user_agent="forgehand/test", pause=0.01)
    forge.clear_calls()
    store = MemoryStore()
    await store.open()
    async with github:
        yield Stage(
            forge=forge,
            url=forge.url,
            app=app,
            installation=installation,
            repo=Repo(installation.id, repository.id, "octo/sample"),
            number=pull.number,
            head=head,
            github=github,
            tokens=AppTokens(github),
            identity=Identity(github),
            store=store,
        )
    await store.close()
