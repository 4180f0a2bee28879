"""The store: the truth about deliveries, jobs, effects and facts. Implemented by `adapters.sql` and `adapters.memory`.

Every verb may be awaited from any event loop and any thread's loop (heartbeats run off the main one). `now` and every
time is epoch seconds brought by the caller. All raise `StoreUnavailable` when the store cannot answer; nothing is then
half written.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from forgehand.domain.deliveries import Delivery
from forgehand.domain.facts import Fact, Trail
from forgehand.domain.jobs import Change, Job, JobState
from forgehand.domain.ledger import EffectState, LedgerEntry
from forgehand.domain.paging import Last
from forgehand.domain.projections import Projection
from forgehand.domain.pulls import PullState


class StoreUnavailable(Exception):
    """The store cannot take or give anything now; `retry_after` is a hint in seconds."""

    def __init__(self, why: str, retry_after: float = 1.0) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after = retry_after


class Recorded(StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Fence:
    """The right to write for a job: valid while the job is held under exactly this number."""

    job: str
    number: int


class Unclaimed(StrEnum):
    """Why a claim gave nothing."""

    BUSY = "busy"
    """Somebody holds it."""
    HELD = "held"
    """Another job of its key is running."""
    GONE = "gone"
    """It ended, waits, or never was."""


class Written(StrEnum):
    YES = "yes"
    FENCE_LOST = "fence lost"
    """The job is no longer held under this fence, or its lease ends too soon: nothing was written."""
    STALE = "stale"
    """The row changed since it was read: nothing was written."""
    TAKEN = "taken"
    """The fact that was to be made once is there already: nothing was written."""


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    delivery: Delivery
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """All writes to the world stand still."""

    by: str
    why: str
    since: float


class Intake(Protocol):
    def receive(self, delivery: Delivery, ignored: str = "") -> Awaitable[Recorded]:
        """Store a delivery as it arrives: `record` with what `domain.arrivals.arrival` says comes with it. May raise
        before it is awaited."""
        ...

    async def record(self, delivery: Delivery, change: Change) -> Recorded:
        """Store the delivery with its change in one durable commit, or neither. A GUID that is stored already is a
        DUPLICATE and changes nothing but its count. Its facts say themselves which jobs come with it (`made_known`)."""
        ...

    async def delivery(self, guid: str) -> StoredDelivery | None: ...

    async def known_guids(self, guids: Sequence[str]) -> frozenset[str]:
        """Those of `guids` that are stored."""
        ...


class LastJobs(Protocol):
    """What became of a job."""

    async def job(self, job_id: str) -> Job | None: ...

    async def latest_job(self, lane: str) -> Job | None:
        """The job of the lane's highest generation: the last one that was made."""
        ...


class Jobs(LastJobs, Protocol):
    async def claim_due(self, holder: str, lease: float, now: float, limit: int) -> list[Job]:
        """Claim up to `limit` pending jobs that are due (`run_at` ≤ now) and whose key is free, highest priority first,
        then oldest. Each comes back `claimed` with attempts and fence one higher, lease_until = now + lease, and its
        key locked."""
        ...

    async def claim(self, job_id: str, holder: str, lease: float, now: float) -> Job | Unclaimed:
        """Claim one pending job whether due or not."""
        ...

    async def renew(self, fence: Fence, lease: float, now: float) -> bool:
        """Extend the lease to now + lease and show the job as running; False when the fence is lost (reclaimed,
        superseded or cancelled)."""
        ...

    async def settle(self, change: Change, fence: Fence, now: float) -> Written:
        """Commit the change if the fence still holds, and free the job's key; FENCE_LOST and TAKEN write nothing.
        Raises ValueError for a document that is too large, as `record` and `commit` do."""
        ...

    async def commit(self, change: Change, now: float) -> None:
        """Commit a change that holds no job: `change.job` must be None. Its last fact then tells which of its jobs were
        not there before, as that of `settle` does (`made_known`)."""
        ...

    async def reclaim(self, now: float, grace: float) -> list[Job]:
        """Return jobs whose lease ended more than `grace` seconds ago to pending (or dead_letter when their attempts
        are used up), with a fact each and what follows from their end (`domain.followups.after_failure`); gives them as
        they now are."""
        ...

    async def holders(self) -> frozenset[str]:
        """Who holds a lease now."""
        ...

    async def release(self, holder: str, now: float) -> list[Job]:
        """The same with all jobs of a holder known to be dead, by their ids."""
        ...

    async def next_due(self, *, after: float = 0.0) -> float | None:
        """When the earliest pending job is or was due, of those that are due later than `after`; None without any."""
        ...

    async def cancel(self, job_id: str, why: str, now: float) -> bool:
        """End an unfinished job as cancelled, with what follows from its end: its holder's fence is lost. False when it
        had ended or never was."""
        ...

    async def retry(self, job_id: str, now: float) -> bool:
        """Make an ended or waiting job pending again with its attempts at 0. False when unfinished or unknown."""
        ...

    async def wake(self, waiting_for: str, now: float) -> list[str]:
        """Make every job that waits for this pending; gives their ids."""
        ...


