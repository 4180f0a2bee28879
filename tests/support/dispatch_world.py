"""Repositories, their files and runs, and an engine that is just enough to run dispatch workers against them: what a
job leaves is kept at once, and of a lane only the newest job waits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from forgehand.domain.effects import Effect, StickyIssue, WorkflowDispatch
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Done, Job, Outcome
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.permissions import Permission
from forgehand.domain.repositories import Repo
from forgehand.ports.checks import Compared
from forgehand.ports.conversation import IssueComment
from forgehand.ports.desk import Landed, Landing
from forgehand.ports.github import GitHubError
from forgehand.ports.workflows import NotInstalled, PermissionMissing, Run, Workflow
from forgehand.workers.dispatch import (
    ApprovalPorts,
    ApproveWorker,
    FollowWorker,
    Options,
    ReportWorker,
    Sources,
    TargetWorker,
)
from forgehand.workers.dispatch.worker import DispatchWorker

API = Repo(10, 1, "acme/api")
SHA = "3f2a" * 10
SOURCE_FILE = "outbound: [{source: {workflow: ci.yml}, targets: [TARGETS]}]"
CONSENT = (
    "inbound: [{source: {repository: acme/api, workflow: ci.yml}, targets: [{workflow: cd.yml, accept_inputs: [sha]}]}]"
)
RUN = Run(
    id=77,
    name="CI",
    workflow=".github/workflows/ci.yml",
    event="push",
    status="completed",
    conclusion="success",
    head_branch="main",
    head_sha=SHA,
    head_repository="acme/api",
    head_is_fork=False,
    actor="dev",
    url="https://github.example/acme/api/actions/runs/77",
    created_at=1.0,
    updated_at=2.0,
)


@dataclass(frozen=True)
class Us:
    login: str = "forgehand[bot]"
    app_id: int = 5


@dataclass
class World:
    """`files` by repository and path; `broken` raises for whoever asks about a repository. `answers` are what becomes
    of starts, in turn, where they do not simply land. `rows` are what the ledger has of them, by their slots. `tips`
    are those of the source's branches, and `behind_by` how many commits of a run each other one lacks."""

    files: dict[tuple[str, str], str] = field(default_factory=dict)
    repositories: dict[str, Repo] = field(default_factory=lambda: {API.full_name: API})
    absent: dict[str, NotInstalled | PermissionMissing] = field(default_factory=dict)
    broken: dict[str, GitHubError] = field(default_factory=dict)
    workflows: dict[str, Workflow | None] = field(default_factory=dict)
    refs: set[str] = field(default_factory=lambda: {"main"})
    tags: set[str] = field(default_factory=set)
    tips: dict[str, str] = field(default_factory=lambda: {"main": SHA})
    behind_by: int = 0
    ran: dict[int, Run] = field(default_factory=lambda: {RUN.id: RUN})
    documents: dict[str, str] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    answers: list[Landed] = field(default_factory=list)
    rows: dict[str, LedgerEntry] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    clock: float = 1000.0
    said: IssueComment | None = None
    may: Permission = Permission.WRITE

    @property
    def sources(self) -> Sources:
        async def us() -> Us:
            return Us()

        return Sources(self, _Flows(self), self, self, self, self, us)

    def add(self, name: str, file: str | None = CONSENT, *, installation: int = 10) -> Repo:
        """A repository where the App is installed."""
        repo = Repo(installation, len(self.repositories) + 1, name)
        self.repositories[name.casefold()] = repo
        if file is not None:
            self.files[name, "dispatching.yml"] = file
        return repo

    async def run(self, repo: Repo, run: int) -> Run | None:
        return self.ran.get(run)

    async def find(self, full_name: str) -> Repo | NotInstalled | PermissionMissing:
        if error := self.broken.get(full_name):
            raise error
        return self.absent.get(full_name) or self.repositories.get(full_name.casefold()) or NotInstalled("No App.")

    async def file(self, repo: Repo, path: str, ref: str, *, most: int) -> bytes | None:
        assert ref == f"tip of {repo.full_name}"
        text = self.files.get((repo.full_name, path))
        return None if text is None else text.encode()

    async def org_repository(self, repo: Repo) -> Repo | None:
        raise AssertionError("nobody asks for it")

    async def default_branch(self, repo: Repo) -> str:
        return "main"

    async def default_tip(self, repo: Repo) -> str | None:
        return f"tip of {repo.full_name}"

    async def tip(self, repo: Repo, branch: str) -> str | None:
        return self.tips.get(branch)

    async def compared(self, repo: Repo, base: str, head: str) -> Compared:
        return Compared(self.behind_by, head)

    async def comment(self, repo: Repo, comment: int) -> IssueComment | None:
        return self.said

    async def permission(self, repo: Repo, login: str) -> Permission:
        return self.may

    async def document(self, key: str) -> str | None:
        return self.documents.get(key)

    async def entry(self, slot: str) -> LedgerEntry | None:
        return self.rows.get(slot)

    @property
    def dispatched(self) -> list[WorkflowDispatch]:
        return [each for each in self.effects if isinstance(each, WorkflowDispatch)]

    @property
    def issue(self) -> StickyIssue:
        """The issue as it now stands: there is one."""
        said = [each for each in self.effects if isinstance(each, StickyIssue)]
        assert len({each.slot for each in said}) == 1
        return said[-1]

    def perform(self, effect: Effect) -> Landed:
        if isinstance(effect, WorkflowDispatch) and self.answers:
            return self.answers.pop(0)
        self.effects.append(effect)
        if isinstance(effect, StickyIssue):
            return Landed(Landing.DONE, remote_id="12", url="https://github.example/acme/api/issues/12")
        run = 900 + len(self.dispatched)
        return Landed(Landing.DONE, remote_id=str(run), url=f"https://github.example/runs/{run}")


