"""`ports.git.Comparisons` over real repositories: what comes out, and what hostile repositories cannot do."""

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from forgehand.adapters.git.comparisons import GitComparisons
from forgehand.adapters.git.mirrors import hold_mirror, make_room
from forgehand.adapters.git.selection import Bounds
from forgehand.adapters.sandbox.children import ChildProcesses
from forgehand.domain.repositories import Repo
from forgehand.ports.children import Finished
from forgehand.ports.git import Comparison, FileDiff, GitFailed
from forgehand.ports.github import Token
from support.git import Bare

pytestmark = pytest.mark.anyio

REPO = Repo(1, 42, "acme/shop")
BOUNDS = Bounds()


class NoTokens:
    async def token(self, repo: Repo, permissions: Mapping[str, str]) -> Token:
        raise AssertionError("a file needs no token")


@pytest.fixture
def origin(tmp_path: Path) -> Bare:
    (tmp_path / "server" / "acme").mkdir(parents=True)
    return Bare(tmp_path / "server" / "acme" / "shop.git")


@pytest.fixture
def comparisons(tmp_path: Path) -> GitComparisons:
    return _comparisons(tmp_path)


def _comparisons(tmp_path: Path, bounds: Bounds = BOUNDS, **limits: int) -> GitComparisons:
    server = f"file://{tmp_path / 'server'}"
    return GitComparisons(ChildProcesses(), NoTokens(), tmp_path / "data", server, bounds=bounds, **limits)  # type: ignore[arg-type]


def _tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if not p.is_dir()}


def _left_out(comparison: Comparison) -> dict[str, str]:
    return {file.path: file.left_out for file in comparison.files if file.left_out}


def _by_path(comparison: Comparison) -> dict[str, FileDiff]:
    return {file.path: file for file in comparison.files}


async def test_both_sides_and_the_difference_come_out(origin: Bare, comparisons: GitComparisons) -> None:
    base = origin.commit({"a.py": "one\ntwo\n", "same.py": "x\n", "gone.py": "bye\n"})
    head = origin.commit({"a.py": "one\n2\n", "new/b.py": "b\n", "gone.py": None}, base)
    async with comparisons.compare(REPO, 7, base, head) as got:
        assert got.merge_base == base
        assert _tree(got.base) == {"a.py": b"one\ntwo\n"}
        assert _tree(got.head) == {"a.py": b"one\n2\n", "new/b.py": b"b\n"}
        assert got.files == (
            FileDiff("a.py", "modified", None, (range(2, 3),)),
            FileDiff("gone.py", "removed", None),
            FileDiff("new/b.py", "added", None, (range(1, 2),)),
        )
        folders = (got.base, got.head)
    assert not any(folder.exists() for folder in folders)


async def test_base_is_the_merge_base_when_the_branch_moved_on(origin: Bare, comparisons: GitComparisons) -> None:
    fork = origin.commit({"a.py": "1\n"})
    base = origin.commit({"other.py": "later\n"}, fork)
    head = origin.commit({"a.py": "2\n"}, fork)
    async with comparisons.compare(REPO, 7, base, head) as got:
        assert got.merge_base == fork
        assert [file.path for file in got.files] == ["a.py"]
        assert _tree(got.base) == {"a.py": b"1\n"}


async def test_a_renamed_and_edited_file_keeps_its_history(origin: Bare, comparisons: GitComparisons) -> None:
    text = "".join(f"line {n}\n" for n in range(40))
    base = origin.commit({"old/name.py": text})
    head = origin.commit({"old/name.py": None, "new name.py": text.replace("line 20", "LINE")}, base)
    async with comparisons.compare(REPO, 7, base, head) as got:
        (file,) = got.files
        assert (file.path, file.previous_path, file.status) == ("new name.py", "old/name.py", "renamed")
        assert file.added == (range(21, 22),)
        assert set(_tree(got.base)) == {"old/name.py"}
        assert set(_tree(got.head)) == {"new name.py"}


