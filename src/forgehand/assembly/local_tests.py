"""The tests of a folder on this machine, run and judged as those of a pull request are. Called by `cli.test`."""

import asyncio
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from forgehand.assembly.build import sandbox_of
from forgehand.assembly.settings import Settings
from forgehand.crafts.archives import pack_folder, read_texts
from forgehand.crafts.policy_file import PATH as POLICY
from forgehand.crafts.policy_file import parse
from forgehand.crafts.suite_choice import choose
from forgehand.crafts.suite_commands import READ, Tree, configured, detect
from forgehand.crafts.suite_runs import SuiteRequest, run_suite
from forgehand.crafts.suites import Command
from forgehand.domain.policy import OperatorLimits, effective, values
from forgehand.domain.policy.limits import NOTHING
from forgehand.ports.sandbox import SandboxFailed
from forgehand.workers import testing

MOST_BYTES = 1024**3
Verdict = testing.Verdict


async def run_folder(settings: Settings, folder: Path, command: str = "") -> Verdict:
    """The verdict on a folder, given by its full path. A virtual environment in it can be read inside, where it stands.
    Raises PolicyError for a configuration that cannot be used, and ValueError for a folder that is too large."""
    policy = _policy(folder)
    sandbox = sandbox_of(_with_environment(settings, folder / ".venv"))
    facts = testing.Facts("", await sandbox.strength(), stranger=False)
    with tempfile.TemporaryDirectory(prefix="forgehand-test-") as made:
        archive = Path(made, "tree.tar")
        paths = await asyncio.to_thread(pack_folder, folder, archive, MOST_BYTES, settings.private_paths)
        line = command or policy.command
        commands = (configured(line),) if line else detect(Tree(paths, read_texts(archive, READ)))
        facts = replace(facts, command=next(iter(commands), None))
        if commands and facts.strength.works:
            try:
                if not (line or policy.setup):
                    choice = await choose(sandbox, commands)
                    facts = replace(facts, command=choice.command, absent=choice.absent)
                if facts.command:
                    facts = replace(
                        facts, run=await run_suite(sandbox, _request(archive, paths, facts.command, policy))
                    )
            except SandboxFailed as failed:
                facts = replace(facts, not_run=failed.why)
    return testing.judge(facts, policy)


def _request(archive: Path, paths: Collection[str], command: Command, policy: values.TestPolicy) -> SuiteRequest:
    return SuiteRequest(
        archive,
        paths,
        command,
        setup=policy.setup,
        seconds=policy.timeout_minutes * 60.0,
        memory=policy.memory_mb * 1024**2,
        junit=policy.junit,
        coverage=policy.coverage,
        reruns=policy.flaky_reruns,
    )


def _with_environment(settings: Settings, environment: Path) -> Settings:
    if not environment.is_dir():
        return settings
    shown = ":".join(filter(None, (str(environment), settings.sandbox_readable)))
    return settings.model_copy(update={"sandbox_readable": shown})


def _policy(folder: Path) -> values.TestPolicy:
    file = folder / POLICY
    own = parse(file.read_bytes()) if file.is_file() else NOTHING
    return effective(OperatorLimits(), NOTHING, own, "")[0].tests


def lines(verdict: Verdict) -> Iterator[str]:
    """The report for a terminal."""
    return testing.plain(verdict)


def summary(verdict: Verdict) -> dict[str, object]:
    """The report for scripts, as the job of a pull request has it."""
    return testing.result(verdict)