def asking(*targets: str, **more: Any) -> World:
    """A source that asks for these targets."""
    world = World(**more)
    world.files[API.full_name, "dispatching.yml"] = SOURCE_FILE.replace("TARGETS", ", ".join(targets))
    return world


@dataclass
class _Flows:
    world: World

    async def workflow(self, repo: Repo, file: str, ref: str) -> Workflow | None:
        known = Workflow(3, "CD", f".github/workflows/{file}", "active", dispatchable=True)
        return self.world.workflows.get(repo.full_name, known)

    async def ref_exists(self, repo: Repo, name: str) -> bool:
        return name in self.world.refs | self.world.tags

    async def tag_exists(self, repo: Repo, name: str) -> bool:
        return name in self.world.tags


@dataclass
class Paper:
    """The desk of one job."""

    world: World
    job: Job
    lag: float = 5.0

    def now(self) -> float:
        return self.world.clock

    async def perform(self, effect: Effect) -> Landed:
        assert effect.repo == Repo(self.job.tenant, self.job.repository_id, self.job.repository)
        return self.world.perform(effect)

    async def perform_all(self, effects: Sequence[Effect]) -> Outcome | None:
        raise AssertionError("dispatch workers look at each answer")

    def say(self, message: str, **details: object) -> None: ...


@dataclass
class Engine:
    """Runs jobs, the next one by `choose`, until none is left that is due within a minute."""

    world: World
    choose: Callable[[list[Job]], Job] = lambda jobs: min(jobs, key=lambda job: job.run_at)
    jobs: dict[str, Job] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    facts: dict[str, Fact] = field(default_factory=dict)
    outcomes: list[tuple[Job, Outcome]] = field(default_factory=list)

    async def deliver(self, run: int = RUN.id, repo: Repo = API, *, guid: str = "g1", **more: Any) -> Outcome:
        """A webhook says that this run is completed."""
        subject = f"run/{run}"
        job = Job(guid, "dispatch", "dispatch", repo.installation, repo.id, repo.full_name, subject, 0.0, attempts=1)
        return await self.run(replace(job, delivery=guid, **more))

    async def comment(
        self,
        body: str,
        *,
        by: str = "ada",
        number: int = 12,
        attempts: int = 1,
        subject: str = "event/issue_comment",
        **more: Any,
    ) -> Outcome:
        """Somebody says this on an issue, or on the pull request that is the `subject`."""
        given = {"edited": False, "ours": False, "created_at": self.world.clock, **more}
        self.world.said = IssueComment(5, number, by, body, **given)
        about = ("dispatch-approve", "dispatch-approve", API.installation, API.id, API.full_name, subject)
        payload = {"comment": 5, "first_line": body.strip().split("\n")[0]}
        job = Job(f"c{len(self.outcomes)}", *about, 0.0, payload=payload, attempts=attempts, delivery="g5")
        return await self.run(job)

    def ledgered(self, job: Job, state: EffectState, run: int = 0) -> str:
        """The ledger knows so much of the start that a job is for; gives its slot."""
        key, repo = job.payload["asked"]["key"], Repo(job.tenant, job.repository_id, job.repository)
        effect = WorkflowDispatch(
            repo=repo, subject=job.subject, worker=job.worker, purpose=f"{key} attempt 1", workflow="cd.yml", ref="main"
        )
        about = (effect.kind, repo, job.subject, job.worker, effect.purpose, "", effect.digest, 0, state, "", job.id)
        entry = LedgerEntry(effect.slot, *about, sent_at=1.0)
        if run:
            entry = replace(entry, remote_id=str(run), remote_url=f"https://github.example/runs/{run}")
        self.world.rows[effect.slot] = entry
        return effect.slot

    async def settle(self) -> None:
        """Until nothing is due."""
        while due := [job for job in self.jobs.values() if job.run_at <= self.world.clock + 2]:
            job = self.choose(due)
            del self.jobs[job.id]
            await self.run(job)

    async def run(self, job: Job) -> Outcome:
        worker: Any = {
            "dispatch": DispatchWorker(self.world.sources, self.world.options),
            "dispatch-target": TargetWorker(self.world.sources, self.world, self.world.options),
            "dispatch-follow": FollowWorker(self.world.sources, self.world.options),
            "dispatch-report": ReportWorker(self.world, lambda slot: f"https://hand/{slot}"),
            "dispatch-approve": ApproveWorker(ApprovalPorts(self.world, self.world, self.world, self.world)),
        }[job.type]
        outcome: Outcome = await worker.run(Paper(self.world, job))
        self.outcomes.append((job, outcome))
        if isinstance(outcome, Done):
            self._commit(outcome)
        return outcome

    def kinds(self) -> list[str]:
        return sorted(fact.kind for fact in self.facts.values())

    def _commit(self, done: Done) -> None:
        if done.once and done.once in self.facts:
            return
        self.world.documents.update(done.documents)
        for fact in done.facts:
            self.facts.setdefault(fact.id, fact)
        for job in done.jobs:
            if job.id not in self.known:
                self.known.add(job.id)
                older = [each.id for each in self.jobs.values() if job.lane and each.lane == job.lane]
                for each in older:
                    del self.jobs[each]
                self.jobs[job.id] = replace(job, attempts=1)
