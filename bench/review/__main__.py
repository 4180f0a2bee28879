"""How well a review sees: seeded flaws, clean changes, planted secrets and a large change, through git and analysers as
the review worker uses them. `./dev bench review` prints a table and ends with 1 where a target is missed.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.review.cases import Case
from bench.review.clean import clean
from bench.review.defects import defects
from bench.review.large import measure_large
from bench.review.looking import Looked, Looker, unread
from bench.review.planted import decoys, planted
from bench.support.report import keep, middle, say

from forgehand.domain.findings import SECRETS, Finding, Severity

SECRETS_RECALL = 0.9
NOISE = 0.05
FACTS = frozenset({"workflow-edit", "large-change"})
"""Rules that state a fact about a change, which is no claim that anything is wrong."""


@dataclass(frozen=True)
class Tried:
    case: Case
    looked: Looked

    @property
    def claims(self) -> list[Finding]:
        return [finding for finding in self.looked.findings if finding.rule not in FACTS]

    @property
    def right(self) -> list[Finding]:
        return [f for f in self.claims if (f.path, f.line) in self.case.flawed]

    @property
    def wrong(self) -> list[Finding]:
        return [f for f in self.claims if (f.path, f.line) not in self.case.flawed]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="forgehand-review-") as folder:
        looker = Looker(Path(folder))
        looker.warm()
        tried = {
            name: [Tried(case, looker.look(case.base, case.head)) for case in cases]
            for name, cases in (
                ("seeded", defects()),
                ("clean", clean()),
                ("secrets", planted()),
                ("decoys", decoys()),
            )
        }
        large = measure_large(looker)
    result = _figures(tried) | {"large": large}
    _print(tried, result)
    say(f"written to {keep('review', result)}")
    reached = result["secrets_recall"] >= SECRETS_RECALL and result["noise_per_clean"] <= NOISE
    return 0 if reached and not result["decoys_flagged"] and not result["outside_the_diff"] else 1


def _figures(tried: dict[str, list[Tried]]) -> dict[str, Any]:
    seeded, everything = tried["seeded"], [one for some in tried.values() for one in some]
    claims = sum(len(one.claims) for one in seeded + tried["clean"])
    right = sum(len(one.right) for one in seeded)
    seconds = [one.looked.seconds for one in everything]
    return {
        "seeded": len(seeded),
        "recall": _share(sum(bool(one.right) for one in seeded), len(seeded)),
        "precision": _share(right, claims),
        "clean": len(tried["clean"]),
        "noise_per_clean": _share(sum(len(one.claims) for one in tried["clean"]), len(tried["clean"])),
        "secrets_recall": _share(sum(_told(one) for one in tried["secrets"]), len(tried["secrets"])),
        "decoys_flagged": sum(f.tool == SECRETS for one in tried["decoys"] for f in one.claims),
        "outside_the_diff": sum(len(one.looked.outside()) for one in everything),
        "seconds_median": round(middle(seconds), 2),
        "seconds_most": round(max(seconds), 2),
        "unread": unread([one.looked for one in everything]),
    }


def _told(one: Tried) -> bool:
    return any(finding.tool == SECRETS for finding in one.right)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 3)


def _print(tried: dict[str, list[Tried]], result: dict[str, Any]) -> None:
    print("| language | seeded | found | major | false in seeded | clean | false in clean |")
    print("|---|---|---|---|---|---|---|")
    for language, (seeded, clean_ones) in _by_language(tried).items():
        majors = sum(any(f.severity is Severity.MAJOR for f in one.right) for one in seeded)
        found = sum(bool(one.right) for one in seeded)
        wrong, noise = sum(len(one.wrong) for one in seeded), sum(len(one.claims) for one in clean_ones)
        print(f"| {language} | {len(seeded)} | {found} | {majors} | {wrong} | {len(clean_ones)} | {noise} |")
    print()
    for name, value in result.items():
        print(f"{name}: {value}")
    _list("missed", [f"{one.case.language} {one.case.name}" for one in tried["seeded"] if not one.right])
    _list("secrets missed", sorted({one.case.name for one in tried["secrets"] if not _told(one)}))
    wrong_ones = [(one, f) for name in ("seeded", "clean") for one in tried[name] for f in one.wrong]
    _list(
        "false", [f"{one.case.language} {one.case.name}: {f.path}:{f.line} {f.rule} {f.title}" for one, f in wrong_ones]
    )


def _by_language(tried: dict[str, list[Tried]]) -> dict[str, tuple[list[Tried], list[Tried]]]:
    rows: dict[str, tuple[list[Tried], list[Tried]]] = defaultdict(lambda: ([], []))
    for column, name in enumerate(("seeded", "clean")):
        for one in tried[name]:
            rows[one.case.language][column].append(one)
    return dict(rows)


def _list(what: str, rows: Sequence[str]) -> None:
    print(f"\n{what}: {len(rows)}")
    for row in rows:
        print(f"  {row}")


if __name__ == "__main__":
    sys.exit(main())
