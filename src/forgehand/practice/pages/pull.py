"""A pull request's page: description, checks, conversation with reviews, and the diff with their comments."""

from collections import defaultdict
from html import escape

from forgehand.practice import compare, render
from forgehand.practice.acts import checks, reviews
from forgehand.practice.pages import diffview
from forgehand.practice.pages.layout import box, missing, page
from forgehand.practice.pages.markdown import to_html
from forgehand.practice.pages.repository import conversation, labels, opening
from forgehand.practice.records import Annotation, CheckRun, Pull, Repository, ReviewComment
from forgehand.practice.router import Reply
from forgehand.practice.times import iso
from forgehand.practice.world import World

GOOD = ("success", "neutral", "skipped")


def pull_page(world: World, repo: Repository, pull: Pull) -> Reply:
    head = f'<p><a href="/{escape(repo.full_name)}">{escape(repo.full_name)}</a></p>'
    head += f'<h1>{escape(pull.title)} <span class="dim">#{pull.number}</span></h1>{labels(pull)}'
    head += f"<p class=dim>{escape(pull.user)} wants to merge <code>{escape(pull.head_ref)}</code> at "
    head += f'<a class="code" href="/{escape(repo.full_name)}/commit/{pull.head_sha}">{pull.head_sha[:7]}</a> '
    head += f"into <code>{escape(pull.base_ref)}</code></p>"
    notes: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    outdated: list[str] = []
    for comment in reviews.visible_comments(world, pull):
        line, *_ = render.reviews.current_place(world, pull, comment)
        if line is None:
            outdated.append(_note(comment))
        else:
            notes[comment.path, comment.side, line].append(_note(comment))
    body = head + opening(pull) + _checks(world, repo, pull) + conversation(world, pull) + _reviews(world, pull)
    if outdated:
        body += box("Outdated comments", "".join(outdated))
    return page(pull.title, body + "<h2>Changes</h2>" + diffview.files(compare.files(world, pull), notes))


def check_page(world: World, repo: Repository, number: str) -> Reply:
    run = world.check_runs.get(int(number)) if number.isdigit() else None
    if run is None or run.repo_id != repo.id:
        return missing()
    body = f"<h1>{escape(run.name)}</h1><p>{_state(run)} on <code>{run.head_sha}</code></p>"
    body += box(escape(run.title or "Output"), to_html(run.summary or "") + to_html(run.text or ""))
    return page(run.name, body + "".join(_annotation(each) for each in run.annotations))


def _annotation(of: Annotation) -> str:
    place = f'<b>{escape(of.annotation_level)}</b> <span class="code">{escape(of.path)}:{of.start_line}</span> '
    title, message = of.title or "", of.message
    if title in message or message in title:
        # The longer one says it all.
        title, message = "", max(title, message, key=len)
    return box(place + escape(title), escape(message))


def _checks(world: World, repo: Repository, pull: Pull) -> str:
    rows = [
        f'<li>{_state(run)} <a href="/{escape(repo.full_name)}/runs/{run.id}">{escape(run.name)}</a> '
        f'<span class="dim">{escape(run.title or "")}</span></li>'
        for run in checks.latest(checks.runs(world, repo, pull.head_sha))
    ]
    rows += [
        f"<li><b>{escape(status.state)}</b> {escape(status.context)} "
        f'<span class="dim">{escape(status.description or "")}</span></li>'
        for status in checks.latest_statuses(world, repo, pull.head_sha)
    ]
    return box("Checks", f"<ul>{''.join(rows)}</ul>") if rows else ""


def _reviews(world: World, pull: Pull) -> str:
    boxes = []
    for review in reviews.of(world, pull):
        comments = reviews.comments_of(world, review)
        title = f'<b id="pullrequestreview-{review.id}">{escape(review.user)}</b> reviewed '
        title += f'<code>{review.commit_id[:7]}</code> <span class="tag">{escape(review.state.lower())}</span> '
        title += f"at {iso(review.submitted or review.created)}"
        places = "".join(
            f'<li><a href="#discussion_r{c.id}" class="code">{escape(c.path)}:{c.line or ""}</a></li>' for c in comments
        )
        boxes.append(box(title, to_html(review.body) + (f"<ul>{places}</ul>" if places else "")))
    return "".join(boxes)


def _note(comment: ReviewComment) -> str:
    title = f'<b id="discussion_r{comment.id}">{escape(comment.user)}</b> on '
    title += f'<span class="code">{escape(comment.path)}:{comment.line or ""}</span>'
    return box(title, to_html(comment.body))


def _state(run: CheckRun) -> str:
    word = run.conclusion or run.status
    kind = "dim" if run.conclusion is None else "ok" if run.conclusion in GOOD else "bad"
    return f'<b class="{kind}">{escape(word)}</b>'
