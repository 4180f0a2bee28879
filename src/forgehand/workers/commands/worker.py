"""The commands worker: reads a comment again, decides what becomes of it, and leaves that in one Change; a second job
then says what was done. Run by the engine.

A comment is consumed once, by the fact that says so, however often it is delivered or replayed. Jobs about comments on
one pull request share a key, so that an order is never written over another that was read before.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from forgehand.crafts.subjects import number_of, repo_of
from forgehand.domain import orders
from forgehand.domain.effects import Effect, Reaction, StickyComment
from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.followups import ask_again, follow_up, look_again
from forgehand.domain.jobs import Done, Job, Outcome, Retry, job_id
from forgehand.domain.modes import Power
from forgehand.domain.permissions import Permission
from forgehand.domain.repositories import Repo
from forgehand.domain.retries import may_appear
from forgehand.domain.routing import WorkerSpec
from forgehand.ports.conversation import Conversation, IssueComment
from forgehand.ports.desk import Desk
from forgehand.ports.github import PullRequest, PullRequests
from forgehand.ports.people import People
from forgehand.ports.store import Documents
from forgehand.workers.commands.parsing import MENTION, command_in
from forgehand.workers.commands.rules import DECIDE, Answer, Command, Facts, Mistake, Verb, answer, no, offered
from forgehand.workers.commands.text import answer_body


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a command is read from, and what it is judged by."""

    pulls: PullRequests
    people: People
    conversation: Conversation
    kept: Documents


class CommandsWorker:
    """`workers` are those that run here, with the powers that the operator leaves them."""

    type: ClassVar[str] = "commands"

    def __init__(self, ports: Ports, workers: Mapping[str, WorkerSpec]) -> None:
        self._ports = ports
        self._workers = workers

    async def run(self, desk: Desk) -> Outcome:
        job, number = desk.job, number_of(desk.job)
        if "answer" in job.payload:
            return await desk.perform_all(_said(job, job.payload["answer"])) or Done({"answered": True})
        if number is None:
            return Done({"skipped": "not on a pull request"})
        repo = repo_of(job)
        comment = await self._ports.conversation.comment(repo, int(job.payload["comment"]))
        if comment is None:
            if may_appear(job.attempts, job.max_attempts):
                return Retry("GitHub does not show the comment: it is gone, or not there yet")
            return Done({"skipped": "the comment is gone"})
        if comment.ours or MENTION not in comment.body.lower():
            return Done({"skipped": "no command"})
        permission = await self._ports.people.permission(repo, comment.author)
        if permission is Permission.NONE and comment.author.endswith("[bot]"):
            # Two machines that answer each other would never end.
            return Done({"skipped": "written by a bot"})
        asked = await asyncio.to_thread(command_in, comment.body)
        if asked is None:
            return Done({"skipped": "no command"})
        if permission.writes:
            # The wish is seen. Whether that can be said decides nothing about the wish.
            await desk.perform(_reaction(job, comment.id, "eyes"))
        return await self._obey(desk, repo, comment, permission, asked)

    async def _obey(
        self, desk: Desk, repo: Repo, comment: IssueComment, permission: Permission, asked: Command | Mistake
    ) -> Outcome:
        job = desk.job
        pull = await self._ports.pulls.pull(repo, comment.number)
        facts = Facts(
            command=asked if isinstance(asked, Command) else Command(Verb.HELP),
            author=comment.author,
            comment=comment.id,
            edited=comment.edited,
            permission=permission,
            pull=pull,
            repository=repo.full_name,
            seen=job.revision,
            at=comment.created_at,
            orders=orders.from_json(await self._ports.kept.document(orders.key(repo.id, pull.number))),
            here=frozenset(self._workers),
            merges=any(worker.grant.allows(Power.MERGE) for worker in self._workers.values()),
        )
        answered = answer(facts)
        if isinstance(asked, Mistake) and answered.taken:
            answered = no(asked.says)
        desk.say("command", command=_typed(asked), by=comment.author, taken=answered.taken, why=answered.says)
        return self._done(desk, pull, facts, asked, answered)

    def _done(self, desk: Desk, pull: PullRequest, facts: Facts, asked: Command | Mistake, answered: Answer) -> Outcome:
        job, now = desk.job, desk.now()
        told = {
            "comment": facts.comment,
            "command": _typed(asked),
            "author": facts.author,
            "says": answered.says,
            "taken": answered.taken,
            "offers": [str(verb) for verb in offered(facts)] if facts.command.verb is Verb.HELP else [],
            "stranger": not facts.permission.writes,
        }
        kept, fact = orders.key(job.repository_id, pull.number), _fact(job, pull, facts, asked, answered, now)
        return Done(
            {"command": _typed(asked), "taken": answered.taken, "why": answered.says, "head": pull.head_sha},
            jobs=(*self._asked(job, pull, answered, now), _answering(job, told, now)),
            facts=(fact,),
            documents={kept: orders.to_json(answered.orders)} if answered.orders else {},
            once=fact.id,
        )

    def _asked(self, job: Job, pull: PullRequest, answered: Answer, now: float) -> tuple[Job, ...]:
        if not answered.asks:
            return ()
        if answered.asks == DECIDE:
            return (look_again(job, pull.number, now, because="command"),)
        return (ask_again(job, self._workers[answered.asks], pull.number, pull.head_sha, now),)


def _answering(job: Job, told: Mapping[str, Any], now: float) -> Job:
    """The job that says what was done: it may wait or be tried again, and the order holds all the same."""
    made = follow_up(job, job.type, job_id("answer", job.id, near=job.id), job.subject, now)
    return replace(made, worker=job.worker, payload={"event": "command", "answer": dict(told)})


def _said(job: Job, told: Mapping[str, Any]) -> list[Effect]:
    comment, number = int(told["comment"]), number_of(job)
    assert number is not None
    body = answer_body(told["command"], told["author"], told["says"], taken=told["taken"], offers=told["offers"])
    # However often strangers ask, there is one answer to them all.
    purpose = "answer to strangers" if told["stranger"] else f"answer to {comment}"
    return [
        _reaction(job, comment, "+1" if told["taken"] else "confused"),
        StickyComment(
            repo=repo_of(job), subject=job.subject, worker=job.worker, purpose=purpose, number=number, body=body
        ),
    ]


def _reaction(job: Job, comment: int, emoji: Any) -> Reaction:
    return Reaction(
        repo=repo_of(job),
        subject=job.subject,
        worker=job.worker,
        purpose=f"{emoji} to {comment}",
        comment=comment,
        emoji=emoji,
    )


def _fact(job: Job, pull: PullRequest, facts: Facts, asked: Command | Mistake, answered: Answer, now: float) -> Fact:
    """By the comment: it is consumed once."""
    return Fact(
        id=fact_id("command", job.repository_id, facts.comment),
        kind="command.taken" if answered.taken else "command.refused",
        at=now,
        delivery=job.delivery,
        job=job.id,
        repository_id=job.repository_id,
        data={
            "repository": job.repository,
            "number": pull.number,
            "command": _typed(asked),
            "by": facts.author,
            "head": pull.head_sha,
            "why": answered.says,
        },
    )


def _typed(asked: Command | Mistake) -> str:
    return str(asked) if isinstance(asked, Command) else MENTION
