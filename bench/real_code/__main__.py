"""Two consecutive releases of real projects as base and head of a pull request, reviewed through the production door:
a signed webhook to `forgehand serve`, git over HTTP, real analysers, GitHub's REST API of the practice forge.

`./dev bench real_code` prints the findings, the seconds and the memory, and ends with 1 when GitHub refused an anchor.
"""

import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from bench.real_code.memory import Watch
from bench.real_code.sdists import Files, NotAvailable, release

from forgehand.assembly.credentials import manifest, write_private
from forgehand.cli.demo import DECISION, Product
from forgehand.cli.practice import Planted
from forgehand.practice import Forge, ForgeServer
from forgehand.practice.records import CheckRun, Pull

PAIRS = (("requests", "2.31.0", "2.32.0"), ("click", "8.1.8", "8.2.0"), ("flask", "3.0.3", "3.1.0"))
OWNER = "pypi"
SECONDS = 180.0


@dataclass(frozen=True)
class Reviewed:
    project: str
    pull: Pull
    check: CheckRun
    seconds: float


def main() -> int:
    try:
        pairs = [(name, old, new, release(name, old), release(name, new)) for name, old, new in PAIRS]
    except NotAvailable as why:
        print(f"bench real_code: not run: {why}", file=sys.stderr)
        return 1
    with _running() as (forge, product, pid), Watch(pid) as watch:
        reviewed = []
        for name, old, new, before, after in pairs:
            pull = _pull_request(forge, name, (old, before), (new, after))
            reviewed.append(_review(forge, product, name, pull))
            _print(forge, reviewed[-1], f"{name} {old} → {new}")
    _print_memory(watch.peak)
    # Whether the App may read Actions is asked by asking for such a token: that it may not is an answer, too.
    asked = [call for call in forge.calls if call.path.startswith("/repos/")]
    refused = [f"{call.method} {call.path}: {call.response}" for call in asked if call.status == 422]
    print(f"\n{len(asked)} calls to GitHub about repositories, {len(refused)} answered 422")
    for line in refused:
        print(f"  {line}", file=sys.stderr)
    return 1 if refused or forge.unmodelled() else 0


@contextmanager
def _running() -> Iterator[tuple[Forge, Product, int]]:
    """A practice GitHub and `forgehand serve` beside it, with the server's pid."""
    with tempfile.TemporaryDirectory(prefix="forgehand-real-code-") as folder:
        where = Path(folder)
        forge = Forge(where / "github")
        with ForgeServer(forge):
            planted = _plant(forge, where)
            with Product(where, planted) as product:
                planted.app.webhook_url = product.addresses["webhook_url"]
                yield forge, product, _server_pid()


def _server_pid() -> int:
    return next(child.pid for child in psutil.Process().children() if "serve" in child.cmdline())


def _plant(forge: Forge, where: Path) -> Planted:
    asked = manifest("forgehand", "http://127.0.0.1", "http://127.0.0.1", None)
    secret = secrets.token_hex(20)
    app = forge.create_app("forgehand", asked["default_permissions"], asked["default_events"], None, secret)
    write_private(where / "app.pem", app.private_key)
    forge.create_user(OWNER, "Organization")
    for name, _, _ in PAIRS:
        forge.create_repository(f"{OWNER}/{name}")
    forge.install(app, OWNER)
    settings = {
        "GITHUB_API_URL": forge.url,
        "GITHUB_APP_ID": str(app.id),
        "GITHUB_APP_PRIVATE_KEY_FILE": str(where / "app.pem"),
        "GITHUB_WEBHOOK_SECRET": secret,
    }
    return Planted(app, settings, forge.create_token("maintainer"))


def _pull_request(forge: Forge, name: str, old: tuple[str, Files], new: tuple[str, Files]) -> Pull:
    repository = f"{OWNER}/{name}"
    forge.commit(repository, "main", old[1], f"Release {old[0]}")
    changed = {path: content for path, content in new[1].items() if old[1].get(path) != content}
    gone = {path: None for path in old[1] if path not in new[1]}
    forge.commit(repository, "next", {**changed, **gone}, f"Release {new[0]}")
    return forge.open_pull(repository, "next", title=f"Release {new[0]}")


def _review(forge: Forge, product: Product, name: str, pull: Pull) -> Reviewed:
    started = time.monotonic()
    while time.monotonic() - started < SECONDS:
        product.check()
        for run in forge.check_runs(f"{OWNER}/{name}", pull.head_sha):
            if run.name == DECISION and run.status == "completed":
                return Reviewed(name, pull, run, time.monotonic() - started)
        time.sleep(0.02)
    raise product.failed_review(name)


def _print(forge: Forge, reviewed: Reviewed, title: str) -> None:
    repository, number = f"{OWNER}/{reviewed.project}", reviewed.pull.number
    (summary,) = forge.comments(repository, number)
    comments = forge.review_comments(repository, number)
    print(f"\n{title}: {reviewed.check.conclusion}, {reviewed.check.title} in {reviewed.seconds:.1f} s")
    manifest_line = next(line for line in summary.body.splitlines() if "<summary>" in line)
    print(f"  {manifest_line.split('<summary>')[1].split('</summary>')[0]}")
    print(f"  {len(comments)} inline comments:")
    for comment in comments:
        print(f"    {comment.path}:{comment.line}  {comment.body.splitlines()[0]}")


def _print_memory(peak: dict[str, int]) -> None:
    print("\nmost memory held (resident):")
    for role, held in sorted(peak.items(), key=lambda each: -each[1]):
        print(f"  {role:<20} {held / 2**20:7.1f} MiB")


if __name__ == "__main__":
    sys.exit(main())
