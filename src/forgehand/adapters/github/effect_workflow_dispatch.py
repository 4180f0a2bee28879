"""Starting a workflow. GitHub takes no key with it, so that nothing is ever sent twice for one slot: the answer names
the run, or the run is found, or a person says what became of it.

An Enterprise Server before 3.21 knows no `return_run_details`: it refuses the key, and then answers 204 without it.
https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
https://github.blog/changelog/2026-02-19-workflow-dispatch-api-now-returns-run-ids/
"""

from typing import Any
from urllib.parse import quote

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.identity import Identity
from forgehand.adapters.github.started_runs import USUAL, Ledger, LookTimes, StartedRuns
from forgehand.adapters.github.workflow_files import is_file_name
from forgehand.domain.effects import DispatchRefusal, WorkflowDispatch
from forgehand.domain.ledger import EffectState
from forgehand.ports.effects import Receipt
from forgehand.ports.github import GitHubError, NotFound, NotPermitted, Unprocessable, Unreachable

_SAYS = (
    ("No ref found for", DispatchRefusal.REF_NOT_FOUND),
    ("Workflow does not have 'workflow_dispatch' trigger", DispatchRefusal.WORKFLOW_NOT_DISPATCHABLE),
    ("Cannot trigger a 'workflow_dispatch' on a disabled workflow", DispatchRefusal.WORKFLOW_NOT_DISPATCHABLE),
    ("Actions has been disabled", DispatchRefusal.WORKFLOW_NOT_DISPATCHABLE),
    ("Unexpected inputs provided", DispatchRefusal.INPUTS_NOT_ACCEPTED),
    ("Required input", DispatchRefusal.INPUTS_NOT_ACCEPTED),
    ("Provided value", DispatchRefusal.INPUTS_NOT_ACCEPTED),
)
"""How GitHub's sentences begin, all of them with 422."""


class WorkflowDispatchPerformer:
    repeatable = False

    def __init__(
        self, github: GitHub, tokens: KeptTokens, identity: Identity, ledger: Ledger, times: LookTimes = USUAL
    ) -> None:
        self._github = github
        self._tokens = tokens
        self._ledger = ledger
        self._runs = StartedRuns(github, tokens, identity, ledger, times)
        self._names_runs = True

    async def find(self, effect: WorkflowDispatch, remote_id: str | None) -> Receipt | None:
        """The run that the receipt names; or, where something may have been sent, the one that it can only be."""
        if remote_id:
            return self._receipt(effect, int(remote_id))
        entry = await self._ledger.entry(effect.slot)
        if entry is None or entry.sent_at is None:
            return None
        run = await self._runs.started(effect, entry.sent_at, wait=entry.state is EffectState.SENDING)
        return self._receipt(effect, run) if run else None

    async def perform(self, effect: WorkflowDispatch, existing: Receipt | None, send_before: float) -> Receipt:
        if existing:
            return existing
        began = self._github.clock()
        try:
            answer = await self._post(effect, send_before)
        except GitHubError as refused:
            refused.reason = _reason(refused)
            raise
        if answer:
            return self._receipt(effect, parsed("dispatch", lambda data: int(data["workflow_run_id"]), answer))
        return self._receipt(effect, await self._accepted(effect, began))

    async def tidy(self, effect: WorkflowDispatch, receipt: Receipt, send_before: float) -> Receipt:
        return receipt

    async def _post(self, effect: WorkflowDispatch, send_before: float) -> Any:
        """What names the run; nothing from a server that does not tell."""
        if not is_file_name(effect.workflow):
            raise NotFound(f"{effect.workflow!r} is no name of a file in .github/workflows")
        path = f"actions/workflows/{quote(effect.workflow, safe='')}/dispatches"
        body: dict[str, Any] = {"ref": effect.ref}
        if effect.inputs:
            body["inputs"] = dict(effect.inputs)
        calls = RepoCalls(self._github, self._tokens, effect.permissions)
        if self._names_runs:
            try:
                asked = body | {"return_run_details": True}
                return await calls.write(effect.repo, "POST", path, asked, send_before=send_before)
            except Unprocessable as refused:
                if "return_run_details" not in _words(refused):
                    raise
                self._names_runs = False
        return await calls.write(effect.repo, "POST", path, body, send_before=send_before)

    async def _accepted(self, effect: WorkflowDispatch, began: float) -> int:
        """The run of a dispatch that was taken for certain. Whatever fails from here on, it is not sent again."""
        try:
            run = await self._runs.started(effect, began, wait=True)
        except GitHubError as error:
            raise Unreachable(error.why) from None
        if run is None:
            raise Unreachable(f"GitHub took the {effect.describe()}, and shows no run of it yet")
        return run

    def _receipt(self, effect: WorkflowDispatch, run: int) -> Receipt:
        return Receipt(str(run), f"{self._github.web_url}/{effect.repo.full_name}/actions/runs/{run}")


def _reason(error: GitHubError) -> str:
    """The word for a refusal; none for what is no refusal."""
    match error:
        case NotFound():
            return DispatchRefusal.WORKFLOW_NOT_FOUND
        case NotPermitted():
            return DispatchRefusal.PERMISSION_MISSING
        case Unprocessable():
            said = _words(error)
            return next((reason for start, reason in _SAYS if said.startswith(start)), DispatchRefusal.GITHUB_ERROR)
    return ""


def _words(error: GitHubError) -> str:
    """GitHub's own, after ours. Neither a path nor a status holds a colon with a space."""
    return error.why.partition(": ")[2]
