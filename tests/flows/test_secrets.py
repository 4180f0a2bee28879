"""No secret lies around: while the product works, tokens of both lengths that GitHub uses are looked for everywhere."""

import base64
import os
import sqlite3
import threading
from pathlib import Path
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from pydantic import SecretStr

from forgehand.practice.records import Quirks
from support.product import SECRET, Product, open_flawed_pull, product, reviewed, until


class Watch(threading.Thread):
    """Looks at every process's arguments and environment, and every file below a folder, again and again."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.seen: dict[str, bytes] = {}
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            self.look()

    def look(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                self.keep(f"{name} of a process", process / name)
        # Walked so that a folder which goes away meanwhile is passed over.
        for folder, _, names in os.walk(self.folder):
            # The one place where a token may be for a moment: readable by us alone, outside every work tree.
            for file in (Path(folder, name) for name in names if "askpass" not in Path(folder).name):
                if file.is_file():
                    self.keep(str(file), file)

    def keep(self, name: str, file: Path) -> None:
        try:
            content = file.read_bytes()
        except OSError:
            return
        if content not in self.seen.get(name, b""):
            self.seen[name] = self.seen.get(name, b"") + b"\n" + content


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
    with product(tmp_path, quirks=Quirks(token_length=length), secret_key=SecretStr(key)) as run:
        watch = Watch(run.folder)
        watch.start()
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        watch.done.set()
        watch.join()
        watch.look()
        watch.seen["pages"] = pages(run)
        tokens = list(run.forge.world.tokens)
        assert len(tokens) >= 3
        assert all(len(token) >= length for token in tokens)
        pem = "".join(run.app.private_key.splitlines()[1:3])
        for secret in (*tokens, SECRET, key, pem):
            for form in (secret.encode(), base64.b64encode(f"x-access-token:{secret}".encode())):
                assert [where for where, content in watch.seen.items() if form in content] == []
        rows = sqlite3.connect(run.folder / "forgehand.db").execute("SELECT count(*) FROM secrets").fetchone()
        assert rows[0] >= 3
