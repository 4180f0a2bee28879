"""Whether the source still asks for a start that it asked for once: its run may have been repeated since the plan, and
its file, and what the operator allows, may have changed. Pure; called by `target_worker` right before a start.
"""

from dataclasses import replace

from forgehand.domain.rulings import Ruling, State
from forgehand.workers.dispatch.config import Dispatching
from forgehand.workers.dispatch.rules.answers import Answer, no
from forgehand.workers.dispatch.rules.attempts import Last, overtaken
from forgehand.workers.dispatch.rules.facts import Config, Options, Source
from forgehand.workers.dispatch.rules.plan import judge, screen
from forgehand.workers.dispatch.rules.reasons import Reason
from forgehand.workers.dispatch.rules.target import Asked, Verdict


def asked_again(source: Source, last: Last, asked: Asked, config: Config, options: Options) -> Asked | Verdict:
    """What is to be started now, in the window that the file names now; or the verdict that says no. `last` is the
    last attempt of the source's run."""
    if why := overtaken(source.attempt, last):
        return _denied(asked, no("attempt", Reason.SOURCE_WITHDRAWN, why))
    if not isinstance(config, Dispatching):
        return _denied(asked, _withheld(source, asked, config, options))
    now = next((each for each in screen(source, config, options) if each[0].key == asked.key), None)
    if now is None:
        return _denied(asked, _withheld(source, asked, config, options))
    found, refused = now
    if refused:
        return _denied(asked, refused)
    if found.approval and not asked.approval:
        says = f"{source.repository} wants an approval before it now, and none was asked for."
        return _denied(asked, no("source", Reason.SOURCE_WITHDRAWN, says))
    return replace(asked, window=found.window)


def _withheld(source: Source, asked: Asked, config: Config, options: Options) -> Answer:
    """Why nothing asks for it any more: that the run may start nothing at all now comes first."""
    plan = judge(source, config, {}, options)
    if plan.reason:
        return no("source", plan.reason, plan.ruling.reason)
    return no("source", Reason.SOURCE_WITHDRAWN, f"{source.repository} does not ask for {asked.shown} any more.")


def _denied(asked: Asked, answer: Answer) -> Verdict:
    ruling = Ruling(asked.shown, State.VIOLATED, answer.ruling.reason, parts=(answer.ruling,))
    return Verdict(asked, ruling, answer.reason)
