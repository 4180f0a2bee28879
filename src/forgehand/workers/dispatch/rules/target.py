"""Whether one target may be started: the operator's list, the other side's consent, and what GitHub has there. Pure;
called by `plan`, and by `target_worker` right before it is started.
"""

from dataclasses import dataclass

from forgehand.domain.rulings import Ruling, State
from forgehand.workers.dispatch.config import Dispatching, InboundTarget, Window, full_name, same
from forgehand.workers.dispatch.rules.answers import Answer, joined, listed, no, not_yet, yes
from forgehand.workers.dispatch.rules.facts import (
    Absent,
    Broken,
    Config,
    Installed,
    NoFile,
    Options,
    Renamed,
    Source,
    Target,
    Unreadable,
)
from forgehand.workers.dispatch.rules.reasons import Reason
from forgehand.workers.dispatch.rules.source import right_branch, right_conclusion
from forgehand.workers.dispatch.rules.templates import TemplateError, rendered

MOST_NAMED = 10
"""Inputs of the other side that one sentence names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One target as the source asks for it, with nothing left open: `repository` is `owner/name`, `ref` is given, and
    `inputs` are still templates. `key` names it among the targets of a run."""

    key: str
    repository: str
    workflow: str
    ref: str
    inputs: tuple[tuple[str, str], ...] = ()
    window: Window | None = None
    approval: bool = False

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]

    @property
    def shown(self) -> str:
        return f"{self.repository} {self.workflow} at {self.ref}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one target. `inputs` are the values to send, where it may be started."""

    asked: Asked
    ruling: Ruling
    reason: Reason | None = None
    inputs: tuple[tuple[str, str], ...] = ()

    @property
    def allowed(self) -> bool:
        return self.ruling.state is State.SATISFIED

    @property
    def undecided(self) -> bool:
        return self.ruling.state is State.PENDING


def judge_target(source: Source, asked: Asked, target: Target, options: Options) -> Verdict:
    """The verdict on one target by itself: neither duplicates nor the number of targets are looked at here."""
    inputs = _values(source, asked)
    answers = [allowlisted(asked, options), not_itself(source, asked)]
    for answer in (
        _installed(source, asked, target),
        _config(source, asked, target.config),
        _consent(source, asked, target.config),
        _accepted(source, asked, target.config),
        inputs if isinstance(inputs, Answer) else yes("input values", _counted(inputs)),
        _ref(asked, target),
        _workflow(asked, target),
    ):
        if any(each.ruling.state in (State.VIOLATED, State.PENDING) for each in answers):
            break
        answers.append(answer)
    together = joined(asked.shown, tuple(answers), "Both sides ask for it and allow it.")
    values = () if isinstance(inputs, Answer) or not _good(together) else inputs
    return Verdict(asked, together.ruling, together.reason, values)


def allowlisted(asked: Asked, options: Options) -> Answer:
    return listed(
        "target repository",
        asked.repository,
        options.targets,
        Reason.TARGET_REPO_NOT_ALLOWLISTED,
        "FORGEHAND_DISPATCH_TARGETS",
    )


def not_itself(source: Source, asked: Asked) -> Answer:
    if same(asked.repository, source.repository):
        return no(
            "not itself",
            Reason.SELF_DISPATCH_BLOCKED,
            "A repository does not dispatch to itself: GitHub's own `on: workflow_run` does that.",
        )
    return yes("not itself", "It is another repository.")


def authorized(source: Source, asked: Asked, config: Dispatching) -> tuple[InboundTarget, ...]:
    """The inbound rules of the target that name this source and this workflow, and take runs like this one."""
    return tuple(
        target
        for inbound in config.inbound
        if same(full_name(inbound.repository, asked.owner), source.repository)
        and inbound.source.workflow == source.workflow
        and right_branch(source, inbound.source)
        and right_conclusion(source, inbound.source)
        and (inbound.source.dispatched or not source.ours)
        for target in inbound.targets
        if target.workflow == asked.workflow
    )


def _installed(source: Source, asked: Asked, target: Target) -> Answer:
    match target.installed:
        case Installed():
            return yes("installed", "The App may start workflows there.")
        case Absent(why, sees):
            reason = Reason.TARGET_PERMISSION_MISSING if sees else Reason.TARGET_NOT_INSTALLED
            return no("installed", reason, why)
        case Renamed(name):
            return no("installed", Reason.TARGET_NOT_INSTALLED, _renamed(source, asked, name))
        case Unreadable(why):
            return not_yet("installed", why)


