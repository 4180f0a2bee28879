"""Who somebody is, by the web flow of our App: `ports.sign_in.People`. Used by assembly where it is configured.

The person's token is asked for their login and memberships, and then forgotten.
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import httpx

from forgehand.adapters.github.calls import parsed
from forgehand.adapters.github.client import GitHub
from forgehand.ports.github import NotFound, NotPermitted, Token, Unprocessable, Unreachable
from forgehand.ports.sign_in import Person

_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")
_ANSWER_SECONDS = 10.0


class GitHubPeople:
    """`callback_url` is one of those registered with the App. `api_url` and `web_url` are of the same GitHub."""

    def __init__(
        self, client_id: str, client_secret: str, *, api_url: str, web_url: str, callback_url: str, user_agent: str
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._api_url = api_url
        self._web_url = web_url.rstrip("/")
        self._callback_url = callback_url
        self._user_agent = user_agent

    def door(self, state: str, challenge: str) -> str:
        query = {
            "client_id": self._client_id,
            "redirect_uri": self._callback_url,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._web_url}/login/oauth/authorize?{urlencode(query)}"

    async def who(self, code: str, verifier: str, circles: Sequence[str]) -> Person:
        if not _CODE.fullmatch(code):
            raise Unprocessable("that is no code of GitHub's; start again from the first page")
        token = await self._token(code, verifier)
        async with GitHub(self._api_url, user_agent=self._user_agent) as github:
            login = parsed("user", _person, (await github.get("/user", token)).data)
            member = [circle for circle in circles if await _belongs(github, token, login, circle)]
        return Person(login, frozenset(member))

    async def _token(self, code: str, verifier: str) -> Token:
        form = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "code": code,
            "redirect_uri": self._callback_url,
            "code_verifier": verifier,
        }
        headers = {"accept": "application/json", "user-agent": self._user_agent}
        try:
            async with httpx.AsyncClient(timeout=_ANSWER_SECONDS) as client:
                answer = await client.post(f"{self._web_url}/login/oauth/access_token", data=form, headers=headers)
                told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unreachable(f"GitHub did not say who signs in ({type(error).__name__})", sent=False) from None
        if answer.status_code != httpx.codes.OK or "access_token" not in told:
            # GitHub answers 200 with an error, too; its description may repeat what we sent, its name does not.
            raise Unprocessable(f"GitHub did not take the code ({_word(told)}); start again from the first page")
        return Token(str(told["access_token"]), time.time() + 60)


async def _belongs(github: GitHub, token: Token, login: str, circle: str) -> bool:
    organization, _, team = circle.partition("/")
    path = (
        f"/orgs/{organization}/teams/{team}/memberships/{login}" if team else f"/user/memberships/orgs/{organization}"
    )
    try:
        data = (await github.get(path, token)).data
    except (NotFound, NotPermitted):
        # Not a member; or the App is not there, or may not read members: then nobody is known to be one.
        return False
    return parsed("membership", lambda told: bool(told["state"] == "active"), data)


def _person(data: Any) -> str:
    if data["type"] != "User":
        raise ValueError("it is no person")
    return str(data["login"])


def _word(told: Any) -> str:
    word = told.get("error") if isinstance(told, dict) else None
    return word if isinstance(word, str) and re.fullmatch(r"[a-z_]{1,60}", word) else "no reason given"
