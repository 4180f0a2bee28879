"""A workflow file, read: its triggers and its jobs with their steps. Used by `acts.workflows` and the runner.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
Only what a practice run needs is modelled; the rest is refused by name, so that nothing runs half.
"""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

TOP = {"name", "run-name", "on", "env", "permissions", "jobs"}
JOB = {"name", "runs-on", "needs", "steps", "env", "permissions", "timeout-minutes"}
STEP = {"name", "id", "run", "uses", "with", "env", "shell", "working-directory"}
SHELLS = {"bash", "sh"}
CHECKOUT = re.compile(r"actions/checkout@.+")
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
PULL_TYPES = ("opened", "synchronize", "reopened")


class BadWorkflow(Exception):
    """The file is no workflow, or asks for what is not modelled. The message says what."""


@dataclass(frozen=True)
class Input:
    required: bool
    default: str | None
    options: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    name: str
    run: str | None
    shell: str
    env: Mapping[str, str]
    folder: str


@dataclass(frozen=True)
class Job:
    key: str
    name: str
    labels: tuple[str, ...]
    needs: tuple[str, ...]
    env: Mapping[str, str]
    steps: tuple[Step, ...]
    minutes: float


@dataclass(frozen=True)
class WorkflowFile:
    name: str | None
    on: Mapping[str, Mapping[str, Any]]
    env: Mapping[str, str] = field(default_factory=dict)
    jobs: tuple[Job, ...] = ()
    problem: str | None = None
    """Why the jobs cannot be run, though the triggers could be read."""

    @property
    def inputs(self) -> dict[str, Input]:
        """Of `workflow_dispatch`."""
        return {name: _input(given or {}) for name, given in (self.on["workflow_dispatch"].get("inputs") or {}).items()}

    def wants_push(self, ref: str) -> bool:
        """A filter of branches alone leaves tags out, and one of tags alone leaves branches out.
        https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#onpushbranchestagsbranches-ignoretags-ignore"""
        wanted = self.on.get("push")
        kind, other = ("tags", "branches") if ref.startswith("refs/tags/") else ("branches", "tags")
        if wanted is None or (other in wanted and kind not in wanted):
            return False
        return _chosen(wanted, ref.split("/", 2)[2], kind)

    def wants_pull(self, action: str, base: str) -> bool:
        wanted = self.on.get("pull_request")
        return wanted is not None and action in wanted.get("types", PULL_TYPES) and _chosen(wanted, base)


def parse(data: bytes) -> WorkflowFile:
    """Raises BadWorkflow where not even the triggers can be read."""
    try:
        given = YAML(typ="safe", pure=True).load(data)
    except YAMLError as error:
        raise BadWorkflow(f"not YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(given, dict):
        raise BadWorkflow("the workflow is no mapping")
    name, on = given.get("name"), triggers(given)
    try:
        _known("the workflow", given, TOP)
        return WorkflowFile(name, on, _texts(given.get("env")), _jobs(given.get("jobs")))
    except BadWorkflow as problem:
        return WorkflowFile(name, on, problem=str(problem))


def triggers(given: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """`on` in its three forms: a name, a list of names, or names with filters."""
    on = given.get("on")
    if isinstance(on, str):
        return {on: {}}
    if isinstance(on, list):
        return {str(name): {} for name in on}
    if isinstance(on, dict):
        return {str(name): value or {} for name, value in on.items()}
    raise BadWorkflow("it has no `on`")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put in the values of `${{ … }}`. Raises BadWorkflow for an expression that is not modelled."""

    def value(found: "re.Match[str]") -> str:
        if found[1].startswith("inputs.") or found[1].startswith("github.event.inputs."):
            return values.get(found[1], "")
        if found[1] not in values:
            raise BadWorkflow(f"the expression {found[1]!r} is not modelled by the practice forge")
        return values[found[1]]

    return EXPRESSION.sub(value, text)


def text(value: Any) -> str:
    """As an input or a variable carries it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _jobs(given: Any) -> tuple[Job, ...]:
    """In an order in which each follows those that it needs."""
    if not isinstance(given, dict) or not given:
        raise BadWorkflow("it has no jobs")
    waiting = {str(key): _job(str(key), job) for key, job in given.items()}
    ordered: dict[str, Job] = {}
    while waiting:
        ready = next((job for job in waiting.values() if set(job.needs) <= set(ordered)), None)
        if ready is None:
            raise BadWorkflow(f"the jobs {sorted(waiting)} need unknown jobs, or each other")
        ordered[ready.key] = waiting.pop(ready.key)
    return tuple(ordered.values())


def _job(key: str, given: Any) -> Job:
    _known(f"job {key}", given, JOB)
    labels, needs = given.get("runs-on", ()), given.get("needs", ())
    return Job(
        key=key,
        name=str(given.get("name", key)),
        labels=(labels,) if isinstance(labels, str) else tuple(labels),
        needs=(needs,) if isinstance(needs, str) else tuple(needs),
        env=_texts(given.get("env")),
        steps=tuple(_step(key, step) for step in given.get("steps") or ()),
        minutes=float(given.get("timeout-minutes", 360)),
    )


def _step(key: str, given: Any) -> Step:
    _known(f"a step of job {key}", given, STEP)
    uses, run, shell = given.get("uses"), given.get("run"), str(given.get("shell", ""))
    if uses is not None and (not CHECKOUT.fullmatch(uses) or given.get("with")):
        raise BadWorkflow(f"job {key} uses {uses}: only a plain actions/checkout is modelled by the practice forge")
    if (uses is None) == (run is None):
        raise BadWorkflow(f"a step of job {key} has to have one of `run` and `uses`")
    if shell and shell not in SHELLS:
        raise BadWorkflow(f"job {key} wants the shell {shell}: only bash and sh are modelled by the practice forge")
    name = given.get("name") or (f"Run {uses}" if uses else "Run " + str(run).strip().splitlines()[0])
    folder = str(given.get("working-directory", "."))
    return Step(name=str(name), run=run, shell=shell, env=_texts(given.get("env")), folder=folder)


def _known(what: str, given: Any, keys: set[str]) -> None:
    if not isinstance(given, dict):
        raise BadWorkflow(f"{what} is no mapping")
    unknown = set(map(str, given)) - keys
    if unknown:
        raise BadWorkflow(f"{what} has {', '.join(sorted(unknown))}, which the practice forge does not model")


def _texts(given: Any) -> dict[str, str]:
    return {str(name): text(value) for name, value in (given or {}).items()}


def _input(given: Mapping[str, Any]) -> Input:
    default = given.get("default")
    options = tuple(map(str, given.get("options") or ()))
    return Input(given.get("required") is True, None if default is None else text(default), options)


def _chosen(filters: Mapping[str, Any], name: str, kind: str = "branches") -> bool:
    """Whether the filter of this kind, `branches` or `tags`, lets a name through. Others are refused rather than
    overlooked."""
    unknown = set(filters) - {"branches", "tags", "types"}
    if unknown:
        raise BadWorkflow(f"the filters {', '.join(sorted(unknown))} are not modelled by the practice forge")
    wanted = filters.get(kind)
    names = [wanted] if isinstance(wanted, str) else wanted
    return names is None or any(fnmatch.fnmatchcase(name, each) for each in names)
