"""What a branch demands before it moves: classic branch protection and rulesets.

Set by `Forge` and `routes.protection`; asked by `merging`, `refs` and `git_http`.
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
"""

from dataclasses import dataclass

from forgehand.practice.acts import checks, conversations, reviews
from forgehand.practice.errors import Refusal
from forgehand.practice.records import Protection, Pull, Repository, RequiredCheck, Ruleset
from forgehand.practice.world import World

PASSED = ("success", "skipped", "neutral")
THROUGH_A_PULL_REQUEST = "Changes must be made through a pull request."
NO_FORCE = "Cannot force-push to this branch"
NO_DELETION = "Cannot delete this branch"
LOCKED = "Cannot change this locked branch"
PROTECTED = "GH006: Protected branch update failed"
RULED = "GH013: Repository rule violations found"
LINEAR = "This branch must not contain merge commits."


@dataclass(frozen=True)
class Guard:
    """One protection of a branch, and the ruleset it comes from; None: classic branch protection."""

    demands: Protection
    ruleset: Ruleset | None = None

    def refusal(self, status: int, sentences: list[str]) -> Refusal:
        if self.ruleset is None:
            return Refusal(status, " ".join(sentences))
        return Refusal(status, "Repository rule violations found\n\n" + "".join(f"{each}\n\n" for each in sentences))


def protect(world: World, repo: Repository, branch: str, value: Protection, ruleset: str | None = None) -> None:
    """Classic protection, or a new ruleset of that name."""
    if ruleset is None:
        world.protections[repo.id, branch] = value
    else:
        made = Ruleset(id=world.new_id(), repo_id=repo.id, name=ruleset, branch=branch, demands=value)
        world.rulesets[made.id] = made


def unprotect(world: World, repo: Repository, branch: str) -> None:
    world.protections.pop((repo.id, branch), None)
    for made in [r for r in world.rulesets.values() if (r.repo_id, r.branch) == (repo.id, branch)]:
        del world.rulesets[made.id]


def guards(world: World, repo: Repository, branch: str) -> list[Guard]:
    """All of them hold at once. Classic protection comes first, then the rulesets, oldest first."""
    classic = world.protections.get((repo.id, branch))
    found = [r for r in world.rulesets.values() if (r.repo_id, r.branch) == (repo.id, branch)]
    return ([] if classic is None else [Guard(classic)]) + [Guard(r.demands, r) for r in found]


def refuse_merge(world: World, pull: Pull, by: str, method: str) -> None:
    """Raises GitHub's 405 unless everything that the base demands is there, or does not bind `by`."""
    repo = world.repositories[pull.repo_id]
    for guard in guards(world, repo, pull.base_ref):
        if _exempt(world, repo, guard, by):
            continue
        lacking = unmet(world, pull, guard.demands, by)
        if guard.demands.linear and method == "merge":
            lacking.append(LINEAR)
        if lacking:
            raise guard.refusal(405, lacking)


def refuse_update(world: World, repo: Repository, ref: str, new: str | None, by: str, status: int = 422) -> None:
    """Raises unless the branch may be moved to `new` (None: deleted) without a pull request."""
    old = world.git(repo).ref(ref)
    for guard in _guards_of(world, repo, ref):
        forced = new is not None and old is not None and not world.git(repo).is_ancestor(old, new)
        if forced and forbids_force(world, repo, guard, by):
            raise guard.refusal(status, [NO_FORCE])
        lacking = forbids(world, repo, guard, new, by)
        if _brings_merges(world, repo, old, new) and forbids_merges(world, repo, guard, new, by):
            lacking.append(LINEAR)
        if lacking:
            raise guard.refusal(status, lacking)


def push_rules(world: World, repo: Repository, ref: str, new: str | None, by: str) -> list[str]:
    """The same for git's update hook, which runs before the new commits can be seen from outside: for each
    guard a line `REF|FORWARD|LINEAR|what GitHub calls it|what speaks against it`. FORWARD is filled where the move must
    be a fast forward, LINEAR with the words for where it brings merge commits."""
    lines: list[str] = []
    for guard in _guards_of(world, repo, ref):
        name = RULED if guard.ruleset else PROTECTED
        forward = new is not None and forbids_force(world, repo, guard, by)
        linear = LINEAR if forbids_merges(world, repo, guard, new, by) else ""
        lacking = " ".join(forbids(world, repo, guard, new, by))
        lines.append(f"{ref}|{'forward' if forward else ''}|{linear}|{name} for {ref}.|{lacking}")
    return lines


def forbids_force(world: World, repo: Repository, guard: Guard, by: str) -> bool:
    """Force pushes and deletions are closed to admins, too, until the protection itself allows them."""
    free = guard.ruleset is not None and _exempt(world, repo, guard, by)
    return not free and not guard.demands.force_pushes


def forbids_merges(world: World, repo: Repository, guard: Guard, new: str | None, by: str) -> bool:
    """A linear history is asked of whatever comes to the branch, not only of pull requests that are merged."""
    return new is not None and guard.demands.linear and not _exempt(world, repo, guard, by)


def forbids(world: World, repo: Repository, guard: Guard, new: str | None, by: str) -> list[str]:
    """What else speaks against moving the branch directly, or deleting it (`new` is None)."""
    demands, exempt = guard.demands, _exempt(world, repo, guard, by)
    if new is None:
        return [] if demands.deletions or (exempt and guard.ruleset is not None) else [NO_DELETION]
    if exempt:
        return []
    lacking = [LOCKED] if demands.locked else []
    if demands.approvals is not None and by not in demands.bypass:
        lacking.append(THROUGH_A_PULL_REQUEST)
    return lacking + _unmet_checks(world, repo, demands, new, behind=False)


