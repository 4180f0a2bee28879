"""Reading a GitHub: pull requests, every repository of the App, deliveries of its webhook; and what doctor asks."""

import json
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from forgehand.adapters.github import (
    ConversationReader,
    GitHub,
    HookReader,
    Identity,
    OpenPullReader,
    PersonalTokens,
    PullReader,
    convert,
    performers,
    probe,
    required_permissions,
)
from forgehand.adapters.github.calls import RepoCalls
from forgehand.adapters.memory import MemoryStore
from forgehand.domain.effects import InlineComment, Review, ReviewEvent, StickyComment
from forgehand.domain.repositories import Repo
from forgehand.ports.github import NotFound, Unprocessable
from forgehand.practice import Forge
from support.github_stage import Stage

pytestmark = pytest.mark.anyio


async def test_a_pull_request_is_read_into_our_own_words(stage: Stage) -> None:
    reader = PullReader(stage.github, stage.tokens, stage.identity)
    pull = await reader.pull(stage.repo, stage.number)
    assert (pull.number, pull.state, pull.merged, pull.draft) == (stage.number, "open", False, False)
    assert (pull.head_sha, pull.head_ref, pull.head_repository) == (stage.head, "topic", "octo/sample")
    assert (pull.base_sha, pull.base_ref) == (stage.forge.branch(stage.name, "main"), "main")
    assert (pull.title, pull.author) == ("A change", "dev")
    # GitHub computes it when first asked.
    assert pull.mergeable is None
    assert (await reader.pull(stage.repo, stage.number)).mergeable is True
    stage.forge.merge_pull(stage.name, stage.number)
    assert (await reader.pull(stage.repo, stage.number)).merged


async def test_reading_asks_for_reading_only(stage: Stage) -> None:
    await stage.identity.get()
    stage.forge.clear_calls()
    await PullReader(stage.github, stage.tokens, stage.identity).pull(stage.repo, stage.number)
    read = [call for call in stage.forge.calls if call.method == "GET"]
    assert [call.permissions for call in read] == [{"pull_requests": "read", "metadata": "read"}]


async def test_the_open_pulls_of_a_commit_and_of_a_base_are_found(stage: Stage) -> None:
    stage.forge.fork(stage.name, "kim")
    theirs = stage.forge.commit("kim/sample", "theirs", {"fork.py": "x = 1\n"}, author="kim")
    fork = stage.forge.open_pull(stage.name, "kim:theirs", user="kim")
    stage.forge.set_branch(stage.name, "release", stage.forge.branch(stage.name, "main"))
    other = stage.forge.open_pull(stage.name, "topic", "release")
    reader = PullReader(stage.github, stage.tokens, stage.identity)
    assert [each.number for each in await reader.at(stage.repo, theirs)] == [fork.number]
    assert {each.number for each in await reader.at(stage.repo, stage.head)} == {stage.number, other.number}
    assert {each.number for each in await reader.into(stage.repo, "main")} == {stage.number, fork.number}
    stage.forge.close_pull(stage.name, fork.number)
    assert await reader.at(stage.repo, theirs) == []


async def test_the_open_pulls_that_a_branch_carries_come_from_it_or_go_into_it(stage: Stage) -> None:
    stage.forge.set_branch(stage.name, "release", stage.forge.branch(stage.name, "main"))
    other = stage.forge.open_pull(stage.name, "topic", "release")
    stage.forge.commit(stage.name, "next", {"next.py": "x = 1\n"}, parent=stage.head)
    stacked = stage.forge.open_pull(stage.name, "next", "topic")
    stage.forge.fork(stage.name, "kim")
    stage.forge.commit("kim/sample", "topic", {"fork.py": "x = 1\n"}, author="kim")
    stage.forge.open_pull(stage.name, "kim:topic", user="kim")
    reader = PullReader(stage.github, stage.tokens, stage.identity)
    assert await reader.on_branch(stage.repo, "topic") == [stage.number, other.number, stacked.number]
    stage.forge.merge_pull(stage.name, stage.number)
    stage.forge.close_pull(stage.name, stacked.number)
    assert await reader.on_branch(stage.repo, "topic") == [other.number]


