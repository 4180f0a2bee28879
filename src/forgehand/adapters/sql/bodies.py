"""Bodies of deliveries on their way into the table and out of it: as Zstandard frames. Called by `verbs_intake`.

GitHub's payloads repeat themselves: 25 KB become 3 KB in 15 µs, and a tenth of the bytes is what the disk has to make
durable. The bytes that come out are exactly those that were signed.
"""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SMALLEST = 512
"""Shorter ones are kept as they are: there is nothing to win."""

_MAGIC = b"\x28\xb5\x2f\xfd"
"""How a frame starts (RFC 8878, 3.1.1). No JSON does; what does is put into a frame of its own, whatever it is."""

# The fastest that still finds the repetition: https://facebook.github.io/zstd/#benchmarks. Safe to share by threads.
_compressor = zstd.ZstdCompressor(level=-1)


def packed(body: bytes) -> bytes:
    """What is stored for a body."""
    if len(body) < SMALLEST and not body.startswith(_MAGIC):
        return body
    return _compressor.compress(body, zstd.ZstdCompressor.FLUSH_FRAME)


def unpacked(stored: bytes) -> bytes:
    """The body that `packed` was given."""
    return zstd.decompress(stored) if stored.startswith(_MAGIC) else stored
