"""One profile, built: ports joined with adapters from the settings. Called by `cli` and by the processes of `serve`."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from forgehand import VERSION
from forgehand.assembly.at_once import run_to_its_end
from forgehand.assembly.holders import is_dead_here, this_holder
from forgehand.assembly.limits import dispatch_options, operator_limits
from forgehand.assembly.settings import Settings, SettingsError
from forgehand.assembly.traces import traces_of
from forgehand.assembly.workers import BUILT_IN, BuiltIn, Parts, grants, listens, specs
from forgehand.domain.arrivals import planning_job
from forgehand.domain.jobs import PLAN, Done, Job
from forgehand.domain.modes import APPLY, Grants, Mode
from forgehand.engine.crowd import Crowd
from forgehand.engine.desk import Door, JobDesk
from forgehand.engine.dry_run import DryGate, Preview
from forgehand.engine.gate import Gate, GateTimes
from forgehand.engine.intake import Intake
from forgehand.engine.operations import Operations
from forgehand.engine.planner import Planner
from forgehand.engine.projector import Projector
from forgehand.engine.rebuild import Rebuild, Rebuilt
from forgehand.engine.reconcile import Reconcile
from forgehand.engine.rescue import Rescue
from forgehand.engine.runner import Runner, RunnerTimes
from forgehand.engine.schedule import Poll, Schedule
from forgehand.engine.sign_ins import SignIns
from forgehand.engine.steps import Steps, silent
from forgehand.engine.sweep import Sweep
from forgehand.engine.tidy import Tidy
from forgehand.ports.desk import Worker
from forgehand.ports.github import OpenPulls
from forgehand.ports.sandbox import Sandbox
from forgehand.ports.store import Store, StoreUnavailable, Unclaimed
from forgehand.ports.traces import Traces
from forgehand.ports.wakeups import Wakeups

DAY = 24 * 3600.0
NEWEST = 2**31
"""A generation that no job has reached: a preview is never older than what was said before."""


@dataclass
class App:
    """What every process has: the store and what only needs the store."""

    settings: Settings
    store: Store
    wakeups: Wakeups
    built_in: Sequence[BuiltIn]
    steps: Steps
    operations: Operations
    traces: Traces

    def intake(self) -> Intake:
        events = listens(self.built_in, dispatching=self.settings.dispatch)
        return Intake(self.store, self.wakeups, events, time.time, self.steps, self.traces)

    async def run_job(self, job_id: str) -> Job | Unclaimed:
        """Claim one job, run it here, again where that is due in a moment, and give it as it then is."""
        async with working(self) as crew:
            return await run_to_its_end(crew.runner, self.store, job_id)

    async def sign_in_link(self, by: str) -> str:
        """The address of a one-time link to the admin pages of whatever server has this store."""
        # Imported here: the process that takes webhooks in needs it only for its pages.
        from forgehand.web.admin.sessions import link_path

        token = await SignIns(self.store, time.time).new_link(by)
        return f"{await _admin_base_url(self)}{link_path(token)}"

    async def rebuild(self) -> Rebuilt:
        """Make all projections once more from the facts."""
        return await Rebuild(self.store, time.time, holder=this_holder()).run()

    async def preview(self, guid: str) -> list[Preview]:
        """Plan a stored delivery and run its workers up to the gate; nothing is written anywhere."""
        async with working(self) as crew:
            gate = DryGate(self.store)
            plan = JobDesk(planning_job(guid, "replay", time.time(), replay="dry run"), gate, time.time)
            planned = await crew.workers[PLAN].run(plan)
            for job in planned.jobs if isinstance(planned, Done) else ():
                newest = replace(job, generation=NEWEST)
                await crew.workers[job.type].run(JobDesk(newest, gate, time.time))
            return gate.previews


@dataclass
class Crew:
    """What a worker process has besides."""

    workers: Mapping[str, Worker]
    runner: Runner
    rescue: Rescue
    schedule: Schedule
    projector: Projector
    parts: Parts
    repositories: OpenPulls
    sign_in: Callable[[], Awaitable[str]]
    """Ask GitHub who we are: the App's slug, or the person whose token it is. Raises a GitHubError."""


