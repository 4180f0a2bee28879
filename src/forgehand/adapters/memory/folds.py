"""Facts into projections, as the memory store holds them. Used by `store`, always under its lock."""

from collections.abc import Iterable, Sequence
from math import floor

from forgehand.domain.facts import Fact
from forgehand.domain.projections import HOUR, Projection, goes, lasting, rows_after
from forgehand.ports.store import Edition, Lead, Written

Rows = dict[tuple[str, str], Projection]


class Folds:
    def __init__(self) -> None:
        self.outbox: set[int] = set()
        """The numbers of facts that no projection knows."""
        self.rows: Rows = {}
        self._base: Rows = {}
        """What forgotten facts had added to rows that stay."""
        self._draft: Rows = {}
        self._holder = ""
        self._until = 0.0
        self._fence = 0
        self._edition = 1
        self._forgotten = 0.0
        self._forgets = 0

    def lead(self, holder: str, lease: float, now: float) -> Lead | None:
        if self._holder != holder:
            if self._until > now and self._fence:
                return None
            self._fence += 1
        self._holder, self._until = holder, now + lease
        return Lead(self._fence)

    def fold(self, rows: Sequence[Projection], facts: Sequence[int], lead: Lead, until: float) -> Written:
        if lead.fence != self._fence:
            return Written.FENCE_LOST
        if not self.outbox.issuperset(facts):
            return Written.STALE
        self._until = until
        self.outbox.difference_update(facts)
        self.rows.update(_by_key(rows))
        return Written.YES

    def forget(self, facts: Sequence[Fact], before: float, most: int) -> int:
        """Keep what these facts had added to rows that stay, and drop rows that go; gives how many."""
        passing = sorted((row.at, key) for key, row in self.rows.items() if row.at < before and goes(key[0]))[:most]
        for _, key in passing:
            del self.rows[key]
        if facts or passing:
            self._forgets += 1
            self._forgotten = max(self._forgotten, before)
        self._base.update(_by_key(rows_after(lasting(facts), self._base.values())))
        return len(passing)

    def begin_edition(self, lead: Lead, until: float) -> Edition | None:
        if lead.fence != self._fence:
            return None
        self._until, self._draft = until, dict(self._base)
        since = (floor(self._forgotten / HOUR) + 1) * HOUR if self._forgets else 0.0
        return Edition(self._edition + 1, since, self._forgets)

    def draft(self, rows: Sequence[Projection], lead: Lead, until: float) -> Written:
        if lead.fence != self._fence:
            return Written.FENCE_LOST
        self._until = until
        self._draft.update(_by_key(rows))
        return Written.YES

    def publish(self, edition: Edition, lead: Lead) -> Written:
        if lead.fence != self._fence:
            return Written.FENCE_LOST
        if edition.forgets != self._forgets:
            return Written.STALE
        self.rows, self._draft, self._edition = self._draft, {}, edition.number
        return Written.YES

    def named(self, keys: Iterable[tuple[str, str]], edition: int | None) -> list[Projection]:
        rows = self.rows_of(edition)
        return [rows[key] for key in keys if key in rows]

    def rows_of(self, edition: int | None) -> Rows:
        return self.rows if edition in (None, self._edition) else self._draft if edition else self._base


def _by_key(rows: Sequence[Projection]) -> Rows:
    return {(row.series, row.name): row for row in rows}
