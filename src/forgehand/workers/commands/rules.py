"""What becomes of a command: facts in, one answer out. Pure; called by `worker`, spoken by `text`.

What binds to a state of the pull request (`merge`, `approve`) holds for one commit and no other: the one that was
named, or the one that was there when the comment was made. It holds for the base branch of that moment, too.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from forgehand.domain.orders import NO_ORDERS, Orders
from forgehand.domain.permissions import Permission
from forgehand.ports.github import PullRequest


class Verb(StrEnum):
    REVIEW = "review"
    MERGE = "merge"
    RETEST = "retest"
    STOP = "stop"
    APPROVE = "approve"
    PLAN = "plan"
    GO = "go"
    HELP = "help"

    @property
    def binds(self) -> bool:
        """Whether it takes the commit that it is about."""
        return self in (Verb.MERGE, Verb.APPROVE)


def named(word: str) -> Verb | None:
    return next((verb for verb in Verb if verb == word.lower()), None)


@dataclass(frozen=True, slots=True)
class Command:
    """`sha` is the beginning of the commit that it is about; empty where none was named."""

    verb: Verb
    sha: str = ""

    def __str__(self) -> str:
        return f"/forgehand {self.verb} {self.sha}".rstrip()


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that means to be a command, and why it is none."""

    says: str


