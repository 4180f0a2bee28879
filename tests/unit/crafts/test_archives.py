"""Packing a local folder: links are packed and never followed."""

import os
import tarfile
from pathlib import Path

import pytest

from forgehand.crafts.archives import pack_folder, read_texts


def test_files_and_links_are_packed_and_what_tests_do_not_need_is_left_out(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "a").mkdir(parents=True)
    (tree / "a" / "run").write_text("#!/bin/sh\n")
    (tree / "a" / "run").chmod(0o755)
    (tree / ".git").mkdir()
    (tree / ".git" / "config").write_text("secret")
    (tree / "link").symlink_to("/etc/passwd")
    (tree / "folder").symlink_to("/etc")
    os.mkfifo(tree / "pipe")
    paths = pack_folder(tree, tmp_path / "t.tar", 1000)
    assert paths == {"a/run", "link", "folder"}
    with tarfile.open(tmp_path / "t.tar") as tar:
        assert tar.getmember("link").linkname == "/etc/passwd"
        assert tar.getmember("folder").issym()
        assert tar.getmember("a/run").mode & 0o111


def test_a_folder_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "big").write_bytes(b"x" * 1001)
    with pytest.raises(ValueError, match="more than 1,000 bytes"):
        pack_folder(tmp_path / "tree", tmp_path / "t.tar", 1000)


def test_texts_are_read_of_regular_files_only(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "tox.ini").write_text("[tox]")
    (tree / "package.json").symlink_to("/etc/passwd")
    pack_folder(tree, tmp_path / "t.tar", 1000)
    assert read_texts(tmp_path / "t.tar", ("tox.ini", "package.json", "absent")) == {"tox.ini": "[tox]"}