def unmet(world: World, pull: Pull, demands: Protection, by: str | None = None) -> list[str]:
    """What a pull request still lacks, in GitHub's sentences."""
    repo = world.repositories[pull.repo_id]
    lacking = [LOCKED] if demands.locked else []
    if by not in demands.bypass:
        lacking += _unmet_approvals(world, repo, pull, demands)
    lacking += _open_conversations(world, pull, demands)
    late = demands.strict and is_behind(world, pull)
    return lacking + _unmet_checks(world, repo, demands, pull.head_sha, late)


def blocks(world: World, pull: Pull) -> str | None:
    """`blocked`, `behind` or None: the part of `mergeable_state` that protection decides. It is `behind` where
    nothing but the base's tip is missing."""
    repo = world.repositories[pull.repo_id]
    state: str | None = None
    for guard in guards(world, repo, pull.base_ref):
        demands = guard.demands
        others = _unmet_approvals(world, repo, pull, demands) + _open_conversations(world, pull, demands)
        if demands.locked or others or _unmet_checks(world, repo, demands, pull.head_sha, behind=False):
            return "blocked"
        if demands.checks and demands.strict and is_behind(world, pull):
            state = "behind"
    return state


def is_behind(world: World, pull: Pull) -> bool:
    git = world.git(world.repositories[pull.repo_id])
    tip = git.ref(f"refs/heads/{pull.base_ref}")
    return tip is not None and not git.is_ancestor(tip, pull.head_sha)


def _guards_of(world: World, repo: Repository, ref: str) -> list[Guard]:
    """Those of an existing branch: protection does not hinder its creation here."""
    branch = ref.removeprefix("refs/heads/")
    exists = branch != ref and world.git(repo).ref(ref) is not None
    return guards(world, repo, branch) if exists else []


def _brings_merges(world: World, repo: Repository, old: str | None, new: str | None) -> bool:
    git = world.git(repo)
    return bool(old and new and any(len(git.commit(sha).parents) > 1 for sha in git.commits_between(old, new)))


def _exempt(world: World, repo: Repository, guard: Guard, by: str) -> bool:
    """Classic protection binds admins only if it says so; an app is never an admin."""
    if guard.ruleset is not None:
        return by in guard.demands.bypass
    return not guard.demands.enforce_admins and world.permission(repo, by) == "admin"


def _unmet_approvals(world: World, repo: Repository, pull: Pull, demands: Protection) -> list[str]:
    if demands.approvals is None:
        return []
    verdicts = {login: r for login, r in reviews.verdicts(world, pull).items() if world.writes(repo, login)}
    against = sum(r.state == "CHANGES_REQUESTED" for r in verdicts.values())
    given = sum(r.state == "APPROVED" for r in verdicts.values())
    if against:
        return [f"{against} review{'s' * (against > 1)} requesting changes by reviewers with write access."]
    if given < demands.approvals:
        many = demands.approvals > 1
        need = f"{demands.approvals} approving review{'s are' if many else ' is'}"
        return [f"At least {need} required by reviewers with write access."]
    return []


def _open_conversations(world: World, pull: Pull, demands: Protection) -> list[str]:
    if demands.conversations and any(t.resolved_by is None for t in conversations.of(world, pull)):
        return ["A conversation must be resolved before this pull request can be merged."]
    return []


def _unmet_checks(world: World, repo: Repository, demands: Protection, sha: str, behind: bool) -> list[str]:
    """One check is named; of several GitHub says how many there are, and leaves those that run out of the sum."""
    if not demands.checks:
        return []
    # Behind the base, what succeeded does not count: the checks are awaited for the branch once it is up to date.
    states = {c.context: "expected" if behind else _state(world, repo, sha, c) for c in demands.checks}
    lacking = {name: state for name, state in states.items() if state != "passed"}
    if not lacking:
        return []
    if len(lacking) == 1:
        ((name, state),) = lacking.items()
        return [f'Required status check "{name}" is {state}.']
    count = f"{len(lacking)} of {len(states)} required status checks"
    kinds = set(lacking.values())
    if len(kinds) == 1:
        return [f"{count} are {kinds.pop()}."]
    said = [(sum(s == kind for s in lacking.values()), kind) for kind in ("expected", "pending", "failing")]
    parts = [f"{number} {kind}" for number, kind in said if number]
    if not parts:
        return [f"{count} are in progress."]
    return [f"{count} have not succeeded: {', '.join(parts[:-1])}{' and ' * (len(parts) > 1)}{parts[-1]}."]


def _state(world: World, repo: Repository, sha: str, wanted: RequiredCheck) -> str:
    """Where a check and a status have the same name, both are required.
    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks"""
    runs = [r for r in checks.latest(checks.runs(world, repo, sha, wanted.app_id)) if r.name == wanted.context]
    statuses = [s for s in checks.latest_statuses(world, repo, sha) if s.context == wanted.context]
    if wanted.app_id is not None:
        statuses = [s for s in statuses if s.creator == world.apps[wanted.app_id].bot]
    found = [_of_run(r.status, r.conclusion) for r in runs] + [_of_status(s.state) for s in statuses]
    order = ("failing", "pending", "queued", "in progress", "passed")
    return min(found, key=order.index) if found else "expected"


def _of_run(status: str, conclusion: str | None) -> str:
    if status == "completed":
        return "passed" if conclusion in PASSED else "failing"
    return "in progress" if status == "in_progress" else "queued"


def _of_status(state: str) -> str:
    return {"success": "passed", "pending": "pending"}.get(state, "failing")