async def test_odd_names_and_contents_come_through_whole(origin: Bare, comparisons: GitComparisons) -> None:
    odd = {
        "-x.py": "a\n",
        "--config=evil.py": "a\n",
        '"quoted".py': "a\n",
        "back\\slash.py": "a\n",
        "with space .py": "a\n",
        "ünï/çødé 文.py": "a\n",
        "a b/c => d.py": "a\n",
        "crlf.txt": "a\r\nb\r\n",
        "no-newline.txt": "a",
        "tricky.txt": "--- a/x\n+++ b/x\n@@ -1 +1 @@\ndiff --git a/y b/y\n",
        "feed.txt": "a\x0cb\u2028c\n",
        "latin.txt": b"caf\xe9\n",
        "empty.txt": "",
    }
    base = origin.commit({"keep": "x\n"})
    head = origin.commit(odd, base)
    async with comparisons.compare(REPO, 7, base, head) as got:
        wrote = {name: data.encode() if isinstance(data, str) else data for name, data in odd.items()}
        assert _tree(got.head) == wrote
        assert set(_by_path(got)) == set(odd)
        lines = {"tricky.txt": 4, "crlf.txt": 2, "feed.txt": 1, "no-newline.txt": 1}
        assert {path: _by_path(got)[path].added for path in lines} == {
            path: (range(1, count + 1),) for path, count in lines.items()
        }
        assert _by_path(got)["empty.txt"].added == ()


async def test_what_is_no_plain_file_is_left_out_with_the_reason(
    origin: Bare, comparisons: GitComparisons, tmp_path: Path
) -> None:
    base = origin.commit({"was-file": "x\n"})
    head = origin.commit(
        {
            "link": ("120000", b"/etc/passwd"),
            "was-file": ("120000", b"../../outside"),
            "module": ("160000", base.encode()),
            ".gitmodules": f'[submodule "m"]\n\tpath = module\n\turl = file://{tmp_path}/elsewhere\n',
            "new\nline.py": "x\n",
            "tab\there.py": "x\n",
            b"caf\xe9.py": "x\n",
            "fine.py": "x\n",
        },
        base,
    )
    async with comparisons.compare(REPO, 7, base, head) as got:
        assert set(_tree(got.head)) == {".gitmodules", "fine.py"}
        assert _left_out(got) == {
            "link": "a symbolic link",
            "was-file": "a symbolic link",
            "module": "a submodule",
            "new\nline.py": "its name has a control character",
            "tab\there.py": "its name has a control character",
            "caf\\xe9.py": "its name is not UTF-8",
        }
        assert {file.path for file in got.files if file.excused} == {"link", "was-file", "module"}
        assert len(got.files) == 8


async def test_binary_files_have_no_patch_and_say_so(origin: Bare, comparisons: GitComparisons) -> None:
    base = origin.commit({"b.dat": b"\0one"})
    head = origin.commit({"b.dat": b"\0two"}, base)
    async with comparisons.compare(REPO, 7, base, head) as got:
        assert got.files == (FileDiff("b.dat", "modified", None, binary=True),)
        assert _tree(got.head) == {"b.dat": b"\0two"}


async def test_attributes_of_the_repository_neither_filter_nor_hide(
    origin: Bare, comparisons: GitComparisons, tmp_path: Path
) -> None:
    proof = tmp_path / "filter-ran"
    attributes = "*.py filter=evil diff=evil -diff\n*.txt -diff ident working-tree-encoding=UTF-16\n"
    base = origin.commit({"a.py": "1\n", "b.txt": "$Id$\n", ".gitattributes": attributes}, ref="refs/heads/main")
    head = origin.commit({"a.py": "2\n", "b.txt": "$Id$ 2\n"}, base)
    for verb in ("clean", "smudge", "process"):
        origin.git("config", f"filter.evil.{verb}", f"touch {proof}")
    origin.git("config", "diff.evil.command", f"touch {proof}")
    async with comparisons.compare(REPO, 7, base, head) as got:
        assert _tree(got.head) == {"a.py": b"2\n", "b.txt": b"$Id$ 2\n"}
        assert [file.added for file in got.files] == [(range(1, 2),), (range(1, 2),)]
    assert not proof.exists()