async def test_changed_files_are_read_to_the_last_page(stage: Stage) -> None:
    stage.forge.commit(stage.name, "topic", {f"many/{n:03}.txt": f"{n}\n" for n in range(130)} | {"b.bin": b"\0\1\2"})
    files = await PullReader(stage.github, stage.tokens, stage.identity).files(stage.repo, stage.number)
    by_path = {each.path: each for each in files}
    assert len(by_path) == 132
    changed = by_path["values.py"]
    assert (changed.status, changed.additions, changed.deletions) == ("modified", 2, 2)
    assert changed.patch is not None
    assert "+value_5 = 55" in changed.patch
    assert by_path["b.bin"].patch is None


async def test_review_comments_say_which_are_ours(stage: Stage) -> None:
    stage.forge.review(stage.name, stage.number, "dev", "COMMENT", "", [{"path": "values.py", "line": 6, "body": "hm"}])
    remarks = (InlineComment("values.py", 5, "Why 55?"),)
    effect = Review(
        repo=stage.repo,
        subject=f"pull/{stage.number}",
        worker="review",
        purpose="findings",
        sha=stage.head,
        number=stage.number,
        event=ReviewEvent.COMMENT,
        body="One remark.",
        comments=remarks,
    )
    await stage.do(effect)
    found = await PullReader(stage.github, stage.tokens, stage.identity).review_comments(stage.repo, stage.number)
    assert [(each.body, each.line, each.ours) for each in found] == [("hm", 6, False), ("Why 55?", 5, True)]
    assert {each.original_commit for each in found} == {stage.head}


async def test_a_pull_request_that_is_not_there_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound, match="does not include that repository"):
        await PullReader(stage.github, stage.tokens, stage.identity).pull(stage.repo, 404)


@pytest.mark.parametrize("name", ["octo", "octo/..", "../app", "octo/sample/pulls", "octo/sam ple", "octo/a?b"])
async def test_a_name_that_is_no_repository_is_never_put_into_a_url(stage: Stage, name: str) -> None:
    reader = PullReader(stage.github, stage.tokens, stage.identity)
    with pytest.raises(Unprocessable, match="no repository name"):
        await reader.pull(Repo(stage.repo.installation, stage.repo.id, name), 1)


async def test_every_repository_of_every_installation_is_listed(stage: Stage) -> None:
    second = stage.forge.create_repository("octo/second")
    third = stage.forge.create_repository("hub/third")
    stage.forge.create_repository("hub/not-chosen")
    hub = stage.forge.install(stage.app, "hub", ["third"])
    asleep = stage.forge.create_repository("sleepy/one")
    stage.forge.suspend(stage.forge.install(stage.app, "sleepy"))
    found = await OpenPullReader(stage.github, stage.tokens).repositories()
    assert asleep.id not in {each.id for each in found}
    assert found == [
        stage.repo,
        Repo(stage.installation.id, second.id, "octo/second"),
        Repo(hub.id, third.id, "hub/third"),
    ]
    listing = [call for call in stage.forge.calls if call.path == "/installation/repositories"]
    assert all(call.permissions == {"metadata": "read"} for call in listing)


async def test_open_pulls_are_told_apart_from_no_news(stage: Stage) -> None:
    reader = OpenPullReader(stage.github, stage.tokens)
    first = await reader.open_pulls(stage.repo, None)
    assert first is not None
    pulls, etag = first
    assert [(each.number, each.head_sha) for each in pulls] == [(stage.number, stage.head)]
    assert pulls[0].updated_at > 0
    assert await reader.open_pulls(stage.repo, etag) is None
    head = stage.forge.commit(stage.name, "topic", {"more.py": "x = 1\n"})
    again = await reader.open_pulls(stage.repo, etag)
    assert again is not None
    assert [each.head_sha for each in again[0]] == [head]
    stage.forge.close_pull(stage.name, stage.number)
    closed = await reader.open_pulls(stage.repo, again[1])
    assert closed is not None
    assert closed[0] == []


