"""What is said of a pull request that changes `dispatching.yml`. Pure; called by `proposal_worker`.

Names come from files that anybody may have proposed: `markdown` makes them harmless first.
"""

from forgehand.crafts.findings import shorten
from forgehand.crafts.markdown import prose, visible, within
from forgehand.domain.rulings import Ruling, State

LONGEST_TITLE = 255
LONGEST_SUMMARY = 60_000
_SIGN = {State.SATISFIED: "✅", State.VIOLATED: "❌", State.NOT_APPLICABLE: "➖", State.PENDING: "⏳"}


def title(ruling: Ruling) -> str:
    return shorten(visible(ruling.reason), LONGEST_TITLE)


def summary(ruling: Ruling) -> str:
    """One line for each change, and what it is compared with."""
    if ruling.state is State.VIOLATED:
        head = (
            "This file cannot be used. Once it is on the default branch, nothing would be dispatched from or to here."
        )
        lines = [f"- ❌ {prose(part.reason)}" for part in ruling.parts]
    else:
        head = "Beside the files that the other repositories have on their default branches now:"
        lines = [f"- {_SIGN[part.state]} **{prose(part.rule)}**: {prose(part.reason)}" for part in ruling.parts]
    if not lines:
        return prose(ruling.reason)
    return "\n".join([head, "", *within(lines, LONGEST_SUMMARY, "- … and {} more.")])
