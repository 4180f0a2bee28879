"""The worker child of a `serve` whose planning is paused: it takes no hint and no job, and ends with its parent."""

import os
import sys
import threading
import time


def main() -> None:
    threading.Thread(target=_drain, args=(int(sys.argv[1]),), daemon=True).start()
    pulse = int(sys.argv[2])
    threading.Thread(target=_show_pulse, args=(pulse,), daemon=True).start()
    sys.stdin.buffer.read()


def _drain(hints: int) -> None:
    """An unread pipe fills, and hinting into a full one costs something else than hinting."""
    os.set_blocking(hints, True)
    while os.read(hints, 65536):
        pass


def _show_pulse(pulse: int) -> None:
    while True:
        os.write(pulse, b".")
        time.sleep(1.0)


if __name__ == "__main__":
    main()