async def test_the_tip_of_a_branch_is_told_apart_from_no_news(stage: Stage) -> None:
    reader = OpenPullReader(stage.github, stage.tokens)
    first = await reader.tip(stage.repo, "main", None)
    assert first is not None
    assert first[0] == stage.forge.branch(stage.name, "main")
    assert await reader.tip(stage.repo, "main", first[1]) is None
    moved = stage.forge.commit(stage.name, "main", {"more.py": "x = 1\n"})
    again = await reader.tip(stage.repo, "main", first[1])
    assert again is not None
    assert again[0] == moved
    assert await reader.tip(stage.repo, "gone", first[1]) == (None, None)
    made = stage.forge.create_repository("octo/new")
    assert await reader.tip(Repo(stage.installation.id, made.id, "octo/new"), "main", None) == (None, None)


async def test_many_open_pulls_are_read_whole_and_always_asked_again(stage: Stage) -> None:
    for number in range(105):
        stage.forge.commit(stage.name, f"topic-{number}", {"values.py": f"{number}\n"}, parent=stage.head)
        stage.forge.open_pull(stage.name, f"topic-{number}")
    found = await OpenPullReader(stage.github, stage.tokens).open_pulls(stage.repo, None)
    assert found is not None
    assert len({each.number for each in found[0]}) == 106
    assert found[1] is None


async def test_deliveries_are_read_newest_first_back_to_a_time(stage: Stage) -> None:
    stage.app.webhook_url = "http://127.0.0.1:1/"
    for _ in range(3):
        count = len(stage.forge.deliveries(stage.app))
        stage.forge.ping(stage.app)
        stage.forge.wait_for(lambda count=count: len(stage.forge.deliveries(stage.app)) == count + 1)
    found = await HookReader(stage.github).hook_deliveries(time.time() - 60)
    assert [each.id for each in found] == [each.id for each in stage.forge.deliveries(stage.app)]
    assert {(each.ok, each.event) for each in found} == {(False, "ping")}
    assert abs(found[0].delivered_at - time.time()) < 30
    assert await HookReader(stage.github).hook_deliveries(time.time() + 60) == []


async def test_doctor_learns_who_we_are_and_what_is_missing(stage: Stage) -> None:
    narrow = stage.forge.install(stage.app, "hub", permissions={"contents": "read", "metadata": "read"})
    found = await probe(stage.github)
    assert (found.id, found.slug) == (stage.app.id, "helper")
    assert found.missing == {}
    assert found.hook_verifies_tls
    assert found.skew is not None
    assert abs(found.skew) < 5
    assert found.remaining is not None
    first, second = found.installations
    assert (first.account, first.missing, first.suspended, first.all_repositories) == ("octo", {}, False, True)
    assert (second.id, second.missing) == (
        narrow.id,
        {"checks": "write", "pull_requests": "write", "statuses": "read"},
    )
    assert second.url.endswith(f"installations/{narrow.id}")
    assert stage.writes() == []


def test_comment_only_work_asks_for_no_write_access_to_code() -> None:
    assert required_permissions() == {
        "metadata": "read",
        "contents": "read",
        "pull_requests": "write",
        "checks": "write",
        "statuses": "read",
    }
    assert required_permissions(["merge"]) == {
        "metadata": "read",
        "contents": "write",
        "pull_requests": "read",
        "checks": "read",
        "statuses": "read",
    }


async def test_a_persons_token_works_instead_of_an_app(forge: Forge) -> None:
    repository = forge.create_repository("dev/own")
    forge.commit("dev/own", "main", {"a.txt": "a\n"})
    forge.commit("dev/own", "topic", {"a.txt": "b\n"})
    forge.commit("dev/own", "other", {"a.txt": "c\n"})
    pull, theirs = forge.open_pull("dev/own", "topic"), forge.open_pull("dev/own", "other", user="kim")
    tokens = PersonalTokens(forge.create_token("dev"))
    repo = Repo(0, repository.id, "dev/own")
    async with GitHub(forge.url, user_agent="forgehand/test") as github:
        identity = Identity(github, await tokens.token(repo, {}))
        effect = StickyComment(
            repo=repo, subject="pull/1", worker="review", purpose="summary", number=pull.number, body="Hello."
        )
        performer = performers(github, tokens, identity, MemoryStore())["comment"]
        made = await performer.perform(effect, None, time.time() + 30)
        assert await performer.find(effect, None) == made
        reader = PullReader(github, tokens, identity)
        read = [await reader.pull(repo, each.number) for each in (pull, theirs)]
        assert [(each.author, each.ours) for each in read] == [("dev", True), ("kim", False)]
    assert [each.user for each in forge.comments("dev/own", pull.number)] == ["dev"]


