"""A repository's page, its files, commits and issues."""

from html import escape
from urllib.parse import quote

from forgehand.practice.acts import threads
from forgehand.practice.git import DIRECTORY, EMPTY_TREE
from forgehand.practice.pages import diffview
from forgehand.practice.pages.layout import box, missing, page
from forgehand.practice.pages.markdown import to_html
from forgehand.practice.records import Issue, Pull, Repository
from forgehand.practice.router import Reply
from forgehand.practice.times import iso
from forgehand.practice.world import World


def index(world: World) -> Reply:
    rows = "".join(
        f'<li><a href="/{escape(repo.full_name)}">{escape(repo.full_name)}</a> '
        f'<span class="dim">{escape(repo.description or "")}</span></li>'
        for repo in world.repositories.values()
    )
    body = f"<h1>Repositories</h1><ul>{rows or '<li>None yet.</li>'}</ul>"
    body += '<form method="post" action="/new"><p>OWNER/NAME <input name="name"> <button>New repository</button></p>'
    body += '</form><form method="post" action="/settings/tokens/new"><p>Login <input name="login"> '
    body += "<button>New personal access token</button></p></form>"
    return page("Practice forge", body)


def overview(world: World, repo: Repository) -> Reply:
    git = world.git(repo)
    mine = [t for t in world.threads.values() if t.repo_id == repo.id]
    pulls = "".join(_row(repo, t) for t in reversed(mine) if isinstance(t, Pull))
    issues = "".join(_row(repo, t) for t in reversed(mine) if not isinstance(t, Pull))
    heads = "".join(
        f"<li>{escape(name.removeprefix('refs/heads/'))} {_commit_link(repo, sha)}</li>"
        for name, sha in git.refs("refs/heads/")
    )
    tip = git.resolve(repo.default_branch)
    listing = _folder(world, repo, repo.default_branch, tip, "") if tip else "<p>Empty.</p>"
    body = f"<h1>{escape(repo.full_name)}</h1><p class=dim>{escape(repo.description or '')}</p>"
    body += box("Pull requests", f"<ul>{pulls or '<li>None.</li>'}</ul>")
    body += box("Issues", f"<ul>{issues or '<li>None.</li>'}</ul>")
    body += box("Files", listing) + box("Branches", f"<ul>{heads}</ul>")
    return page(repo.full_name, body)


def browse(world: World, repo: Repository, ref: str, path: str, raw: bool) -> Reply:
    git = world.git(repo)
    commit = git.resolve(ref)
    entry = git.find(commit, path) if commit else None
    if commit is None or entry is None:
        return missing()
    head = f'<h1><a href="/{escape(repo.full_name)}">{escape(repo.full_name)}</a></h1>'
    head += f"<p class=code>{escape(ref)} / {escape(path)}</p>"
    if entry.mode == DIRECTORY:
        return page(f"{repo.full_name}/{path}", head + _folder(world, repo, ref, commit, path))
    data = git.blob(entry.sha)
    if raw:
        # Never HTML: a repository's file must not run on the forge's own origin.
        return Reply(data, media="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})
    if b"\0" in data[:8000]:
        return page(path, head + f"<p>{len(data)} bytes, binary.</p>")
    lines = data.decode("utf-8", "replace").split("\n")
    rows = "".join(
        f'<tr id="L{i}"><td class="n">{i}</td><td>{escape(line)}</td></tr>' for i, line in enumerate(lines, 1)
    )
    return page(path, f'{head}<table class="code">{rows}</table>')


def commit_page(world: World, repo: Repository, sha: str) -> Reply:
    git = world.git(repo)
    found = git.resolve(sha)
    if found is None:
        return missing()
    value = git.commit(found)
    title, _, rest = value.message.partition("\n")
    files = git.diff(value.parents[0] if value.parents else EMPTY_TREE, found)
    head = f'<p><a href="/{escape(repo.full_name)}">{escape(repo.full_name)}</a></p><h1>{escape(title)}</h1>'
    head += f"<pre>{escape(rest.strip())}</pre>" if rest.strip() else ""
    head += f"<p class=dim><code>{found}</code> by {escape(value.author.name)} at {iso(value.author.when)}</p>"
    return page(title, head + diffview.files(files, {}))


def issue_page(world: World, repo: Repository, issue: Issue) -> Reply:
    head = f'<p><a href="/{escape(repo.full_name)}">{escape(repo.full_name)}</a></p>'
    head += f'<h1>{escape(issue.title)} <span class="dim">#{issue.number}</span></h1>{labels(issue)}'
    return page(issue.title, head + opening(issue) + conversation(world, issue))


def opening(issue: Issue) -> str:
    body = to_html(issue.body or "") or "<i>No description.</i>"
    return box(f"<b>{escape(issue.user)}</b> opened this at {iso(issue.created)}", body)


def conversation(world: World, issue: Issue) -> str:
    boxes = []
    for comment in threads.comments(world, issue):
        edited = " · edited" if comment.updated != comment.created else ""
        title = f'<b id="issuecomment-{comment.id}">{escape(comment.user)}</b> at {iso(comment.created)}{edited}'
        found = [r.content for r in world.reactions.values() if r.comment_id == comment.id]
        shown = f"<p>{' '.join(f'<span class=tag>{escape(c)}</span>' for c in found)}</p>" if found else ""
        boxes.append(box(title, to_html(comment.body) + shown))
    return "".join(boxes)


def labels(issue: Issue) -> str:
    state = "merged" if isinstance(issue, Pull) and issue.merged else issue.state
    return "<p>" + " ".join(f'<span class="tag">{escape(x)}</span>' for x in (state, *issue.labels)) + "</p>"


def _row(repo: Repository, issue: Issue) -> str:
    kind = "pull" if isinstance(issue, Pull) else "issues"
    state = "merged" if isinstance(issue, Pull) and issue.merged else issue.state
    link = f'<a href="/{escape(repo.full_name)}/{kind}/{issue.number}">#{issue.number} {escape(issue.title)}</a>'
    return f'<li>{link} <span class="tag">{state}</span> <span class="dim">by {escape(issue.user)}</span></li>'


def _folder(world: World, repo: Repository, ref: str, commit: str, path: str) -> str:
    git = world.git(repo)
    entry = git.find(commit, path)
    rows = []
    for item in git.tree(entry.sha) if entry else ():
        kind = "tree" if item.mode == DIRECTORY else "blob"
        full = f"{path}/{item.path}" if path else item.path
        href = f"/{repo.full_name}/{kind}/{quote(ref)}/{quote(full)}"
        rows.append(f'<li><a href="{escape(href)}">{escape(item.path)}{"/" if kind == "tree" else ""}</a></li>')
    return f'<ul class="code">{"".join(rows)}</ul>'


def _commit_link(repo: Repository, sha: str) -> str:
    return f'<a class="code" href="/{escape(repo.full_name)}/commit/{sha}">{sha[:7]}</a>'
