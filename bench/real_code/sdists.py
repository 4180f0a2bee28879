"""Source releases as plain files in memory. Called by `__main__` and by `bench.review`.

pip downloads them, into `artifacts/real_code`, where they stay. pip asks a release for its metadata with the build
backend that it names, in an isolated environment; nothing else of it runs.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

FOLDER = Path(__file__).resolve().parent.parent.parent / "artifacts" / "real_code"
MAX_FILE_BYTES = 20_000_000


class NotAvailable(Exception):
    """The releases cannot be had here."""


Files = dict[str, str | bytes | tuple[str, bytes]]


def release(project: str, version: str) -> Files:
    """The files of a release, by their path below its top folder. Raises NotAvailable."""
    return files_of(_downloaded(project, version))


def _downloaded(project: str, version: str) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = FOLDER / f"{project}-{version}.tar.gz"
    if not kept.exists():
        wanted = [f"{project}=={version}", "--no-deps", "--no-binary", ":all:", "--dest", str(FOLDER)]
        quiet = ["--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*_pip(), "download", *quiet, *wanted], capture_output=True, text=True, check=False)
        if done.returncode != 0 or not kept.exists():
            raise NotAvailable(f"pip could not download {project} {version}: {done.stderr.strip()[-300:]}")
    return kept


def _pip() -> list[str]:
    """A pip: uv's environments have none of their own."""
    for python in (
        sys.executable,
        *filter(None, (shutil.which(name, path=_outside()) for name in ("python3", "python"))),
    ):
        if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
            return [python, "-m", "pip"]
    raise NotAvailable("there is no python3 with pip here (Debian: apt-get install python3-pip)")


def _outside() -> str:
    own = str(Path(sys.executable).parent)
    return os.pathsep.join(part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part != own)


def files_of(archive: Path) -> Files:
    """Regular files alone, read in memory: nothing is unpacked, so nothing can land outside."""
    files: Files = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = PurePosixPath(member.name).parts[1:]
            if not member.isreg() or member.size > MAX_FILE_BYTES or not parts or ".." in parts or ".git" in parts:
                continue
            content = tar.extractfile(member)
            assert content is not None
            files["/".join(parts)] = ("100755" if member.mode & 0o100 else "100644", content.read())
    return files
