"""What a `dispatching.yml` says, as values. Made by `config_file`, obeyed by `rules`. Pure."""

from dataclasses import dataclass

SUCCESS = "success"
"""How a run must have ended where nobody asks for anything else."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a workflow that count. Of a workflow file called `workflow`, that ended in one of `conclusions`, on
    one of `branches` (globs; the default branch where there are none). `dispatched`: also one that we started
    ourselves, so that chains are followed."""

    workflow: str
    conclusions: tuple[str, ...] = (SUCCESS,)
    branches: tuple[str, ...] = ()
    dispatched: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """When a target may be started: from `begin` to `end`, in minutes of the day at `timezone`, on `days`. One that
    ends before it begins reaches into the next day."""

    begin: int = 0
    end: int = 24 * 60
    days: tuple[str, ...] = DAYS
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class OutboundTarget:
    """What a source wants to start. `repository` is `name`, of the same owner, or `owner/name`; an empty `ref` is the
    operator's default. `inputs` are pairs of names and templates."""

    repository: str
    workflow: str
    ref: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    window: Window | None = None
    approval: bool = False


@dataclass(frozen=True, slots=True)
class Outbound:
    source: Runs
    targets: tuple[OutboundTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class InboundTarget:
    """What may be started here, and the inputs that may come with it."""

    workflow: str
    accept_inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inbound:
    """Who may start something here: `repository` is `name`, of the same owner, or `owner/name`."""

    repository: str
    source: Runs
    targets: tuple[InboundTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class Dispatching:
    outbound: tuple[Outbound, ...] = ()
    inbound: tuple[Inbound, ...] = ()


def full_name(repository: str, owner: str) -> str:
    """`owner/name` of a repository that a file of `owner`'s names, maybe without its owner."""
    return repository if "/" in repository else f"{owner}/{repository}"


def same(left: str, right: str) -> bool:
    """Whether two names are those of one repository: GitHub does not tell small letters from capital ones there."""
    return left.casefold() == right.casefold()
