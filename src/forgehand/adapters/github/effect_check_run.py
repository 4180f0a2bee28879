"""Check runs: found by `external_id`, which is the slot, on the commit and of our App; annotations 50 per request.

Annotations can only be added, so that those which are there already are read first and not sent again: a crash between
two requests converges when it is repeated. A check run cannot be deleted either; a double is renamed, made neutral and
loses our key, since branch protection reads the newest one of a name.
https://docs.github.com/en/rest/checks/runs
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from forgehand.adapters.github.calls import KeptTokens, RepoCalls, parsed
from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.identity import Identity
from forgehand.adapters.github.owned import oldest
from forgehand.domain.effects import Annotation, CheckRun
from forgehand.ports.effects import Receipt
from forgehand.ports.github import Throttled, TooLate, Unreachable

AT_ONCE = 50
"""GitHub's limit of annotations in one request."""


class CheckRunPerformer:
    repeatable = True

    def __init__(self, github: GitHub, tokens: KeptTokens, identity: Identity) -> None:
        self._github = github
        self._tokens = tokens
        self._identity = identity

    async def find(self, effect: CheckRun, remote_id: str | None) -> Receipt | None:
        if remote_id and (stored := await self._run(effect, remote_id)):
            return _receipt(stored)
        return oldest(await self._listed(effect))

    async def perform(self, effect: CheckRun, existing: Receipt | None, send_before: float) -> Receipt:
        run = await self._run(effect, existing.remote_id) if existing else None
        if run is None:
            run = await self._create(effect, send_before)
            missing = list(effect.annotations[AT_ONCE:])
        else:
            missing = await self._missing(effect, run)
            if _differs(effect, run):
                first, missing = missing[:AT_ONCE], missing[AT_ONCE:]
                run = await self._patch(effect, run, _content(effect, first), send_before)
        await self._annotate(effect, run, missing, send_before)
        made = _receipt(run)
        return Receipt(made.remote_id, made.url, existing.surplus if existing else ())

    async def tidy(self, effect: CheckRun, receipt: Receipt, send_before: float) -> Receipt:
        known = {each.remote_id: each for each in [receipt, *await self._listed(effect)]}
        kept = oldest(list(known.values())) or receipt
        for each in kept.surplus:
            body = {
                "name": f"{effect.name} (superseded double)",
                "external_id": f"double of {kept.remote_id}",
                "conclusion": "neutral",
                "status": "completed",
            }
            path = f"check-runs/{int(each)}"
            await self._calls(effect).write(effect.repo, "PATCH", path, body, send_before=send_before)
        if kept.remote_id != receipt.remote_id:
            kept = await self.perform(effect, Receipt(kept.remote_id, kept.url), send_before)
        return Receipt(kept.remote_id, kept.url)

    async def _run(self, effect: CheckRun, remote_id: str) -> Any:
        found = await self._calls(effect).get_or_none(effect.repo, f"check-runs/{int(remote_id)}")
        return found if found and await self._is_ours(effect, found) else None

    async def _listed(self, effect: CheckRun) -> list[Receipt]:
        us = await self._identity.get()
        params: dict[str, str | int] = {"filter": "all"}
        if us.app_id:
            params["app_id"] = us.app_id
        runs = await self._calls(effect).all(
            effect.repo, f"commits/{effect.sha}/check-runs", params=params, key="check_runs"
        )
        return [_receipt(run) for run in runs if await self._is_ours(effect, run)]

    async def _is_ours(self, effect: CheckRun, run: Any) -> bool:
        us = await self._identity.get()
        return run.get("external_id") == effect.slot and (run.get("app") or {}).get("id") == us.app_id

    async def _create(self, effect: CheckRun, send_before: float) -> Any:
        body = {"head_sha": effect.sha, "external_id": effect.slot, **_content(effect, effect.annotations[:AT_ONCE])}
        return await self._calls(effect).write(effect.repo, "POST", "check-runs", body, send_before=send_before)

    async def _missing(self, effect: CheckRun, run: Any) -> list[Annotation]:
        """The effect's annotations that the run does not show yet."""
        if not effect.annotations:
            return []
        shown: Counter[tuple[Any, ...]] = Counter()
        if (run.get("output") or {}).get("annotations_count"):
            listed = await self._calls(effect).all(effect.repo, f"check-runs/{int(run['id'])}/annotations")
            shown = Counter(_key(each) for each in listed)
        missing = []
        for annotation in effect.annotations:
            key = _key(_annotation(annotation))
            if shown[key]:
                shown[key] -= 1
            else:
                missing.append(annotation)
        return missing

    async def _annotate(self, effect: CheckRun, run: Any, missing: list[Annotation], send_before: float) -> None:
        while missing:
            batch, missing = missing[:AT_ONCE], missing[AT_ONCE:]
            try:
                await self._patch(effect, run, {"output": _output(effect, batch)}, send_before)
            except (Throttled, TooLate, Unreachable) as error:
                # Something was sent already: the run itself is there, and whoever comes next must look.
                raise Unreachable(error.why) from None

    async def _patch(self, effect: CheckRun, run: Any, body: Mapping[str, Any], send_before: float) -> Any:
        path = f"check-runs/{int(run['id'])}"
        return await self._calls(effect).write(effect.repo, "PATCH", path, body, send_before=send_before)

    def _calls(self, effect: CheckRun) -> RepoCalls:
        return RepoCalls(self._github, self._tokens, effect.permissions)


def _content(effect: CheckRun, annotations: Sequence[Annotation]) -> dict[str, Any]:
    body: dict[str, Any] = {"name": effect.name, "status": _status(effect), "output": _output(effect, annotations)}
    if effect.conclusion:
        body["conclusion"] = str(effect.conclusion)
    return body | ({"details_url": effect.details_url} if effect.details_url else {})


def _status(effect: CheckRun) -> str:
    return "completed" if effect.conclusion else "in_progress"


def _output(effect: CheckRun, annotations: Sequence[Annotation]) -> dict[str, Any]:
    return {
        "title": effect.title,
        "summary": effect.summary,
        "annotations": [_annotation(each) for each in annotations],
    }


def _annotation(annotation: Annotation) -> dict[str, Any]:
    return {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.level,
        # GitHub takes at most 255 characters.
        "title": annotation.title[:255],
        "message": annotation.message,
    }


def _key(annotation: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("path", "start_line", "end_line", "annotation_level", "title", "message")
    return tuple(annotation.get(name) for name in names)


def _differs(effect: CheckRun, run: Any) -> bool:
    output = run.get("output") or {}
    shown = (run.get("name"), run.get("status"), run.get("conclusion"), output.get("title"), output.get("summary"))
    if shown != (effect.name, _status(effect), effect.conclusion, effect.title, effect.summary):
        return True
    return bool(effect.details_url) and run.get("details_url") != effect.details_url


def _receipt(run: Any) -> Receipt:
    return parsed("check run", lambda data: Receipt(str(int(data["id"])), str(data.get("html_url") or "")), run)