@asynccontextmanager
async def opened(
    settings: Settings,
    *,
    wakeups: Wakeups | None = None,
    built_in: Sequence[BuiltIn] = BUILT_IN,
    steps: Steps = silent,
    create: bool = True,
) -> AsyncIterator[App]:
    """The App with its store open and its schema up to date. Nothing is asked of GitHub yet. Without `create`, an
    SQLite store must be there already."""
    file = settings.database_file
    if not create and file and not file.exists():
        raise StoreUnavailable(f"no store at {file}: start `forgehand serve` once, or set FORGEHAND_DATABASE_URL")
    store, traces = store_of(settings), traces_of(settings)
    try:
        await store.open()
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error.why}; {settings.database_remedy}") from error
    try:
        hints = wakeups or await wakeups_of(settings)
        try:
            yield App(settings, store, hints, built_in, steps, Operations(store, hints, time.time), traces)
        finally:
            await hints.close()
    finally:
        await store.close()
        await asyncio.to_thread(traces.close)


@asynccontextmanager
async def working(app: App) -> AsyncIterator[Crew]:
    """Connect to GitHub and make the workers and what drives them."""
    # Imported here: the process that takes webhooks in needs none of it.
    from forgehand.adapters import github as gh
    from forgehand.adapters.analysers import analysers
    from forgehand.adapters.git import GitCheckouts, GitComparisons
    from forgehand.adapters.sandbox import ChildProcesses
    from forgehand.crafts.policies import RepositoryPolicies

    settings = app.settings
    async with gh.GitHub(
        api_url=settings.github_api_url,
        app_id=settings.github_app_id,
        private_key="" if settings.person else settings.private_key,
        slug=settings.github_app_slug or None,
        user_agent=f"forgehand/{VERSION}",
        clock=time.time,
        answer_seconds=gate_times(settings).answer,
        traces=app.traces,
    ) as github:
        key = settings.secret_key.get_secret_value()
        person = gh.PersonalTokens(settings.person) if settings.person else None
        tokens = person or gh.AppTokens(github, gh.Vault(app.store, key) if key else None)
        identity = gh.Identity(github, person.person if person else None)
        children = ChildProcesses()
        admin = await _admin_base_url(app)
        pulls = gh.PullReader(github, tokens, identity)
        contents, branches = gh.ContentReader(github, tokens), gh.BranchReader(github, tokens)
        runs = gh.RunReader(github, tokens)
        known = specs(app.built_in, Mode(settings.mode), dispatching=settings.dispatch)
        parts = Parts(
            pulls=pulls,
            pulls_about=pulls,
            pulls_on_branch=pulls,
            checks=gh.CheckReader(github, tokens, identity),
            branches=branches,
            people=gh.PeopleReader(github, tokens),
            contents=contents,
            conversation=gh.ConversationReader(github, tokens, identity),
            policies=RepositoryPolicies(contents, branches, app.store, operator_limits(settings)),
            comparisons=GitComparisons(
                children, tokens, settings.data_dir / "git", settings.github_url, env=_network_environment()
            ),
            checkouts=GitCheckouts(
                children, tokens, settings.data_dir / "git", settings.github_url, env=_network_environment()
            ),
            sandbox=sandbox_of(settings),
            marks=app.store,
            analysers=analysers(children, settings.data_dir / "analysers"),
            details_url=lambda slot: f"{admin}/admin/effects/{slot}",
            pull_url=lambda repository_id, number: f"{admin}/admin/pulls/{repository_id}/{number}",
            documents=app.store,
            ledger=app.store,
            jobs=app.store,
            workflows=gh.WorkflowReader(github, tokens),
            runs=runs,
            installations=gh.InstallationReader(github, tokens),
            issue_comments=gh.IssueCommentReader(github, tokens, identity),
            us=identity.get,
            dispatching=dispatch_options(settings),
            operator=APPLY.within(Mode(settings.mode)),
            workers={each.type: each for each in known},
        )

        async def sign_in() -> str:
            # Remembered as asked, so that jobs know who we are also where GitHub goes away right after.
            us = await identity.ask()
            if person:
                return us.login
            slug = us.login.removesuffix("[bot]")
            if settings.github_app_slug not in ("", slug):
                # Believing it would make us strangers to our own comments.
                raise SettingsError(f"GITHUB_APP_SLUG is {settings.github_app_slug}, but this App is called {slug}")
            return slug

        open_pulls = gh.OpenPullReader(github, tokens)
        workers: dict[str, Worker] = {each.spec.type: each.make(parts) for each in app.built_in}
        for engine in (
            Planner(app.store, known, identity.get, settings.caps),
            Sweep(gh.HookReader(github), app.store, settings.sweep_seconds),
            Tidy(app.store, settings.keep_days * DAY),
            Reconcile(open_pulls, app.store, known, parts.policies, runs),
        ):
            workers[engine.type] = engine
        performers = gh.performers(
            github, tokens, identity, app.store, person=person is not None, looks=gh.LookTimes(*look_times(settings))
        )
        gate = Gate(app.store, performers, time.time, gate_times(settings), app.steps, app.traces)
        runner = _runner(app, workers, gate, grants(known))
        yield Crew(workers, runner, _rescue(app), _schedule(app), _projector(app), parts, open_pulls, sign_in)


