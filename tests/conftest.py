"""What every test shares: the async backend, the counterparts it may need, an honest list of what did not run."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import needs, postgres

settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a shell starts what runs in its background. Programs that a test interrupts would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio: it is what the product runs on."""
    return "asyncio"


@pytest.fixture
def chromium() -> Path:
    """The path of a Chromium; start it with its own empty user-data folder."""
    return needs.require("chromium")


@pytest.fixture
def bwrap() -> Path:
    """The path of a bubblewrap that this kernel lets make namespaces."""
    return needs.require("bwrap")


@pytest.fixture(scope="session")
def _shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> postgres.Cluster:
    return postgres.shared(_session_folder(tmp_path_factory))


@pytest.fixture
def postgres_url(_shared_cluster: postgres.Cluster) -> Iterator[str]:
    """A fresh, empty database of the session's cluster: postgresql://user@127.0.0.1:port/name, gone after the test."""
    with _shared_cluster.database() as url:
        yield url


@pytest.fixture
def postgres_cluster() -> Iterator[postgres.Cluster]:
    """A running cluster of the test's own, with fsync on: it may be stopped, killed and restarted."""
    with postgres.own() as cluster:
        yield cluster


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for need in marker.args:
            needs.require(need)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Whole folders run in parallel; one named file starts faster without workers. Flows wait half of their time for
    other processes, so that two cores have work for three workers."""
    named = [str(arg).split("::")[0] for arg in config.args]
    if all(name.endswith(".py") for name in named):
        return 0
    cores = len(os.sched_getaffinity(0))
    return cores + max(1, cores // 2)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    failed = terminalreporter.stats.get("error", []) + terminalreporter.stats.get("failed", [])
    not_run = terminalreporter.stats.get("skipped", []) + [
        each for each in failed if _text(each).startswith(needs.PREFIX)
    ]
    if not not_run:
        return
    terminalreporter.section("not run", sep="=", yellow=True)
    reasons: dict[str, list[str]] = {}
    for report in not_run:
        reasons.setdefault(_reason(report), []).append(report.nodeid)
    for reason, tests in sorted(reasons.items()):
        terminalreporter.write_line(f"{reason} ({len(tests)} tests)")
        for test in sorted(tests):
            terminalreporter.write_line(f"    {test}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if hasattr(session.config, "workerinput"):
        return
    factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
    postgres.stop_shared(factory.getbasetemp())
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and os.environ.get("CI") == "true" and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _reason(report: pytest.TestReport) -> str:
    text = _text(report).removeprefix("Skipped: ")
    return text if text.startswith(needs.PREFIX) else needs.PREFIX + text


def _text(report: pytest.TestReport) -> str:
    longrepr = report.longrepr
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


def _session_folder(factory: pytest.TempPathFactory) -> Path:
    base = factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
