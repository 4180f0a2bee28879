"""Whether a run may start anything at all: the guardrails of its side, in their order. Pure; called by `plan`."""

from collections.abc import Callable
from fnmatch import fnmatchcase

from forgehand.domain.rulings import Ruling, State
from forgehand.workers.dispatch.config import Runs, same
from forgehand.workers.dispatch.rules.answers import Answer, listed, no, yes
from forgehand.workers.dispatch.rules.facts import Options, Source, Whence
from forgehand.workers.dispatch.rules.reasons import Reason

LONGEST_CHAIN = 5
"""Runs that one may lead to by another, ours alone counted."""
_OF_PULLS, _OF_RELEASES = "pull_request", "release"
"""What starts runs that are of no branch, though they name one: `pull_request_target` and the like, too."""


def guard(source: Source, runs: Runs, options: Options) -> tuple[Answer, ...]:
    """The answer of each guardrail, in order. What is not asked any more, since one said no, is not among them."""
    answers: list[Answer] = []
    for rule in _GUARDRAILS:
        answers.append(rule(source, runs, options))
        if answers[-1].reason:
            break
    return tuple(answers)


def right_branch(source: Source, runs: Runs) -> bool:
    """Whether the run's branch is one that counts; asked by both sides."""
    if not runs.branches:
        return bool(source.head_branch) and source.head_branch == source.default_branch
    return any(fnmatchcase(source.head_branch, glob) for glob in runs.branches)


def right_conclusion(source: Source, runs: Runs) -> bool:
    return source.conclusion in runs.conclusions


def _branch(source: Source, runs: Runs, options: Options) -> Answer:
    wanted = " or ".join(runs.branches) or f"the default branch {source.default_branch}"
    if not right_branch(source, runs):
        says = f"It ran on {source.head_branch or 'no branch'}, and only runs on {wanted} count."
    elif source.event.startswith(_OF_PULLS):
        says = f"It ran for a pull request from {source.head_branch}, and only runs on {wanted} itself count."
    elif source.event == _OF_RELEASES:
        says = f"It ran for the release {source.head_branch}, and only runs on {wanted} itself count."
    elif not source.event:
        says = "GitHub does not say what started it."
    else:
        return yes("source branch", f"It ran on {source.head_branch}.")
    return no("source branch", Reason.SOURCE_NOT_DEFAULT_BRANCH, says)


def _conclusion(source: Source, runs: Runs, options: Options) -> Answer:
    if right_conclusion(source, runs):
        return yes("conclusion", f"It ended in {source.conclusion}.")
    return no(
        "conclusion",
        Reason.SOURCE_NOT_SUCCESS,
        f"It ended in {source.conclusion or 'nothing'}, and only {' or '.join(runs.conclusions)} counts.",
    )


def _repository(source: Source, runs: Runs, options: Options) -> Answer:
    return listed(
        "source repository",
        source.repository,
        options.sources,
        Reason.SOURCE_REPO_NOT_ALLOWLISTED,
        "FORGEHAND_DISPATCH_SOURCES",
    )


def _workflow(source: Source, runs: Runs, options: Options) -> Answer:
    return listed(
        "source workflow",
        source.workflow,
        options.workflows,
        Reason.SOURCE_WORKFLOW_NOT_ALLOWLISTED,
        "FORGEHAND_DISPATCH_WORKFLOWS",
        exact=True,
    )


def _fork(source: Source, runs: Runs, options: Options) -> Answer:
    if not source.head_repository:
        return no("fork", Reason.SOURCE_FORK, "Nobody knows which repository its commit comes from.")
    if not same(source.head_repository, source.repository):
        return no("fork", Reason.SOURCE_FORK, f"Its commit comes from {source.head_repository}, another repository.")
    if source.head_is_fork is not False:
        word = "is a fork" if source.head_is_fork else "may be a fork: GitHub does not say"
        return no("fork", Reason.SOURCE_FORK, f"{source.repository} {word}.")
    return yes("fork", "Its commit is the repository's own.")


def _whence(source: Source, runs: Runs, options: Options) -> Answer:
    """Asked last, since it takes looking for."""
    branch, commit = source.head_branch, source.head_sha[:7]
    match source.whence:
        case Whence.BRANCH:
            return yes("branch commit", f"{commit} lies on the branch {branch}.")
        case Whence.TAG:
            says = f"A tag is called {branch}, too: nobody can tell whether the run is of the branch. Remove the tag."
        case Whence.ELSEWHERE:
            says = (
                f"{commit} does not lie on a branch {branch}: the run is of a tag, or the branch was moved or removed."
            )
        case Whence.UNKNOWN:
            says = f"Nobody has looked whether {commit} lies on the branch {branch}."
    return no("branch commit", Reason.SOURCE_NOT_DEFAULT_BRANCH, says)


def _chain(source: Source, runs: Runs, options: Options) -> Answer:
    if not source.ours:
        return Answer(Ruling("chain", State.NOT_APPLICABLE, "We did not start it."))
    if not runs.dispatched:
        return no(
            "chain",
            Reason.SOURCE_DISPATCHED,
            "We started it, or the run that it follows; it counts where `source.dispatched: true` says so.",
        )
    if not source.chain:
        return no(
            "chain",
            Reason.SOURCE_CHAIN_LOOP,
            "We started it, or the run that it follows, and nobody knows what led to it.",
        )
    if len(source.chain) >= LONGEST_CHAIN:
        return no("chain", Reason.SOURCE_CHAIN_LOOP, f"{len(source.chain)} runs led to it, each by the one before.")
    for link in source.chain:
        if same(link.repository, source.repository) and link.workflow == source.workflow:
            return no(
                "chain",
                Reason.SOURCE_CHAIN_LOOP,
                f"The chain comes round: run {link.run} of {link.workflow} in {link.repository} led to it.",
            )
    return yes("chain", f"{len(source.chain)} of our dispatches led to it, and none twice to the same workflow.")


_GUARDRAILS: tuple[Callable[[Source, Runs, Options], Answer], ...] = (
    _branch,
    _conclusion,
    _repository,
    _workflow,
    _fork,
    _chain,
    _whence,
)
