"""The file `dispatching.yml` as it may be written: the one definition that validates it and makes the JSON Schema for
editors. Called by `reading`, and by `forgehand dispatch`.
"""

import re
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from forgehand.crafts.strict_models import STRICT, json_schema, wrong
from forgehand.crafts.strict_yaml import validated
from forgehand.domain.followups import DISPATCHING
from forgehand.workers.dispatch.config import (
    DAYS,
    SUCCESS,
    Dispatching,
    Inbound,
    InboundTarget,
    Outbound,
    OutboundTarget,
    Runs,
    Window,
)

PATHS = DISPATCHING
"""Where it may lie; the first that is there counts."""
MAX_BYTES = 64 * 1024
MAX_INPUTS = 25
"""https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event"""
CONCLUSIONS = (
    SUCCESS,
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
    "stale",
    "startup_failure",
)


def parse(raw: bytes, file: str = PATHS[0]) -> Dispatching:
    """What the file says. Raises PolicyError with everything that is wrong in it, and nothing else."""
    model = validated(raw, FileModel, schema(), file, MAX_BYTES)
    return Dispatching(tuple(map(_outbound, model.outbound)), tuple(map(_inbound, model.inbound)))


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    return json_schema(FileModel, "Forgehand dispatching")


def _file_name(text: str) -> str:
    if not _FILE.fullmatch(text):
        fix = "write only the name of its file in .github/workflows, such as ci.yml"
        raise wrong(f"“{text[:60]}” is no workflow file", fix)
    return text


def _repository(text: str) -> str:
    if not _REPOSITORY.fullmatch(text):
        raise wrong(f"“{text[:60]}” is no repository", "write its name, or owner/name where the owner is another")
    return text


def _ref(text: str) -> str:
    if not _REF.fullmatch(text) or ".." in text or text.startswith(("-", "/")):
        raise wrong(f"“{text[:60]}” is no branch or tag", "write its short name, such as main")
    if text.startswith("refs/"):
        raise wrong(f"“{text[:60]}” is a full ref", "write the branch's or tag's short name, such as main")
    return text


