"""What checks say of a commit: check runs and commit statuses, the latest of each (`ports.checks`). Used by assembly.

https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference
https://docs.github.com/en/rest/commits/statuses#list-commit-statuses-for-a-reference
"""

from collections.abc import Mapping, Sequence
from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.effect_commit_status import NEUTRAL
from forgehand.adapters.github.identity import Identity, Self
from forgehand.domain.repositories import Repo
from forgehand.ports.checks import Check, CheckState

READ_CHECKS = {"checks": "read", "statuses": "read"}

_PASSED = ("success", "neutral", "skipped")
"""What GitHub lets pass where a check is required:
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks"""


class CheckReader:
    """`ports.checks.Checks`."""

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._calls = RepoCalls(github, tokens, READ_CHECKS)
        self._identity = identity

    async def checks(self, repo: Repo, sha: str) -> Sequence[Check]:
        us = await self._identity.get()
        runs = await self._calls.all(repo, f"commits/{sha}/check-runs", params={"filter": "latest"}, key="check_runs")
        # GitHub lists statuses newest first, and every one that was ever set.
        statuses = await self._calls.all(repo, f"commits/{sha}/statuses")
        latest: dict[tuple[str, int, int], Check] = {}
        # Two workflows may have a job of one name each, in a suite each: one says nothing of the other.
        for run in sorted(runs, key=lambda each: int(each["id"]), reverse=True):
            check, suite = parsed("check run", lambda data: (_run(data, us), _suite(data)), run)
            latest.setdefault((check.name, check.app, suite), check)
        for status in statuses:
            check = parsed("commit status", lambda data: _status(data, us), status)
            latest.setdefault((check.name, check.app, 0), check)
        return sorted(latest.values(), key=lambda each: (each.name, each.app))


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
