"""What GitHub's refusals mean: each becomes one `ports.github` error with a sentence for the operator.

Called by `client` for every answer of 400 and above. Sources:
https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
That a limit on content comes as a 422: https://github.com/cli/cli/issues/4801 and
https://github.com/octokit/plugin-throttling.js/issues/775
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from forgehand.ports.github import Conflict, GitHubError, NotFound, NotPermitted, Throttled, Unprocessable, Unreachable

SKEW_THAT_BREAKS_A_JWT = 30.0
"""Seconds. Tokens are dated a minute back and last nine minutes more, so half a minute is the first doubt."""

AT_LEAST_A_MINUTE = 60.0
"""What GitHub asks for where a secondary limit names no time."""


class BadCredentials(NotPermitted):
    """401: this very credential is refused; a fresh one may not be."""


class Actor(StrEnum):
    """As whom a request was made, for the sentence."""

    APP = "the App itself"
    TOKEN = "a token of the App"  # noqa: S105
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of 400 or above: `asked` is `METHOD /path`, `skew` our clock minus GitHub's in seconds."""

    asked: str
    actor: Actor
    status: int
    headers: Mapping[str, str]
    body: Any
    now: float
    skew: float | None


def error_of(refusal: Refusal) -> GitHubError:
    """The error to raise."""
    status = refusal.status
    if status >= 500:
        why = f"GitHub answered {status} to {refusal.asked}: {words(refusal.body) or 'no reason given'}"
        return Unreachable(why, sent=not refusal.asked.startswith("GET "))
    if status in (403, 429) and (throttled := _throttled(refusal)):
        return throttled
    if status == 422 and _too_much_content(refusal.body):
        return _slow_down(refusal)
    if status == 401:
        return _unauthorized(refusal)
    if status == 403:
        return _forbidden(refusal)
    if status == 404 and refusal.actor is Actor.APP and "integration not found" in words(refusal.body).lower():
        return NotPermitted("GitHub knows no App by this GITHUB_APP_ID: take the App ID from the App's settings page")
    if status in (404, 410):
        return NotFound(
            f"GitHub has nothing at {refusal.asked} ({words(refusal.body)}): it does not exist, or the App's "
            "installation does not include that repository"
        )
    if status == 451:
        return NotPermitted(f"GitHub blocks {refusal.asked} for legal reasons: {words(refusal.body)}")
    kind = Conflict if status == 409 else Unprocessable
    return kind(f"GitHub refused {refusal.asked} with {status}: {words(refusal.body)}")


def skew_of(headers: Mapping[str, str], now: float) -> float | None:
    """Our clock minus GitHub's, in seconds, by the `Date` header; None where there is none."""
    try:
        return now - parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None


def words(body: Any) -> str:
    """GitHub's own explanation: its message and the details of every error, in one line of at most 600 characters."""
    if not isinstance(body, Mapping):
        return ""
    details = [_detail(error) for error in body.get("errors") or [] if error] if _lists_errors(body) else []
    if isinstance(body.get("errors"), str):
        details = [body["errors"]]
    text = str(body.get("message") or "")
    if details:
        text = f"{text}: {'; '.join(details)}" if text else "; ".join(details)
    return " ".join(text.split())[:600]


def _lists_errors(body: Mapping[str, Any]) -> bool:
    return isinstance(body.get("errors"), list)


def _detail(error: Any) -> str:
    if not isinstance(error, Mapping):
        return str(error)
    if error.get("message"):
        return str(error["message"])
    return " ".join(str(error[key]) for key in ("resource", "field", "code") if error.get(key))


def _throttled(refusal: Refusal) -> Throttled | None:
    headers, said = refusal.headers, words(refusal.body)
    named = _seconds(headers.get("retry-after")) is not None
    if named or "secondary rate" in said.lower() or "abuse detection" in said.lower():
        return _slow_down(refusal)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = _seconds(headers.get("x-ratelimit-reset"))
        # By GitHub's clock, not ours: a skewed one would ask too early or wait too long.
        server_now = refusal.now - (refusal.skew or 0.0)
        after = max(1.0, reset - server_now) if reset is not None else AT_LEAST_A_MINUTE
        limit = headers.get("x-ratelimit-limit", "?")
        return Throttled(f"the hourly limit of {limit} GitHub requests is used up; it resets in {after:.0f} s", after)
    if refusal.status == 429:
        return Throttled(f"GitHub answered 429 to {refusal.asked}: {said}", AT_LEAST_A_MINUTE)
    return None


def _too_much_content(body: Any) -> bool:
    """Whether this is the limit on what is created, which GitHub tells as a fault of what was sent."""
    errors = body["errors"] if isinstance(body, Mapping) and _lists_errors(body) else []
    codes = [error.get("code") for error in errors if isinstance(error, Mapping)]
    return "abuse" in codes or "submitted too quickly" in words(body).lower()


def _slow_down(refusal: Refusal) -> Throttled:
    named = _seconds(refusal.headers.get("retry-after"))
    after = AT_LEAST_A_MINUTE if named is None else named
    said = words(refusal.body)
    return Throttled(f"GitHub asks us to slow down ({said}); {refusal.asked} may be tried in {after:g} s", after)


def _unauthorized(refusal: Refusal) -> NotPermitted:
    said = words(refusal.body)
    if refusal.actor is Actor.TOKEN:
        return BadCredentials(
            f"GitHub refused our token for {refusal.asked} ({said}): it was revoked, or the installation is gone"
        )
    if refusal.actor is Actor.NOBODY:
        return NotPermitted(f"GitHub wants a sign-in for {refusal.asked} ({said})")
    if refusal.skew is not None and abs(refusal.skew) > SKEW_THAT_BREAKS_A_JWT:
        direction = "ahead of" if refusal.skew > 0 else "behind"
        return NotPermitted(
            f"GitHub refused the App's sign-in ({said}): this machine's clock is {abs(refusal.skew):.0f} s {direction} "
            "GitHub's; set it right (NTP)"
        )
    return NotPermitted(
        f"GitHub refused the App's sign-in ({said}): GITHUB_APP_PRIVATE_KEY is not a key of the App that "
        "GITHUB_APP_ID names; make a new private key on the App's settings page, or correct the id"
    )


def _forbidden(refusal: Refusal) -> NotPermitted:
    said = words(refusal.body)
    if "suspended" in said.lower():
        return NotPermitted(
            f"the App's installation is suspended ({said}); its owner can lift that on the installation's settings page"
        )
    if accepted := refusal.headers.get("x-accepted-github-permissions"):
        return NotPermitted(
            f"the App lacks a permission for {refusal.asked} ({said}): GitHub wants {_permissions(accepted)}. Grant it "
            "on the App's settings page under “Permissions & events”, then accept it in the installation"
        )
    return NotPermitted(f"GitHub does not permit {refusal.asked}: {said}")


def _permissions(accepted: str) -> str:
    """`contents=write; pull_requests=read,metadata=read` in words: `;` means or, `,` means and."""
    ways = [" and ".join(part.strip().replace("=", ": ") for part in way.split(",")) for way in accepted.split(";")]
    return ", or ".join(ways)


def _seconds(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value is not None else None
    except ValueError:
        return None