class Entries(Protocol):
    """What the ledger knows of a slot."""

    async def entry(self, slot: str) -> LedgerEntry | None: ...


class Ledger(Entries, Protocol):
    async def write_entry(
        self, entry: LedgerEntry, fence: Fence, now: float, *, lease_beyond: float = 0.0, facts: tuple[Fact, ...] = ()
    ) -> Written:
        """Write the slot's row, if the job is held under `fence`, its lease reaches beyond now + `lease_beyond`
        seconds, and the stored row's version is `entry.version` (0: there is none). The stored version becomes one
        higher. `facts` go with it."""
        ...

    async def override_entry(self, entry: LedgerEntry, now: float, facts: tuple[Fact, ...] = ()) -> Written:
        """The same without a job: a person's decision on an `unknown` effect. Never FENCE_LOST."""
        ...


class Memory(Protocol):
    async def forget(self, before: float, now: float, most: int) -> int:
        """Drop what is older than `before`: deliveries received, facts, jobs that ended, documents and marks that do
        not last, pull requests that are no longer open, and projections that go with age; and expired secrets. At most
        `most` rows of each; gives how many rows went. What a forgotten fact added to rows that stay is kept beside
        them, and a fact that is not folded yet stays.

        While a pull request is open the latest job of each of its lanes stays, which the poll asks what was said last,
        and all that the ledger knows of it. Other entries of the ledger go once they are done, rejected or refused, the
        job that wrote them is gone, and so are all about their subject, but for those that are of one commit only; not
        beside an `unknown` one of their kind and repository, which is told from them. A lane that went begins again
        above every generation that was forgotten."""
        ...


class Documents(Protocol):
    async def document(self, key: str) -> str | None:
        """The JSON text that a change last wrote under this key."""
        ...


class Controls(Protocol):
    async def paused(self) -> Pause | None: ...

    async def pause(self, pause: Pause) -> None: ...

    async def resume(self, now: float) -> list[str]:
        """Lift the pause and wake the jobs that wait for `resume`; gives their ids."""
        ...

    async def mark(self, key: str) -> str | None:
        """What a change, or `move_marks`, last wrote under this key."""
        ...

    async def move_marks(self, seen: Mapping[str, str | None], marks: Mapping[str, str], now: float) -> bool:
        """Write these marks if each of them is still as it was `seen` (None: not there). False, and nothing is written,
        where one is not."""
        ...


@dataclass(frozen=True, slots=True)
class Numbered:
    """A fact by the number under which the store keeps it."""

    number: int
    fact: Fact


@dataclass(frozen=True, slots=True)
class Lead:
    """The right to fold facts: one projector has it at a time. Valid as long as nobody else got a higher number."""

    fence: int


@dataclass(frozen=True, slots=True)
class Edition:
    """A whole set of projections in the making. `since`: a whole hour, from which on nothing was forgotten; timed rows
    before it can only be taken over. `forgets` counts how often something was."""

    number: int
    since: float
    forgets: int


class Folding(Protocol):
    """Facts into projections, each exactly once. Every new fact is unfolded until a `fold` names it."""

    async def lead(self, holder: str, lease: float, now: float) -> Lead | None:
        """Become, or stay, the one who folds, until now + lease; None while another one is."""
        ...

    async def unfolded(self, limit: int) -> list[Numbered]:
        """The next facts that no projection knows, in the order in which they were written, near enough."""
        ...

    async def unfolded_since(self) -> float | None:
        """The time of the first of them; None when there is none."""
        ...

    async def fold(self, rows: Sequence[Projection], facts: Sequence[int], lead: Lead, until: float) -> Written:
        """Write these rows as they now are and mark the facts as folded, in one commit; the lease then ends at `until`.
        FENCE_LOST, and nothing is written, when another one leads; STALE when one of the facts is folded already."""
        ...

    async def projection(self, series: str, name: str) -> Projection | None: ...

    async def projections_named(self, keys: Sequence[tuple[str, str]], edition: int | None = None) -> list[Projection]:
        """Those of these series and names that there are."""
        ...

    async def projections(
        self, series: str, limit: int, before: Last | None = None, since: float = 0.0
    ) -> list[Projection]:
        """One index range: of a series, newest first, none that is older than `since` (epoch seconds)."""
        ...

    async def projections_like(self, series: str, start: str, limit: int) -> list[Projection]:
        """One index range: of a series, those whose names begin so, by name."""
        ...


