"""The judgement of a test run: facts and policy in, one explained verdict out. Pure; spoken by `text`.

The rules stand in the order in which a person would ask; the first that is violated is the blocker.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from forgehand.crafts.findings import shorten
from forgehand.crafts.suites import Attempt, Case, Changed, Command, Outcome, SuiteRun
from forgehand.domain.effects.check_run import Conclusion
from forgehand.domain.policy import Flaky, TestPolicy
from forgehand.domain.rulings import Ruling, State, first
from forgehand.ports.sandbox import Stopped, Strength, Tier

NO_TESTS_COLLECTED = 5
"""How pytest says that it found none. https://docs.pytest.org/en/stable/reference/exit-codes.html"""
MOST_NAMED = 10
_MAX_PATH = 120
_NO_PYTEST = "No module named pytest"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the tests at `sha`. `stranger`: somebody without write access may have written it. `left_out`
    says what of the tree the sandbox does not get, and why. `command` is None where none can be run, `absent` says of
    which the program is not there, and `run` is None where nothing was run; `not_fetched` and `not_run` say what went
    wrong. `before` is the coverage of the base's last run, in percent."""

    sha: str
    strength: Strength
    stranger: bool
    command: Command | None = None
    absent: tuple[str, ...] = ()
    run: SuiteRun | None = None
    not_fetched: str = ""
    not_run: str = ""
    changed: Changed | None = None
    before: float | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ruling` is the root of the tree."""

    facts: Facts
    ruling: Ruling
    conclusion: Conclusion
    blocker: Ruling | None
    failures: tuple[Case, ...] = field(default=())
    flaky: tuple[Case, ...] = field(default=())

    @property
    def last(self) -> Attempt | None:
        """The attempt whose end counts, where there was one."""
        return self.facts.run.decisive if self.facts.run and self.facts.run.attempts else None


def judge(facts: Facts, policy: TestPolicy) -> Verdict:
    """The verdict on a test run: the same facts and policy always give the same."""
    rulings = tuple(rule(facts, policy) for rule in _RULES)
    blocker = first(rulings, State.VIOLATED)
    if blocker:
        root = Ruling("tests", State.VIOLATED, f"{blocker.rule}: {blocker.reason}", blocker.costs, rulings)
    else:
        root = Ruling("tests", State.SATISFIED, "Nothing stands in the way.", parts=rulings)
    run = facts.run
    return Verdict(
        facts,
        root,
        blocker.costs if blocker else Conclusion.SUCCESS,
        blocker,
        run.failures if run else (),
        run.flaky if run else (),
    )


def unfinished(sha: str, why: str) -> Verdict:
    """The verdict on a run that ended without a result; `why` is a sentence that says what to do."""
    part = Ruling("finished", State.VIOLATED, why, Conclusion.ACTION_REQUIRED)
    root = Ruling("tests", State.VIOLATED, f"{part.rule}: {why}", part.costs, (part,))
    return Verdict(Facts(sha, Strength(Tier.NONE, ""), stranger=True), root, part.costs, part)


def may_run(strength: Strength, *, stranger: bool) -> Ruling:
    """Whether this code may run here at all; asked before anything of it runs."""
    if not strength.works:
        reason = (
            f"No test was run, because there is no sandbox to run it in: {strength.says}. {strength.remedy}".strip()
        )
        return Ruling("allowed", State.VIOLATED, reason, Conclusion.ACTION_REQUIRED)
    if stranger and not strength.strong:
        reason = (
            "No test was run: the change comes from a fork, and strangers' code runs only in a strong sandbox. Here is "
            f"{strength.says}. {strength.remedy}"
        ).strip()
        return Ruling("allowed", State.VIOLATED, reason, Conclusion.ACTION_REQUIRED)
    who = "a stranger's" if stranger else "a writer's"
    return Ruling("allowed", State.SATISFIED, f"It is {who} code, and the sandbox is {strength.says}.")


def _fetched(facts: Facts, policy: TestPolicy) -> Ruling:
    if facts.not_fetched:
        reason = f"It could not be fetched: {facts.not_fetched}"
        return Ruling("fetched", State.VIOLATED, reason, Conclusion.ACTION_REQUIRED)
    said = f"The tree{facts.sha and f' of {facts.sha[:7]}'} was there{_without(facts.left_out)}."
    return Ruling("fetched", State.SATISFIED, said)


def _without(left_out: Mapping[str, str]) -> str:
    """What the tests did not find of it, which may be why one failed."""
    if not left_out:
        return ""
    named = [f"{shorten(path, _MAX_PATH)} ({why})" for path, why in sorted(left_out.items())[:MOST_NAMED]]
    others = f" and {len(left_out) - len(named):,} more" if len(left_out) > len(named) else ""
    return f", but not these {len(left_out):,} of it: {', '.join(named)}{others}"


def _command(facts: Facts, policy: TestPolicy) -> Ruling:
    absent = "; ".join(facts.absent)
    if facts.command is None and absent:
        reason = (
            f"Nothing was run: {absent}. Make it readable there (FORGEHAND_SANDBOX_READABLE), or set tests.setup or "
            f"tests.command in .forgehand/config.yml{_counting(facts)}."
        )
        return Ruling("command", State.VIOLATED, reason, Conclusion.NEUTRAL)
    if facts.command is None:
        reason = f"There is no test command: set tests.command in .forgehand/config.yml{_counting(facts)}."
        return Ruling("command", State.VIOLATED, reason, Conclusion.NEUTRAL)
    passed_over = f" Passed over: {absent}." if absent else ""
    return Ruling("command", State.SATISFIED, f"`{facts.command.line}`, because {facts.command.why}.{passed_over}")


def _counting(facts: Facts) -> str:
    """Whose configuration counts: a folder, which is no commit, has its own."""
    return " on the default branch" if facts.sha else ""


def _allowed(facts: Facts, policy: TestPolicy) -> Ruling:
    if facts.command is None:
        return Ruling("allowed", State.NOT_APPLICABLE, "There is nothing to run.")
    return may_run(facts.strength, stranger=facts.stranger)


def _set_up(facts: Facts, policy: TestPolicy) -> Ruling:
    setup = facts.run.setup if facts.run else None
    if setup is None:
        return Ruling("setup", State.NOT_APPLICABLE, "There is no setup.")
    if setup.code:
        return Ruling("setup", State.VIOLATED, f"The setup {_ended(setup, policy)}")
    return Ruling("setup", State.SATISFIED, f"The setup took {setup.seconds:.0f} s.")


def _finished(facts: Facts, policy: TestPolicy) -> Ruling:
    attempt = _last(facts)
    if facts.not_run:
        return Ruling("finished", State.VIOLATED, f"The sandbox failed: {facts.not_run}", Conclusion.ACTION_REQUIRED)
    if attempt is None:
        return Ruling("finished", State.NOT_APPLICABLE, "Nothing was run.")
    if attempt.stopped:
        return Ruling("finished", State.VIOLATED, f"The tests {_ended(attempt, policy)}")
    return Ruling("finished", State.SATISFIED, f"It took {attempt.seconds:.0f} s.")


def _passed(facts: Facts, policy: TestPolicy) -> Ruling:
    attempt = _last(facts)
    if attempt is None or facts.run is None:
        return Ruling("tests", State.NOT_APPLICABLE, "Nothing was run.")
    if failures := facts.run.failures:
        parts = tuple(Ruling(case.name, State.VIOLATED, _first_line(case.message)) for case in failures[:MOST_NAMED])
        return Ruling("tests", State.VIOLATED, f"{tally(attempt)}.", parts=parts)
    if attempt.code and (flaky := attempt.having(Outcome.FAILED)):
        return Ruling("tests", State.VIOLATED, _never_well(len(facts.run.attempts), flaky))
    if attempt.code:
        return _unexplained(attempt, facts.run.command.line)
    if attempt.unread:
        # It may tell of a test that failed.
        return Ruling("tests", State.VIOLATED, f"A report could not be read: {attempt.unread[0].rstrip('.')}.")
    if facts.run.command.always_reports and not attempt.told:
        return Ruling("tests", State.VIOLATED, _cut_short(facts.run.command))
    if attempt.told and not attempt.having(Outcome.PASSED):
        return Ruling("tests", State.VIOLATED, "No test ran.")
    said = f"{tally(attempt)}." if attempt.told else "The command ended well; no report tells the tests apart."
    return Ruling("tests", State.SATISFIED, said)


def _never_well(runs: int, failed: Sequence[Case]) -> str:
    """Each test passed at some time, and the command never did: what else it had to say stood behind a failed test."""
    return (
        f"The command ended well in none of {runs} runs, though no test failed in all of them. In the last one "
        f"{_named(failed)} failed: make it steady, or raise tests.flaky_reruns."
    )


def _unexplained(attempt: Attempt, line: str) -> Ruling:
    """The command failed, and no test is to blame."""
    if attempt.code in (126, 127) or (_NO_PYTEST in attempt.output and not attempt.told):
        lacks = attempt.output.strip().rpartition("\n")[2]
        reason = f"The sandbox lacks what the command needs ({lacks}): use tests.setup, or FORGEHAND_SANDBOX_READABLE."
        return Ruling("tests", State.VIOLATED, reason, Conclusion.ACTION_REQUIRED)
    if attempt.code == NO_TESTS_COLLECTED and not attempt.cases and "pytest" in line:
        return Ruling("tests", State.VIOLATED, "pytest found no test.")
    reason = f"The command ended with code {attempt.code}, and no report says which test failed."
    return Ruling("tests", State.VIOLATED, reason)


def _cut_short(command: Command) -> str:
    """It ended well, and before its end: any test can end the process that runs it with a 0."""
    return (
        f"{command.program} wrote no report, although it ended with code 0: something in the tests or in their "
        "configuration ended it early, as `os._exit(0)` does."
    )


def _steady(facts: Facts, policy: TestPolicy) -> Ruling:
    flaky = facts.run.flaky if facts.run else ()
    if flaky:
        said = f"Failed in one run and passed in another of the same commit: {_named(flaky)}."
    elif facts.run and len(facts.run.attempts) > 1 and not _last_code(facts):
        said = "The command failed and then passed on the same commit."
    else:
        return Ruling("flaky", State.NOT_APPLICABLE, "No test changed its mind.")
    if policy.flaky is Flaky.FAILS:
        return Ruling("flaky", State.VIOLATED, f"{said} The policy does not let that pass (tests.flaky).")
    return Ruling("flaky", State.SATISFIED, f"{said} Take it as a warning.")


def _named(cases: Sequence[Case]) -> str:
    """`a`, `b` and 3 more"""
    names = ", ".join(f"`{case.name}`" for case in cases[:MOST_NAMED])
    return f"{names} and {len(cases) - MOST_NAMED:,} more" if len(cases) > MOST_NAMED else names


def _covered(facts: Facts, policy: TestPolicy) -> Ruling:
    attempt, least = _last(facts), policy.min_diff_coverage
    percent = facts.changed.percent if facts.changed else None
    if attempt is None or attempt.coverage is None:
        if least is not None and attempt is not None:
            return Ruling(
                "coverage",
                State.VIOLATED,
                f"{least} % of the changed lines must be covered, but no coverage was reported.",
            )
        return Ruling("coverage", State.NOT_APPLICABLE, "No coverage was reported.")
    if percent is None:
        said = "No changed line is one that tests could reach"
    else:
        said = f"Tests reach {percent:g} % of the changed lines"
    if least is not None and percent is not None and percent < least:
        return Ruling("coverage", State.VIOLATED, f"{said}; {least} % are asked for.")
    hidden = _hidden(facts.changed)
    if least is not None and hidden:
        asked = f"{least} % of the changed lines must be covered"
        reason = f"{asked}, and GitHub does not show those of {hidden}: split the pull request."
        return Ruling("coverage", State.VIOLATED, reason)
    without = f", those of {hidden} not counted" if hidden else ""
    return Ruling("coverage", State.SATISFIED, f"{said}{without}{_in_all(attempt, facts.before)}.")


def _hidden(changed: Changed | None) -> str:
    """The files of which GitHub does not show what changed: very large ones, and those beyond what it lists."""
    if changed is None or not (changed.unknown or changed.unlisted):
        return ""
    named = [f"`{shorten(path, _MAX_PATH)}`" for path in changed.unknown[:MOST_NAMED]]
    others = len(changed.unknown) - len(named) + changed.unlisted
    return " and ".join(filter(None, (", ".join(named), f"{others:,} other files" if others else "")))


_RULES: tuple[Callable[[Facts, TestPolicy], Ruling], ...] = (
    _fetched, _command, _allowed, _set_up, _finished, _passed, _steady, _covered,
)  # fmt: skip


def _last(facts: Facts) -> Attempt | None:
    return facts.run.decisive if facts.run and facts.run.attempts else None


def _last_code(facts: Facts) -> int:
    attempt = _last(facts)
    return attempt.code if attempt else 0


def _ended(attempt: Attempt, policy: TestPolicy) -> str:
    match attempt.stopped:
        case Stopped.TIME:
            return f"took longer than {policy.timeout_minutes} minutes and {'was' if attempt.code else 'were'} ended."
        case Stopped.MEMORY:
            return f"needed more than {policy.memory_mb:,} MB of memory."
        case Stopped.DISK:
            return "wrote more than the sandbox's disk holds."
        case Stopped.PROCESSES:
            return "started more processes than the sandbox allows."
    return f"ended with code {attempt.code}."


def _in_all(attempt: Attempt, before: float | None) -> str:
    total = attempt.coverage.percent if attempt.coverage else None
    if total is None:
        return ""
    if before is None:
        return f", {total:g} % in all"
    change = round(total - before, 2)
    return f", {total:g} % in all ({'+' if change >= 0 else '−'}{abs(change):g} against the base)"


def tally(attempt: Attempt) -> str:
    """`2 failed, 10 passed, 1 skipped`."""
    counts = [(len(attempt.having(outcome)), outcome) for outcome in (Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED)]
    return ", ".join(f"{count:,} {outcome}" for count, outcome in counts if count) or "no test"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