async def test_large_files_and_large_changes_are_left_out_with_the_reason(origin: Bare, tmp_path: Path) -> None:
    base = origin.commit({"keep": "x\n", "shrinks.txt": "y" * 5000})
    files = {f"f{n}.txt": f"{n}\n" for n in range(5)}
    head = origin.commit({**files, "big.txt": "x" * 2000, "shrinks.txt": "y\n"}, base)
    bounds = Bounds(file_bytes=1000, files=3)
    async with _comparisons(tmp_path, bounds).compare(REPO, 7, base, head) as got:
        assert set(_tree(got.head)) == {"f0.txt", "f1.txt", "f2.txt"}
        assert not any(file.excused for file in got.files)
        assert _left_out(got) == {
            "big.txt": "larger than 1,000 bytes",
            "shrinks.txt": "larger than 1,000 bytes",
            "f3.txt": "the change has more than 3 files",
            "f4.txt": "the change has more than 3 files",
        }
        assert len(got.files) == 7


async def test_a_type_change_does_not_shift_the_lines_of_others(origin: Bare, comparisons: GitComparisons) -> None:
    base = origin.commit({"a": "1\n", "m": "x\n", "z": "1\n"})
    head = origin.commit({"a": "2\n", "m": ("120000", b"a"), "z": "2\n"}, base)
    async with comparisons.compare(REPO, 7, base, head) as got:
        one = (range(1, 2),)
        assert [(file.path, file.added) for file in got.files] == [("a", one), ("m", ()), ("z", one)]


async def test_a_file_that_replaces_a_link_is_an_added_file(origin: Bare, comparisons: GitComparisons) -> None:
    base = origin.commit({"link.py": ("120000", b"a"), "keep": "x\n"})
    head = origin.commit({"link.py": "exec(a)\n"}, base)
    async with comparisons.compare(REPO, 7, base, head) as got:
        assert got.files == (FileDiff("link.py", "added", None, (range(1, 2),)),)
        assert (_tree(got.base), _tree(got.head)) == ({}, {"link.py": b"exec(a)\n"})


async def test_an_odd_name_does_not_take_an_honest_file_with_it(origin: Bare, comparisons: GitComparisons) -> None:
    base = origin.commit({"keep": "x\n"})
    head = origin.commit({b"evil\xff.py": "x\n", "evil\\xff.py": "exec(a)\n"}, base)
    async with comparisons.compare(REPO, 7, base, head) as got:
        assert sorted((file.path, file.left_out) for file in got.files) == [
            ("evil\\xff.py", ""),
            ("evil\\xff.py", "its name is not UTF-8"),
        ]
        assert _tree(got.head) == {"evil\\xff.py": b"exec(a)\n"}


async def test_a_large_binary_is_excused_and_a_large_text_is_not(origin: Bare, tmp_path: Path) -> None:
    base = origin.commit({"keep": "x\n"})
    head = origin.commit({"logo.png": b"\x89PNG\0" + b"x" * 2000, "run.sh": "#!/bin/sh\n" + "x" * 2000}, base)
    async with _comparisons(tmp_path, Bounds(file_bytes=1000)).compare(REPO, 7, base, head) as got:
        assert {file.path: file.excused for file in got.files} == {"logo.png": True, "run.sh": False}


async def test_a_zero_byte_excuses_nothing_that_is_run_as_text(origin: Bare, tmp_path: Path) -> None:
    base = origin.commit({"keep": "x\n"})
    files = {"a.js": b"/*\0*/ run()", "tool": b"#!/usr/bin/env node\n/*\0*/", "B.PHP": b"\0<?php", "tool.exe": b"MZ\0"}
    head = origin.commit({path: content + b" " * 2000 for path, content in files.items()}, base)
    async with _comparisons(tmp_path, Bounds(file_bytes=1000)).compare(REPO, 7, base, head) as got:
        excused = {file.path: file.excused for file in got.files}
    assert excused == {"a.js": False, "tool": False, "B.PHP": False, "tool.exe": True}


