"""What hostile code tries, in every tier that works here, and what becomes of it."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from contracts.sandbox.conftest import SMALL, Run, packed
from forgehand.adapters.sandbox import SandboxLadder, container
from forgehand.adapters.sandbox.users import FIRST, LAST, spare_user
from forgehand.adapters.sandbox.watching import owned_by
from forgehand.ports.sandbox import Stopped, Task, Tier

pytestmark = pytest.mark.anyio

SPY = """
import glob, os, pathlib
print("environment", sorted(os.environ))
places = ("/proc/*/environ", "/root/*", "/home/*/.ssh/*", os.environ["SECRET_FILE"])
for name in [name for place in places for name in glob.glob(place) or [place]]:
    try:
        print("READ", name, pathlib.Path(name).read_bytes())
    except OSError as error:
        print("denied", name, type(error).__name__)
"""


EVERYBODYS = ("/tmp", "/var/tmp", "/dev/shm")

DEEP = """
import os, sys
os.chdir(sys.argv[1])
for _ in range(1500):
    os.mkdir("d")
    os.chdir("d")
"""

SEGMENT = 605_060_605
"""The key of a piece of shared memory."""

SOON = 6.0
"""Seconds in which a run certainly has begun, and been heard: they count from before it is set up."""

KILLER = """
import os, signal
for pid in (os.getppid(), 1, -1):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
"""


async def test_it_reads_no_environment_file_or_process_of_ours(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "forgehand.db"
    secret.write_text("canary-of-the-database")
    tmp_path.chmod(0o700)
    monkeypatch.setenv("GITHUB_APP_PRIVATE_KEY", "canary-of-the-key")
    ours = subprocess.Popen(["sleep", "600"], env={"TOKEN": "canary-of-a-neighbor"})
    try:
        ran = await run("python3 conftest.py", {"conftest.py": SPY}, env={"SECRET_FILE": str(secret)})
    finally:
        ours.kill()
        ours.wait()
    assert ran.code == 0
    assert b"denied" in ran.output
    assert b"canary" not in ran.output


async def test_it_sees_no_process_but_its_own(run_walled: Run) -> None:
    ran = await run_walled(f"ls -d /proc/{os.getpid()}; ls -d /proc/[0-9]* | wc -l")
    assert b"No such file" in ran.output
    assert int(ran.output.split()[-1]) < 10


async def test_it_sees_no_home_no_data_and_no_devices(run_walled: Run) -> None:
    ran = await run_walled(
        "ls -d /root /home /sys /srv /opt /var/lib /dev/kmsg /dev/vda /etc/shadow 2>/dev/null; echo end"
    )
    assert ran.output == b"end\n"


async def test_it_writes_nowhere_but_in_its_room(run_walled: Run) -> None:
    places = "/x /usr/x /usr/bin/x /etc/x /dev/x /proc/x /run/x /var/x /box/../x"
    ran = await run_walled(f"for each in {places}; do touch $each 2>/dev/null && echo WROTE $each; done; echo end")
    assert ran.output == b"end\n"


async def test_the_kernel_cannot_be_steered(run: Run) -> None:
    places = "/proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/self/oom_score_adj_not"
    ran = await run(f"for each in {places}; do (echo x > $each) 2>/dev/null && echo WROTE $each; done; echo end")
    assert ran.output == b"end\n"


async def test_it_reaches_no_network(run_walled: Run) -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        script = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5); print('MET')"
        ran = await run_walled(
            f'python3 -c "{script}" 2>&1 | tail -n 1; ls /sys/class/net 2>/dev/null; cat /proc/net/dev'
        )
    assert b"MET" not in ran.output
    assert b"ConnectionRefused" in ran.output
    assert b"eth" not in ran.output


async def test_the_network_is_there_when_it_is_given(run_walled: Run) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        script = f"import socket; print(socket.create_connection(('127.0.0.1', {port}), 30).recv(5).decode())"
        assert (await run_walled(f'python3 -c "{script}"', network=True)).output == b"hello\n"


async def test_a_fork_bomb_hits_its_bound_and_is_gone(run: Run) -> None:
    bomb = "import os, time\nwhile True:\n    os.fork()\n"
    name = f"bomb-{uuid4().hex}.py"
    ran = await run(f"python3 {name}", {name: bomb})
    assert ran.code != 0
    assert ran.stopped in (Stopped.PROCESSES, Stopped.MEMORY)
    await _no_process_says(name)


async def test_a_large_file_is_stopped(run: Run) -> None:
    ran = await run("head -c 2000000000 /dev/zero > big", file=8 * 1024**2)
    assert ran.code != 0
    assert ran.stopped is Stopped.DISK


async def test_many_files_together_are_stopped(run: Run) -> None:
    fill = "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); head -c 1000000 /dev/zero > f$i || exit 1; done"
    ran = await run(fill)
    assert ran.code != 0
    assert ran.stopped is Stopped.DISK


@pytest.mark.parametrize("folder", EVERYBODYS)
async def test_a_folder_that_everybody_may_write_to_is_no_way_around_the_disk(run: Run, folder: str) -> None:
    fill = (
        f"cd $(mktemp -d {folder}/XXXXXX) && for i in $(seq 2000); do head -c 1000000 /dev/zero > f$i || exit 1; done"
    )
    ran = await run(fill, disk=32 * 1024**2)
    assert ran.code != 0
    assert ran.stopped is Stopped.DISK


@pytest.mark.parametrize("folder", EVERYBODYS)
async def test_what_a_run_leaves_there_is_gone_before_the_next(run: Run, folder: str) -> None:
    left = f"{folder}/left-{uuid4().hex}"
    ran = await run(f"mkdir {left} && python3 deep.py {left} && : > {left}.conf && chmod 0 {left}", {"deep.py": DEEP})
    assert (ran.code, ran.stopped) == (0, None), ran.output
    assert (await run(f"ls -d {left}*")).code != 0
    assert not Path(left).exists()


async def test_shared_memory_does_not_outlive_a_run(run: Run) -> None:
    ran = await run(f"python3 -c 'import ctypes; assert ctypes.CDLL(None).shmget({SEGMENT}, 4096, 0o1666) >= 0'")
    assert ran.code == 0, ran.output
    ran = await run(f"python3 -c 'import ctypes; assert ctypes.CDLL(None).shmget({SEGMENT}, 0, 0) < 0'")
    assert ran.code == 0, ran.output


async def test_shared_memory_is_no_way_around_the_disk(run_walled: Run) -> None:
    ran = await run_walled("head -c 500000000 /dev/zero > /dev/shm/x", file=2 * 1024**3)
    assert ran.code != 0


async def test_a_memory_hog_is_stopped(run: Run) -> None:
    ran = await run("python3 -c 'x = bytearray(900_000_000)'")
    assert ran.code != 0
    assert ran.stopped is Stopped.MEMORY


async def test_many_small_hogs_are_stopped(run: Run) -> None:
    hogs = "for i in 1 2 3 4; do python3 -c 'import time; x = b\"x\" * 120_000_000; time.sleep(600)' & done; wait"
    ran = await run(hogs)
    assert ran.code != 0
    assert ran.stopped is Stopped.MEMORY


async def test_a_test_that_never_ends_is_ended_and_one_that_talks_all_the_while_is_cut(run: Run) -> None:
    talk = "trap '' TERM INT; echo started; yes '::set-output name=x::y' & while :; do sleep 1; done"
    ran = await run(talk, seconds=SOON)
    assert ran.code != 0
    assert ran.stopped is Stopped.TIME
    assert ran.output.startswith(b"started\n::set-output")
    assert ran.cut
    assert len(ran.output) < 70_000


async def test_daemons_do_not_outlive_it(run: Run) -> None:
    leave = "import os, time\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\ntime.sleep(600)\n"
    name, sleeping = f"daemon-{uuid4().hex}.py", _long_sleep()
    ran = await run(f"python3 {name}; nohup sleep {sleeping} >/dev/null 2>&1 & exit 0", {name: leave})
    assert ran.code == 0
    assert ran.seconds < 40
    await _no_process_says(name)
    await _no_process_says(sleeping)


async def test_who_kills_its_parents_has_not_passed(run: Run) -> None:
    ran = await run("python3 killer.py; exit 0", {"killer.py": KILLER})
    assert ran.code != 0


async def test_a_report_that_pretends_to_be_endless_is_bounded(run: Run) -> None:
    ran = await run("cat /dev/zero > /proc/$PPID/fd/1 & cat /dev/zero > /proc/$PPID/fd/3 & sleep 1; exit 0", seconds=20)
    assert ran.files == {}
    assert len(ran.output) < 70_000


async def test_no_capability_is_left(run: Run) -> None:
    ran = await run("grep -E 'Cap(Prm|Eff|Bnd)|NoNewPrivs' /proc/self/status")
    assert [line.split()[1] for line in ran.output.decode().splitlines()] == ["0" * 16, "0" * 16, "0" * 16, "1"]


async def test_where_we_are_root_it_is_a_user_that_owns_nothing(sandbox: SandboxLadder, tmp_path: Path) -> None:
    seconds = _long_sleep()
    running = asyncio.create_task(sandbox.run(Task(f"exec sleep {seconds}", packed(tmp_path / "t.tar", {}))))
    async with asyncio.timeout(60):
        while not (sleeping := [pid for pid in _saying(seconds) if psutil.Process(pid).name() == "sleep"]):
            await asyncio.sleep(0.02)
    user = psutil.Process(sleeping[0]).uids().real
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert user in range(FIRST, LAST + 1) if os.geteuid() == 0 else user == os.geteuid()


async def test_cancelling_ends_everything(sandbox: SandboxLadder, tmp_path: Path) -> None:
    seconds = _long_sleep()
    task = Task(f"setsid sleep {seconds} & sleep {seconds}", packed(tmp_path / "t.tar", {}))
    running = asyncio.create_task(sandbox.run(task))
    async with asyncio.timeout(60):
        while not _saying(seconds):
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    await _no_process_says(seconds)


async def test_it_dies_with_us_even_when_we_are_killed(walled: SandboxLadder, tmp_path: Path) -> None:
    await _no_process_says(await _killed_while_running(walled, tmp_path))


if os.geteuid() == 0:  # Only root can become another user of its container.

    async def test_in_a_container_the_next_run_ends_what_was_left(tmp_path: Path) -> None:
        ladder = SandboxLadder(Tier.CONTAINER)
        left = await _killed_while_running(ladder, tmp_path)
        await ladder.run(Task("true", packed(tmp_path / "t.tar", {})))
        await _no_process_says(left)

    async def test_in_a_container_the_next_run_as_a_user_removes_what_that_one_left(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(container, "spare_user", lambda: nullcontext(LAST + 1))
        with tempfile.NamedTemporaryFile(prefix="left-", delete=False) as left:
            os.chown(left.fileno(), LAST + 1, LAST + 1)
        with container.Container().prepare(Task("true", packed(tmp_path / "t.tar", {}))):
            assert not Path(left.name).exists()

    async def test_a_user_of_whom_something_is_not_reaped_yet_is_left_alone() -> None:
        with spare_user() as first:
            assert first is not None
            ended = subprocess.Popen(["true"], user=first)
            while ended.pid in owned_by(first):
                await asyncio.sleep(0.01)
        try:
            with spare_user() as second:
                assert second != first
        finally:
            ended.wait()

    async def test_in_a_container_what_lies_too_deep_to_be_measured_is_too_much(tmp_path: Path) -> None:
        deeper = packed(tmp_path / "t.tar", {"deep.py": DEEP.replace("1500", "2500")})
        task = Task("python3 deep.py /tmp; sleep 600", deeper, bounds=SMALL)
        assert (await SandboxLadder(Tier.CONTAINER).run(task)).stopped is Stopped.DISK


async def _killed_while_running(sandbox: SandboxLadder, folder: Path) -> str:
    """Kills, while it runs a task, a process of ours; gives the word that tells the task's."""
    word = _long_sleep()
    code = f"""
import asyncio, pathlib
from forgehand.adapters.sandbox import SandboxLadder
from forgehand.ports.sandbox import Task
task = Task("sleep {word}; true", pathlib.Path({str(packed(folder / "t.tar", {}))!r}))
asyncio.run(SandboxLadder({str(sandbox._choice)!r}).run(task))
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        async with asyncio.timeout(60):
            while not _saying(word):
                await asyncio.sleep(0.02)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    return word


def _long_sleep() -> str:
    """Seconds to sleep that tell whose process it is: the same test may run in another tier at the same time. Not of
    `random`, which gives every test the same numbers."""
    return f"600.{secrets.randbelow(10**9):09}"


async def _no_process_says(word: str) -> None:
    async with asyncio.timeout(60):
        while _saying(word):
            await asyncio.sleep(0.02)


def _saying(word: str) -> list[int]:
    """Processes that were started with this word alone as an argument, as no other test's are."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        arguments = process.info["cmdline"] or []
        if word in arguments and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found
