"""A repository in memory behind the ports of the deciding workers, and a desk whose effects change it: for tests of
what workers do over many jobs. A commit is named by the files it holds, so that equal contents are equal trees.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from forgehand.domain import tested
from forgehand.domain.checks import CheckState
from forgehand.domain.effects import (
    CheckRun,
    DeleteBranch,
    Effect,
    Merge,
    MergeInto,
    ResolveThread,
    Review,
    StickyComment,
    UpdateBranch,
    UpdateRef,
)
from forgehand.domain.jobs import Failed, Job, Outcome, Retry
from forgehand.domain.modes import Grant
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import RepositoryPolicy
from forgehand.domain.repositories import Repo
from forgehand.domain.rulings import Ruling, State
from forgehand.domain.tested import Tested
from forgehand.ports.checks import Check, Compared, Protection
from forgehand.ports.conversation import IssueComment, SubmittedReview, Thread
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.github import ChangedFile, PullRequest, ReviewComment
from forgehand.ports.policies import Loaded
from forgehand.workers.review import Sources, documents
from forgehand.workers.review.rules.static import File, StaticReview
from support.decisions import APPLY, AUTO, NOTHING_TO_RUN, PULL, REPOSITORY

REPO = Repo(1, 42, REPOSITORY)
Content = frozenset[str]


@dataclass
class Shop:
    """One repository: branches point at commits, a commit holds a set of words (its files), pull requests add one word
    each. `red` are sets of words that fail the tests together."""

    commits: dict[str, Content] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    given: dict[str, list[Check]] = field(default_factory=dict)
    protections: dict[str, Protection] = field(default_factory=dict)
    permissions: dict[str, Permission] = field(default_factory=dict)
    submitted: list[SubmittedReview] = field(default_factory=list)
    conversation_threads: list[Thread] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    policy_in_force: RepositoryPolicy = AUTO
    operator: Grant = APPLY
    red: list[Content] = field(default_factory=list)
    conflicts: list[Content] = field(default_factory=list)
    tested: list[str] = field(default_factory=list)
    """Scratch commits whose checks were asked for, each once."""
    tests_run: bool = True
    performed: list[Effect] = field(default_factory=list)
    refusals: list[Landed] = field(default_factory=list)
    """Answers to the next merges, before any succeeds."""
    comments: dict[tuple[int, str], str] = field(default_factory=dict)
    ledger: dict[str, tuple[str, Landed]] = field(default_factory=dict)
    """By slot, what was done last, as the gate remembers it."""
    jobs: dict[str, Job] = field(default_factory=dict)
    """By id or lane, jobs that workers ask about."""
    sent: set[str] = field(default_factory=set)
    """The slots for which something was sent, receipt or not."""

    def __post_init__(self) -> None:
        self.branches["main"] = self.commit(frozenset({"base"}))

    @property
    def sources(self) -> Sources:
        return Sources(self, self, self, self, self, self, self, self, self, self.operator)

    def commit(self, content: Content, *parents: str) -> str:
        name = hashlib.sha1(repr((sorted(content), parents)).encode()).hexdigest()
        self.commits[name], self.parents[name] = content, parents
        return name

    def open_pull(self, number: int, word: str = "", **changes: Any) -> PullRequest:
        """A pull request that adds a word, reviewed and green."""
        word = word or f"word-{number}"
        head = self.commit(self.commits[self.branches["main"]] | {word}, self.branches["main"])
        self.branches[f"topic-{number}"] = head
        self.pulls[number] = replace(
            PULL, number=number, head_sha=head, head_ref=f"topic-{number}", base_sha=self.branches["main"], **changes
        )
        self.reviewed(number)
        self.given[head] = [Check("unit", 15, CheckState.PASSED, "success"), NOTHING_TO_RUN]
        self.ran_own(f"pull/{number}", head, self.pulls[number].base_ref)
        return self.pulls[number]

    def reviewed(self, number: int, path: str = "shop/cart.py") -> None:
        pull = self.pulls[number]
        parted = self.parted(self.branches.get(pull.base_ref, pull.base_sha), pull.head_sha)
        files = (File(path, "modified", looked=("ruff",)),)
        review = StaticReview(pull.head_sha, pull.base_ref, files, merge_base=parted)
        self.kept[documents.review_key(REPO.id, number, pull.head_sha)] = documents.write_review(review)

    def ran_own(self, subject: str, sha: str, base: str, conclusion: str = "neutral") -> None:
        """The testing worker said this of a commit, for this base."""
        said = Tested(base, conclusion, NOTHING_TO_RUN.title if conclusion == "neutral" else conclusion)
        self.kept[tested.key(REPO.id, subject, sha)] = tested.to_json(said)

    def push(self, number: int, word: str) -> str:
        """Another commit on a pull request's branch, neither reviewed nor tested."""
        pull = self.pulls[number]
        head = self.commit(self.commits[pull.head_sha] | {word}, pull.head_sha)
        self.branches[pull.head_ref] = head
        self.pulls[number] = replace(pull, head_sha=head)
        return head

    def push_to_main(self, word: str) -> str:
        tip = self.branches["main"]
        self.branches["main"] = self.commit(self.commits[tip] | {word}, tip)
        return self.branches["main"]

    def holds(self, commit: str, other: str) -> bool:
        """Whether `other` is in the history of `commit`."""
        return commit == other or any(self.holds(parent, other) for parent in self.parents[commit])

    def parted(self, base: str, head: str) -> str:
        """The last commit of `head` that `base` holds too."""
        line = [head]
        while not self.holds(base, line[0]):
            line = [*line[1:], *self.parents[line[0]]]
        return line[0]

    # The ports

    async def pull(self, repo: Repo, number: int) -> PullRequest:
        return self.pulls[number]

    async def on_branch(self, repo: Repo, branch: str) -> Sequence[int]:
        there = (each for each in self.pulls.values() if each.state == "open")
        return [each.number for each in there if branch in (each.head_ref, each.base_ref)]

    async def files(self, repo: Repo, number: int) -> Sequence[ChangedFile]:
        return ()

    async def review_comments(self, repo: Repo, number: int) -> Sequence[ReviewComment]:
        return ()

    async def checks(self, repo: Repo, sha: str) -> Sequence[Check]:
        if sha in self.given:
            return self.given[sha]
        if not self.tests_run:
            return ()
        if sha not in self.tested:
            self.tested.append(sha)
            self.ran_own(f"commit/{sha}", sha, "main")
        failed = any(red <= self.commits[sha] for red in self.red)
        return (
            Check("unit", 15, CheckState.FAILED if failed else CheckState.PASSED, "failure" if failed else "success"),
            NOTHING_TO_RUN,
        )

    async def default_branch(self, repo: Repo) -> str:
        return "main"

    async def default_tip(self, repo: Repo) -> str | None:
        return self.branches["main"]

    async def tip(self, repo: Repo, branch: str) -> str | None:
        return self.branches.get(branch)

    async def tree(self, repo: Repo, sha: str) -> str:
        return "tree:" + ",".join(sorted(self.commits[sha]))

    async def protection(self, repo: Repo, branch: str) -> Protection:
        return self.protections.get(branch, Protection())

    async def compared(self, repo: Repo, base: str, head: str) -> Compared:
        return Compared(0 if self.holds(head, base) else 1, self.parted(base, head))

    async def permission(self, repo: Repo, login: str) -> Permission:
        return self.permissions.get(login, Permission.WRITE)

    async def reviews(self, repo: Repo, number: int) -> Sequence[SubmittedReview]:
        return self.submitted

    async def threads(self, repo: Repo, number: int) -> Sequence[Thread]:
        return self.conversation_threads

    async def comment(self, repo: Repo, comment: int) -> IssueComment | None:
        return None

    async def policy(self, repo: Repo, base_ref: str) -> Loaded:
        return Loaded(self.policy_in_force, "p" * 40)

    async def proposal(self, repo: Repo, base_ref: str, head_sha: str) -> Ruling:
        return Ruling("policy file", State.SATISFIED, "It changes nothing.")

    async def document(self, key: str) -> str | None:
        return self.kept.get(key)

    async def job(self, job_id: str) -> Job | None:
        return self.jobs.get(job_id)

    async def latest_job(self, lane: str) -> Job | None:
        return self.jobs.get(lane)

    # What effects do

    def perform(self, effect: Effect) -> Landed:
        digest, landed = self.ledger.get(effect.slot, ("", None))
        if landed is not None and digest == effect.digest:
            return replace(landed, landing=Landing.UNCHANGED)
        landed = self._send(effect)
        if landed.landing is Landing.DONE:
            landed = replace(landed, found=landed.found and effect.slot not in self.sent)
            if not landed.found:
                self.sent.add(effect.slot)
            self.ledger.pop(effect.slot, None)
            self.ledger[effect.slot] = (effect.digest, landed)
        return landed

    def merged_by_hand(self, number: int) -> str:
        """Somebody else merges it."""
        pull = self.pulls[number]
        content = self.commits[self.branches[pull.base_ref]] | self.commits[pull.head_sha]
        merged = self.commit(content, self.branches[pull.base_ref])
        self.branches[pull.base_ref] = merged
        self.pulls[number] = replace(pull, state="closed", merged=True, merge_commit=merged)
        return merged

    def lose_last_receipt(self) -> None:
        """As if the process had died between GitHub's answer and the ledger."""
        if self.ledger:
            self.ledger.popitem()

    def _send(self, effect: Effect) -> Landed:
        self.performed.append(effect)
        match effect:
            case StickyComment():
                self.comments[effect.number, effect.purpose] = effect.body
            case CheckRun():
                ours = Check(effect.name, 1, CheckState.PENDING, str(effect.conclusion), ours=True, title=effect.title)
                self.given.setdefault(effect.sha, []).append(ours)
            case Review() | ResolveThread():
                pass
            case UpdateRef():
                return self._move(effect)
            case MergeInto():
                return self._merge_into(effect)
            case Merge():
                return self._merge(effect)
            case DeleteBranch():
                self.branches.pop(effect.branch, None)
            case UpdateBranch():
                pull = self.pulls[effect.number]
                self._update(pull)
        return Landed(Landing.DONE, remote_id="1")

    def _move(self, effect: UpdateRef) -> Landed:
        name = effect.ref.removeprefix("refs/heads/")
        at = self.branches.get(name, "")
        if at not in (effect.to, effect.expected):
            return _no(Landing.CONFLICT, f"{name} points at {at}")
        if effect.to:
            self.branches[name] = effect.to
        else:
            self.branches.pop(name, None)
        return Landed(Landing.DONE, remote_id=effect.to)

    def _merge_into(self, effect: MergeInto) -> Landed:
        tip = self.branches[effect.branch]
        if self.holds(tip, effect.sha):
            return Landed(Landing.DONE, remote_id=tip)
        if tip != effect.onto:
            return Landed(Landing.NOT_NOW, "the branch moved", stop=Retry("the branch moved"))
        content = self.commits[tip] | self.commits[effect.sha]
        if any(each <= content for each in self.conflicts):
            return _no(Landing.CONFLICT, "a merge conflict")
        self.branches[effect.branch] = self.commit(content, tip, effect.sha)
        return Landed(Landing.DONE, remote_id=self.branches[effect.branch])

    def _merge(self, effect: Merge) -> Landed:
        pull = self.pulls[effect.number]
        if pull.merged and pull.head_sha == effect.sha:
            return Landed(Landing.DONE, remote_id=pull.merge_commit, found=True)
        if self.refusals:
            return self.refusals.pop(0)
        if pull.head_sha != effect.sha:
            return _no(Landing.CONFLICT, "Head branch was modified")
        if pull.base_ref != effect.base:
            return _no(Landing.CONFLICT, f"it goes into {pull.base_ref} now, not {effect.base}")
        tip = self.branches[pull.base_ref]
        content = self.commits[tip] | self.commits[pull.head_sha]
        if any(each <= content for each in self.conflicts):
            return _no(Landing.REFUSED, "Pull Request is not mergeable")
        return Landed(Landing.DONE, remote_id=self.merged_by_hand(effect.number))

    def _update(self, pull: PullRequest) -> None:
        tip = self.branches[pull.base_ref]
        head = self.commit(self.commits[pull.head_sha] | self.commits[tip], pull.head_sha, tip)
        self.branches[pull.head_ref] = head
        self.pulls[pull.number] = replace(pull, head_sha=head)


@dataclass
class ShopDesk:
    """A desk whose effects change the shop."""

    shop: Shop
    job: Job
    clock: float = 1000.0
    said: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    lag: float = 5.0

    def now(self) -> float:
        return self.clock

    async def perform(self, effect: Effect) -> Landed:
        return self.shop.perform(effect)

    async def perform_all(self, effects: Sequence[Effect]) -> Outcome | None:
        for effect in effects:
            landed = self.shop.perform(effect)
            if landed.stop is not None:
                return landed.stop
        return None

    def say(self, message: str, **details: object) -> None:
        self.said.append((message, details))


def _no(landing: Landing, why: str) -> Landed:
    return Landed(landing, why, stop=Failed(why))
