"""Executes the steps of one job: a fresh folder, a cleared environment, a process group that ends with its time.

Called by `acts.runs`, off the forge's lock. Only repositories for which a test or the demo switched Actions on get
here: their steps are the test's own.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from forgehand.practice import objects
from forgehand.practice.actions.crew import Crew
from forgehand.practice.actions.files import BadWorkflow, Step, fill

LONGEST = 300.0
"""Seconds, whatever a workflow allows itself."""


class Workspace:
    """The folder of one job. `checkout` fills it with a commit of a bare repository."""

    def __init__(
        self, crew: Crew, bare: Path, sha: str, values: Mapping[str, str], environment: Mapping[str, str]
    ) -> None:
        self._crew = crew
        self._bare, self._sha, self._values = bare, sha, values
        self._holder = tempfile.TemporaryDirectory(prefix="practice-job-", ignore_cleanup_errors=True)
        root = Path(self._holder.name)
        self.folder, self._home = root / "work", root / "home"
        self.folder.mkdir()
        self._home.mkdir()
        self._environment = environment

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *failure: object) -> None:
        self._holder.cleanup()

    def perform(self, step: Step, environment: Mapping[str, str], seconds: float) -> tuple[bool, str]:
        """Whether the step succeeded, and what it printed."""
        try:
            if step.run is None:
                return True, self._checkout()
            script = fill(step.run, self._values)
            more = {name: fill(value, self._values) for name, value in {**environment, **step.env}.items()}
            return self._run(step, script, more, min(seconds, LONGEST))
        except (BadWorkflow, OSError, subprocess.CalledProcessError) as problem:
            # It cannot even start: its folder is not there, say. The step fails, and with it the job.
            return False, str(problem)

    def _checkout(self) -> str:
        command = ["git", "clone", "--quiet", "--no-checkout", str(self._bare), str(self.folder)]
        subprocess.run(command, env=objects.ENVIRONMENT, check=True, capture_output=True)
        command = ["git", "-C", str(self.folder), "checkout", "--quiet", "--detach", self._sha]
        subprocess.run(command, env=objects.ENVIRONMENT, check=True, capture_output=True)
        return f"HEAD is now at {self._sha}"

    def _run(self, step: Step, script: str, more: Mapping[str, str], seconds: float) -> tuple[bool, str]:
        # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
        shells = {"": ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"], "sh": ["sh", "-e"]}
        environment = {
            "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.folder),
            **self._environment,
            **more,
        }
        process = subprocess.Popen(
            [*shells[step.shell], "-c", script],
            cwd=self.folder / step.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        output, ended = self._crew.communicate(process, seconds)
        if not ended:
            return False, "The operation was canceled: it took too long."
        return process.returncode == 0, output.decode("utf-8", "replace")
