"""What `forgehand dispatch` reaches of the dispatcher's reader and judge. It writes nothing anywhere, and only `told`
looks into the store."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forgehand.assembly.build import App
from forgehand.assembly.given_files import bytes_of
from forgehand.assembly.limits import dispatch_options
from forgehand.assembly.settings import Settings
from forgehand.domain.dispatches import Dispatch
from forgehand.domain.payloads import flag, mapping, text
from forgehand.domain.policy import PolicyError, Problem
from forgehand.domain.repositories import Repo
from forgehand.domain.runs import run_ref
from forgehand.ports.github import NotFound
from forgehand.workers.dispatch import config_file
from forgehand.workers.dispatch.config import Dispatching, same
from forgehand.workers.dispatch.reading import file_name, read_config
from forgehand.workers.dispatch.report_worker import current
from forgehand.workers.dispatch.rules.facts import Config, Installed, NoFile, Source, Target, Unreadable, Whence
from forgehand.workers.dispatch.rules.plan import Plan, judge, screen
from forgehand.workers.dispatch.rules.target import Asked
from forgehand.workers.dispatch.rules.templates import TemplateError, rendered

__all__ = ["Explanation", "Plan", "explained", "schema", "told", "validated"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`files` are the targets' files that were given, None where a target is to have none."""

    event: Path
    source: Path | None
    files: Mapping[str, Path | None]


def schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    return config_file.schema()


def validated(path: Path | None) -> tuple[Path, tuple[str, ...]]:
    """The file that was looked at, and which of its targets could never be started, since a template in it cannot be
    filled. Raises PolicyError where the file cannot be used."""
    found = path or _default()
    if found is None:
        problem = Problem(config_file.PATHS[0], 1, 1, "there is no such file here", "give the path of one")
        raise PolicyError((problem,))
    return found, tuple(_notes(config_file.parse(bytes_of(found), str(found))))


def explained(settings: Settings, asked: Explanation) -> Plan:
    """What would be planned after the run of a `workflow_run` event, with the files given. Raises PolicyError."""
    source, path = _source(asked.event), asked.source or _default()
    config = NoFile() if path is None else read_config(bytes_of(path), str(path))
    options = dispatch_options(settings)
    wanted = screen(source, config, options) if isinstance(config, Dispatching) else ()
    return judge(source, config, {each.key: _target(each, asked.files) for each, _ in wanted}, options)


async def told(app: App, run: int) -> Dispatch:
    """What the store knows of a run: the plan as it was made, and where its targets stand. Raises NotFound."""
    dispatch = await current(app.store, run)
    if dispatch is None:
        raise NotFound(
            f"no dispatch of run {run} is stored: nothing was planned after it, or it is forgotten; give a file with "
            "its `workflow_run` event instead"
        )
    return dispatch


def _default() -> Path | None:
    return next((path for path in map(Path, config_file.PATHS) if path.is_file()), None)


def _notes(file: Dispatching) -> list[str]:
    notes = []
    for entry in file.outbound:
        for target in entry.targets:
            for name, template in target.inputs:
                try:
                    rendered(template, _ANY)
                except TemplateError as error:
                    notes.append(f"{target.repository} {target.workflow} is never started: input {name}: {error}.")
    return notes


_ANY = Source("o/r", 0, 0, 1, 1, "ci.yml", "success", "main", "0" * 40, "o/r", False, "main", "https://github.com")
"""Any run: enough to try a template on."""


def _source(event: Path) -> Source:
    payload = _payload(event)
    run, repository = run_ref(payload), mapping(payload, "repository")
    if run is None or not text(repository, "full_name"):
        message = "this is no `workflow_run` event"
        raise PolicyError((Problem(str(event), 1, 1, message, "give the body of one, as GitHub sent it"),))
    head = mapping(mapping(payload, "workflow_run"), "head_repository")
    return Source(
        repository=text(repository, "full_name"),
        repository_id=0,
        installation=0,
        run=run.id,
        attempt=run.attempt,
        workflow=file_name(run.workflow),
        conclusion=run.conclusion,
        head_branch=run.head_branch,
        head_sha=run.head_sha,
        head_repository=run.head_repository,
        head_is_fork=flag(head, "fork"),
        default_branch=text(repository, "default_branch"),
        url=run.url,
        event=run.event,
        # GitHub is not asked here: the commit is taken to lie where the event says.
        whence=Whence.BRANCH,
    )


def _payload(event: Path) -> Mapping[str, Any]:
    try:
        payload = json.loads(bytes_of(event))
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, Mapping):
        raise PolicyError((Problem(str(event), 1, 1, "this is no JSON object", "give a `workflow_run` event"),))
    return payload


def _target(asked: Asked, files: Mapping[str, Path | None]) -> Target:
    """A target that was given is taken as one where the App is installed."""
    here = Installed(Repo(0, 0, asked.repository))
    for name, path in files.items():
        if same(name, asked.repository):
            config: Config = NoFile() if path is None else read_config(bytes_of(path), f"{name}/{path.name}")
            return Target(here, config)
    why = f"The file of {asked.repository} is not given: --target {asked.repository}=PATH, or nothing after the ="
    return Target(here, Unreadable(f"{why} where it has none."))
