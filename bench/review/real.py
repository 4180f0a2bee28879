"""Twenty real changes: two consecutive releases each, as base and head. What is found in them is for reading by eye.

`./dev bench review.real` prints every finding with its line.
"""

import sys
import tempfile
from pathlib import Path

from bench.real_code.sdists import Files, NotAvailable, release
from bench.review.looking import Looked, Looker
from bench.review.packages import package
from bench.support.report import keep, middle, say

PYPI = (
    ("requests", "2.31.0", "2.32.0"),
    ("click", "8.1.8", "8.2.0"),
    ("flask", "3.0.3", "3.1.0"),
    ("jinja2", "3.1.4", "3.1.5"),
    ("werkzeug", "3.0.6", "3.1.0"),
    ("httpx", "0.27.2", "0.28.0"),
    ("attrs", "24.2.0", "24.3.0"),
    ("rich", "13.8.1", "13.9.0"),
    ("starlette", "0.40.0", "0.41.0"),
    ("uvicorn", "0.31.1", "0.32.0"),
    ("packaging", "24.1", "24.2"),
    ("marshmallow", "3.22.0", "3.23.0"),
)
NPM = (
    ("express", "4.20.0", "4.21.0"),
    ("chalk", "5.3.0", "5.4.0"),
    ("commander", "12.0.0", "12.1.0"),
    ("semver", "7.6.2", "7.6.3"),
    ("ws", "8.17.1", "8.18.0"),
    ("zod", "3.23.7", "3.23.8"),
    ("yargs", "17.7.1", "17.7.2"),
    ("fastify", "4.28.0", "4.28.1"),
)


def main() -> int:
    found = 0
    seconds: list[float] = []
    rows: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="forgehand-real-") as folder:
        looker = Looker(Path(folder))
        looker.warm()
        for get, projects in ((release, PYPI), (package, NPM)):
            for name, old, new in projects:
                try:
                    before, after = get(name, old), get(name, new)
                except NotAvailable as why:
                    say(f"not run: {why}")
                    continue
                looked = looker.look(before, _changed(before, after))
                _print(f"{name} {old} → {new}", looked)
                rows[f"{name} {old} → {new}"] = len(looked.findings)
                found += len(looked.findings)
                seconds.append(looked.seconds)
    if not seconds:
        return 1
    print(f"\n{len(seconds)} changes, {found / len(seconds):.1f} findings and {middle(seconds):.1f} s each (median)")
    keep("review_real", {"findings": rows, "seconds": seconds})
    return 0


def _changed(before: Files, after: Files) -> dict[str, str | bytes | tuple[str, bytes] | None]:
    changed = {path: content for path, content in after.items() if before.get(path) != content}
    return {**changed, **dict.fromkeys(path for path in before if path not in after)}


def _print(title: str, looked: Looked) -> None:
    files, outside = len(looked.comparison.files), len(looked.outside())
    print(
        f"\n{title}: {len(looked.findings)} findings, {files} files, {looked.seconds:.1f} s, {outside} outside the diff"
    )
    for finding in looked.findings:
        where = f"{finding.path}:{finding.line}"
        print(
            f"  {finding.severity} {finding.tool} {finding.rule}  {where}  {finding.title}\n      {finding.text[:140]}"
        )
    for one in looked.seen:
        for path, why in one.head.unread.items():
            print(f"  not read by {one.name}: {path}: {why}")
        if one.failed:
            print(f"  {one.name} failed: {one.failed}")


if __name__ == "__main__":
    sys.exit(main())
