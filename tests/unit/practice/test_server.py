"""How a served forge ends."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from forgehand.practice import server
from forgehand.practice.forge import Forge
from forgehand.practice.world import World
from support.forge import client


def test_a_forge_that_is_still_answering_does_not_end_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go = Event(), Event()

    def stuck(world: World, full_name: str) -> None:
        asked.set()
        go.wait(60)
        raise ZeroDivisionError(full_name)

    served = server.ForgeServer(Forge(tmp_path))
    with ThreadPoolExecutor() as threads:
        served.__enter__()
        monkeypatch.setattr(World, "repository", stuck)
        with client(served.url) as api:
            threads.submit(api.get, "/repos/octo/sample")
            assert asked.wait(60)
            with monkeypatch.context() as hurried:
                hurried.setattr(server, "PATIENCE", 0.01)
                with pytest.raises(RuntimeError, match="a call is still under way"):
                    served.close()
            go.set()
            served.close()
    assert served.forge.failures == ("GET /repos/octo/sample: ZeroDivisionError('octo/sample')",)
