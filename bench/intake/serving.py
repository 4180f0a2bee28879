"""`forgehand serve` for a measurement: settings as JSON on standard input, its address on standard output.

    python -m bench.intake.serving paused | planning

`planning` has the warm worker process of the product, whose review worker does nothing: deliveries are planned, and the
jobs run and settled. `paused` has one that leaves everything for later. Run as a process by `contestants`.
"""

import json
import sys

from forgehand.assembly.serve import Addresses, serve
from forgehand.assembly.settings import Settings


def main() -> int:
    settings = Settings.from_json(sys.stdin.buffer.readline())
    return serve(settings, _tell, worker=("-m", f"bench.intake.worker_{sys.argv[1]}"))


def _tell(addresses: Addresses) -> None:
    print(json.dumps(addresses.webhook_url), flush=True)


if __name__ == "__main__":
    sys.exit(main())