async def test_a_change_of_too_many_lines_is_left_out_and_the_rest_goes_on(origin: Bare, tmp_path: Path) -> None:
    base = origin.commit({"keep": "x\n"})
    files = {"a.txt": "\n" * 900_000, "b.txt": "1\n" * 80, "c.txt": "2\n" * 80, "d.py": "3\n"}
    head = origin.commit(files, base)
    bounds = Bounds(file_lines=100, total_lines=150)
    async with _comparisons(tmp_path, bounds).compare(REPO, 7, base, head) as got:
        assert _left_out(got) == {
            "a.txt": "more than 100 of its lines change",
            "c.txt": "the change has more than 150 lines",
        }
        assert _by_path(got)["b.txt"].added == (range(1, 81),)


async def test_lines_are_right_when_the_patches_come_in_parts(
    origin: Bare, comparisons: GitComparisons, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forgehand.adapters.git.selection._PATCH_BYTES", 500)
    before = {f"f{n}.txt": "".join(f"{i}\n" for i in range(50)) for n in range(12)}
    base = origin.commit(before)
    head = origin.commit({path: text.replace("\n7\n", f"\n{path}\n") for path, text in before.items()}, base)
    async with comparisons.compare(REPO, 7, base, head) as got:
        assert [file.added for file in got.files] == [(range(8, 9),)] * 12


async def test_contents_that_do_not_fit_stay_away_and_the_others_come(origin: Bare, tmp_path: Path) -> None:
    base = origin.commit({"keep": "x\n"})
    head = origin.commit({f"{n}.py": f"{n}\n" for n in range(9)} | {"huge.bin": os.urandom(6_000_000)}, base)
    async with _comparisons(tmp_path, Bounds(total_bytes=500_000)).compare(REPO, 7, base, head) as got:
        assert _left_out(got) == {"huge.bin": "the change has more contents than are fetched"}
        assert set(_tree(got.head)) == {f"{n}.py" for n in range(9)}
    mirror = tmp_path / "data" / "mirrors" / "1-42.git"
    assert sum(f.stat().st_size for f in mirror.rglob("*") if f.is_file()) < 100_000


async def test_what_is_missing_is_not_fetched_behind_our_back(origin: Bare, tmp_path: Path) -> None:
    """Git would fetch a missing content when it needs it, one by one and without a bound."""
    base = origin.commit({"old.bin": os.urandom(3_000_000)})
    head = origin.commit({"old.bin": None, "new.bin": os.urandom(3_000_000), "a.py": "1\n"}, base)
    async with _comparisons(tmp_path, Bounds(total_bytes=500_000)).compare(REPO, 7, base, head) as got:
        assert [(file.path, file.status) for file in got.files] == [
            ("a.py", "added"),
            ("new.bin", "added"),
            ("old.bin", "removed"),
        ]
        assert set(_tree(got.head)) == {"a.py"}


async def test_a_nearly_full_disk_is_said_before_anything_is_fetched(
    origin: Bare, comparisons: GitComparisons, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = origin.commit({"a.py": "1\n"})
    monkeypatch.setattr("forgehand.adapters.git.fetching.MIN_FREE_BYTES", 1 << 62)
    with pytest.raises(GitFailed, match="MB are left on the disk") as failed:
        async with comparisons.compare(REPO, 7, base, base):
            pass
    assert failed.value.transient


async def test_pull_requests_leave_no_refs_behind(origin: Bare, comparisons: GitComparisons, tmp_path: Path) -> None:
    base = origin.commit({"a.py": "1\n"})
    for number in range(3):
        head = origin.commit({"a.py": f"{number}{number}\n"}, base)
        async with comparisons.compare(REPO, number, base, head):
            pass
    refs = tmp_path / "data" / "mirrors" / "1-42.git" / "refs" / "forgehand"
    assert sorted(path.name for path in refs.rglob("*") if path.is_file()) == ["base", "head"]


async def test_a_mirror_that_grew_too_large_is_started_over(origin: Bare, tmp_path: Path) -> None:
    base = origin.commit({"a.py": "1\n"})
    first, second = (origin.commit({"a.bin": os.urandom(200_000)}, base) for _ in range(2))
    small = _comparisons(tmp_path, max_mirror_bytes=250_000)
    mirror = tmp_path / "data" / "mirrors" / "1-42.git"
    for head in (first, second, first):
        async with small.compare(REPO, 7, base, head) as got:
            assert set(_tree(got.head)) == {"a.bin"}
    assert sum(f.stat().st_size for f in mirror.rglob("*") if f.is_file()) < 450_000


async def test_the_longest_unused_mirror_goes_first_and_never_a_held_one(tmp_path: Path) -> None:
    for age, name in enumerate(("held", "oldest", "newer", "newest")):
        async with hold_mirror(tmp_path, name, "file:///nowhere") as mirror:
            (mirror.path / "objects" / "big").write_bytes(b"x" * 100_000)
        os.utime(tmp_path / f"{name}.lock", (age, age))
    async with hold_mirror(tmp_path, "held", "file:///nowhere"):
        os.utime(tmp_path / "held.lock", (0, 0))
        make_room(tmp_path, 250_000)
        assert sorted(path.stem for path in tmp_path.glob("*.git")) == ["held", "newest"]


async def test_what_a_killed_git_left_half_written_is_removed(
    origin: Bare, comparisons: GitComparisons, tmp_path: Path
) -> None:
    base = origin.commit({"a.py": "1\n"})
    left = tmp_path / "data" / "mirrors" / "1-42.git" / "objects" / "pack" / "tmp_pack_x"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    async with comparisons.compare(REPO, 7, base, base):
        assert not left.exists()


async def test_a_failure_that_is_not_the_mirrors_leaves_the_mirror(
    origin: Bare, comparisons: GitComparisons, tmp_path: Path
) -> None:
    base = origin.commit({"a.py": "1\n"})
    head = origin.commit({"a.py": "2\n"}, base)
    async with comparisons.compare(REPO, 7, base, head):
        pass
    ran: list[str] = []

    class Full(ChildProcesses):
        async def run(self, argv, **more) -> Finished:  # type: ignore[no-untyped-def,override]
            ran.append(next(word for word in argv[1:] if word in ("fetch", "diff-tree", "merge-base", "for-each-ref")))
            if "diff-tree" in argv:
                return Finished(128, b"", b"fatal: something else", 1.0)
            return await super().run(argv, **more)

    failing = GitComparisons(Full(), NoTokens(), tmp_path / "data", f"file://{tmp_path / 'server'}")
    with pytest.raises(GitFailed, match="something else") as failed:
        async with failing.compare(REPO, 7, base, head):
            pass
    assert not failed.value.transient
    assert ran == ["for-each-ref", "merge-base", "diff-tree"]


async def test_only_the_contents_of_changed_files_are_fetched(
    origin: Bare, comparisons: GitComparisons, tmp_path: Path
) -> None:
    base = origin.commit({"untouched.bin": os.urandom(300_000), "a.py": "1\n"})
    head = origin.commit({"a.py": "2\n"}, base)
    async with comparisons.compare(REPO, 7, base, head):
        pass
    mirror = tmp_path / "data" / "mirrors" / "1-42.git"
    assert sum(f.stat().st_size for f in mirror.rglob("*") if f.is_file()) < 100_000


async def test_the_second_time_nothing_is_fetched(origin: Bare, comparisons: GitComparisons, tmp_path: Path) -> None:
    base = origin.commit({"a.py": "1\n"})
    head = origin.commit({"a.py": "2\n"}, base)
    async with comparisons.compare(REPO, 7, base, head) as first:
        files = first.files
    packs = tmp_path / "data" / "mirrors" / "1-42.git" / "objects" / "pack"
    before = sorted(path.name for path in packs.iterdir())
    async with comparisons.compare(REPO, 7, base, head) as second:
        assert second.files == files
    assert sorted(path.name for path in packs.iterdir()) == before


async def test_many_packs_become_one(
    origin: Bare, comparisons: GitComparisons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forgehand.adapters.git.access.MAX_PACKS", 3)
    packs = tmp_path / "data" / "mirrors" / "1-42.git" / "objects" / "pack"
    base = head = origin.commit({"a.py": "0\n"})
    for n in range(1, 5):
        head = origin.commit({"a.py": f"{n}\n"}, head)
        async with comparisons.compare(REPO, n, base, head) as got:
            assert _tree(got.head) == {"a.py": f"{n}\n".encode()}
        assert len(list(packs.glob("*.pack"))) <= 3


async def test_a_mirror_that_a_crash_left_broken_is_fetched_again(
    origin: Bare, comparisons: GitComparisons, tmp_path: Path
) -> None:
    base = origin.commit({"a.py": "1\n"})
    head = origin.commit({"a.py": "2\n"}, base)
    async with comparisons.compare(REPO, 7, base, head):
        pass
    mirror = tmp_path / "data" / "mirrors" / "1-42.git"
    for pack in (mirror / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(b"PACK garbage")
    (mirror / "refs" / "forgehand" / "head.lock").write_text("left behind")
    async with comparisons.compare(REPO, 7, base, head) as got:
        assert _tree(got.head) == {"a.py": b"2\n"}


async def test_comparisons_of_one_repository_take_turns(origin: Bare, comparisons: GitComparisons) -> None:
    base = origin.commit({"a.py": "0\n"})
    heads = [origin.commit({"a.py": f"{n}\n"}, base) for n in range(1, 6)]

    async def one(number: int, head: str) -> bytes:
        async with comparisons.compare(REPO, number, base, head) as got:
            return (got.head / "a.py").read_bytes()

    got = await asyncio.gather(*(one(n, head) for n, head in enumerate(heads, 1)))
    assert got == [f"{n}\n".encode() for n in range(1, 6)]


async def test_a_held_mirror_is_nobody_elses(tmp_path: Path) -> None:
    order = []

    async def second() -> None:
        async with hold_mirror(tmp_path, "x", "file:///nowhere"):
            order.append("second")

    async with hold_mirror(tmp_path, "x", "file:///nowhere"):
        waiting = asyncio.create_task(second())
        await asyncio.wait([waiting], timeout=0.2)
        order.append("first")
    await waiting
    assert order == ["first", "second"]


async def test_a_head_that_is_not_there_yet_may_come_later(origin: Bare, comparisons: GitComparisons) -> None:
    base = origin.commit({"a.py": "1\n"})
    with pytest.raises(GitFailed) as failed:
        async with comparisons.compare(REPO, 7, base, "f" * 40):
            pass
    assert failed.value.transient


async def test_sides_without_common_history_are_refused(origin: Bare, comparisons: GitComparisons) -> None:
    with pytest.raises(GitFailed, match="no common history") as failed:
        async with comparisons.compare(REPO, 7, origin.commit({"a": "1"}), origin.commit({"b": "1"})):
            pass
    assert not failed.value.transient


@pytest.mark.parametrize("sha", ["--upload-pack=touch x", "HEAD", "abc", ""])
async def test_what_is_no_commit_id_never_reaches_git(comparisons: GitComparisons, sha: str) -> None:
    with pytest.raises(GitFailed, match="no commit id"):
        async with comparisons.compare(REPO, 7, sha, sha):
            pass


@pytest.mark.parametrize("name", ["../../etc/x", "a/b/c", "-x", "a/b\n[core]", ""])
async def test_what_is_no_repository_name_never_reaches_git(comparisons: GitComparisons, name: str) -> None:
    with pytest.raises(GitFailed, match="no repository name"):
        async with comparisons.compare(Repo(1, 2, name), 7, "a" * 40, "b" * 40):
            pass


@pytest.mark.parametrize("base", ["http://github.example", "ssh://git@github.com", "ext::sh -c id", "/srv/git"])
def test_other_protocols_are_refused_at_the_start(tmp_path: Path, base: str) -> None:
    with pytest.raises(ValueError, match="git may not speak"):
        GitComparisons(ChildProcesses(), NoTokens(), tmp_path, base)


async def test_a_slow_server_ends_with_the_time_limit(
    origin: Bare, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    base = origin.commit({"a.py": "1\n"})

    class Stuck(ChildProcesses):
        async def run(self, argv, **more) -> Finished:  # type: ignore[no-untyped-def,override]
            if "fetch" in argv:
                return Finished(-signal.SIGKILL, b"", b"", 1.0, timed_out=True)
            return await super().run(argv, **more)

    slow = GitComparisons(Stuck(), NoTokens(), tmp_path / "data", f"file://{tmp_path / 'server'}", seconds=1)
    with pytest.raises(GitFailed, match="longer than 1 s") as failed:
        async with slow.compare(REPO, 7, base, base):
            pass
    assert failed.value.transient
