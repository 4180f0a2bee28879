"""A pull request of five hundred files: the time, the memory, and that no file is forgotten. Called by `__main__`."""

import os
from collections.abc import Iterator

from bench.real_code.memory import Watch
from bench.review.clean import clean
from bench.review.looking import Looker

FILES = 500


def measure_large(looker: Looker) -> dict[str, object]:
    head = dict(large())
    with Watch(os.getpid()) as watch:
        looked = looker.look({"README": "x\n"}, head)
    known = {file.path for file in looked.comparison.files}
    return {
        "files": len(head),
        "in_the_comparison": len(known & head.keys()),
        "seconds": round(looked.seconds, 1),
        "memory_mib": {role: round(held / 2**20) for role, held in sorted(watch.peak.items())},
        "findings": len(looked.findings),
    }


def large() -> Iterator[tuple[str, str]]:
    """Files of every language, each longer than most."""
    cases = clean()
    for number in range(FILES):
        case = cases[number % len(cases)]
        ((path, text),) = case.head.items()
        folder = f".github/workflows/{number}-" if case.language == "workflow" else f"part{number}/"
        assert text is not None
        yield folder + path.rpartition("/")[2], text
