"""Load by wrk: 64 connections, each sending its next delivery when it has its last answer. Called by `__main__`."""

import itertools
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.intake.payload import EVENT, Signed

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 64
THREADS = 2
_runs = itertools.count(1)


@dataclass(frozen=True)
class Load:
    """What one run saw. Times in milliseconds. `refused` are answers of 400 and above, `broken` lost connections."""

    requests: int
    seconds: float
    p50: float
    p99: float
    p999: float
    longest: float
    refused: int
    broken: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def write_requests(folder: Path, host: str, path: str, deliveries: Sequence[Signed]) -> None:
    """Each request in two parts, between which a GUID goes."""
    for number, delivery in enumerate(deliveries, 1):
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: GitHub-Hookshot/f5f3c3a\r\nAccept: */*\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(delivery.body)}\r\nX-GitHub-Event: {EVENT}\r\n"
            f"X-GitHub-Hook-ID: 1\r\nX-Hub-Signature-256: {delivery.signature}\r\nX-GitHub-Delivery: "
        )
        (folder / f"{number}.before").write_bytes(head.encode())
        (folder / f"{number}.after").write_bytes(b"\r\n\r\n" + delivery.body)


def load(url: str, requests: Path, count: int, seconds: int) -> Load:
    """Send the requests of the folder for so long; their GUIDs differ from those of every other call."""
    done = subprocess.run(
        [
            "wrk",
            f"-t{THREADS}",
            f"-c{CONNECTIONS}",
            f"-d{seconds}s",
            "--timeout=10s",
            f"-s{SCRIPT}",
            url,
            "--",
            str(requests),
            str(count),
            str(next(_runs)),
        ],
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=True,
    )
    return Load(**json.loads(done.stdout.strip().splitlines()[-1]))


def version() -> str:
    if not shutil.which("wrk"):
        raise SystemExit("wrk is needed: apt-get install wrk")
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, timeout=20, check=False).stdout
    return said.split()[1]
