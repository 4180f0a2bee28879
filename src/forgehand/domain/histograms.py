"""Latencies as counts in logarithmic buckets: two histograms add up to that of both, whatever came in which order.

A bucket is 10 % wide, so that a percentile is right to 5 %, from a millisecond to weeks, in a handful of numbers.
Used by `tallies`.
"""

import math
from collections.abc import Mapping

_GAMMA = 1.1
_LEAST = 0.001
"""Seconds; what is shorter counts as this."""
_MOST = 10_000_000.0


def bucket_of(seconds: float) -> int:
    """The bucket of a duration: number n holds what is above `_LEAST` × 1.1ⁿ⁻¹ and at most `_LEAST` × 1.1ⁿ."""
    # `not >` also takes what is no number.
    if not seconds > _LEAST:
        return 0
    return math.ceil(math.log(min(seconds, _MOST) / _LEAST) / math.log(_GAMMA) - 1e-9)


def percentile(buckets: Mapping[int, int], share: float) -> float:
    """The duration that `share` (0 to 1) of all are not longer than, in seconds; 0 where there are none."""
    wanted = math.ceil(share * sum(buckets.values()))
    for bucket in sorted(buckets):
        wanted -= buckets[bucket]
        if wanted <= 0:
            return _middle(bucket)
    return 0.0


def _middle(bucket: int) -> float:
    """The value that is off by the same share from either end of the bucket."""
    if bucket == 0:
        return _LEAST
    return float(f"{_LEAST * 2 * _GAMMA**bucket / (_GAMMA + 1):.4g}")