ADMIN_URL = "admin_url"
"""The mark of the store that says where `forgehand serve` shows its pages, when it chose the port itself."""


async def _admin_base_url(app: App) -> str:
    """What links lead to: the same in every process of one store, or a second look would say something else."""
    settings = app.settings
    if settings.admin_url or settings.admin_port:
        return settings.admin_base_url
    return await app.store.mark(ADMIN_URL) or settings.admin_base_url


def store_of(settings: Settings) -> Store:
    from forgehand.adapters.sql import SqlStore

    return SqlStore(f"sqlite:///{settings.database_file}" if settings.database_file else settings.database_url)


async def wakeups_of(settings: Settings) -> Wakeups:
    """Procrastinate where the store is PostgreSQL, which other machines share; else nobody else to wake."""
    if settings.shared_database:
        from forgehand.adapters.procrastinate import ProcrastinateWakeups

        return ProcrastinateWakeups(settings.database_url)
    from forgehand.adapters.wakeups import InProcessWakeups

    return InProcessWakeups()


def sandbox_of(settings: Settings) -> Sandbox:
    """Where repositories' code runs; nothing of ours can be seen in it."""
    from forgehand.adapters.sandbox import SandboxLadder

    return SandboxLadder(settings.sandbox, readable=settings.sandbox_folders, protected=settings.private_paths)


def _network_environment() -> dict[str, str]:
    """What git needs of our environment to get through a proxy; never a secret of ours."""
    names = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "GIT_SSL_CAINFO", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in names if name in os.environ}


def gate_times(settings: Settings) -> GateTimes:
    """A lease must outlive the time a request may take, and a look-up must come after all that a request can still do:
    short ones (in tests) make the windows short too."""
    most = settings.lease_seconds / 3
    return GateTimes(
        settle=settings.settle_seconds,
        again=min(1.0, settings.settle_seconds / 5),
        window=min(settings.settle_seconds / 3, most),
        answer=min(10.0, most),
    )


def look_times(settings: Settings) -> tuple[float, float]:
    """How long a run may take to appear that no answer named, and how long between two looks: 60 s and 3 s."""
    return 4 * settings.settle_seconds, settings.settle_seconds / 5


def _runner(app: App, workers: Mapping[str, Worker], gate: Door, granted: Grants) -> Runner:
    settings = app.settings
    times = RunnerTimes(
        lease=settings.lease_seconds,
        heartbeat=settings.heartbeat_seconds,
        retry=settings.retry_seconds,
        lag=settings.lag_seconds,
    )
    return Runner(
        app.store,
        app.wakeups,
        workers,
        gate,
        grants=granted,
        holder=this_holder(),
        clock=time.time,
        jitter=random.random,
        times=times,
        slots=settings.slots,
        crowded=Crowd(app.store, time.time),
        steps=app.steps,
        traces=app.traces,
    )


def _rescue(app: App) -> Rescue:
    every = min(15.0, app.settings.lease_seconds / 4)
    return Rescue(app.store, app.wakeups, is_dead_here, time.time, every=every)


def _projector(app: App) -> Projector:
    return Projector(app.store, time.time, holder=this_holder(), crowded=Crowd(app.store, time.time))


def _schedule(app: App) -> Schedule:
    settings = app.settings
    # Only an App has deliveries that could be asked for again.
    sweep = 0.0 if settings.person else settings.sweep_seconds
    polls = [Poll("reconcile", settings.poll_seconds), Poll("sweep", sweep), Poll("tidy", DAY)]
    return Schedule(app.store, app.wakeups, polls, time.time)
