"""The threads that review comments make, and their resolving. Called by `graphql`, `protection` and `Forge`.

https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/commenting-on-a-pull-request#resolving-conversations
"""

from dataclasses import dataclass

from forgehand.practice import render
from forgehand.practice.acts import events, reviews
from forgehand.practice.records import Pull, ReviewComment
from forgehand.practice.world import World


@dataclass(frozen=True)
class Thread:
    """A comment and its replies. `number` is the first comment's id, also once that one is deleted."""

    number: int
    pull: Pull
    comments: tuple[ReviewComment, ...]
    resolved_by: str | None

    @property
    def id(self) -> str:
        return render.node("PRRT_kwDO", self.number)

    @property
    def created(self) -> float:
        return self.comments[0].created


def of(world: World, pull: Pull) -> list[Thread]:
    """The threads of all submitted reviews, oldest first."""
    found: dict[int, list[ReviewComment]] = {}
    for comment in reviews.visible_comments(world, pull):
        found.setdefault(comment.in_reply_to_id or comment.id, []).append(comment)
    return [Thread(first, pull, tuple(items), world.resolved.get(first)) for first, items in sorted(found.items())]


def find(world: World, node_id: str) -> Thread | None:
    for pull in [t for t in world.threads.values() if isinstance(t, Pull)]:
        for thread in of(world, pull):
            if thread.id == node_id:
                return thread
    return None


def thread_of(world: World, comment: ReviewComment) -> Thread:
    pull = world.pull(world.repositories[comment.repo_id], comment.number)
    return next(t for t in of(world, pull) if t.number == (comment.in_reply_to_id or comment.id))


def resolve(world: World, thread: Thread, by: str, resolved: bool = True) -> Thread:
    """Resolve or open it again. What is so already stays as it is, and nobody is told."""
    if (thread.resolved_by is not None) == resolved:
        return thread
    if resolved:
        world.resolved[thread.number] = by
    else:
        del world.resolved[thread.number]
    changed = thread_of(world, thread.comments[0])
    events.emit(
        world,
        world.repositories[thread.pull.repo_id],
        "pull_request_review_thread",
        by,
        action="resolved" if resolved else "unresolved",
        pull_request=render.pulls.simple(world, thread.pull),
        thread={"node_id": thread.id, "comments": [render.reviews.comment(world, c) for c in changed.comments]},
        updated_at=render.iso(world.now()),
    )
    return changed
