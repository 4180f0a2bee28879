"""Releases of npm packages as plain files in memory. Called by `real`. npm puts them into `artifacts/real_code`."""

import subprocess

from bench.real_code.sdists import FOLDER, Files, NotAvailable, files_of


def package(name: str, version: str) -> Files:
    """The files of a release, by their path below its top folder. Raises NotAvailable."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = FOLDER / f"{name.replace('@', '').replace('/', '-')}-{version}.tgz"
    if not kept.exists():
        packed = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(FOLDER), f"{name}@{version}"]
        try:
            done = subprocess.run(packed, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise NotAvailable("there is no npm here") from None
        if done.returncode != 0 or not kept.exists():
            raise NotAvailable(f"npm could not pack {name} {version}: {done.stderr.strip()[-300:]}")
    return files_of(kept)
