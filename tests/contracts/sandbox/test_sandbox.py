"""`ports.sandbox` over every tier that works here: what goes in, what comes out, what is inside."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.sandbox.conftest import Run, packed
from forgehand.adapters.sandbox import SandboxLadder
from forgehand.adapters.sandbox import ladder as ladder_module
from forgehand.adapters.sandbox.ladder import AGAIN_SECONDS, AUTO, Rung
from forgehand.ports.sandbox import REPORTS, SandboxFailed, Task, Tier
from support.engine import Clock

pytestmark = pytest.mark.anyio


async def test_the_command_runs_at_the_top_of_the_tree_and_its_code_and_words_come_back(run: Run) -> None:
    ran = await run("cat a/b; echo err >&2; exit 3", {"a/b": "in\n"})
    assert (ran.code, ran.output, ran.stopped, ran.cut, ran.lost) == (3, b"in\nerr\n", None, False, "")


async def test_the_tree_can_be_written_and_home_and_tmp_are_fresh(run: Run) -> None:
    ran = await run('touch new "$HOME/x" "$TMPDIR/y" && mktemp && ls -A "$HOME" "$TMPDIR" | wc -l && pwd')
    assert ran.code == 0, ran.output


async def test_the_environment_is_made_from_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "canary")
    ran = await run("env", env={"EXTRA": "yes"})
    names = {line.partition("=")[0] for line in ran.output.decode().splitlines()}
    assert names <= {"PATH", "HOME", "TMPDIR", "LANG", "CI", REPORTS, "EXTRA", "PWD", "OLDPWD", "_", "SHLVL"}
    assert b"canary" not in ran.output


async def test_standard_input_is_empty(run: Run) -> None:
    assert (await run("cat")).output == b""


async def test_reports_come_back_by_their_names_and_nothing_else_does(run: Run) -> None:
    command = f'echo one > "${REPORTS}/junit.xml"; mkdir -p out/deep; echo two > out/deep/c.json; echo three > other'
    ran = await run(command, collect=["out/*.json"])
    assert dict(ran.files) == {"reports/junit.xml": b"one\n", "tree/out/deep/c.json": b"two\n"}
    assert ran.lost == ""


async def test_a_report_that_is_a_link_out_of_the_tree_is_not_followed(run: Run) -> None:
    ran = await run("ln -s /etc/passwd junit.xml; ln -s /etc out; echo ok > real.xml", collect=["*.xml", "out/passwd"])
    assert dict(ran.files) == {"tree/real.xml": b"ok\n"}


async def test_reports_beyond_their_bound_are_left_out_and_that_is_said(run: Run) -> None:
    ran = await run(f'head -c 3000000 /dev/zero > "${REPORTS}/big.xml"', reports=1_000_000)
    assert ran.code == 0
    assert ran.files == {}
    assert "larger" in ran.lost


async def test_what_is_kept_can_be_started_from_again(run: Run, sandbox: SandboxLadder, tmp_path: Path) -> None:
    kept = tmp_path / "kept.tar"
    first = await run("mkdir deps; echo '#!/bin/sh\necho hello' > deps/tool; chmod +x deps/tool", {"a": "1"}, keep=kept)
    assert first.code == 0
    second = await sandbox.run(Task("deps/tool; cat a", kept))
    assert (second.code, second.output) == (0, b"hello\n1")


async def test_output_is_cut_in_its_middle(run: Run) -> None:
    ran = await run("echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last")
    assert ran.cut
    assert ran.output.startswith(b"first\n")
    assert ran.output.endswith(b"\nlast\n")
    assert len(ran.output) < 66_000


async def test_localhost_works(run: Run) -> None:
    script = (
        "import socket as s; a = s.create_server(('127.0.0.1', 0)); s.create_connection(a.getsockname()); print('met')"
    )
    assert (await run(f'python3 -c "{script}"')).output == b"met\n"


async def test_an_archive_that_is_none_is_said(sandbox: SandboxLadder, tmp_path: Path) -> None:
    (tmp_path / "not.tar").write_bytes(b"x" * 5000)
    with pytest.raises(SandboxFailed, match="could not be unpacked"):
        await sandbox.run(Task("true", tmp_path / "not.tar"))


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """Outside of pytest's folders, which only their owner may enter."""
    with tempfile.TemporaryDirectory(prefix="forgehand-public-") as folder:
        yield Path(folder)


async def test_readable_folders_are_there_on_the_path_and_cannot_be_written(
    walled: SandboxLadder, tmp_path: Path, public_folder: Path
) -> None:
    tools = public_folder
    (tools / "bin").mkdir()
    (tools / "bin" / "hello").write_text("#!/bin/sh\necho hello\n")
    for path in (tools, tools / "bin", tools / "bin" / "hello"):
        path.chmod(0o755)
    ladder = SandboxLadder(walled._choice, readable=[tools])
    ran = await ladder.run(Task(f"hello; touch {tools}/x 2>/dev/null || echo denied", packed(tmp_path / "t.tar", {})))
    assert ran.output == b"hello\ndenied\n"
    assert not (tools / "x").exists()


async def test_none_runs_nothing_and_says_so(tmp_path: Path) -> None:
    ladder = SandboxLadder(Tier.NONE)
    strength = await ladder.strength()
    assert (strength.works, strength.strong) == (False, False)
    with pytest.raises(SandboxFailed, match="FORGEHAND_SANDBOX"):
        await ladder.run(Task("true", packed(tmp_path / "t.tar", {})))


async def test_without_any_tier_each_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, **more: None)
    strength = await SandboxLadder(AUTO).strength()
    assert not strength.works
    assert "bubblewrap is not installed" in strength.says
    assert "util-linux" in strength.says
    assert "apt-get install bubblewrap" in strength.remedy


async def test_what_does_not_work_is_tried_again_a_minute_later_and_what_works_is_not(
    walled: SandboxLadder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries, clock = ladder_module._tried, [], Clock()

    async def tried(rung: Rung) -> str:
        tries.append(clock.now)
        return "no answer within 20 s" if clock.now < AGAIN_SECONDS else await real(rung)

    monkeypatch.setattr(ladder_module, "_tried", tried)
    ladder = SandboxLadder(walled._choice, clock=clock)
    for at, works in ((0.0, False), (AGAIN_SECONDS - 1, False), (AGAIN_SECONDS, True), (10 * AGAIN_SECONDS, True)):
        clock.now = at
        assert (await ladder.strength()).works is works
    assert tries == [0.0, AGAIN_SECONDS]


async def test_what_is_protected_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "data" / "git").mkdir(parents=True)
    for shown in (tmp_path, tmp_path / "data", tmp_path / "data" / "git"):
        strength = await SandboxLadder(AUTO, readable=[shown], protected=[tmp_path / "data"]).strength()
        assert not strength.works
        assert "stay hidden" in strength.says


async def test_an_ordinary_user_in_a_container_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    strength = await SandboxLadder(Tier.CONTAINER).strength()
    assert not strength.works
    assert "ordinary user" in strength.says
    assert "as root" in strength.remedy