class Rebuilding(Protocol):
    """A fresh edition of all projections, made from the facts while the present one is read. Under the lead throughout,
    so that no fact is folded meanwhile."""

    async def begin_edition(self, lead: Lead, until: float) -> Edition | None:
        """An edition that holds what is known of forgotten facts, and nothing else. None when the lead is lost."""
        ...

    async def folded(self, after: int, limit: int) -> list[Numbered]:
        """The facts of higher numbers that the present edition knows, lowest first."""
        ...

    async def edition_page(self, after: tuple[str, str], limit: int, edition: int | None = None) -> list[Projection]:
        """The rows of the present edition, or of another one, by series and name."""
        ...

    async def draft(self, rows: Sequence[Projection], edition: Edition, lead: Lead, until: float) -> Written: ...

    async def publish(self, edition: Edition, lead: Lead) -> Written:
        """From now on this is the edition that is read. STALE when facts were forgotten since it was begun."""
        ...

    async def drop_editions(self, limit: int) -> int:
        """Drop up to `limit` rows of editions that are no longer read; gives how many."""
        ...


class Reads(Protocol):
    """What pages and the command line list: each one index range, newest first, `before` being the last row of the page
    before."""

    async def deliveries(self, limit: int, before: Last | None = None) -> list[StoredDelivery]:
        """By received_at; bodies are left empty."""
        ...

    async def jobs(self, limit: int, state: JobState | None = None, before: Last | None = None) -> list[Job]:
        """By created_at."""
        ...

    async def jobs_of(self, delivery: str, limit: int = 200) -> list[Job]:
        """The first ones of this delivery, by created_at, oldest first."""
        ...

    async def jobs_about(self, repository_id: int, subject: str, limit: int) -> list[Job]:
        """The last ones whose subject is this, such as `pull/7`."""
        ...

    async def entries(
        self, limit: int, state: EffectState | None = None, before: Last | None = None
    ) -> list[LedgerEntry]:
        """By updated_at."""
        ...

    async def entries_of(self, job_id: str) -> list[LedgerEntry]: ...

    async def entries_of_jobs(self, job_ids: Sequence[str]) -> list[LedgerEntry]:
        """Those of all these jobs at once."""
        ...

    async def facts_of(self, *, delivery: str | None = None, job: str | None = None, limit: int = 200) -> list[Fact]:
        """Oldest first, of one delivery or one job."""
        ...

    async def audit(self, trail: Trail, limit: int, before: Last | None = None) -> list[Fact]:
        """By time: the facts of this trail."""
        ...

    async def deliveries_like(self, start: str, limit: int) -> list[StoredDelivery]:
        """Those whose GUIDs begin so, by GUID; bodies are left empty."""
        ...

    async def jobs_like(self, start: str, limit: int) -> list[Job]:
        """Those whose ids begin so, by id."""
        ...

    async def entries_like(self, start: str, limit: int) -> list[LedgerEntry]:
        """Those whose slots begin so, by slot."""
        ...

    async def documents_named(self, keys: Sequence[str]) -> dict[str, str]:
        """Those of these keys that there are."""
        ...

    async def pull(self, repository_id: int, number: int) -> PullState | None: ...

    async def pulls(
        self, limit: int, *, still_open: bool, before: Last | None = None, repository_id: int | None = None
    ) -> list[PullState]:
        """By updated_at: those that are open, or those that are not; of one repository, or of all."""
        ...

    async def queued(self, limit: int) -> list[PullState]:
        """Those that are in a merge queue, by repository and base branch, and there by position."""
        ...

    async def latest_change(self) -> int:
        """A number that grows whenever a commit changed something a page shows: what live pages poll, by key."""
        ...


class Secrets(Protocol):
    """Small values shared by processes: the token cache, of which the store sees ciphertext only, and sign-in links, of
    which it sees digests."""

    async def get_secret(self, name: str, now: float) -> bytes | None: ...

    async def put_secret(self, name: str, value: bytes, expires_at: float) -> None: ...

    async def take_secret(self, name: str, now: float) -> bytes | None:
        """Give it and drop it: however many ask, one gets it."""
        ...


class Store(Intake, Jobs, Ledger, Memory, Documents, Controls, Folding, Rebuilding, Reads, Secrets, Protocol):
    async def open(self) -> None:
        """Connect and bring the schema up to date (one process at a time)."""
        ...

    async def close(self) -> None: ...

    async def check(self) -> str:
        """A sentence that says what answers (`SQLite 3.53.4 at …`); raises StoreUnavailable with why and remedy."""
        ...
