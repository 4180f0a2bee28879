"""There by a link, back with a code: what the browser is given to keep, and when it is worth nothing."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.ports.github import GitHubError, Unreachable
from forgehand.ports.sign_in import Person
from forgehand.web.admin.app import build_admin
from forgehand.web.admin.github_sign_in import BEGUN_SECONDS, Admitted, ByGitHub
from support.dashboard import ORIGIN, Dashboard
from support.stories import Clock, HintedWakeups

pytestmark = pytest.mark.anyio

DOOR, DONE = "/admin/sign-in/github", "/admin/sign-in/github/done"


@dataclass
class Someone:
    """Whoever agrees is this person, or GitHub fails like this."""

    person: Person | GitHubError = field(default_factory=lambda: Person("mona", frozenset()))
    verifiers: list[str] = field(default_factory=list)

    def door(self, state: str, challenge: str) -> str:
        return f"https://github.example/authorize?state={state}&challenge={challenge}"

    async def who(self, code: str, verifier: str, circles: Sequence[str]) -> Person:
        self.verifiers.append(verifier)
        if isinstance(self.person, GitHubError):
            raise self.person
        return self.person


@pytest.fixture
def someone() -> Someone:
    return Someone()


@pytest.fixture
async def visited(someone: Someone) -> AsyncIterator[Dashboard]:
    store, wakeups, clock = MemoryStore(), HintedWakeups(), Clock()
    await store.open()
    by_github = ByGitHub(someone, Admitted(frozenset({"Mona"}), ("acme",)))
    app = build_admin(store, wakeups, version="1.2.3", clock=clock, by_github=by_github)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as client:
        yield Dashboard(store, wakeups, clock, app, client)


async def begun(visited: Dashboard, next_: str = "/admin/jobs") -> str:
    """Where GitHub sends the browser back to."""
    there = (await visited.client.get(DOOR, params={"next": next_})).headers["location"]
    return f"{DONE}?code=c0de&state={parse_qs(urlsplit(there).query)['state'][0]}"


async def test_what_was_begun_is_kept_where_scripts_and_other_sites_cannot_use_it(visited: Dashboard) -> None:
    cookie = (await visited.client.get(DOOR)).headers["set-cookie"].lower()
    for word in ("httponly", "samesite=lax", f"path={DONE}", f"max-age={BEGUN_SECONDS}"):
        assert word in cookie


async def test_the_verifier_never_shows_and_fits_no_second_beginning(visited: Dashboard, someone: Someone) -> None:
    assert (await visited.client.get(await begun(visited))).status_code == 200
    assert (await visited.client.get(await begun(visited))).status_code == 200
    first, second = someone.verifiers
    assert first != second
    assert len(first) >= 43, "https://www.rfc-editor.org/rfc/rfc7636#section-4.1"


async def test_too_late_is_too_late(visited: Dashboard, someone: Someone) -> None:
    back = await begun(visited)
    visited.clock.now += BEGUN_SECONDS + 1
    refused = await visited.client.get(back)
    assert (refused.status_code, "took too long" in refused.text) == (403, True)
    assert someone.verifiers == [], "GitHub was not asked"


async def test_who_comes_back_wrong_again_and_again_must_wait(visited: Dashboard, someone: Someone) -> None:
    someone.person = Person("mallory", frozenset())
    back = await begun(visited)
    tries = [(await visited.client.get(url)).status_code for url in (back, f"{DONE}?code=c0de&state=guess") * 5]
    assert tries == [403] * 10
    slowed = await visited.client.get(back)
    assert (slowed.status_code, int(slowed.headers["retry-after"]) > 0) == (429, True)
    someone.person = Person("mona", frozenset())
    assert (await visited.client.get(await begun(visited))).status_code == 200, "nobody is locked out"


async def test_that_github_does_not_answer_is_nobodys_guess(visited: Dashboard, someone: Someone) -> None:
    someone.person = Unreachable("GitHub did not answer")
    back = await begun(visited)
    assert {(await visited.client.get(back)).status_code for _ in range(12)} == {403}


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example/", "/admin\\evil"])
async def test_it_goes_on_to_a_page_of_ours_whatever_the_link_says(visited: Dashboard, next_: str) -> None:
    welcome = await visited.client.get(await begun(visited, next_))
    assert "evil" not in welcome.text
    assert 'href="/admin"' in welcome.text


@pytest.mark.parametrize(
    ("person", "status"),
    [
        (Person("MONA", frozenset()), 200),
        (Person("hubot", frozenset({"acme"})), 200),
        (Person("hubot", frozenset()), 403),
        (Unreachable("GitHub did not answer"), 403),
    ],
)
async def test_who_is_named_or_belongs_comes_in(
    visited: Dashboard, someone: Someone, person: Person | GitHubError, status: int
) -> None:
    someone.person = person
    answer = await visited.client.get(await begun(visited))
    assert answer.status_code == status
    assert (await visited.client.get("/admin")).status_code == (200 if status == 200 else 303)