def _config(source: Source, asked: Asked, config: Config) -> Answer:
    match config:
        case NoFile():
            return no(
                "target file",
                Reason.MISSING_TARGET_CONFIG,
                f"{asked.repository} has no dispatching.yml on its default branch.",
            )
        case Broken(problems):
            return no("target file", Reason.INVALID_TARGET_CONFIG, _broken(source, asked, problems))
        case Unreadable(why):
            return not_yet("target file", why)
    return yes("target file", f"{asked.repository} has a dispatching.yml that can be used.")


def _renamed(source: Source, asked: Asked, name: str) -> str:
    if _of_owner(source, name):
        return f"{asked.repository} is called {name} now: write that name."
    return f"{asked.repository} has another name now: write that one."


def _broken(source: Source, asked: Asked, problems: tuple[str, ...]) -> str:
    if not _of_owner(source, asked.repository):
        return (
            f"The dispatching.yml of {asked.repository} cannot be used: `forgehand dispatch validate` there says why."
        )
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}"


def _of_owner(source: Source, repository: str) -> bool:
    """Whether both have one owner. What another one's repository says, and how it is called now, is not told in the
    source's issue: it may be private, and has consented to nothing yet."""
    return same(source.repo.owner, repository.partition("/")[0])


def _consent(source: Source, asked: Asked, config: Config) -> Answer:
    if isinstance(config, Dispatching) and authorized(source, asked, config):
        return yes("consent", f"Its inbound rules let {source.workflow} of {source.repository} start {asked.workflow}.")
    return no(
        "consent",
        Reason.INBOUND_NOT_AUTHORIZED,
        f"No inbound rule of {asked.repository} lets {source.workflow} of {source.repository}, on "
        f"{source.head_branch} with {source.conclusion}, start {asked.workflow}.",
    )


def _values(source: Source, asked: Asked) -> tuple[tuple[str, str], ...] | Answer:
    made = []
    for name, template in asked.inputs:
        try:
            made.append((name, rendered(template, source)))
        except TemplateError as error:
            return no("input values", Reason.INPUTS_TEMPLATE_ERROR, f"Input {name}: {error}.")
    return tuple(made)


def _counted(inputs: tuple[tuple[str, str], ...]) -> str:
    return f"{', '.join(name for name, _ in inputs)}: each has a value." if inputs else "There are none."


def _accepted(source: Source, asked: Asked, config: Config) -> Answer:
    rules = authorized(source, asked, config) if isinstance(config, Dispatching) else ()
    accepted = {name for rule in rules for name in rule.accept_inputs}
    if refused := [name for name, _ in asked.inputs if name not in accepted]:
        return no(
            "inputs",
            Reason.INPUTS_NOT_ACCEPTED,
            f"{asked.repository} does not accept {', '.join(refused)}: its `accept_inputs` name {_some(accepted)}.",
        )
    return yes("inputs", "All are accepted." if asked.inputs else "There are none.")


def _some(names: set[str]) -> str:
    """As many as may be read: another one's file decides how many there are."""
    listed, more = sorted(names)[:MOST_NAMED], len(names) - MOST_NAMED
    return f"{', '.join(listed)} and {more} more" if more > 0 else ", ".join(listed) or "none"


def _ref(asked: Asked, target: Target) -> Answer:
    match target.ref:
        case None:
            return Answer(Ruling("ref", State.NOT_APPLICABLE, "It is looked for right before the start."))
        case False:
            return no("ref", Reason.REF_NOT_FOUND, f"{asked.repository} has no branch or tag {asked.ref}.")
    return yes("ref", f"{asked.ref} is there.")


def _workflow(asked: Asked, target: Target) -> Answer:
    state, name = target.workflow, f"{asked.workflow} in {asked.repository}"
    if state is None:
        return Answer(Ruling("workflow", State.NOT_APPLICABLE, "It is looked for right before the start."))
    if not state.known:
        return no("workflow", Reason.WORKFLOW_NOT_FOUND, f"GitHub knows no workflow {name}.")
    if not state.active:
        return no("workflow", Reason.WORKFLOW_NOT_DISPATCHABLE, f"{name} is disabled.")
    if not state.dispatchable:
        return no(
            "workflow",
            Reason.WORKFLOW_NOT_DISPATCHABLE,
            f"{name} has no `workflow_dispatch` among its triggers at {asked.ref}.",
        )
    return yes("workflow", f"{asked.workflow} can be started.")


def _good(answer: Answer) -> bool:
    return answer.ruling.state is State.SATISFIED
