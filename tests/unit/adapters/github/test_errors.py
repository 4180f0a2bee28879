"""Each refusal of GitHub becomes the right error, with a sentence an operator can act on."""

from dataclasses import replace
from email.utils import formatdate

import pytest

from forgehand.adapters.github.errors import Actor, BadCredentials, Refusal, error_of, skew_of, words
from forgehand.ports.github import NotFound, NotPermitted, Throttled, Unprocessable, Unreachable

NOW = 1_800_000_000.0


def refusal(status: int, message: str = "", actor: Actor = Actor.TOKEN, skew: float = 0.0, **headers: str) -> Refusal:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refusal("POST /repos/o/r/issues", actor, status, named, {"message": message}, NOW, skew)


def test_a_missing_permission_is_named() -> None:
    error = error_of(
        refusal(
            403,
            "Resource not accessible by integration",
            x_accepted_github_permissions="issues=write; pull_requests=write,contents=read",
        )
    )
    assert isinstance(error, NotPermitted)
    assert "issues: write, or pull_requests: write and contents: read" in error.why
    assert "POST /repos/o/r/issues" in error.why
    assert "Grant it" in error.why


def test_a_suspended_installation_is_named_as_such() -> None:
    error = error_of(refusal(403, "This installation has been suspended"))
    assert isinstance(error, NotPermitted)
    assert "installation is suspended" in error.why


def test_any_other_403_carries_githubs_words() -> None:
    error = error_of(refusal(403, "Repository was archived so is read-only."))
    assert isinstance(error, NotPermitted)
    assert "archived so is read-only" in error.why


def test_a_wrong_private_key_names_the_settings() -> None:
    error = error_of(refusal(401, "A JSON web token could not be decoded", Actor.APP))
    assert isinstance(error, NotPermitted)
    assert not isinstance(error, BadCredentials)
    assert "GITHUB_APP_PRIVATE_KEY is not a key of the App that GITHUB_APP_ID names" in error.why


@pytest.mark.parametrize(("skew", "direction"), [(400.0, "400 s ahead of"), (-90.0, "90 s behind")])
def test_a_wrong_clock_is_blamed_before_the_key(skew: float, direction: str) -> None:
    error = error_of(refusal(401, "'Issued at' claim ('iat') is in the future", Actor.APP, skew))
    assert f"clock is {direction} GitHub's" in error.why


def test_an_unknown_app_id_names_the_setting() -> None:
    error = error_of(refusal(404, "Integration not found", Actor.APP))
    assert isinstance(error, NotPermitted)
    assert "GITHUB_APP_ID" in error.why


def test_a_refused_installation_token_may_be_replaced() -> None:
    assert isinstance(error_of(refusal(401, "Bad credentials")), BadCredentials)


def test_retry_after_is_obeyed() -> None:
    error = error_of(refusal(403, "You have exceeded a secondary rate limit", retry_after="17"))
    assert isinstance(error, Throttled)
    assert error.after == 17.0


def test_a_429_with_retry_after_is_a_limit_too() -> None:
    error = error_of(refusal(429, "slow down", retry_after="3"))
    assert isinstance(error, Throttled)
    assert error.after == 3.0


def test_a_secondary_limit_without_a_time_waits_a_minute() -> None:
    error = error_of(refusal(403, "You have exceeded a secondary rate limit. Please wait a few minutes"))
    assert isinstance(error, Throttled)
    assert error.after == 60.0


@pytest.mark.parametrize(
    "error", [{"code": "custom", "message": "was submitted too quickly"}, {"resource": "Issue", "code": "abuse"}]
)
def test_a_limit_on_content_is_a_limit_though_it_comes_as_a_422(error: dict[str, str]) -> None:
    asked = replace(refusal(422), body={"message": "Validation Failed", "errors": [error]})
    throttled = error_of(asked)
    assert isinstance(throttled, Throttled)
    assert throttled.after == 60.0
    later = error_of(replace(asked, headers={"retry-after": "7"}))
    assert isinstance(later, Throttled)
    assert later.after == 7.0


def test_a_422_with_the_last_request_of_the_hour_is_no_limit() -> None:
    assert isinstance(error_of(refusal(422, "Validation Failed", x_ratelimit_remaining="0")), Unprocessable)


def test_a_primary_limit_waits_for_its_reset_by_githubs_clock() -> None:
    error = error_of(
        refusal(
            403,
            "API rate limit exceeded",
            skew=50.0,
            x_ratelimit_remaining="0",
            x_ratelimit_reset=str(int(NOW) + 100),
            x_ratelimit_limit="5000",
        )
    )
    assert isinstance(error, Throttled)
    assert error.after == 150.0
    assert "5000" in error.why


def test_a_403_with_requests_left_is_no_limit() -> None:
    assert isinstance(error_of(refusal(403, "no", x_ratelimit_remaining="4999")), NotPermitted)


def test_a_header_that_is_no_number_is_ignored() -> None:
    error = error_of(refusal(429, "slow down", retry_after="Wed, 21 Oct 2026 07:28:00 GMT"))
    assert isinstance(error, Throttled)
    assert error.after == 60.0


@pytest.mark.parametrize("status", [405, 409, 413, 422])
def test_what_we_sent_was_wrong(status: int) -> None:
    error = error_of(refusal(status, "Head branch was modified"))
    assert isinstance(error, Unprocessable)
    assert "Head branch was modified" in error.why


def test_a_404_says_that_it_may_be_access() -> None:
    error = error_of(refusal(404, "Not Found"))
    assert isinstance(error, NotFound)
    assert "does not include that repository" in error.why


def test_a_5xx_on_a_write_is_ambiguous() -> None:
    error = error_of(refusal(502))
    assert isinstance(error, Unreachable)
    assert error.sent


def test_a_5xx_on_a_read_has_changed_nothing() -> None:
    error = error_of(Refusal("GET /app", Actor.APP, 502, {}, None, NOW, None))
    assert isinstance(error, Unreachable)
    assert not error.sent


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"message": "Unprocessable Entity", "errors": ["Line could not be resolved"]},
         "Unprocessable Entity: Line could not be resolved"),
        ({"message": "Validation Failed", "errors": [{"resource": "Review", "field": "body", "code": "missing"}]},
         "Validation Failed: Review body missing"),
        ({"message": "Validation Failed", "errors": [{"message": "too long", "code": "custom"}]},
         "Validation Failed: too long"),
        ({"message": "Invalid", "errors": "in words"}, "Invalid: in words"),
        ({"message": "two\nlines"}, "two lines"),
        (["no", "object"], ""),
        (None, ""),
    ],
)  # fmt: skip
def test_githubs_words_are_gathered(body: object, text: str) -> None:
    assert words(body) == text


def test_clock_skew_is_read_from_the_date() -> None:
    assert skew_of({"date": formatdate(NOW - 40, usegmt=True)}, NOW) == 40.0
    assert skew_of({}, NOW) is None
    assert skew_of({"date": "yesterday"}, NOW) is None
