"""What `forgehand serve` asks of the system, and how it shares it between its two ports."""

import resource
import subprocess
import sys

import pytest

from forgehand.assembly.serve import _config, _connections
from forgehand.web.connections import LimitedProtocol


@pytest.mark.parametrize(
    ("open_files", "shares"),
    [(65536, (1024, 256)), (1024, (384, 128)), (64, (24, 8)), (2, (1, 1)), (resource.RLIM_INFINITY, (1024, 256))],
)
def test_each_port_has_its_own_share_and_half_of_all_files_stay_for_the_rest(
    open_files: int, shares: tuple[int, int]
) -> None:
    assert _connections(open_files) == shares


def test_both_ports_are_served_within_limits_and_without_websockets() -> None:
    config = _config(None, 7)
    assert isinstance(config.http, type)
    assert issubclass(config.http, LimitedProtocol)
    assert (config.http.max_connections, config.ws) == (7, "none")


@pytest.mark.parametrize(("soft", "hard"), [(64, 200), (200, 200)])
def test_as_many_files_as_the_system_allows_may_be_open(soft: int, hard: int) -> None:
    script = (
        "import resource; from forgehand.assembly.own_process import allow_many_connections;"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
        "allow_many_connections(); print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.split() == [str(hard), str(hard)]
