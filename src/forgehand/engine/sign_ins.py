"""Who signed in to the admin pages, and one-time links that another process than the server makes.

Of such a link the store holds a digest only, so that whoever reads the store cannot sign in. Called by `web.admin` and
`cli`; both ends write a fact of kind `admin.*`.
"""

import hashlib
import secrets
from collections.abc import Callable
from typing import Protocol

from forgehand.domain.facts import Fact, fact_id
from forgehand.domain.jobs import Change
from forgehand.ports import store as ports

LINK_SECONDS = 900.0


class SignInStore(ports.Jobs, ports.Secrets, Protocol):
    """The part of the store that signing in needs."""


class SignIns:
    """`clock` gives epoch seconds."""

    def __init__(self, store: SignInStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    async def new_link(self, by: str) -> str:
        """A token that signs one person in, once, within 15 minutes, at whatever server has the same store."""
        now, token = self._clock(), secrets.token_urlsafe(32)
        await self._store.put_secret(_name(token), by.encode(), now + LINK_SECONDS)
        await self._audit("link", by, _name(token), now)
        return token

    async def take_link(self, token: str) -> str | None:
        """Who made the link, which is then used up; None for one that is unknown, used or too old."""
        # Strangers who guess only read: they must not keep the one writer busy.
        if await self._store.get_secret(_name(token), self._clock()) is None:
            return None
        made_by = await self._store.take_secret(_name(token), self._clock())
        return None if made_by is None else made_by.decode()

    async def signed_in(self, by: str, session: str, address: str) -> None:
        """Write down that somebody signed in, from this address."""
        await self._audit("sign_in", by, session, self._clock(), address=address)

    async def _audit(self, what: str, by: str, which: str, now: float, **data: str) -> None:
        fact = Fact(fact_id("admin", what, which), f"admin.{what}", now, data={"by": by, **data})
        await self._store.commit(Change(facts=(fact,)), now)


def _name(token: str) -> str:
    return f"sign-in/{hashlib.sha256(token.encode()).hexdigest()}"