def _clock(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise wrong(f"“{text[:20]}” is no time of day", 'write hours and minutes in quotes, such as "08:30"')
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except Exception:  # whatever a name of a zone may lead to
        raise wrong(f"“{text[:60]}” is no time zone", "write one such as UTC or Europe/Berlin") from None
    return text


def _known_conclusion(text: str) -> str:
    if text not in CONCLUSIONS:
        raise wrong(f"“{text[:60]}” is no conclusion of a run", f"write one of {', '.join(CONCLUSIONS)}")
    return text


def _known_day(text: str) -> str:
    if text not in DAYS:
        raise wrong(f"“{text[:60]}” is no day", f"write one of {', '.join(DAYS)}")
    return text


_FILE = re.compile(r"[^/\\\s]{1,200}\.ya?ml")
_REPOSITORY = re.compile(
    r"([A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:_[A-Za-z0-9]{1,38})?/)?(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}"
)
_REF = re.compile(r"[^\s~^:?*\[\\\x00-\x20\x7f]{1,200}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")

File = Annotated[str, AfterValidator(_file_name)]
Repository = Annotated[str, AfterValidator(_repository)]
Ref = Annotated[str, AfterValidator(_ref)]
Time = Annotated[str, AfterValidator(_clock)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Conclusion = Annotated[str, AfterValidator(_known_conclusion), Field(json_schema_extra={"enum": list(CONCLUSIONS)})]
Day = Annotated[str, AfterValidator(_known_day), Field(json_schema_extra={"enum": list(DAYS)})]


class Model(BaseModel):
    """Strict: an unknown key, or a value of another type, is an error."""

    model_config = STRICT


class SourceModel(Model):
    """The runs that count."""

    workflow: Annotated[File, Field(description="The name of the file of the workflow that ran.")]
    conclusions: Annotated[
        list[Conclusion],
        Field(min_length=1, max_length=9, description="How it must have ended. Both sides must name another one."),
    ] = [SUCCESS]
    branches: Annotated[
        list[Glob],
        Field(
            max_length=50,
            description="The branches it must have run on, as patterns; none: the default branch. Both sides must "
            "name another one.",
        ),
    ] = []
    dispatched: Annotated[
        bool,
        Field(
            description="Whether a run counts that Forgehand itself dispatched: then chains are followed. Both sides "
            "must say so."
        ),
    ] = False


class WindowModel(Model):
    """When a target may be started; until then it waits."""

    from_: Annotated[Time, Field(alias="from", description="The time of day at which it opens.")] = "00:00"
    until: Annotated[Time, Field(description="The time of day at which it closes.")] = "24:00"
    days: Annotated[
        list[Day], Field(min_length=1, max_length=7, description="The days on which it opens; every day by default.")
    ] = list(DAYS)
    timezone: Annotated[str, AfterValidator(_zone), Field(description="The time zone of these times.")] = "UTC"


class OutboundTargetModel(Model):
    repository: Annotated[Repository, Field(description="The repository: `name` of the same owner, or `owner/name`.")]
    workflow: Annotated[File, Field(description="The name of the file of the workflow to start there.")]
    ref: Annotated[Ref, Field(description="The branch or tag to start it on; empty: the operator's default.")] = ""
    inputs: Annotated[
        dict[Word, str],
        Field(
            max_length=MAX_INPUTS,
            description="Inputs by name. `{{ source.sha }}` and the like are replaced.",
        ),
    ] = {}
    window: Annotated[WindowModel | None, Field(description="When it may be started; always by default.")] = None
    approval: Annotated[
        bool, Field(description="Whether somebody who may write to the source approves each start, in the issue.")
    ] = False


class OutboundModel(Model):
    source: Annotated[SourceModel, Field(description="The runs after which the targets are started.")]
    targets: Annotated[list[OutboundTargetModel], Field(max_length=100, description="What is started.")]


class InboundSourceModel(SourceModel):
    """The runs of another repository that may start something here."""

    repository: Annotated[
        Repository, Field(description="The repository that ran it: `name` of the same owner, or `owner/name`.")
    ]


class InboundTargetModel(Model):
    workflow: Annotated[File, Field(description="The name of the file of the workflow that may be started.")]
    accept_inputs: Annotated[
        list[Word], Field(max_length=MAX_INPUTS, description="The inputs that may come with it; none by default.")
    ] = []


class InboundModel(Model):
    source: Annotated[InboundSourceModel, Field(description="Who may start something here.")]
    targets: Annotated[list[InboundTargetModel], Field(max_length=100, description="What they may start.")]


class FileModel(Model):
    """Which workflows start which others, in other repositories, and who may start what here."""

    outbound: Annotated[
        list[OutboundModel], Field(max_length=100, description="What runs of this repository start elsewhere.")
    ] = []
    inbound: Annotated[
        list[InboundModel], Field(max_length=100, description="What other repositories' runs may start here.")
    ] = []


def _outbound(model: OutboundModel) -> Outbound:
    return Outbound(_runs(model.source), tuple(map(_outbound_target, model.targets)))


def _outbound_target(model: OutboundTargetModel) -> OutboundTarget:
    window = None if model.window is None else _window(model.window)
    inputs = tuple(model.inputs.items())
    return OutboundTarget(model.repository, model.workflow, model.ref, inputs, window, model.approval)


def _window(model: WindowModel) -> Window:
    return Window(_minutes(model.from_), _minutes(model.until), tuple(model.days), model.timezone)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _inbound(model: InboundModel) -> Inbound:
    targets = tuple(InboundTarget(each.workflow, tuple(each.accept_inputs)) for each in model.targets)
    return Inbound(model.source.repository, _runs(model.source), targets)


def _runs(model: SourceModel) -> Runs:
    return Runs(model.workflow, tuple(model.conclusions), tuple(model.branches), model.dispatched)
