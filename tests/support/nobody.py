"""An address at which nobody listens, for as long as a test needs it to be so."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nobody() -> Iterator[str]:
    """`http://127.0.0.1:port`, which refuses every connection. The port is held, so that nobody gets it meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
