"""Branches: their tips, and what they ask of a pull request by branch protection and by rulesets. Used by assembly.

Three places tell of the latter, each to whom it trusts: a branch shows the checks that it requires to whoever reads
the code; the rules of a branch show what rulesets ask to whoever sees the repository; and the protection itself, with
the number of approvals, is for administrators.
https://docs.github.com/en/rest/branches/branches#get-a-branch
https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
https://docs.github.com/en/rest/branches/branch-protection#get-branch-protection
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.domain.repositories import Repo
from forgehand.ports.checks import Compared, Protection, RequiredCheck
from forgehand.ports.github import NotFound, NotPermitted, Unreachable

READ_BRANCHES = {"contents": "read"}
READ_PROTECTION = {"administration": "read"}
"""Asked for only where a branch is protected; an App may do without it, and then says what it could not read."""


class BranchReader:
    """`ports.checks.Branches`."""

    def __init__(self, github: GitHub, tokens: KeptTokens) -> None:
        self._calls = RepoCalls(github, tokens, READ_BRANCHES)
        self._as_administrator = RepoCalls(github, tokens, READ_PROTECTION)

    async def default_branch(self, repo: Repo) -> str:
        found = (await self._calls.get(repo, "")).data
        return parsed("repository", lambda data: str(data["default_branch"]), found)

    async def default_tip(self, repo: Repo) -> str | None:
        branch = await self.default_branch(repo)
        sha = await self.tip(repo, branch)
        if sha is None and (await self._calls.get(repo, "branches", params={"per_page": 1})).data:
            why = f"GitHub does not show {branch}, the default branch of {repo.full_name}, and shows others"
            raise Unreachable(why, sent=False)
        return sha

    async def tip(self, repo: Repo, branch: str) -> str | None:
        return await self._calls.ref(repo, f"heads/{branch}") or None

    async def tree(self, repo: Repo, sha: str) -> str:
        found = (await self._calls.get(repo, f"git/commits/{quote(sha)}")).data
        return parsed("commit", lambda data: str(data["tree"]["sha"]), found)

    async def compared(self, repo: Repo, base: str, head: str) -> Compared:
        # One commit a page: their list is not wanted.
        path = f"compare/{quote(base)}...{quote(head)}"
        found = (await self._calls.get(repo, path, params={"per_page": 1})).data
        return parsed("comparison", _compared, found)

    async def protection(self, repo: Repo, branch: str) -> Protection:
        parts: list[Protection] = []
        shown = await self._calls.get_or_none(repo, f"branches/{quote(branch)}")
        if shown is None:
            return Protection(unreadable=f"there is no branch {branch}")
        visible = parsed("branch", _shown, shown)
        parts.append(visible or Protection())
        parts.append(await self._rules(repo, branch))
        if visible is not None:
            parts.append(await self._protection(repo, branch))
        return _merged(parts)

    async def _rules(self, repo: Repo, branch: str) -> Protection:
        try:
            rules = await self._calls.all(repo, f"rules/branches/{quote(branch)}")
        except (NotPermitted, NotFound) as refused:
            if _not_in_this_plan(refused):
                return Protection()
            return Protection(unreadable=f"the rulesets of {branch} cannot be read: {refused.why}")
        return _merged([parsed("rule", _rule, each) for each in rules])

    async def _protection(self, repo: Repo, branch: str) -> Protection:
        try:
            found = (await self._as_administrator.get(repo, f"branches/{quote(branch)}/protection")).data
        except NotPermitted as refused:
            return Protection(unreadable=f"how many approvals {branch} requires cannot be read: {refused.why}")
        except NotFound:
            return Protection()
        return parsed("branch protection", _protected, found)


def _compared(comparison: Mapping[str, Any]) -> Compared:
    return Compared(int(comparison["behind_by"]), str(comparison["merge_base_commit"]["sha"]))


def _shown(branch: Mapping[str, Any]) -> Protection | None:
    """What a branch shows of its protection; None where it has none of its own."""
    protection = branch.get("protection") or {}
    if not protection.get("enabled"):
        return None
    return Protection(checks=_required(protection.get("required_status_checks") or {}))


def _protected(protection: Mapping[str, Any]) -> Protection:
    checks = protection.get("required_status_checks") or {}
    reviews = protection.get("required_pull_request_reviews") or {}
    return Protection(
        checks=_required(checks),
        strict=checks.get("strict") is True,
        approvals=int(reviews.get("required_approving_review_count") or 0),
    )


def _rule(rule: Mapping[str, Any]) -> Protection:
    given = rule.get("parameters") or {}
    match rule["type"]:
        case "required_status_checks":
            checks = [
                RequiredCheck(str(each["context"]), int(each.get("integration_id") or 0))
                for each in given["required_status_checks"]
            ]
            return Protection(checks=tuple(checks), strict=given.get("strict_required_status_checks_policy") is True)
        case "pull_request":
            return Protection(approvals=int(given.get("required_approving_review_count") or 0))
    return Protection()


def _required(checks: Mapping[str, Any]) -> tuple[RequiredCheck, ...]:
    """`checks` names apps, and the older `contexts` the same checks without; -1 and null are any app."""
    named = [
        RequiredCheck(str(each["context"]), max(0, each.get("app_id") or 0)) for each in checks.get("checks") or ()
    ]
    known = {each.name for each in named}
    return (*named, *(RequiredCheck(str(name)) for name in checks.get("contexts") or () if name not in known))


def _merged(parts: Iterable[Protection]) -> Protection:
    """All that any part asks for."""
    each = list(parts)
    return Protection(
        checks=tuple(dict.fromkeys(check for part in each for check in part.checks)),
        strict=any(part.strict for part in each),
        approvals=max((part.approvals for part in each), default=0),
        unreadable="; ".join(part.unreadable for part in each if part.unreadable),
    )


def _not_in_this_plan(refused: NotPermitted | NotFound) -> bool:
    """GitHub's answer for private repositories on its free plan, where rulesets and protection ask for nothing."""
    return "upgrade to github" in refused.why.lower()
