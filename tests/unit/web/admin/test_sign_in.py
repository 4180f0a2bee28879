"""Signing in by one-time link and by token, and out again."""

import pytest

from forgehand.engine.sign_ins import SignIns
from forgehand.web.admin.app import sign_in_path
from forgehand.web.admin.sessions import link_path
from support.dashboard import ORIGIN, Dashboard

pytestmark = pytest.mark.anyio


async def test_opening_the_link_shows_a_button_and_does_not_use_it_up(locked: Dashboard) -> None:
    path = sign_in_path(locked.app)
    for _ in range(3):
        assert "This link signs you in once" in await locked.page(path)
    token = path.partition("token=")[2]
    answer = await locked.client.post("/admin/sign-in", data={"token": token, "next": "/admin/jobs?state=failed"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/jobs?state=failed")
    assert "Last deliveries" in await locked.page("/admin")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(locked: Dashboard) -> None:
    token = sign_in_path(locked.app).partition("token=")[2]
    answer = await locked.client.post("/admin/sign-in", data={"token": token})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "forgehand-8081=" in cookie


async def test_a_used_link_says_so(locked: Dashboard) -> None:
    token = sign_in_path(locked.app).partition("token=")[2]
    await locked.client.post("/admin/sign-in", data={"token": token})
    locked.client.cookies.clear()
    answer = await locked.client.post("/admin/sign-in", data={"token": token})
    assert answer.status_code == 403
    assert "used already" in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_link_from_the_command_line_signs_in_once(locked: Dashboard) -> None:
    token = await SignIns(locked.store, locked.clock).new_link("octocat (command line)")
    assert "This link signs you in once" in await locked.page(link_path(token))
    answer = await locked.client.post("/admin/sign-in", data={"token": token})
    assert answer.status_code == 303
    assert "link of octocat (command line)" in await locked.page("/admin")
    locked.client.cookies.clear()
    assert (await locked.client.post("/admin/sign-in", data={"token": token})).status_code == 403


async def test_each_sign_in_is_written_down(locked: Dashboard) -> None:
    await locked.sign_in()
    await locked.client.post("/admin/sign-in", data={"admin_token": "open sesame"})
    await locked.client.post("/admin/sign-in", data={"admin_token": "guess"})
    facts = [each.fact for each in await locked.store.unfolded(9)]
    assert [(fact.kind, fact.data["by"]) for fact in facts] == [
        ("admin.sign_in", "operator (one-time link)"),
        ("admin.sign_in", "operator (admin token)"),
    ]


async def test_the_admin_token_signs_in(locked: Dashboard) -> None:
    assert 'name="admin_token"' in await locked.page("/admin/sign-in")
    answer = await locked.client.post("/admin/sign-in", data={"admin_token": "open sesame"})
    assert answer.status_code == 303
    assert "operator (admin token)" in await locked.page("/admin")


async def test_guessing_is_braked_until_some_minutes_have_passed(locked: Dashboard) -> None:
    for _ in range(10):
        assert (await locked.client.post("/admin/sign-in", data={"admin_token": "guess"})).status_code == 403
    braked = await locked.client.post("/admin/sign-in", data={"admin_token": "guess"})
    assert braked.status_code == 429
    assert int(braked.headers["retry-after"]) > 0
    locked.clock.now += 301
    assert (await locked.client.post("/admin/sign-in", data={"admin_token": "guess"})).status_code == 403


@pytest.mark.parametrize("by", ["link", "token"])
async def test_a_stranger_at_the_same_address_locks_nobody_out(locked: Dashboard, by: str) -> None:
    for _ in range(30):
        await locked.client.post("/admin/sign-in", data={"admin_token": "guess"})
    token = sign_in_path(locked.app).partition("token=")[2]
    data = {"token": token} if by == "link" else {"admin_token": "open sesame"}
    assert (await locked.client.post("/admin/sign-in", data=data)).status_code == 303


async def test_wrong_links_are_not_counted_as_guesses(locked: Dashboard) -> None:
    answers = [await locked.client.post("/admin/sign-in", data={"token": "x"}) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {403}


async def test_a_form_of_very_many_fields_is_refused(locked: Dashboard) -> None:
    answer = await locked.client.post("/admin/sign-in", data={f"x{number}": "" for number in range(60)})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "next_", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/admin\r\nX: 1"]
)
async def test_after_signing_in_nobody_is_led_elsewhere(locked: Dashboard, next_: str) -> None:
    data = {"admin_token": "open sesame", "next": next_}
    answer = await locked.client.post("/admin/sign-in", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")


async def test_a_hostile_next_and_token_are_shown_as_text(locked: Dashboard) -> None:
    text = await locked.page('/admin/sign-in?token="><script>x</script>&next=/admin"><script>x</script>')
    assert "<script>" not in text


async def test_signing_out_ends_the_session_on_the_server_too(dashboard: Dashboard) -> None:
    kept = dict(dashboard.client.cookies)
    answer = await dashboard.press("/admin", "/admin/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/sign-in")
    dashboard.client.cookies.update(kept)
    assert (await dashboard.client.get("/admin")).status_code == 303


async def test_signing_out_needs_the_sessions_form(dashboard: Dashboard) -> None:
    answer = await dashboard.client.post("/admin/sign-out", data={"csrf": "x"}, headers={"origin": ORIGIN})
    assert answer.status_code == 403
    assert (await dashboard.client.get("/admin")).status_code == 200


async def test_a_form_of_another_kind_or_size_is_refused(locked: Dashboard) -> None:
    other = await locked.client.post("/admin/sign-in", json={"token": "x"})
    large = await locked.client.post("/admin/sign-in", data={"token": "x" * 20_000})
    assert (other.status_code, large.status_code) == (415, 413)
