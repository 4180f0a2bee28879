"""No secret lies around: while the product works, tokens of both lengths that GitHub uses are looked for everywhere."""

import base64
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from pydantic import SecretStr

from forgehand.practice.records import Quirks
from support.product import SECRET, Product, open_flawed_pull, product, reviewed, until


class Watch(threading.Thread):
    """Looks at every process's arguments and environment, and every file below a folder, again and again, for secrets.

    A token is in `secrets()` before anybody is given it, so whoever is found with one is found by the look that sees it
    and nothing needs to be kept. Looks are apart by a moment: the practice forge lives in this process and answers too.
    """

    def __init__(self, folder: Path, secrets: Callable[[], Iterable[str]]) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.secrets = secrets
        self.found: set[str] = set()
        self.looks = 0
        self.done = threading.Event()
        self.seen: dict[str, tuple[int, int]] = {}

    def run(self) -> None:
        while not self.done.wait(0.01):
            self.look()

    def look(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                with suppress(OSError):
                    self.search(f"{name} of a process", (process / name).read_bytes())
        # Walked so that a folder which goes away meanwhile is passed over.
        for folder, _, names in os.walk(self.folder):
            # The one place where a token may be for a moment: readable by us alone, outside every work tree.
            for file in (Path(folder, name) for name in names if "askpass" not in Path(folder).name):
                with suppress(OSError):
                    self.read(file)
        self.looks += 1

    def read(self, file: Path) -> None:
        """Searches a regular file, unless it is as it was at the last look."""
        status = file.stat()
        version = (status.st_mtime_ns, status.st_size)
        if S_ISREG(status.st_mode) and self.seen.get(str(file)) != version:
            self.search(str(file), file.read_bytes())
            self.seen[str(file)] = version

    def search(self, where: str, content: bytes) -> None:
        for secret in self.secrets():
            for form in (secret.encode(), base64.b64encode(f"x-access-token:{secret}".encode())):
                if form in content:
                    self.found.add(where)


def pages(run: Product) -> bytes:
    """Every admin page there is to see after a review."""
    browser = build_opener(HTTPCookieProcessor())
    token = run.sign_in_url.partition("token=")[2]
    origin = run.admin_url.removesuffix("/admin")
    form = Request(f"{origin}/admin/sign-in", f"token={token}".encode(), {"Origin": origin})
    text: bytes = browser.open(form).read()
    for path in (
        "/admin",
        "/admin/jobs",
        "/admin/effects",
        "/admin/api/deliveries",
        "/admin/api/jobs",
        "/admin/api/effects",
    ):
        text += browser.open(origin + path).read()
    assert b"pull/1" in text
    return text


@pytest.mark.parametrize("length", [40, 520])
def test_no_token_is_in_arguments_files_logs_pages_or_in_clear_in_the_database(tmp_path: Path, length: int) -> None:
    key = "an operator key for this test alone"
    # The watch takes its share of the processor from the forge: writes have time.
    with product(tmp_path, quirks=Quirks(token_length=length), secret_key=SecretStr(key), settle_seconds=3.0) as run:
        pem = "".join(run.app.private_key.splitlines()[1:3])
        watch = Watch(run.folder, lambda: (*tuple(run.forge.world.tokens), SECRET, key, pem))
        watch.start()
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        watch.done.set()
        watch.join()
        watch.seen.clear()
        watch.look()
        watch.search("pages", pages(run))
        tokens = list(run.forge.world.tokens)
        assert len(tokens) >= 3
        assert all(len(token) >= length for token in tokens)
        assert watch.looks > 3
        assert watch.found == set()
        rows = sqlite3.connect(run.folder / "forgehand.db").execute("SELECT count(*) FROM secrets").fetchone()
        assert rows[0] >= 3
