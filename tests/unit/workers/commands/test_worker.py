"""The commands worker: what it reads and in which order, what it leaves behind, and what it says then."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from forgehand.domain import orders
from forgehand.domain.effects import Effect, Reaction, StickyComment
from forgehand.domain.jobs import Done, Job, Outcome, Retry, Waiting
from forgehand.domain.modes import Grant, Mode
from forgehand.domain.orders import Orders
from forgehand.domain.permissions import Permission
from forgehand.domain.repositories import Repo
from forgehand.domain.routing import WorkerSpec
from forgehand.ports.conversation import IssueComment
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.github import PullRequest, Unreachable
from forgehand.workers.commands import CommandsWorker, Ports
from support.decisions import HEAD, PULL

pytestmark = pytest.mark.anyio

JOB = Job("j1", "commands", "commands", 1, 42, "acme/shop", "pull/7", 0.0, payload={"comment": 5}, delivery="g1")
LATE = replace(JOB, attempts=4)
"""So late an attempt that what is not there yet never will be."""
WORKERS = {
    "review": WorkerSpec("review", "review", (), max_duration=900.0),
    "decide": WorkerSpec("decide", "decide", ()),
    "land": WorkerSpec("land", "land", (), grant=Grant(Mode.APPLY)),
}


@dataclass
class World:
    """What the ports know, and what was asked of them, in order."""

    body: str = "/forgehand merge"
    author: str = "ada"
    edited: bool = False
    ours: bool = False
    gone: bool = False
    may: Permission | Exception = Permission.WRITE
    head: PullRequest = PULL
    kept: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def comment(self, repo: Repo, comment: int) -> IssueComment | None:
        self.asked.append("comment")
        return None if self.gone else IssueComment(comment, 7, self.author, self.body, self.edited, self.ours, 70.0)

    async def permission(self, repo: Repo, login: str) -> Permission:
        self.asked.append("permission")
        if isinstance(self.may, Exception):
            raise self.may
        return self.may

    async def pull(self, repo: Repo, number: int) -> PullRequest:
        self.asked.append("pull")
        return self.head

    async def document(self, key: str) -> str | None:
        return self.kept.get(key)


@dataclass
class Paper:
    """A desk that writes down what it is asked for."""

    job: Job = JOB
    stop: Outcome | None = None
    effects: list[Effect] = field(default_factory=list)
    lag: float = 5.0

    def now(self) -> float:
        return 9.0

    async def perform(self, effect: Effect) -> Landed:
        self.effects.append(effect)
        return Landed(Landing.NOT_NOW if self.stop else Landing.DONE, stop=self.stop)

    async def perform_all(self, effects: Any) -> Outcome | None:
        self.effects += effects
        return self.stop

    def say(self, message: str, **details: object) -> None: ...


async def run(world: World, desk: Paper | None = None) -> Done:
    ports: Any = world
    outcome = await CommandsWorker(Ports(ports, ports, ports, ports), WORKERS).run(desk or Paper())
    assert isinstance(outcome, Done)
    return outcome


async def said(done: Done, stop: Outcome | None = None) -> tuple[list[Effect], Outcome]:
    """What the job says that follows from a command."""
    desk, ports = Paper(done.jobs[-1], stop), object()
    worker = CommandsWorker(Ports(ports, ports, ports, ports), WORKERS)  # type: ignore[arg-type]
    return desk.effects, await worker.run(desk)


def emojis(effects: list[Effect]) -> list[str]:
    return [effect.emoji for effect in effects if isinstance(effect, Reaction)]


async def test_an_order_its_fact_and_what_follows_are_left_in_one_change() -> None:
    world, desk = World("Good!\n/forgehand merge aaaaaaa"), Paper()
    done = await run(world, desk)
    assert world.asked == ["comment", "permission", "pull"]
    assert emojis(desk.effects) == ["eyes"]
    assert {name: orders.from_json(text) for name, text in done.documents.items()} == {
        "orders:42:7": Orders(merge_by="ada", merge_head=HEAD, merge_base="main", comment=5)
    }
    [fact] = done.facts
    assert (fact.kind, fact.data["by"], fact.data["command"]) == ("command.taken", "ada", "/forgehand merge aaaaaaa")
    assert [(job.type, job.subject, job.payload["event"]) for job in done.jobs] == [
        ("decide", "pull/7", "command"),
        ("commands", "pull/7", "command"),
    ]


async def test_what_was_done_is_said_once_by_a_reaction_and_a_comment() -> None:
    effects, outcome = await said(await run(World()))
    reaction, comment = effects
    assert isinstance(reaction, Reaction)
    assert isinstance(comment, StickyComment)
    assert (reaction.emoji, reaction.comment, comment.number) == ("+1", 5, 7)
    assert comment.purpose == "answer to 5"
    assert "`aaaaaaa` is merged once" in comment.body
    assert isinstance(outcome, Done)
    assert (await said(await run(World())))[0] == effects


async def test_an_answer_that_cannot_be_given_now_is_given_later() -> None:
    assert (await said(await run(World()), Waiting("resume")))[1] == Waiting("resume")


async def test_an_order_holds_though_nothing_can_be_said_now() -> None:
    done = await run(World("/forgehand stop"), Paper(stop=Retry("GitHub is away")))
    assert orders.from_json(done.documents["orders:42:7"]).stopped_by == "ada"


async def test_a_refusal_changes_no_order_and_gives_its_reason() -> None:
    done = await run(World("/forgehand merge bbbbbbb"))
    assert (done.result["taken"], done.documents, done.facts[0].kind) == (False, {}, "command.refused")
    effects, _ = await said(done)
    assert emojis(effects) == ["confused"]
    assert "not `bbbbbbb`" in done.result["why"]


async def test_a_review_is_asked_for_with_the_means_of_its_worker() -> None:
    review, _ = (await run(World("/forgehand review"))).jobs
    assert (review.type, review.revision, review.max_duration, review.lane) == (
        "review",
        HEAD,
        900.0,
        "review:42:pull/7",
    )
    assert review.payload == {"event": "command"}


async def test_the_head_that_was_known_when_the_comment_came_is_what_binds() -> None:
    done = await run(World(), Paper(replace(JOB, revision="c" * 40)))
    assert (done.result["taken"], done.documents) == (False, {})


async def test_orders_before_it_are_read_first() -> None:
    world = World("/forgehand approve", kept={"orders:42:7": orders.to_json(Orders(stopped_by="bob", comment=4))})
    kept = orders.from_json((await run(world)).documents["orders:42:7"])
    assert (kept.stopped_by, kept.approvals) == ("bob", {"ada": 70.0})


@pytest.mark.parametrize(
    ("world", "why", "asked"),
    [
        (World(gone=True), "the comment is gone", ["comment"]),
        (World(ours=True), "no command", ["comment"]),
        (World("Nice work"), "no command", ["comment"]),
        (World("> /forgehand merge"), "no command", ["comment", "permission"]),
        (World(author="ci[bot]", may=Permission.NONE), "written by a bot", ["comment", "permission"]),
    ],
)
async def test_what_is_no_command_is_passed_over_in_silence(world: World, why: str, asked: list[str]) -> None:
    desk = Paper(LATE)
    done = await run(world, desk)
    assert (done.result, done.jobs, done.facts, desk.effects) == ({"skipped": why}, (), (), [])
    assert world.asked == asked


async def test_a_comment_that_github_does_not_show_yet_is_read_again() -> None:
    ports: Any = World(gone=True)
    outcome = await CommandsWorker(Ports(ports, ports, ports, ports), WORKERS).run(Paper())
    assert outcome == Retry("GitHub does not show the comment: it is gone, or not there yet")


async def test_a_comment_on_an_issue_is_passed_over() -> None:
    world = World()
    done = await run(world, Paper(replace(JOB, subject="event/issue_comment")))
    assert (done.result, world.asked) == ({"skipped": "not on a pull request"}, [])


async def test_where_nobody_can_say_what_the_author_may_nothing_is_done() -> None:
    world, desk = World(may=Unreachable("GitHub is away")), Paper()
    with pytest.raises(Unreachable):
        await run(world, desk)
    assert (world.asked, desk.effects) == (["comment", "permission"], [])


async def test_strangers_share_one_answer_however_often_they_ask() -> None:
    comments = []
    for number in (5, 6):
        desk = Paper(replace(JOB, payload={"comment": number}))
        done = await run(World("/forgehand help", author="eve", may=Permission.READ), desk)
        assert (desk.effects, done.documents) == ([], {})
        effects, _ = await said(done)
        assert emojis(effects) == ["confused"]
        comments += [effect for effect in effects if isinstance(effect, StickyComment)]
    assert len({comment.slot for comment in comments}) == 1
    assert "eve may not" in comments[0].body


async def test_a_mistake_is_answered_with_what_there_is() -> None:
    done = await run(World("/forgehand dance"))
    [answering] = done.jobs
    assert answering.payload["answer"]["says"] == "There is no command `dance`."
    assert answering.payload["answer"]["offers"] == ["review", "merge", "approve", "stop", "help"]
    assert emojis((await said(done))[0]) == ["confused"]
