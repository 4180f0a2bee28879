"""Who calls, and what they may do. `api` and `git_http` ask before anything else happens.

App JWTs: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
Permissions per route: https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import jwt
import jwt.types

from forgehand.practice.errors import (
    Refusal,
    bad_credentials,
    forbidden,
    not_found,
    requires_authentication,
)
from forgehand.practice.keys import public_key
from forgehand.practice.records import App, Installation, Repository, Token
from forgehand.practice.world import World

LONGEST_JWT = 600
LEVELS = {"none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}
"""Of an app's permissions, and of people's roles in a repository."""


@dataclass(frozen=True)
class Caller:
    """`kind` is app (a JWT), installation, user or anonymous. `login` writes: a user or an app's bot."""

    kind: str
    login: str = ""
    app: App | None = None
    token: Token | None = field(default=None, repr=False)

    @property
    def actor(self) -> str:
        match self.kind:
            case "app":
                return f"app:{self.app.slug if self.app else ''}"
            case "installation":
                return f"installation:{self.token.installation_id if self.token else ''}"
            case "user":
                return f"user:{self.login}"
        return "anonymous"

    @property
    def permissions(self) -> Mapping[str, str]:
        return self.token.permissions if self.token else {}

    @property
    def app_id(self) -> int | None:
        return self.app.id if self.app else None

    @property
    def signed_in(self) -> bool:
        """Whether this is a person's token that an app got by signing them in."""
        return self.kind == "user" and self.token is not None and self.token.app_id is not None


ANONYMOUS = Caller("anonymous")


def authenticate(world: World, authorization: str | None) -> Caller:
    """The caller behind an `Authorization` header: Bearer, token or Basic. Raises a 401."""
    if not authorization:
        return ANONYMOUS
    scheme, _, secret = authorization.partition(" ")
    secret = secret.strip()
    if scheme.lower() == "basic":
        secret = _basic_password(secret)
    elif scheme.lower() not in ("bearer", "token"):
        raise bad_credentials()
    token = world.tokens.get(secret)
    if token is not None:
        return _token_caller(world, token)
    if secret.count(".") == 2 and not secret.startswith("gh"):
        return Caller("app", app=_jwt_app(world, secret))
    raise bad_credentials()


def authorize(
    world: World, caller: Caller, repo: Repository, needs: Sequence[str], user_level: str, reading: bool
) -> None:
    """Let the caller through to a repository, or raise GitHub's 401, 403 or 404.

    `needs` are alternatives such as `contents:write`; `user_level` is what a person needs there.
    """
    if caller.kind == "app":
        # A JWT opens only the routes of the app itself.
        raise bad_credentials()
    if caller.kind == "anonymous":
        if repo.private or world.quirks.strict_reads:
            raise not_found()
        if not reading:
            raise requires_authentication()
        return
    if caller.kind == "user":
        _authorize_user(world, caller, repo, needs, user_level)
        check_app(world, caller, repo, needs, reading)
        return
    open_read = reading and not repo.private and not world.quirks.strict_reads
    if not reaches(world, caller, repo):
        if open_read:
            return
        # GitHub hides what a token does not reach.
        raise not_found()
    if not open_read and not permitted(caller, needs):
        raise _lacking(needs)


def reaches(world: World, caller: Caller, repo: Repository) -> bool:
    """Whether an installation token was made for this repository."""
    token = caller.token
    if token is None or token.installation_id is None:
        return False
    installation = world.installations.get(token.installation_id)
    if installation is None or installation.account.lower() != repo.owner.lower():
        return False
    selected = installation.repository_ids is None or repo.id in installation.repository_ids
    return selected and (token.repository_ids is None or repo.id in token.repository_ids)


def permitted(caller: Caller, needs: Sequence[str]) -> bool:
    """Whether one of the alternatives is granted. `metadata: read` comes with every token."""
    return _held(caller.permissions, needs)


def check_app(world: World, caller: Caller, repo: Repository, needs: Sequence[str], reading: bool) -> None:
    """Whoever signed in with an app may do what both may, the person and the app where it is installed. Raises a 403 or
    404 for what the app may not; of other tokens it asks nothing.
    https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-with-a-github-app-on-behalf-of-a-user"""
    open_read = reading and not repo.private and not world.quirks.strict_reads
    if not caller.signed_in or open_read:
        return
    found = _installation_of(world, caller, repo.owner)
    if found is None or (found.repository_ids is not None and repo.id not in found.repository_ids):
        raise not_found()
    if not _held(found.permissions, needs):
        raise _lacking(needs)


