"""Which workflow would start which other, under a file of one repository and those of the others as they are. Pure;
called by `changes`.

An entry speaks of many runs. It is judged by one that fits it: of its workflow, on its first branch, with its first
conclusion.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import State
from forgehand.workers.dispatch.config import SUCCESS, Dispatching, Outbound, OutboundTarget, Runs, full_name, same
from forgehand.workers.dispatch.rules.facts import Config, Installed, Options, Source, Target, Unreadable, Whence
from forgehand.workers.dispatch.rules.plan import judge, screen


@dataclass(frozen=True, slots=True)
class Here:
    """The repository whose file changes."""

    repo: Repo
    default_branch: str


@dataclass(frozen=True, slots=True)
class Other:
    """A repository on the other side, with what its default branch says. `default_branch` is empty where the file does
    not tell of anything that could start."""

    target: Target
    default_branch: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One workflow that starts another, and `when`, where that is not a success on the default branch."""

    source: str
    workflow: str
    target: str
    started: str
    ref: str
    when: str = ""

    def __str__(self) -> str:
        return f"{self.workflow} of {self.source}{self.when} → {self.started} of {self.target} at {self.ref}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a flow. `terms` are what else its source says of it: inputs, window, approval."""

    state: State
    why: str
    terms: tuple[object, ...]

    @property
    def starts(self) -> bool:
        return self.state is State.SATISFIED


UNKNOWN = Target(Unreadable("Nobody has looked."), Unreadable("Nobody has looked."))


def flows(here: Here, config: Config, others: Mapping[str, Other], options: Options) -> dict[Flow, Standing]:
    """Everything that starts from here or is started here, while the file says this."""
    found: dict[Flow, Standing] = {}
    for flow, standing in (*_outgoing(here, config, others, options), *_incoming(here, config, others, options)):
        # Asked for twice, the first counts.
        found.setdefault(flow, standing)
    return found


def _outgoing(
    here: Here, config: Config, others: Mapping[str, Other], options: Options
) -> Iterator[tuple[Flow, Standing]]:
    def look(repository: str) -> Target:
        other = others.get(repository.casefold())
        return other.target if other else UNKNOWN

    for entry in config.outbound if isinstance(config, Dispatching) else ():
        yield from _of_entry(here.repo.full_name, here.default_branch, entry, look, options)


def _incoming(
    here: Here, config: Config, others: Mapping[str, Other], options: Options
) -> Iterator[tuple[Flow, Standing]]:
    target = Target(Installed(here.repo), config)
    for other in others.values():
        installed, theirs = other.target.installed, other.target.config
        if isinstance(installed, Installed) and isinstance(theirs, Dispatching):
            for entry in theirs.outbound:
                found = _of_entry(installed.repo.full_name, other.default_branch, entry, lambda _: target, options)
                yield from ((flow, standing) for flow, standing in found if same(flow.target, here.repo.full_name))


def _of_entry(
    repository: str, branch: str, entry: Outbound, look: Callable[[str], Target], options: Options
) -> Iterator[tuple[Flow, Standing]]:
    """The flows of one entry of this repository's file."""
    source, alone = _fitting(repository, branch, entry.source), Dispatching(outbound=(entry,))
    looked = {asked.key: look(asked.repository) for asked, _ in screen(source, alone, options)}
    plan = judge(source, alone, looked, options)
    for at, target in enumerate(entry.targets):
        ruling = plan.targets[at].ruling if at < len(plan.targets) else plan.ruling
        flow = Flow(
            repository,
            entry.source.workflow,
            full_name(target.repository, repository.partition("/")[0]),
            target.workflow,
            target.ref or options.default_ref,
            _when(entry.source),
        )
        yield flow, Standing(ruling.state, ruling.reason, _terms(target))


def _fitting(repository: str, branch: str, runs: Runs) -> Source:
    """A run that such an entry is about. A pattern of branches stands for those that it matches."""
    return Source(
        repository=repository,
        repository_id=0,
        installation=0,
        run=0,
        attempt=1,
        workflow=runs.workflow,
        conclusion=runs.conclusions[0],
        head_branch=runs.branches[0] if runs.branches else branch,
        head_sha="0" * 40,
        head_repository=repository,
        head_is_fork=False,
        default_branch=branch,
        url="",
        event="push",
        whence=Whence.BRANCH,
    )


def _when(runs: Runs) -> str:
    words = [f"on {', '.join(runs.branches)}"] if runs.branches else []
    words += [f"after {', '.join(runs.conclusions)}"] if runs.conclusions != (SUCCESS,) else []
    words += ["also dispatched"] if runs.dispatched else []
    return f" ({'; '.join(words)})" if words else ""


def _terms(target: OutboundTarget) -> tuple[object, ...]:
    return tuple(sorted(target.inputs)), target.window, target.approval