async def test_what_a_person_writes_in_the_browser_is_theirs_though_we_write_in_their_name(forge: Forge) -> None:
    repository = forge.create_repository("kim/own")
    forge.commit("kim/own", "main", {"a.txt": "a\n"})
    forge.commit("kim/own", "topic", {"a.txt": "b\n"})
    forge.set_collaborator("kim/own", "dev", "write")
    pull = forge.open_pull("kim/own", "topic")
    tokens, repo = PersonalTokens(forge.create_token("kim")), Repo(0, repository.id, "kim/own")
    review = Review(
        repo=repo,
        subject="pull/1",
        worker="review",
        purpose="review",
        sha=pull.head_sha,
        number=pull.number,
        event=ReviewEvent.APPROVE,
        body="No new findings.",
        comments=(InlineComment("a.txt", 1, f"Why?\n<!-- forgehand-finding:{'a' * 16} -->"),),
    )
    async with GitHub(forge.url, user_agent="forgehand/test") as github:
        identity = Identity(github, await tokens.token(repo, {}))
        performer = performers(github, tokens, identity, MemoryStore())["review"]
        unsent = forge.review("kim/own", pull.number, "kim", None, "still writing")
        with pytest.raises(Unprocessable, match="pending review"):
            await performer.perform(review, None, time.time() + 30)
        submitted = f"pulls/{pull.number}/reviews/{unsent.id}/events"
        await RepoCalls(github, tokens, {}).write(repo, "POST", submitted, {"event": "REQUEST_CHANGES"})
        await performer.perform(review, None, time.time() + 30)
        forge.review("kim/own", pull.number, "kim", "COMMENT", "", [{"path": "a.txt", "line": 1, "body": "Hm."}])
        comment = forge.comment("kim/own", pull.number, "kim", "/forgehand merge")
        reader = ConversationReader(github, tokens, identity)
        reviews, threads = await reader.reviews(repo, pull.number), await reader.threads(repo, pull.number)
        asked = await reader.comment(repo, comment.id)
    assert {(each.author, each.state, each.ours) for each in reviews} == {
        ("kim", "CHANGES_REQUESTED", False),
        ("kim", "APPROVED", True),
        ("kim", "COMMENTED", False),
    }
    assert [each.ours for each in threads] == [True, False]
    assert asked is not None
    assert not asked.ours


async def test_a_manifest_code_becomes_the_apps_credentials_once(forge: Forge) -> None:
    manifest = {
        "name": "My Forgehand",
        "url": "https://forgehand.example.org",
        "redirect_url": "http://127.0.0.1:1/back",
        "hook_attributes": {"url": "https://forgehand.example.org/webhooks/github"},
        "default_permissions": required_permissions(),
        "default_events": ["pull_request"],
    }
    async with httpx.AsyncClient(timeout=60) as browser:
        page = await browser.post(
            f"{forge.url}/settings/apps/new", params={"state": "s"}, data={"manifest": json.dumps(manifest)}
        )
    code = parse_qs(urlsplit(page.headers["location"]).query)["code"][0]
    async with GitHub(forge.url, user_agent="forgehand/test") as github:
        made = await convert(github, code)
        with pytest.raises(NotFound, match="start again") as caught:
            await convert(github, code)
    assert code not in str(caught.value)
    assert (made.slug, made.name) == ("my-forgehand", "My Forgehand")
    assert made.html_url
    assert made.webhook_secret
    assert all(secret not in repr(made) for secret in (made.pem, made.webhook_secret, made.client_secret))
    async with GitHub(forge.url, app_id=made.client_id, private_key=made.pem, user_agent="forgehand/test") as github:
        assert (await probe(github)).id == made.id


async def test_what_is_no_manifest_code_is_not_sent(forge: Forge) -> None:
    async with GitHub(forge.url, user_agent="forgehand/test") as github:
        with pytest.raises(Unprocessable, match="not a code"):
            await convert(github, "../app")
    assert forge.calls == ()