def check_organization(world: World, caller: Caller, organization: str, needs: Sequence[str]) -> None:
    """The same of what an organization has beside its repositories; there a fine-grained token is held to its list."""
    if caller.signed_in:
        found = _installation_of(world, caller, organization)
        if found is None or not _held(found.permissions, needs):
            raise _lacking(needs)
    elif caller.permissions and not permitted(caller, needs):
        raise Refusal(403, "Resource not accessible by personal access token")


def _held(permissions: Mapping[str, str], needs: Sequence[str]) -> bool:
    for need in needs:
        name, _, level = need.partition(":")
        granted = "read" if name == "metadata" else permissions.get(name, "none")
        if LEVELS[granted] >= LEVELS[level]:
            return True
    return not needs


def _lacking(needs: Sequence[str]) -> Refusal:
    return forbidden("; ".join(need.replace(":", "=") for need in needs))


def _installation_of(world: World, caller: Caller, account: str) -> Installation | None:
    """Where the app of a sign-in is installed on an account, unless it is suspended there."""
    app_id = caller.token.app_id if caller.token else None
    for value in world.installations.values():
        if value.app_id == app_id and value.account.lower() == account.lower() and value.suspended_at is None:
            return value
    return None


def _basic_password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise bad_credentials() from error


def _token_caller(world: World, token: Token) -> Caller:
    if token.revoked or (token.expires is not None and world.now() >= token.expires):
        raise bad_credentials()
    if token.installation_id is None:
        return Caller("user", token.user, token=token)
    installation = world.installations.get(token.installation_id)
    if installation is None:
        raise bad_credentials()
    if installation.suspended_at is not None:
        raise Refusal(403, "This installation has been suspended")
    return Caller("installation", token.user, world.apps[installation.app_id], token)


def _jwt_app(world: World, encoded: str) -> App:
    try:
        header = jwt.get_unverified_header(encoded)
        claims = jwt.decode(encoded, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise Refusal(401, "A JSON web token could not be decoded") from error
    issuer = str(claims.get("iss", ""))
    app = next((a for a in world.apps.values() if issuer in (str(a.id), a.client_id)), None)
    if app is None:
        raise Refusal(404, "Integration not found")
    try:
        if header.get("alg") != "RS256":
            raise jwt.InvalidAlgorithmError
        unchecked: jwt.types.Options = {
            "verify_exp": False,
            "verify_iat": False,
            "verify_iss": False,
            "verify_sub": False,
        }
        jwt.decode(encoded, public_key(app.private_key), algorithms=["RS256"], options=unchecked)
    except jwt.PyJWTError as error:
        raise Refusal(401, "A JSON web token could not be decoded") from error
    _check_times(world.now(), claims.get("iat"), claims.get("exp"))
    return app


def _check_times(now: float, issued: object, expires: object) -> None:
    if not isinstance(expires, (int, float)) or expires <= now:
        message = "must be a numeric value representing the future time at which the assertion expires"
        raise Refusal(401, f"'Expiration time' claim ('exp') {message}")
    if expires > now + LONGEST_JWT:
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
    # Clients round up to whole seconds, and clocks of one machine may differ by as much.
    if not isinstance(issued, (int, float)) or issued > now + 1:
        message = "must be an Integer representing the time that the assertion was issued"
        raise Refusal(401, f"'Issued at' claim ('iat') {message}")


def _authorize_user(world: World, caller: Caller, repo: Repository, needs: Sequence[str], level: str) -> None:
    held = world.role(repo, caller.login)
    chosen = caller.token.repository_ids if caller.token else None
    if LEVELS[held] < LEVELS["read"] or (chosen is not None and repo.id not in chosen):
        raise not_found()
    if caller.permissions and not permitted(caller, needs):
        # Only a fine-grained token lists permissions; a classic one has all that its user has.
        raise Refusal(403, "Resource not accessible by personal access token")
    if LEVELS[held] < LEVELS[level]:
        raise Refusal(403, "Must have admin rights to Repository." if level == "admin" else "Must have push access")
