"""What checks say of a commit: check runs and commit statuses, the latest of each (`ports.checks`). Used by assembly.

https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference
https://docs.github.com/en/rest/commits/statuses#list-commit-statuses-for-a-reference
https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.effect_commit_status import NEUTRAL
from forgehand.adapters.github.identity import Identity, Self
from forgehand.domain.repositories import Repo
from forgehand.ports.checks import Check, CheckState
from forgehand.ports.github import NotFound, NotPermitted

READ_CHECKS = {"checks": "read", "statuses": "read"}
READ_RUNS = {"actions": "read"}

_PASSED = ("success", "neutral", "skipped")
"""What GitHub lets pass where a check is required:
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks"""


class CheckReader:
    """`ports.checks.Checks`."""

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._calls = RepoCalls(github, tokens, READ_CHECKS)
        self._actions = RepoCalls(github, tokens, READ_RUNS)
        self._identity = identity

    async def checks(self, repo: Repo, sha: str) -> Sequence[Check]:
        us = await self._identity.get()
        runs = await self._calls.all(repo, f"commits/{sha}/check-runs", params={"filter": "latest"}, key="check_runs")
        # GitHub lists statuses newest first, and every one that was ever set.
        statuses = await self._calls.all(repo, f"commits/{sha}/statuses")
        newest = sorted(runs, key=lambda each: int(each["id"]), reverse=True)
        told = [parsed("check run", lambda data: (_run(data, us), _suite(data)), run) for run in newest]
        # Two workflows may have a job of one name each, in a suite each: one says nothing of the other. But a workflow
        # that ran once more on the same commit has a new suite too.
        reruns = await self._reruns(repo, sha) if _contradictory(told) else {}
        latest: dict[tuple[str, int, Hashable], Check] = {}
        for check, suite in told:
            latest.setdefault((check.name, check.app, reruns.get(suite, suite)), check)
        for status in statuses:
            check = parsed("commit status", lambda data: _status(data, us), status)
            latest.setdefault((check.name, check.app, 0), check)
        return sorted(latest.values(), key=lambda each: (each.name, each.app))

    async def _reruns(self, repo: Repo, sha: str) -> dict[int, Hashable]:
        """What each check suite is a run of, the same for runs of which the newest counts. Where we may not read it,
        none: then each suite counts, and the worst of them decides."""
        try:
            runs = await self._actions.all(repo, "actions/runs", params={"head_sha": sha}, key="workflow_runs")
        except (NotPermitted, NotFound):
            return {}
        return dict(parsed("run", _workflow, run) for run in runs)


def _contradictory(told: Sequence[tuple[Check, int]]) -> bool:
    """Whether suites disagree about a check of one name: only then does it matter which of them count."""
    found: defaultdict[tuple[str, int], dict[int, CheckState]] = defaultdict(dict)
    for check, suite in told:
        found[check.name, check.app].setdefault(suite, check.state)
    return any(len(set(states.values())) > 1 for states in found.values())


def _workflow(data: Mapping[str, Any]) -> tuple[int, Hashable]:
    """A run's check suite, and what it is a run of: a workflow, for one kind of event and branch. Where several pull
    requests have this head, each may be tested with a base of its own, and no run says with which. Of a fork's there
    may be several too, for GitHub names none: they stay apart, or a weaker base would speak for another."""
    suite = int(data.get("check_suite_id") or 0)
    if len(data.get("pull_requests") or ()) != 1:
        return suite, suite
    head = (data.get("head_repository") or {}).get("id")
    return suite, (int(data["workflow_id"]), str(data["event"]), data.get("head_branch"), head)


def _run(data: Mapping[str, Any], us: Self) -> Check:
    done = data["status"] == "completed"
    told = str((data.get("conclusion") if done else data["status"]) or "")
    app = int((data.get("app") or {}).get("id") or 0)
    return Check(
        name=str(data["name"]),
        app=app,
        state=_state(told) if done else CheckState.PENDING,
        told=told,
        ours=bool(us.app_id) and app == us.app_id,
        url=str(data.get("details_url") or data.get("html_url") or ""),
        title=str((data.get("output") or {}).get("title") or ""),
    )


def _suite(data: Mapping[str, Any]) -> int:
    return int((data.get("check_suite") or {}).get("id") or 0)


def _status(data: Mapping[str, Any], us: Self) -> Check:
    told, title = str(data["state"]), str(data.get("description") or "")
    ours = us.wrote({"user": data.get("creator")})
    if ours and told == "success" and title.startswith(NEUTRAL):
        told, title = "neutral", title.removeprefix(NEUTRAL)
    return Check(
        name=str(data["context"]),
        app=0,
        state=CheckState.PENDING if told == "pending" else _state(told),
        told=told,
        ours=ours,
        url=str(data.get("target_url") or ""),
        title=title,
    )


def _state(told: str) -> CheckState:
    return CheckState.PASSED if told in _PASSED else CheckState.FAILED
