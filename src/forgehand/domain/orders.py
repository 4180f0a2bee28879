"""What people last ordered on a pull request by comment: to stop, to merge one head into one branch, that this is
approved. Kept as a document under `key`, written in the Change that consumes the comment, obeyed by whatever decides
about merges. Pure.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Orders:
    """Logins, empty where nobody ordered it. `stopped_by` holds until somebody asks for a merge; `merge_by` asked for
    it at `merge_head` into `merge_base`, and `approved_by` approved `approved_head` for `approved_base`, each at the
    time that stands in the same place of `approved_at`: these hold for no other. `comment` is the id of the last
    comment that was obeyed about merging, to stop or to merge, and `approved_comment` of the last that approved:
    neither says anything about the other."""

    stopped_by: str = ""
    merge_by: str = ""
    merge_head: str = ""
    merge_base: str = ""
    approved_by: tuple[str, ...] = ()
    approved_at: tuple[float, ...] = ()
    approved_head: str = ""
    approved_base: str = ""
    comment: int = 0
    approved_comment: int = 0

    @property
    def approvals(self) -> Mapping[str, float]:
        """When each of them wrote it, in epoch seconds: 0 where only the name was kept."""
        return dict(zip(self.approved_by, self.approved_at or (0.0,) * len(self.approved_by), strict=True))


NO_ORDERS = Orders()


def key(repository_id: int, number: int) -> str:
    """The key of the document."""
    return f"orders:{repository_id}:{number}"


def to_json(orders: Orders) -> str:
    return json.dumps({name: value for name, value in asdict(orders).items() if value})


def from_json(text: str | None) -> Orders:
    """The orders that `to_json` wrote; none where there is no document. Raises ValueError or TypeError for others."""
    if not text:
        return NO_ORDERS
    kept = json.loads(text)
    return Orders(**{**kept, **{name: tuple(kept.get(name, ())) for name in ("approved_by", "approved_at")}})
