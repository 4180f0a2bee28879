"""`forgehand jobs`: what is to do, what is being done, what came of it."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.errors import Stop
from forgehand.cli.opening import SEVERAL, one_of, who, with_app
from forgehand.cli.printing import Json, clean, details, emit_json, lines, moment
from forgehand.cli.tables import At, Column, Id, Room, listing, table

if TYPE_CHECKING:
    from forgehand.assembly.build import App
    from forgehand.domain.jobs import Job
    from forgehand.engine.operations import Acted
    from forgehand.engine.queries import JobStory

jobs = typer.Typer(help="List, show, cancel and retry jobs.", no_args_is_help=True)

JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id, or its first 6 characters or more.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")]


@jobs.command("list")
def list_jobs(
    state: Annotated[str, typer.Option(help="Only those in this state, such as `dead_letter`.")] = "",
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """The last jobs, newest first."""
    from forgehand.domain.jobs import JobState

    wanted = _state(state, [each.value for each in JobState])
    listed = with_app(lambda app: app.store.jobs(limit, JobState(wanted) if wanted else None))
    if json:
        emit_json(listed)
        return
    listing(_LISTED, [_row(job) for job in listed], "No jobs.")


@jobs.command()
def show(job_id: JobId, json: Json = False) -> None:
    """One job: its state and why, its attempts, its effects and everything that happened to it."""
    from forgehand.engine import queries

    async def story(app: "App") -> "JobStory | None":
        return await queries.job_story(app.store, await resolve(app, job_id))

    found = with_app(story)
    if found is None:
        raise Stop(f"no job {job_id} is stored")
    if json:
        emit_json(found)
        return
    print_story(found)


@jobs.command()
def cancel(job_id: JobId) -> None:
    """End an unfinished job; its holder can write nothing any more."""

    async def act(app: "App") -> "Acted":
        return await app.operations.cancel(await resolve(app, job_id), who())

    say(with_app(act))


@jobs.command()
def retry(job_id: JobId) -> None:
    """Give a job that did not succeed, or waits, a new life with all its attempts.

    What is completed is run again by `replay` of its delivery; what is superseded is not run again."""

    async def act(app: "App") -> "Acted":
        return await app.operations.retry(await resolve(app, job_id), who())

    say(with_app(act))


def say(acted: "Acted") -> None:
    """Print what an operation says; it failed where nothing was changed."""
    if not acted.done:
        raise Stop(acted.says)
    typer.echo(clean(acted.says))


async def resolve(app: "App", typed: str) -> str:
    """The whole id of the job that was meant."""
    if await app.store.job(typed):
        return typed
    return one_of(typed, [job.id for job in await app.store.jobs_like(typed, SEVERAL)], "job")


def short_id(job: "Job") -> Id:
    """For tables: the first eight characters are those of its delivery, and of the other jobs of that."""
    return Id(job.id, least=12)


def print_story(story: "JobStory") -> None:
    """A job as a person reads it."""
    from forgehand.engine.queries import in_words

    _print_job(story.job)
    typer.echo("\nEffects")
    rows = [(str(each.state), each.summary, each.why, each.remote_url or "", Id(each.slot)) for each in story.effects]
    rows += [
        (each.state, each.summary, "written again since, by a later job", "", Id(each.slot)) for each in story.overtaken
    ]
    table(_EFFECTS, rows, "  none")
    if story.job.result:
        typer.echo("\nResult")
        details({name: lines(value) for name, value in story.job.result.items()})
    typer.echo("\nWhat happened")
    facts = [(At(fact.at), fact.kind, in_words(fact.data)) for fact in story.facts]
    table(_FACTS, facts, "  nothing yet")
    if story.more_facts:
        typer.echo(f"These are its first {len(facts)} steps: its admin page shows the others.")


def _row(job: "Job") -> tuple[object, ...]:
    from forgehand.engine.queries import came_of

    about = f"{job.repository} {job.subject}".strip()
    return (
        short_id(job),
        job.state,
        job.worker,
        re.sub(r" pull/(?=[0-9]+$)", "#", about),
        job.repository,
        job.subject,
        job.attempts,
        At(job.created_at),
        came_of(job),
    )


_LISTED = (
    Column("id", Room.WHOLE),
    Column("state", Room.WHOLE),
    Column("worker", Room.WHOLE),
    Column("about", Room.TERMINAL),
    Column("repository", Room.PIPE),
    Column("subject", Room.PIPE),
    Column("attempts", Room.SPARE),
    Column("created", Room.WHOLE),
    Column("why"),
)
_EFFECTS = (
    Column("state", Room.WHOLE),
    Column("what"),
    Column("why"),
    Column("where", Room.SPARE),
    Column("slot", Room.WHOLE),
)
_FACTS = (Column("when", Room.WHOLE), Column("what", Room.WHOLE), Column(""))


def _print_job(job: "Job") -> None:
    details(
        {
            "job": job.id,
            "state": job.state,
            "why": job.why,
            "waits for": job.waiting_for,
            "type": job.type,
            "worker": job.worker,
            "repository": job.repository,
            "subject": job.subject,
            "revision": job.revision,
            "may": job.grant.says,
            "attempts": f"{job.attempts} of {job.max_attempts}",
            "created": moment(job.created_at),
            "next at": moment(job.run_at) if not job.state.ended else "",
            "started": moment(job.started_at),
            "ended": moment(job.ended_at),
            "held by": job.holder or "",
            "delivery": job.delivery or "",
        }
    )


def _state(given: str, known: list[str]) -> str:
    wanted = given.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted and wanted not in known:
        raise typer.BadParameter(f"no state {given!r}: there are {', '.join(known)}", param_hint="--state")
    return wanted
