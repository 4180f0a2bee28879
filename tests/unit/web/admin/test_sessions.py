"""Links, cookies, CSRF tokens and the brake on guessing, by a clock set by hand."""

from forgehand.web.admin.sessions import MAX_REMEMBERED, Session, Sessions
from support.stories import Clock


def test_a_link_signs_in_once() -> None:
    sessions = Sessions(Clock())
    link = sessions.new_link()
    assert sessions.sign_in_by_link(link) is not None
    assert sessions.sign_in_by_link(link) is None


def test_a_link_expires() -> None:
    clock = Clock()
    sessions = Sessions(clock, link_seconds=900)
    link = sessions.new_link()
    clock.now += 901
    assert sessions.sign_in_by_link(link) is None


def test_an_unset_admin_token_opens_nothing() -> None:
    for unset in (None, ""):
        sessions = Sessions(Clock(), admin_token=unset)
        assert not sessions.takes_token
        assert sessions.sign_in_by_token("") is None


def test_the_admin_token_signs_in_any_number_of_times() -> None:
    sessions = Sessions(Clock(), admin_token="open sesame")
    first, second = sessions.sign_in_by_token("open sesame"), sessions.sign_in_by_token("open sesame")
    assert first
    assert second
    assert first.id != second.id
    assert sessions.sign_in_by_token("open sesamE") is None


def test_a_cookie_gives_its_session_back_until_it_expires() -> None:
    clock = Clock()
    sessions = Sessions(clock, session_seconds=3600)
    session = _signed_in(sessions)
    cookie = sessions.cookie(session)
    assert sessions.read(cookie) == session
    clock.now += 3601
    assert sessions.read(cookie) is None


def test_a_cookie_that_was_touched_or_comes_from_another_server_is_nobody() -> None:
    sessions, other = Sessions(Clock()), Sessions(Clock())
    cookie = sessions.cookie(_signed_in(sessions))
    payload, _, signature = cookie.partition(".")
    touched = [
        "",
        ".",
        payload,
        f"{payload}.",
        f"A{payload[1:]}.{signature}",
        f"{payload}.ü",
        f"{payload}.{signature[:-1]}",
    ]
    assert [sessions.read(each) for each in [None, *touched]] == [None] * 8
    assert other.read(cookie) is None


def test_a_secret_of_the_operator_keeps_sessions_over_a_restart() -> None:
    before, after = Sessions(Clock(), secret=b"kept"), Sessions(Clock(), secret=b"kept")
    session = _signed_in(before)
    assert after.read(before.cookie(session)) == session


def test_signing_out_ends_the_session_although_its_cookie_is_kept() -> None:
    sessions = Sessions(Clock())
    session = _signed_in(sessions)
    sessions.sign_out(session)
    assert sessions.read(sessions.cookie(session)) is None


def test_a_csrf_token_holds_for_its_own_session_only() -> None:
    sessions = Sessions(Clock())
    mine, theirs = _signed_in(sessions), _signed_in(sessions)
    assert sessions.csrf_holds(mine, sessions.csrf(mine))
    assert not sessions.csrf_holds(mine, sessions.csrf(theirs))
    assert not sessions.csrf_holds(mine, "")
    assert not sessions.csrf_holds(mine, "ü")


def test_the_eleventh_wrong_token_in_five_minutes_must_wait_and_others_need_not() -> None:
    clock = Clock()
    sessions = Sessions(clock, admin_token="open sesame", guesses=10, guess_window=300)
    for _ in range(10):
        assert sessions.missed("10.0.0.1") == 0.0
        clock.now += 1
    for _ in range(20):
        assert sessions.missed("10.0.0.1") == 290
    assert sessions.missed("10.0.0.2") == 0.0
    clock.now += 290
    assert sessions.missed("10.0.0.1") == 0.0


def test_a_notice_is_taken_once() -> None:
    sessions = Sessions(Clock())
    session = _signed_in(sessions)
    sessions.notify(session, True, "Done.")
    assert sessions.take_notice(session) == (True, "Done.")
    assert sessions.take_notice(session) is None


def test_memory_stays_bounded_whoever_knocks() -> None:
    sessions = Sessions(Clock())
    first = sessions.new_link()
    for _ in range(MAX_REMEMBERED):
        sessions.new_link()
    assert sessions.sign_in_by_link(first) is None


def _signed_in(sessions: Sessions) -> Session:
    session = sessions.sign_in_by_link(sessions.new_link())
    assert session is not None
    return session
