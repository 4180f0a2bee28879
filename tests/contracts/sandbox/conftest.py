"""The sandbox's tiers, as this machine has them, and archives to run in them."""

import io
import os
import tarfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from forgehand.adapters.sandbox import SandboxLadder
from forgehand.ports.sandbox import Bounds, Ran, Task, Tier
from support import needs

SMALL = Bounds(seconds=60, memory=256 * 1024**2, processes=64, disk=64 * 1024**2, file=32 * 1024**2, output=64 * 1024)
"""Roomy enough for a busy machine, tight enough that a hostile test meets them soon."""

Run = Callable[..., Awaitable[Ran]]


WALLED = [Tier.BWRAP, Tier.USERNS]
"""The tiers that bring walls of their own: in a container the walls are the container's."""


# A container's tier needs root, for only root can become another user; that it says so is a test of its own.
@pytest.fixture(params=[*WALLED, *([Tier.CONTAINER] if os.geteuid() == 0 else [])])
async def sandbox(request: pytest.FixtureRequest) -> SandboxLadder:
    """Every test that takes it runs in each tier that works here."""
    return await _working(request.param)


@pytest.fixture(params=WALLED)
async def walled(request: pytest.FixtureRequest) -> SandboxLadder:
    return await _working(request.param)


async def _working(tier: Tier) -> SandboxLadder:
    if tier is Tier.BWRAP:
        needs.require("bwrap")
    ladder = SandboxLadder(tier)
    strength = await ladder.strength()
    if not strength.works:
        needs.not_run(tier, strength.says)
    return ladder


@pytest.fixture
def run(sandbox: SandboxLadder, tmp_path: Path) -> Run:
    """Run a shell command on some files, within SMALL bounds."""
    return _runner(sandbox, tmp_path)


@pytest.fixture
def run_walled(walled: SandboxLadder, tmp_path: Path) -> Run:
    return _runner(walled, tmp_path)


def _runner(sandbox: SandboxLadder, folder: Path) -> Run:
    async def running(command: str, files: Mapping[str, str] | None = None, **more: object) -> Ran:
        bounds = replace(SMALL, **{name: more.pop(name) for name in list(more) if name in Bounds.__slots__})  # type: ignore[arg-type]
        return await sandbox.run(Task(command, packed(folder / "tree.tar", files or {}), bounds=bounds, **more))  # type: ignore[arg-type]

    return running


def packed(path: Path, files: Mapping[str, str]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            data = content.encode()
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path
