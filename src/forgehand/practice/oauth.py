"""Signing in with an app: a person agrees, a browser carries a code back, that becomes a token. For `pages.oauth`.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from forgehand.practice.records import App, Grant, Token
from forgehand.practice.world import World

CODE_SECONDS = 600
TOKEN_SECONDS = 8 * 3600


class Mismatch(Exception):
    """The request cannot be what an app of ours meant; the message says why."""


def asked(world: World, query: Mapping[str, str]) -> App:
    """The app that asks a person to agree."""
    app = next((each for each in world.apps.values() if each.client_id == query.get("client_id")), None)
    if app is None:
        raise Mismatch("There is no app with this client id.")
    if query.get("redirect_uri") not in app.callback_urls:
        raise Mismatch("The redirect_uri is not associated with this application.")
    if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
        raise Mismatch("The code_challenge_method must be S256.")
    return app


def agree(world: World, query: Mapping[str, str], login: str) -> str:
    """The person agreed: where to send the browser."""
    code, app = secrets.token_hex(10), asked(world, query)
    world.grants[code] = Grant(
        app_id=app.id,
        login=login,
        redirect_uri=query["redirect_uri"],
        challenge=query.get("code_challenge", ""),
        made=world.now(),
    )
    target = urlsplit(query["redirect_uri"])
    return urlunsplit(target._replace(query=urlencode({"code": code, "state": query.get("state", "")})))


def redeem(world: World, form: Mapping[str, str]) -> dict[str, object]:
    """GitHub answers errors with 200, too."""
    code = form.get("code", "")
    grant = world.grants.get(code)
    app = next((each for each in world.apps.values() if each.client_id == form.get("client_id")), None)
    if app is None or not secrets.compare_digest(app.client_secret, form.get("client_secret", "")):
        return _error("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
    if grant is None or grant.app_id != app.id or world.now() >= grant.made + CODE_SECONDS:
        return _error("bad_verification_code", "The code passed is incorrect or expired.")
    if form.get("redirect_uri") != grant.redirect_uri:
        return _error("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL.")
    if grant.challenge and _challenge(form.get("code_verifier", "")) != grant.challenge:
        return _error("bad_verification_code", "The code_verifier does not fit the code_challenge.")
    del world.grants[code]
    value = "ghu_" + secrets.token_hex(18)
    expires = world.now() + TOKEN_SECONDS
    world.tokens[value] = Token(value=value, user=grant.login, app_id=app.id, expires=expires)
    return {"access_token": value, "token_type": "bearer", "scope": "", "expires_in": TOKEN_SECONDS}


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _error(name: str, says: str) -> dict[str, object]:
    return {"error": name, "error_description": says}
