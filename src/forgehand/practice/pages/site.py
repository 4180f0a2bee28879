"""Which page an address outside the REST API shows."""

from urllib.parse import parse_qs, unquote

from forgehand.practice import compare
from forgehand.practice.acts import accounts
from forgehand.practice.errors import Refusal
from forgehand.practice.pages import repository
from forgehand.practice.pages.layout import missing, page
from forgehand.practice.pages.oauth import login
from forgehand.practice.pages.pull import check_page, pull_page
from forgehand.practice.pages.settings import app_page, new_app, new_repository, new_token
from forgehand.practice.records import Pull, Repository
from forgehand.practice.router import Reply
from forgehand.practice.world import World


def matches(world: World, path: str) -> bool:
    """Whether an address that is no REST route is one of a page: an account's, or one of the few others."""
    parts = _parts(path)
    if not parts or path in ("/favicon.ico", "/new"):
        return True
    if parts[0] in ("settings", "avatars", "apps"):
        return parts[0] != "apps" or len(parts) in (2, 4)
    if parts[:2] == ["login", "oauth"]:
        return True
    if parts[0] == "organizations":
        return parts[2:] == ["settings", "apps", "new"]
    return parts[0].lower() in world.accounts


def show(world: World, method: str, path: str, query: dict[str, str], body: bytes, origin: str | None) -> Reply:
    """`origin` is the header of that name: only the manifest's form may come from another site."""
    parts = _parts(path)
    foreign = origin not in (None, world.base_url) and parts[-2:] != ["apps", "new"]
    with world.lock:
        try:
            if method == "POST" and foreign:
                return page("Refused", "<h1>403</h1><p>This form came from another site.</p>", 403)
            return _show(world, method, parts, query, body)
        except Refusal as refusal:
            return page(refusal.message, f"<h1>{refusal.status}</h1><p>{refusal.message}</p>", refusal.status)


def _show(world: World, method: str, parts: list[str], query: dict[str, str], body: bytes) -> Reply:
    match parts:
        case []:
            return repository.index(world)
        case ["settings", "apps", "new"] if method == "POST":
            return new_app(world, query, body, "forge-admin")
        case ["organizations", owner, "settings", "apps", "new"] if method == "POST":
            return new_app(world, query, body, owner)
        case ["new"] if method == "POST":
            return new_repository(world, body)
        case ["settings", "tokens", "new"] if method == "POST":
            return new_token(world, body)
        case ["login", *rest]:
            return login(world, method, rest, query, body)
        case ["apps", slug, *rest]:
            return _app(world, method, slug, rest, body)
        case ["avatars", _]:
            return Reply(AVATAR, media="image/svg+xml")
        case [owner, name, *rest] if method in ("GET", "HEAD"):
            return _repository(world, world.repository(f"{owner}/{name}"), rest)
        case [owner] if owner.lower() in world.accounts:
            return repository.index(world)
    return missing()


def _app(world: World, method: str, slug: str, rest: list[str], body: bytes) -> Reply:
    app = next((a for a in world.apps.values() if a.slug == slug), None)
    if app is None:
        return missing()
    if rest == ["installations", "new"] and method == "POST":
        account = parse_qs(body.decode("utf-8", "replace")).get("account", [""])[0].strip()
        if account:
            accounts.install(world, app, account)
            return Reply("", 302, {"Location": f"/apps/{slug}"}, "text/plain; charset=utf-8")
    return app_page(world, app)


def _repository(world: World, repo: Repository, rest: list[str]) -> Reply:
    # The forge's pages show private repositories, too: who can open them owns the machine.
    match rest:
        case []:
            return repository.overview(world, repo)
        case ["pull", number, *_] if number.partition(".")[0].isdigit():
            pull = world.pull(repo, int(number.partition(".")[0]))
            return _pull(world, repo, pull, number.partition(".")[2])
        case ["issues", number] if number.isdigit():
            issue = world.issue(repo, int(number))
            if isinstance(issue, Pull):
                return pull_page(world, repo, issue)
            return repository.issue_page(world, repo, issue)
        case ["pulls" | "issues"]:
            return repository.overview(world, repo)
        case ["commit", sha]:
            return repository.commit_page(world, repo, sha)
        case ["runs", number]:
            return check_page(world, repo, number)
        case ["blob" | "tree" | "raw" as kind, *path] if path:
            ref, inside = _split_ref(world, repo, path)
            return repository.browse(world, repo, ref, inside, kind == "raw")
    return missing()


def _pull(world: World, repo: Repository, pull: Pull, suffix: str) -> Reply:
    git, base = world.git(repo), compare.fork_point(world, pull)
    if suffix == "diff":
        return Reply(git.diff_text(base, pull.head_sha), media="text/plain; charset=utf-8")
    if suffix == "patch":
        return Reply(git.patch_text(base, pull.head_sha), media="text/plain; charset=utf-8")
    return pull_page(world, repo, pull)


def _split_ref(world: World, repo: Repository, parts: list[str]) -> tuple[str, str]:
    """A branch's name may hold slashes: the shortest beginning that resolves is the ref."""
    for count in range(1, len(parts) + 1):
        if world.git(repo).resolve("/".join(parts[:count])):
            return "/".join(parts[:count]), "/".join(parts[count:])
    return parts[0], "/".join(parts[1:])


def _parts(path: str) -> list[str]:
    return [unquote(part) for part in path.split("/") if part]


AVATAR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#8c959f"/>'
    '<circle cx="4" cy="3" r="1.6" fill="#fff"/><path d="M1 8a3 3 0 0 1 6 0z" fill="#fff"/></svg>'
)