@dataclass(frozen=True, slots=True)
class Facts:
    """`seen` is the head as we knew it when the comment came, empty where we did not; `at` is when it was written, in
    epoch seconds. `here` are the types of workers
    that run in this installation; `merges` says whether the operator lets them merge."""

    command: Command
    author: str
    comment: int
    edited: bool
    permission: Permission
    pull: PullRequest
    repository: str
    seen: str = ""
    at: float = 0.0
    orders: Orders = NO_ORDERS
    here: frozenset[str] = frozenset()
    merges: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`says` is why not, or what happens next. `asks` is the type of the worker that gets a job; `orders` are what is
    kept from now on, None where nothing changes."""

    taken: bool
    says: str
    asks: str = ""
    orders: Orders | None = None


DECIDE, REVIEW, TESTING = "decide", "review", "testing"
"""Types of workers that do what is ordered."""
DIGITS, FORK_DIGITS, ALL_DIGITS = 7, 16, 40
"""How many digits name a commit: of our own branches; of a fork's, whose owner can make commits until one begins like
another; and so that nothing else can be meant."""


def offered(facts: Facts) -> tuple[Verb, ...]:
    """The commands that the author may give here."""
    needs = {Verb.REVIEW: REVIEW, Verb.RETEST: TESTING, Verb.MERGE: DECIDE, Verb.APPROVE: DECIDE, Verb.STOP: DECIDE}
    can = [verb for verb, worker in needs.items() if worker in facts.here and (facts.merges or verb is not Verb.MERGE)]
    return (*can, Verb.HELP) if facts.permission.writes else ()


def no(says: str) -> Answer:
    return Answer(False, says)


def answer(facts: Facts) -> Answer:
    """What is done, or why it is not: the same facts always give the same."""
    if not facts.permission.writes:
        return no(f"Commands are for people who may write here; {facts.author} may not.")
    if facts.edited:
        return no("That comment was edited, and only what stood there from the start is obeyed: write a new one.")
    return _ANSWERS[facts.command.verb](facts)


def _help(facts: Facts) -> Answer:
    return Answer(True, "What you may do on this pull request:")


def _review(facts: Facts) -> Answer:
    if why := _not_open(facts) or _draft(facts) or _not_here(facts, REVIEW, "reviews"):
        return no(why)
    return Answer(True, f"{_head(facts)} is reviewed once more; the summary and the check run follow.", asks=REVIEW)


def _retest(facts: Facts) -> Answer:
    if why := _not_open(facts) or _not_here(facts, TESTING, "runs tests"):
        return no(why)
    return Answer(True, f"The tests of {_head(facts)} are run once more; their check run follows.", asks=TESTING)


def _merge(facts: Facts) -> Answer:
    why = _not_open(facts) or _draft(facts) or _not_here(facts, DECIDE, "merges")
    why = why or _older(facts, facts.orders.comment)
    if not why and not facts.merges:
        why = "Forgehand only comments here (FORGEHAND_MODE=comment-only): a person merges it."
    if why := why or _another_head(facts):
        return no(why)
    orders = replace(
        facts.orders,
        stopped_by="",
        merge_by=facts.author,
        merge_head=facts.pull.head_sha,
        merge_base=facts.pull.base_ref,
        comment=facts.comment,
    )
    says = (
        f"{_head(facts)} is merged once nothing stands in its way, which the summary tells. A push or another base "
        "branch ends this order."
    )
    return Answer(True, says, asks=DECIDE, orders=orders)


def _approve(facts: Facts) -> Answer:
    why = _not_open(facts) or _not_here(facts, DECIDE, "decides about merges")
    why = why or _older(facts, facts.orders.approved_comment)
    if not why and facts.author.casefold() == facts.pull.author.casefold():
        why = "Nobody approves their own change."
    if why := why or _another_head(facts):
        return no(why)
    head, base = facts.pull.head_sha, facts.pull.base_ref
    same = (facts.orders.approved_head, facts.orders.approved_base) == (head, base)
    approvals = sorted({**(facts.orders.approvals if same else {}), facts.author: facts.at}.items())
    orders = replace(
        facts.orders,
        approved_by=tuple(author for author, _ in approvals),
        approved_at=tuple(at for _, at in approvals),
        approved_head=head,
        approved_base=base,
        approved_comment=facts.comment,
    )
    says = (
        f"Your approval of {_head(facts)} counts where `.forgehand/config.yml` asks for approvals. Branch protection "
        "counts GitHub's own reviews only."
    )
    return Answer(True, says, asks=DECIDE, orders=orders)


def _stop(facts: Facts) -> Answer:
    # Only a later merge lifts it: a later stop says the same.
    lifted = "" if facts.orders.stopped_by else _older(facts, facts.orders.comment)
    if why := _not_open(facts) or _not_here(facts, DECIDE, "merges") or lifted:
        return no(why)
    last = max(facts.comment, facts.orders.comment)
    orders = replace(facts.orders, stopped_by=facts.author, merge_by="", merge_head="", merge_base="", comment=last)
    says = "Forgehand does not merge this until somebody who may write says `/forgehand merge`."
    return Answer(True, says, asks=DECIDE, orders=orders)


def _autopilot(facts: Facts) -> Answer:
    return no("The autopilot, which plans and writes changes, is not part of this installation.")


_ANSWERS: dict[Verb, Callable[[Facts], Answer]] = {
    Verb.REVIEW: _review,
    Verb.MERGE: _merge,
    Verb.RETEST: _retest,
    Verb.STOP: _stop,
    Verb.APPROVE: _approve,
    Verb.PLAN: _autopilot,
    Verb.GO: _autopilot,
    Verb.HELP: _help,
}


def _not_open(facts: Facts) -> str:
    if facts.pull.merged:
        return "It is merged already."
    return "" if facts.pull.state == "open" else "The pull request is closed."


def _draft(facts: Facts) -> str:
    return "It is a draft: say that it is ready for review, and ask again." if facts.pull.draft else ""


def _not_here(facts: Facts, worker: str, does: str) -> str:
    return "" if worker in facts.here else f"No worker of this installation {does}."


def _older(facts: Facts, last: int) -> str:
    """Comments may come in any order: what was said last of the same matter holds."""
    return "" if facts.comment > last else "A later comment has said otherwise."


def _another_head(facts: Facts) -> str:
    """Why the order is not for the present head."""
    head, named = facts.pull.head_sha, facts.command.sha
    if named and not head.startswith(named):
        return f"The head is {_head(facts)} now, not `{named[:7]}`: look at it, then write `{_with_head(facts)}`."
    if _moved(facts) and named != head:
        # A beginning that fits is no proof: the commit may have been made to fit.
        return (
            f"The head was `{facts.seen[:7]}` when you wrote that, as far as we knew, and is {_head(facts)} now: look "
            f"at it, then write `{_with_head(facts)}`."
        )
    if _fork(facts) and len(named) < FORK_DIGITS:
        return (
            "The branch is in a fork, whose owner can push to it at any moment. Name the commit that you mean by "
            f"{FORK_DIGITS} digits or more: `{_with_head(facts)}`."
        )
    return ""


def _moved(facts: Facts) -> bool:
    return facts.seen not in ("", facts.pull.head_sha)


def _fork(facts: Facts) -> bool:
    return facts.pull.head_repository != facts.repository


def _head(facts: Facts) -> str:
    return f"`{facts.pull.head_sha[:7]}`"


def _with_head(facts: Facts) -> str:
    """The command for the present head, with as many digits as are taken for it."""
    digits = ALL_DIGITS if _moved(facts) else FORK_DIGITS if _fork(facts) else DIGITS
    return str(replace(facts.command, sha=facts.pull.head_sha[:digits]))
