import os
import subprocess
import sys

import pytest

from forgehand.assembly.holders import is_dead_here, this_holder


def test_we_are_alive_and_a_pid_that_started_at_another_time_is_dead() -> None:
    ours = this_holder()
    assert not is_dead_here(ours)
    assert is_dead_here(ours.rpartition("/")[0] + "/1")


def test_a_process_that_ended_is_dead() -> None:
    code = "from forgehand.assembly.holders import this_holder; print(this_holder())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert is_dead_here(ended)


@pytest.mark.parametrize("part", [0, 1, 2], ids=["host", "boot", "pid namespace"])
def test_nobody_elsewhere_is_ever_called_dead(part: int) -> None:
    parts = this_holder().split("/")
    parts[part] = "another"
    parts[3] = str(os.getpid() + 1)
    assert not is_dead_here("/".join(parts))


@pytest.mark.parametrize("nonsense", ["", "x", "a/b/c/d/e", "///"])
def test_a_holder_of_another_form_is_left_alone(nonsense: str) -> None:
    assert not is_dead_here(nonsense)
