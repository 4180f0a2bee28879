"""Traces are asked for by one setting, and cost nothing without it."""

import subprocess
import sys

import pytest

from forgehand.assembly.settings import SettingsError, read_settings
from forgehand.assembly.traces import traces_of
from forgehand.ports.traces import SILENT

COLLECTOR = "http://127.0.0.1:9/v1/traces"


def test_nothing_is_followed_unless_a_collector_is_named() -> None:
    assert traces_of(read_settings(_env_file=None)) is SILENT


def test_without_the_extra_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "forgehand.adapters.traces", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(SettingsError, match=r"FORGEHAND_OTLP_URL .* pip install 'forgehand\[otel\]'"):
        traces_of(read_settings(_env_file=None, otlp_url=COLLECTOR))


def test_a_collector_is_a_web_address() -> None:
    with pytest.raises(SettingsError, match=r"FORGEHAND_OTLP_URL: it must start with http"):
        read_settings(_env_file=None, otlp_url="127.0.0.1:4318")


def test_no_process_of_ours_loads_opentelemetry_by_itself() -> None:
    script = "import sys, forgehand.assembly.serve, forgehand.assembly.worker_process, forgehand.adapters.github;"
    script += "print(*(name for name in sys.modules if name.startswith('opentelemetry')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.split() == []
