"""`ports.children` over real processes: limits hold, nothing is inherited, nothing is left behind."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from forgehand.adapters.sandbox.children import NOT_FOUND, ChildProcesses
from forgehand.ports.children import Limits

pytestmark = pytest.mark.anyio


@pytest.fixture
def children(tmp_path: Path) -> ChildProcesses:
    (tmp_path / "homes").mkdir()
    return ChildProcesses(scratch=tmp_path / "homes")


async def test_streams_code_and_stdin_come_back(children: ChildProcesses, tmp_path: Path) -> None:
    done = await children.run(["sh", "-c", "cat; echo err >&2; exit 3"], cwd=tmp_path, stdin=b"in\n")
    assert (done.code, done.stdout, done.stderr) == (3, b"in\n", b"err\n")
    assert not done.timed_out
    assert not done.cut


async def test_a_signal_is_a_negative_code(children: ChildProcesses, tmp_path: Path) -> None:
    assert (await children.run(["sh", "-c", "kill -TERM $$"], cwd=tmp_path)).code == -signal.SIGTERM


async def test_a_program_that_is_not_there_has_a_code_of_its_own(children: ChildProcesses, tmp_path: Path) -> None:
    done = await children.run(["no-such-program"], cwd=tmp_path)
    assert (done.code, done.stderr) == (NOT_FOUND, b"no-such-program: not found")


async def test_the_environment_is_made_from_nothing(
    children: ChildProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "canary")
    done = await children.run(["env"], cwd=tmp_path, env={"EXTRA": "yes"})
    names = {line.partition("=")[0] for line in done.stdout.decode().splitlines()}
    assert names <= {"PATH", "HOME", "TMPDIR", "LANG", "EXTRA", "PWD", "_", "SHLVL"}
    assert "canary" not in done.stdout.decode()


async def test_home_is_private_and_removed_afterwards(children: ChildProcesses, tmp_path: Path) -> None:
    done = await children.run(["sh", "-c", 'touch "$HOME/x"; stat -c %a "$HOME"; echo "$HOME"'], cwd=tmp_path)
    mode, home = done.stdout.decode().split()
    assert mode == "700"
    assert Path(home).parent == tmp_path / "homes"
    assert list((tmp_path / "homes").iterdir()) == []


async def test_it_runs_in_a_process_group_of_its_own(children: ChildProcesses, tmp_path: Path) -> None:
    done = await children.run([sys.executable, "-c", "import os; print(os.getpgrp() == os.getpid())"], cwd=tmp_path)
    assert done.stdout.strip() == b"True"


async def test_the_time_limit_kills_the_whole_group(children: ChildProcesses, tmp_path: Path) -> None:
    script = "sleep 600 & echo $! ; echo $$; wait"
    done = await children.run(["sh", "-c", script], cwd=tmp_path, limits=Limits(seconds=0.5))
    assert done.timed_out
    assert done.code == -signal.SIGKILL
    await _all_gone(int(pid) for pid in done.stdout.split())


async def test_what_a_child_leaves_behind_is_killed_and_holds_nobody_up(
    children: ChildProcesses, tmp_path: Path
) -> None:
    done = await children.run(["sh", "-c", "sleep 600 & echo $!"], cwd=tmp_path, limits=Limits(seconds=30))
    assert not done.timed_out
    assert done.seconds < 20
    await _all_gone([int(done.stdout)])


async def test_cancelling_kills_the_whole_group(children: ChildProcesses, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    running = asyncio.create_task(children.run(["sh", "-c", _sleepers(pids)], cwd=tmp_path))
    await _until(pids.exists)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    await _all_gone(int(pid) for pid in pids.read_text().split())
    assert list((tmp_path / "homes").iterdir()) == []


async def test_cancelling_kills_it_also_where_the_child_is_faster_than_the_news_of_its_start(
    children: ChildProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, told, pids = asyncio.get_running_loop(), asyncio.Event(), tmp_path / "pids"
    start = loop.subprocess_exec

    async def tell_late(*argv: Any, **how: Any) -> Any:
        started = await start(*argv, **how)
        await told.wait()
        return started

    monkeypatch.setattr(loop, "subprocess_exec", tell_late)
    running = asyncio.create_task(children.run(["sh", "-c", _sleepers(pids)], cwd=tmp_path))
    await _until(pids.exists)
    # However often it is told to.
    for _ in range(2):
        running.cancel()
        await asyncio.sleep(0)
    told.set()
    await asyncio.wait([running])
    assert running.cancelled()
    await _all_gone(int(pid) for pid in pids.read_text().split())


async def test_output_beyond_the_limit_is_cut_and_says_so(children: ChildProcesses, tmp_path: Path) -> None:
    done = await children.run(
        ["sh", "-c", "head -c 3000000 /dev/zero; echo err >&2"], cwd=tmp_path, limits=Limits(output=1000)
    )
    assert (len(done.stdout), done.stderr, done.cut, done.code) == (1000, b"err\n", True, 0)


async def test_a_big_stdin_that_nobody_reads_does_no_harm(children: ChildProcesses, tmp_path: Path) -> None:
    done = await children.run(["true"], cwd=tmp_path, stdin=b"x" * 3_000_000)
    assert done.code == 0


async def test_the_memory_limit_holds(children: ChildProcesses, tmp_path: Path) -> None:
    greedy = [sys.executable, "-c", "x = bytearray(900_000_000)"]
    done = await children.run(greedy, cwd=tmp_path, limits=Limits(memory=400_000_000))
    assert done.code != 0
    assert b"MemoryError" in done.stderr


async def test_every_child_has_limits_of_its_own(children: ChildProcesses, tmp_path: Path) -> None:
    asked = "import resource as r; print(*(r.getrlimit(k) for k in (r.RLIMIT_AS, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE)))"
    done = await children.run([sys.executable, "-c", asked], cwd=tmp_path)
    limits = Limits()
    assert 0 < limits.memory <= 4 * 1024**3
    assert done.stdout.decode().split(") (") == [
        f"({limits.memory}, {limits.memory}",
        f"{limits.file}, {limits.file}",
        f"{limits.files}, {limits.files})\n",
    ]


async def test_a_file_cannot_grow_beyond_the_limit(children: ChildProcesses, tmp_path: Path) -> None:
    done = await children.run(
        ["sh", "-c", "head -c 3000000 /dev/zero > big"], cwd=tmp_path, limits=Limits(file=1_000_000)
    )
    assert done.code != 0
    assert (tmp_path / "big").stat().st_size == 1_000_000


async def test_the_processors_time_is_bounded_too(children: ChildProcesses, tmp_path: Path) -> None:
    asked = "import resource as r; print(r.getrlimit(r.RLIMIT_CPU)[1])"
    done = await children.run([sys.executable, "-c", asked], cwd=tmp_path, limits=Limits(seconds=10))
    assert int(done.stdout) == 10 * (os.cpu_count() or 1) + 1


@pytest.mark.parametrize("missing", ["prlimit", "setpriv"])
async def test_without_a_leash_nothing_runs_and_the_reason_is_said(
    children: ChildProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    found = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **more: None if name == missing else found(name, **more))
    done = await children.run(["sh", "-c", f"touch {tmp_path}/ran"], cwd=tmp_path)
    assert done.code == NOT_FOUND
    assert b"util-linux" in done.stderr
    assert not (tmp_path / "ran").exists()


async def test_it_dies_with_us_even_when_we_are_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"""
import asyncio, pathlib
from forgehand.adapters.sandbox.children import ChildProcesses
script = 'echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 600'
asyncio.run(ChildProcesses().run(["sh", "-c", script], cwd=pathlib.Path("/")))
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        await _until(pid_file.exists)
        child = int(pid_file.read_text())
        assert psutil.pid_exists(child)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    await _all_gone([child])


async def _all_gone(pids: object) -> None:
    for pid in list(pids):  # type: ignore[call-overload]
        await _until(lambda pid=pid: not _alive(pid))


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _sleepers(pids: Path) -> str:
    """A shell and a child of it that sleep; both say who they are in one file."""
    return f'sleep 600 & echo "$! $$" > {pids}.new; mv {pids}.new {pids}; wait'


async def _until(condition: object) -> None:
    async with asyncio.timeout(20):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)
