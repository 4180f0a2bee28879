"""The forge as its owner sees it: what tests, the demo and the pages' people do without HTTP.

    forge = Forge(tmp_path)
    with ForgeServer(forge) as server:
        app = forge.create_app("helper", permissions={"contents": "read"})
        forge.create_repository("octo/sample")
        forge.install(app, "octo")

Every method takes the forge's lock, and does what GitHub's web pages or a `git push` would: the same events
go out as for the REST route.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from forgehand.practice.acts import (
    accounts,
    checks,
    conversations,
    events,
    merging,
    protection,
    pulls,
    refs,
    reviews,
    signing,
    threads,
    workflows,
)
from forgehand.practice.api import Api
from forgehand.practice.faults import Faults
from forgehand.practice.git import Content
from forgehand.practice.ratelimit import Limits
from forgehand.practice.record import Call
from forgehand.practice.records import (
    Account,
    App,
    CheckRun,
    Comment,
    Delivery,
    Installation,
    Issue,
    Label,
    Protection,
    Pull,
    Quirks,
    Reaction,
    Repository,
    RequiredCheck,
    Review,
    ReviewComment,
    Status,
    WorkflowJob,
    WorkflowRun,
)
from forgehand.practice.webhooks import Webhooks
from forgehand.practice.world import World

T = TypeVar("T")
NOT_COUNTED = ("/app/installations/{installation_id}/access_tokens",)


class Forge:
    def __init__(self, root: Path, quirks: Quirks | None = None, clock: Callable[[], float] = time.time) -> None:
        self.world = World(Path(root).resolve(), quirks or Quirks(), clock)
        self.api = Api(self.world)

    @property
    def url(self) -> str:
        return self.world.base_url

    @property
    def faults(self) -> Faults:
        return self.world.faults

    @property
    def webhooks(self) -> Webhooks:
        return self.world.webhooks

    @property
    def limits(self) -> Limits:
        return self.world.limits

    # People and apps

    def create_user(self, login: str, type: str = "User") -> Account:
        with self.world.lock:
            return accounts.create_user(self.world, login, type)

    def create_token(
        self, login: str, permissions: Mapping[str, str] | None = None, repositories: Sequence[str] | None = None
    ) -> str:
        """A classic personal access token; with `permissions`, as of an app, a fine-grained one, which may be
        narrowed to `repositories` by full name."""
        with self.world.lock:
            accounts.create_user(self.world, login)
            ids = None if repositories is None else [self.world.repository(name).id for name in repositories]
            return accounts.create_user_token(self.world, login, permissions, ids)

    def create_app(
        self,
        slug: str = "forgehand",
        permissions: Mapping[str, str] | None = None,
        events: Sequence[str] = (),
        webhook_url: str | None = None,
        webhook_secret: str = "",
        callback_urls: Sequence[str] = (),
    ) -> App:
        with self.world.lock:
            return accounts.create_app(
                self.world,
                slug,
                permissions or {},
                events,
                webhook_url,
                webhook_secret,
                callback_urls=callback_urls,
            )

    def install(
        self,
        app: App,
        account: str,
        repositories: Sequence[str] | None = None,
        permissions: Mapping[str, str] | None = None,
    ) -> Installation:
        """`repositories` are names below `account`; None means all, also later ones."""
        with self.world.lock:
            return accounts.install(self.world, app, account, repositories, permissions)

    def select_repositories(self, installation: Installation, names: Sequence[str]) -> Installation:
        with self.world.lock:
            return accounts.select_repositories(self.world, installation, names)

    def suspend(self, installation: Installation, suspended: bool = True) -> Installation:
        with self.world.lock:
            return accounts.suspend(self.world, installation, suspended)

    def uninstall(self, installation: Installation) -> None:
        with self.world.lock:
            accounts.uninstall(self.world, installation)

    def ping(self, app: App) -> None:
        with self.world.lock:
            events.ping(self.world, app)

    # Repositories and git

    def create_repository(
        self, full_name: str, default_branch: str = "main", private: bool = False, description: str | None = None
    ) -> Repository:
        with self.world.lock:
            return accounts.create_repository(self.world, full_name, default_branch, private, description)

    def fork(self, full_name: str, owner: str) -> Repository:
        with self.world.lock:
            return accounts.fork(self.world, self.world.repository(full_name), owner)

    def delete_repository(self, full_name: str) -> None:
        with self.world.lock:
            accounts.delete_repository(self.world, self.world.repository(full_name))

    def set_collaborator(self, full_name: str, login: str, permission: str | None) -> None:
        """`permission` is admin, maintain, write, triage, read or None."""
        with self.world.lock:
            accounts.set_collaborator(self.world, self.world.repository(full_name), login, permission)

    def add_member(self, organization: str, login: str, team: str = "") -> None:
        """Also of a team, where one is named."""
        with self.world.lock:
            accounts.add_member(self.world, organization, login, team)

    def allow_merges(self, full_name: str, *methods: str) -> None:
        """Which of merge, squash and rebase the repository allows."""
        with self.world.lock:
            repo = self.world.repository(full_name)
            self.world.repositories[repo.id] = replace(repo, merge_methods=methods)

    def enable_actions(self, full_name: str, enabled: bool = True) -> None:
        """Let the workflows of a repository run: the `run:` steps of its files execute on this machine."""
        with self.world.lock:
            repo = self.world.repository(full_name)
            self.world.repositories[repo.id] = replace(repo, actions=enabled)

    def create_label(self, full_name: str, name: str, color: str = "ededed", description: str = "") -> Label:
        with self.world.lock:
            return accounts.create_label(self.world, self.world.repository(full_name), name, color, description)

    def commit(
        self,
        full_name: str,
        branch: str,
        files: Mapping[str, Content],
        message: str = "Change files",
        parent: str | None = None,
        author: str = "dev",
    ) -> str:
        """Commit and push as `author`; returns the sha.

        A file is text, bytes, (mode, bytes) as `("100755", b"…")`, or None to delete it. It builds on
        `parent`, else on the branch's tip, else on the default branch's. With a `parent` that is not the
        branch's tip this is a force push.
        """
        with self.world.lock:
            repo = self.world.repository(full_name)
            accounts.create_user(self.world, author)
            git, ref = self.world.git(repo), f"refs/heads/{branch}"
            tip = git.ref(ref)
            below = parent or tip or git.ref(f"refs/heads/{repo.default_branch}")
            sha = git.commit_files(below, files, message, signing.signature(self.world, author))
            refs.move(self.world, repo, ref, sha, tip, author)
            return sha

    def set_branch(self, full_name: str, branch: str, sha: str | None, by: str = "dev") -> None:
        """Point a branch at a commit, or delete it."""
        self._set_ref(full_name, f"refs/heads/{branch}", sha, by)

    def set_tag(self, full_name: str, tag: str, sha: str | None, by: str = "dev") -> None:
        """Point a tag at a commit, or delete it."""
        self._set_ref(full_name, f"refs/tags/{tag}", sha, by)

    def branch(self, full_name: str, branch: str) -> str | None:
        """The sha of its tip."""
        with self.world.lock:
            return self.world.git(self.world.repository(full_name)).ref(f"refs/heads/{branch}")

    def read(self, full_name: str, ref: str, path: str) -> bytes | None:
        """A file's bytes at a branch, tag or sha."""
        with self.world.lock:
            git = self.world.git(self.world.repository(full_name))
            commit = git.resolve(ref)
            entry = git.find(commit, path) if commit else None
            return git.blob(entry.sha) if entry and entry.type == "blob" else None

    def protect(
        self,
        full_name: str,
        branch: str = "main",
        checks: Sequence[str | tuple[str, App]] | None = None,
        *,
        ruleset: str | None = None,
        **demands: Any,
    ) -> Protection:
        """Protect a branch: `checks` by name, or name and app, and the fields of `Protection`
        (`strict=True, approvals=1, dismiss_stale=True, …`). It binds admins unless `enforce_admins=False`.
        With `ruleset` this is a ruleset of that name, else classic protection; both can hold at once."""
        with self.world.lock:
            repo = self.world.repository(full_name)
            named = [(item, None) if isinstance(item, str) else (item[0], item[1].id) for item in checks or ()]
            required = tuple(RequiredCheck(context=name, app_id=app_id) for name, app_id in named)
            made = Protection(**({"enforce_admins": True, "checks": required or None} | demands))
            protection.protect(self.world, repo, branch, made, ruleset)
            return made

    def unprotect(self, full_name: str, branch: str = "main") -> None:
        """Remove classic protection and rulesets."""
        with self.world.lock:
            protection.unprotect(self.world, self.world.repository(full_name), branch)

    def _set_ref(self, full_name: str, ref: str, sha: str | None, by: str) -> None:
        with self.world.lock:
            repo = self.world.repository(full_name)
            accounts.create_user(self.world, by)
            refs.move(self.world, repo, ref, sha, self.world.git(repo).ref(ref), by)

    # Pull requests, issues, checks

    def open_pull(
        self,
        full_name: str,
        head: str,
        base: str = "main",
        title: str = "A change",
        body: str = "",
        user: str = "dev",
        draft: bool = False,
    ) -> Pull:
        """`head` is a branch, or OWNER:BRANCH of a fork."""
        with self.world.lock:
            accounts.create_user(self.world, user)
            repo = self.world.repository(full_name)
            return pulls.open_pull(self.world, repo, head, base, title, body, user, draft)

    def pull(self, full_name: str, number: int) -> Pull:
        with self.world.lock:
            return self.world.pull(self.world.repository(full_name), number)

    def pulls(self, full_name: str) -> tuple[Pull, ...]:
        with self.world.lock:
            return tuple(self.world.pulls(self.world.repository(full_name)))

    def close_pull(self, full_name: str, number: int, user: str = "dev") -> Pull:
        with self.world.lock:
            return pulls.close(self.world, self.pull(full_name, number), user)

    def reopen_pull(self, full_name: str, number: int, user: str = "dev") -> Pull:
        with self.world.lock:
            return pulls.change(self.world, self.pull(full_name, number), user, state="open")

    def edit_pull(
        self,
        full_name: str,
        number: int,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
        user: str = "dev",
    ) -> Pull:
        with self.world.lock:
            return pulls.change(self.world, self.pull(full_name, number), user, title=title, body=body, base=base)

    def set_draft(self, full_name: str, number: int, draft: bool, user: str = "dev") -> Pull:
        with self.world.lock:
            return pulls.set_draft(self.world, self.pull(full_name, number), draft, user)

    def merge_pull(self, full_name: str, number: int, method: str = "merge", user: str = "dev") -> str:
        """The base branch's new tip."""
        with self.world.lock:
            return merging.merge(self.world, self.pull(full_name, number), user, method)

    def open_issue(
        self, full_name: str, title: str, body: str = "", user: str = "dev", labels: Sequence[str] = ()
    ) -> Issue:
        with self.world.lock:
            accounts.create_user(self.world, user)
            return threads.open_issue(self.world, self.world.repository(full_name), title, body, user, labels)

    def issue(self, full_name: str, number: int) -> Issue:
        """An issue or a pull request."""
        with self.world.lock:
            return self.world.issue(self.world.repository(full_name), number)

    def set_labels(self, full_name: str, number: int, names: Sequence[str], user: str = "dev") -> Issue:
        with self.world.lock:
            return threads.set_labels(self.world, self.issue(full_name, number), names, user)

    def comment(self, full_name: str, number: int, user: str, body: str) -> Comment:
        with self.world.lock:
            accounts.create_user(self.world, user)
            return threads.comment(self.world, self.issue(full_name, number), body, user)

    def edit_comment(self, comment: Comment, body: str, user: str) -> Comment:
        with self.world.lock:
            return threads.edit_comment(self.world, comment, body, user)

    def comments(self, full_name: str, number: int) -> tuple[Comment, ...]:
        with self.world.lock:
            return tuple(threads.comments(self.world, self.issue(full_name, number)))

    def reactions(self, comment: Comment) -> tuple[Reaction, ...]:
        with self.world.lock:
            return tuple(r for r in self.world.reactions.values() if r.comment_id == comment.id)

    def review(
        self,
        full_name: str,
        number: int,
        user: str,
        event: str | None = "COMMENT",
        body: str = "",
        comments: Sequence[Mapping[str, object]] = (),
    ) -> Review:
        """A person's review; `comments` as REST takes them. `event=None` leaves it pending."""
        with self.world.lock:
            accounts.create_user(self.world, user)
            anchored = [(reviews.anchor(item), str(item["body"])) for item in comments]
            pull = self.pull(full_name, number)
            return reviews.create(self.world, pull, user, event, body, None, anchored)

    def reviews(self, full_name: str, number: int, pending: bool = False) -> tuple[Review, ...]:
        """The submitted reviews; with `pending` everybody's pending ones, too."""
        with self.world.lock:
            pull = self.pull(full_name, number)
            mine = [r for r in self.world.reviews.values() if (r.repo_id, r.number) == (pull.repo_id, number)]
            return tuple(r for r in mine if pending or r.state != "PENDING")

    def review_comments(self, full_name: str, number: int) -> tuple[ReviewComment, ...]:
        with self.world.lock:
            return tuple(reviews.visible_comments(self.world, self.pull(full_name, number)))

    def check_runs(self, full_name: str, sha: str) -> tuple[CheckRun, ...]:
        """Oldest first."""
        with self.world.lock:
            return tuple(reversed(checks.runs(self.world, self.world.repository(full_name), sha)))

    def statuses(self, full_name: str, sha: str) -> tuple[Status, ...]:
        """Newest first."""
        with self.world.lock:
            return tuple(checks.statuses(self.world, self.world.repository(full_name), sha))

    def resolve_thread(self, comment: ReviewComment, user: str = "dev") -> None:
        """A person presses "Resolve conversation" below a review comment."""
        with self.world.lock:
            found = conversations.thread_of(self.world, comment)
            conversations.resolve(self.world, found, user)

    def report_check(
        self,
        full_name: str,
        sha: str,
        name: str,
        conclusion: str | None = "success",
        app: str = "other-ci",
        **more: Any,
    ) -> CheckRun:
        """Another app reports a check; with None as `conclusion` it is still running (or `status="queued"`).
        A run of that name which is not done is brought on, else a new one is made."""
        with self.world.lock:
            owner = next((a for a in self.world.apps.values() if a.slug == app), None)
            owner = owner or accounts.create_app(self.world, app, {"checks": "write"}, (), None, "")
            state = {"conclusion": conclusion} if conclusion else {"status": "in_progress"}
            given = {"name": name, "head_sha": sha} | state | more
            return checks.report(self.world, self.world.repository(full_name), owner, given)

    def report_status(
        self, full_name: str, sha: str, context: str, state: str = "success", user: str = "ci-bot", **more: Any
    ) -> Status:
        """Somebody sets a commit status: success, pending, failure or error."""
        with self.world.lock:
            accounts.create_user(self.world, user)
            given = {"context": context, "state": state} | more
            return checks.set_status(self.world, self.world.repository(full_name), sha, user, given)

    def runs(self, full_name: str) -> tuple[WorkflowRun, ...]:
        """The workflow runs, oldest first."""
        with self.world.lock:
            repo = self.world.repository(full_name)
            return tuple(run for run in self.world.runs.values() if run.repo_id == repo.id)

    def jobs(self, run: WorkflowRun) -> tuple[WorkflowJob, ...]:
        with self.world.lock:
            return tuple(job for job in self.world.jobs.values() if job.run_id == run.id)

    def disable_workflow(self, full_name: str, file_name: str, disabled: bool = True) -> None:
        with self.world.lock:
            workflow = workflows.find(self.world, self.world.repository(full_name), file_name)
            workflows.switch(self.world, workflow, not disabled)

    def rerequest(self, run: CheckRun, user: str = "dev") -> None:
        """A person presses "Re-run" on a check."""
        with self.world.lock:
            accounts.create_user(self.world, user)
            checks.rerequest_run(self.world, self.world.repositories[run.repo_id], run, user)

    # What a test looks at

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every REST and git call so far, also that of which a webhook was just told; pages are not recorded."""
        with self.world.lock:
            return self.world.journal.calls

    def mutations(self) -> tuple[Call, ...]:
        """The calls that ask for a change, whatever came of them; making a token is none."""
        return tuple(c for c in self.calls if c.mutating and c.route not in NOT_COUNTED)

    def unmodelled(self) -> tuple[Call, ...]:
        """Calls that were answered 501."""
        return tuple(c for c in self.calls if c.unmodelled)

    @property
    def failures(self) -> tuple[str, ...]:
        """Calls at which the forge itself failed, answered 500: method, path and exception of each."""
        return tuple(self.world.failures)

    def clear_calls(self) -> None:
        with self.world.lock:
            self.world.journal.clear()

    def deliveries(self, app: App) -> list[Delivery]:
        """Newest first."""
        return self.webhooks.history(app)

    def land_now(self) -> int:
        """Apply what `lands_later` faults and late effects hold back; returns how many that were."""
        return self.world.later.land_now()

    def wait_for(self, condition: Callable[[], T], timeout: float = 60.0) -> T:
        """The first true value of `condition`. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing within {timeout} s; last value {value!r}")
            time.sleep(0.01)

    def close(self) -> None:
        """Drop what is to come later, and stop sending webhooks. The git repositories stay on disk."""
        self.world.later.drop()
        self.world.crew.close()
        self.webhooks.close()
