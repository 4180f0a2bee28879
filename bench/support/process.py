"""Processes of a measurement: started with a first line to wait for, ended by their own pid. Called by each bench."""

import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    log: Path,
    pass_fds: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, with pipes on its standard input and output and its errors in `log`; ended when left."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            pass_fds=pass_fds,
        )
    try:
        if stdin:
            assert process.stdin is not None
            process.stdin.write(stdin)
            process.stdin.flush()
        yield process
    finally:
        _end(process)


def line(process: subprocess.Popen[bytes], log: Path, seconds: float = 30.0) -> str:
    """Its next line on standard output; raises with its log when none comes in time."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    said = process.stdout.readline().decode() if ready else ""
    if not said:
        raise RuntimeError(f"{process.args!r} said nothing in {seconds:g} s:\n{log.read_text()[-4000:]}")
    return said.rstrip("\n")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
