"""What a pull request that changes `.forgehand/config.yml` would change, or why its file cannot be used: one ruling.
Pure; called by `policies`."""

from collections.abc import Iterator

from forgehand.crafts.policy_file import PATH
from forgehand.domain.policy import OperatorLimits, PolicyFile, Problem, effective
from forgehand.domain.policy.changes import differences
from forgehand.domain.rulings import Ruling, State

RULE = "configuration"


def unusable(problems: tuple[Problem, ...]) -> Ruling:
    """The ruling on a file with problems, each with its line and its fix."""
    parts = tuple(Ruling(f"line {each.line}", State.VIOLATED, each.sentence) for each in problems)
    others = len(parts) - 1
    more = f" And {others} more problem{'s' if others > 1 else ''}." if others else ""
    return Ruling(RULE, State.VIOLATED, f"{parts[0].reason}{more}", parts=parts)


def would_change(limits: OperatorLimits, org: PolicyFile, before: PolicyFile, after: PolicyFile, base: str) -> Ruling:
    """The ruling on a valid file: what it changes for pull requests into `base`, and into the branches that it or the
    one before names."""
    parts: list[Ruling] = []
    for branch in _branches(base, before, after):
        (old, _), (new, notes) = (effective(limits, org, file, branch) for file in (before, after))
        changes = [str(each) for each in differences(old, new)]
        parts += [Ruling(f"into {branch}", State.SATISFIED, f"{told}.") for told in changes]
        parts += [Ruling(f"into {branch}", State.SATISFIED, note) for note in notes]
    said = "nothing of the policy" if not parts else f"{parts[0].rule}: {parts[0].reason.rstrip('.')}"
    more = f", and {len(parts) - 1} more" if len(parts) > 1 else ""
    return Ruling(RULE, State.SATISFIED, f"{PATH} is valid. It changes {said}{more}.", parts=tuple(parts))


def _branches(base: str, *files: PolicyFile) -> Iterator[str]:
    """A glob stands for the branches that it matches: it matches itself."""
    yield base
    yield from dict.fromkeys(glob for file in files for glob, _ in file.branches if glob != base)
