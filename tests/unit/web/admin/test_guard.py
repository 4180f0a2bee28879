"""Who gets past the gate of the admin port, and what every answer carries."""

import httpx2
import pytest

from forgehand.adapters.memory import MemoryStore
from forgehand.web.admin.app import build_admin, sign_in_path
from support.dashboard import ORIGIN, Dashboard
from support.stories import HintedWakeups

pytestmark = pytest.mark.anyio

PAGES = ["/", "/admin", "/admin/deliveries", "/admin/jobs", "/admin/effects", "/admin/jobs/x", "/nowhere"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_asks_to_sign_in_first(locked: Dashboard, path: str) -> None:
    answer = await locked.client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/sign-in?next=")


@pytest.mark.parametrize("path", ["/admin/api/jobs", "/admin/api/status", "/metrics", "/admin/events"])
async def test_machines_are_told_so_in_json(locked: Dashboard, path: str) -> None:
    answer = await locked.client.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "error" in answer.json()


@pytest.mark.parametrize("path", ["/admin/pause", "/admin/resume", "/admin/jobs/x/retry", "/admin/effects/x/settle"])
async def test_no_action_without_signing_in_not_even_with_the_bearer_token(locked: Dashboard, path: str) -> None:
    answer = await locked.client.post(path, data={}, headers={"authorization": "Bearer open sesame"})
    assert answer.status_code == 401
    assert await locked.store.paused() is None


async def test_scripts_read_with_the_admin_token(locked: Dashboard) -> None:
    right, wrong = {"authorization": "Bearer open sesame"}, {"authorization": "Bearer nothing"}
    assert (await locked.client.get("/admin/api/jobs", headers=right)).status_code == 200
    assert (await locked.client.get("/metrics", headers=right)).status_code == 200
    assert (await locked.client.get("/admin/api/jobs", headers=wrong)).status_code == 401
    assert (await locked.client.get("/admin", headers=right)).status_code == 303


@pytest.mark.parametrize("path", ["/metrics", "/admin/api/jobs"])
async def test_guessing_bearer_tokens_is_braked_and_the_right_one_still_reads(locked: Dashboard, path: str) -> None:
    answers = [await locked.client.get(path, headers={"authorization": f"Bearer guess{n}"}) for n in range(20)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 10
    assert int(answers[-1].headers["retry-after"]) > 0
    assert (await locked.client.post("/admin/sign-in", data={"admin_token": "guess"})).status_code == 429
    assert (await locked.client.get(path, headers={"authorization": "Bearer open sesame"})).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/ready", "/version", "/admin/sign-in", "/admin/static/admin.css"])
async def test_what_is_open_is_open(locked: Dashboard, path: str) -> None:
    assert (await locked.client.get(path)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/admin/static/../app.py", "/admin/static/%2e%2e/app.py", "/admin/static/..%2fapp.py"]
)
async def test_static_files_do_not_lead_out_of_their_folder(locked: Dashboard, path: str) -> None:
    answer = await locked.client.get(path)
    assert answer.status_code in (303, 404)
    assert "build_admin" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "evil.example:8081", "[", "a@b"])
async def test_another_host_name_is_refused_so_that_rebound_names_get_nowhere(dashboard: Dashboard, host: str) -> None:
    for path in ("/admin", "/health", "/admin/sign-in"):
        assert (await dashboard.client.get(path, headers={"host": host})).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8081", "127.0.0.1", "LOCALHOST", "[::1]:8081"])
async def test_loopback_goes_by_all_its_names(locked: Dashboard, host: str) -> None:
    assert (await locked.client.get("/health", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8081", "http://["]
)
async def test_a_form_from_another_origin_is_refused_even_with_session_and_token(
    dashboard: Dashboard, origin: str
) -> None:
    csrf = (await dashboard.page("/admin")).partition('name="csrf" value="')[2].partition('"')[0]
    answer = await dashboard.client.post("/admin/pause", data={"csrf": csrf}, headers={"origin": origin})
    assert answer.status_code == 403
    assert await dashboard.store.paused() is None


async def test_a_form_without_origin_from_another_site_is_refused(dashboard: Dashboard) -> None:
    answer = await dashboard.client.post("/admin/pause", data={}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


async def test_every_answer_carries_the_headers_that_fence_the_page_in(dashboard: Dashboard) -> None:
    for path in ("/admin", "/health", "/admin/jobs/none", "/admin/static/live.js", "/metrics"):
        headers = (await dashboard.client.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert (await dashboard.client.get("/admin")).headers["cache-control"] == "no-store"


async def test_a_link_on_another_site_asks_again_from_our_own_page(locked: Dashboard) -> None:
    # The cookie is SameSite=Strict: it does not come with a click on GitHub, but with the page's own next request.
    answer = await locked.client.get('/admin/jobs/1?a="><b>', headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert 'http-equiv="refresh" content="0;url=/admin/jobs/1' in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize("site", ["cross-site", "none"])
@pytest.mark.parametrize("path", ["//evil.example/x?a=b", "/%5cevil.example", "///evil.example"])
async def test_nobody_is_led_to_another_site_without_signing_in(locked: Dashboard, path: str, site: str) -> None:
    url = httpx2.URL(ORIGIN).copy_with(raw_path=path.encode())
    answer = await locked.client.send(httpx2.Request("GET", url, headers={"sec-fetch-site": site}))
    assert answer.status_code in (200, 303)
    assert "evil.example" not in answer.text + answer.headers.get("location", "")


async def test_behind_a_proxy_its_name_and_origin_are_ours_and_the_cookie_is_secure() -> None:
    store = MemoryStore()
    await store.open()
    app = build_admin(store, HintedWakeups(), version="1", public_origin="https://forge.example.com")
    proxied = {"host": "forge.example.com", "origin": "https://forge.example.com"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as client:
        token = sign_in_path(app).partition("token=")[2]
        answer = await client.post("/admin/sign-in", data={"token": token}, headers=proxied)
    assert answer.status_code == 303
    assert "secure" in answer.headers["set-cookie"].lower()
