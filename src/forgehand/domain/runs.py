"""A run of a workflow, as an event tells of it: a hint of where to look, never the truth. Parsed by `events`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forgehand.domain.payloads import mapping, number, text


@dataclass(frozen=True, slots=True)
class RunRef:
    """`workflow` is the path of its file, `event` what started it. `conclusion` is empty while it goes on, and
    `head_repository` once a fork has been deleted. A run that is repeated keeps its `id` and has another `attempt`."""

    id: int
    workflow: str
    name: str
    event: str
    head_branch: str
    head_sha: str
    head_repository: str
    conclusion: str
    url: str
    attempt: int = 1

    @property
    def subject(self) -> str:
        """What a job about it is about."""
        return f"run/{self.id}"


def run_ref(payload: Mapping[str, Any]) -> RunRef | None:
    """The run of a `workflow_run` payload, None where there is none in it.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run"""
    run = mapping(payload, "workflow_run")
    if not number(run, "id"):
        return None
    return RunRef(
        id=number(run, "id"),
        # A run of another ref than the default branch may show it as `path@ref`.
        workflow=text(run, "path").partition("@")[0],
        name=text(run, "name"),
        event=text(run, "event"),
        head_branch=text(run, "head_branch"),
        head_sha=text(run, "head_sha"),
        head_repository=text(mapping(run, "head_repository"), "full_name"),
        conclusion=text(run, "conclusion"),
        url=text(run, "html_url"),
        attempt=number(run, "run_attempt") or 1,
    )
