"""Issues, their comments, labels and reactions; a pull request is an issue here, as on GitHub.

Called by `routes.issues`, `routes.comments` and `Forge`. https://docs.github.com/en/rest/issues
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from forgehand.practice import render
from forgehand.practice.acts import accounts, events, pulls
from forgehand.practice.acts.limits import check_body
from forgehand.practice.errors import invalid
from forgehand.practice.records import Comment, Issue, Label, Pull, Reaction, Repository
from forgehand.practice.world import World

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def open_issue(
    world: World,
    repo: Repository,
    title: str,
    body: str | None,
    by: str,
    labels: Sequence[str] = (),
    app_id: int | None = None,
) -> Issue:
    check_body("Issue", body)
    if not title.strip():
        raise invalid("Issue", "title", "missing_field")
    given = {label.id: label for label in (accounts.create_label(world, repo, name, "ededed", None) for name in labels)}
    now = world.now()
    issue = Issue(
        id=world.new_id(),
        repo_id=repo.id,
        number=pulls.next_number(world, repo),
        title=title,
        body=body,
        user=world.account(by).login,
        created=now,
        updated=now,
        labels=tuple(label.name for label in given.values()),
        app_id=app_id,
    )
    world.put(issue)
    _announce(world, issue, "opened", by)
    for label in given.values():
        _announce_label(world, issue, "labeled", label, by)
    return issue


def change_issue(
    world: World,
    issue: Issue,
    by: str,
    title: str | None = None,
    body: str | None = None,
    state: str | None = None,
    reason: str | None = None,
) -> Issue:
    """https://docs.github.com/en/rest/issues/issues#update-an-issue"""
    if isinstance(issue, Pull):
        return pulls.change(world, issue, by, title=title, body=body, state=state)
    check_body("Issue", body)
    before: dict[str, Any] = {}
    if title is not None and title != issue.title:
        before["title"] = {"from": issue.title}
    if body is not None and body != issue.body:
        before["body"] = {"from": issue.body or ""}
    changed = replace(issue, title=title or issue.title, body=issue.body if body is None else body, updated=world.now())
    world.put(changed)
    if before:
        _announce(world, changed, "edited", by, changes=before)
    if state == "closed" and changed.state == "open":
        changed = replace(changed, state="closed", state_reason=reason or "completed", closed=world.now(), closed_by=by)
        world.put(changed)
        _announce(world, changed, "closed", by)
    elif state == "open" and changed.state == "closed":
        changed = replace(changed, state="open", state_reason="reopened", closed=None, closed_by=None)
        world.put(changed)
        _announce(world, changed, "reopened", by)
    return changed


def set_labels(world: World, issue: Issue, names: Sequence[str], by: str) -> Issue:
    """Make `names` the labels; GitHub creates those it does not know and tells each change."""
    repo = world.repositories[issue.repo_id]
    wanted = [accounts.create_label(world, repo, name, "ededed", None) for name in names]
    gone = [name for name in issue.labels if name not in {label.name for label in wanted}]
    new = [label for label in wanted if label.name not in issue.labels]
    changed = replace(issue, labels=tuple(dict.fromkeys(label.name for label in wanted)), updated=world.now())
    world.put(changed)
    for name in gone:
        label = accounts.find_label(world, repo, name)
        if label is not None:
            _announce_label(world, changed, "unlabeled", label, by)
    for label in new:
        _announce_label(world, changed, "labeled", label, by)
    return changed


def comment(world: World, issue: Issue, body: str, by: str, app_id: int | None = None) -> Comment:
    check_body("IssueComment", body, required=True)
    now = world.now()
    made = Comment(
        id=world.new_id(),
        repo_id=issue.repo_id,
        number=issue.number,
        user=world.account(by).login,
        body=body,
        created=now,
        updated=now,
        app_id=app_id,
    )
    world.comments[made.id] = made
    world.put(replace(issue, updated=now))
    _announce_comment(world, made, "created", by)
    return made


def edit_comment(world: World, old: Comment, body: str, by: str) -> Comment:
    check_body("IssueComment", body, required=True)
    made = replace(old, body=body, updated=world.now())
    world.comments[made.id] = made
    _announce_comment(world, made, "edited", by, changes={"body": {"from": old.body}})
    return made


def delete_comment(world: World, old: Comment, by: str) -> None:
    del world.comments[old.id]
    _announce_comment(world, old, "deleted", by)


def comments(world: World, issue: Issue) -> list[Comment]:
    """Oldest first."""
    return [c for c in world.comments.values() if (c.repo_id, c.number) == (issue.repo_id, issue.number)]


def react(world: World, target: Comment, content: str, by: str) -> tuple[Reaction, bool]:
    """The reaction, and whether it is new: one of a kind for each user.
    https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment"""
    if content not in REACTIONS:
        raise invalid("Reaction", "content")
    for known in world.reactions.values():
        if (known.comment_id, known.user, known.content) == (target.id, by, content):
            return known, False
    made = Reaction(id=world.new_id(), comment_id=target.id, user=by, content=content, created=world.now())
    world.reactions[made.id] = made
    return made, True


def _announce(world: World, issue: Issue, action: str, by: str, **fields: Any) -> None:
    repo = world.repositories[issue.repo_id]
    rendered = render.threads.issue(world, issue)
    events.emit(world, repo, "issues", by, action=action, issue=rendered, **fields)


def _announce_label(world: World, issue: Issue, action: str, label: Label, by: str) -> None:
    rendered = render.threads.label(world, label)
    if isinstance(issue, Pull):
        pulls.announce(world, issue, action, by, label=rendered)
    else:
        _announce(world, issue, action, by, label=rendered)


def _announce_comment(world: World, value: Comment, action: str, by: str, **fields: Any) -> None:
    repo = world.repositories[value.repo_id]
    events.emit(
        world,
        repo,
        "issue_comment",
        by,
        action=action,
        issue=render.threads.issue(world, world.threads[value.repo_id, value.number]),
        comment=render.threads.comment(world, value),
        **fields,
    )
