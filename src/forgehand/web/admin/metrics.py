"""What Prometheus is given of the projections: totals, what stands, workers, the latest windows. Called by `probes`.

Values are read by key and by one range of at most `WORKERS_SHOWN` rows; nothing is counted when somebody asks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from forgehand.domain.projections import SPANS
from forgehand.domain.tallies import Tally
from forgehand.engine.queries import Numbers, Window, WorkerRow, lag, standing, totals, window, workers

WORKERS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers of one scrape; a collector of the client library asks for them without awaiting."""

    totals: Tally
    workers: tuple[WorkerRow, ...]
    windows: tuple[Window, ...]
    lag: float

    def collector(self) -> Collector:
        return _Collector(self)


async def measured(store: Numbers, now: float) -> Measured:
    """The windows are those before the present ones: whole."""
    ended = [await window(store, span, now - span) for span in SPANS]
    return Measured(
        totals=await totals(store),
        workers=await workers(store, WORKERS_SHOWN),
        windows=tuple(each for each in ended if each),
        lag=await lag(store, now),
    )


class _Collector(Collector):
    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterable[Metric]:
        yield _counter("forgehand_facts", "What happened, by kind.", "kind", _kinds(self._measured.totals))
        stands = standing(self._measured.totals)
        yield _gauge(
            "forgehand_standing",
            "What stands now.",
            "what",
            ((f.name, getattr(stands, f.name)) for f in fields(stands)),
        )
        yield from _of_workers(self._measured.workers)
        yield from _of_windows(self._measured.windows)
        yield GaugeMetricFamily(
            "forgehand_projection_lag_seconds", "How far these numbers are behind.", value=self._measured.lag
        )


def _kinds(tally: Tally) -> Iterator[tuple[str, float]]:
    return ((kind, number) for kind, number in tally.counts.items() if not kind.startswith("now."))


def _of_workers(rows: tuple[WorkerRow, ...]) -> Iterator[Metric]:
    ended = CounterMetricFamily("forgehand_worker_jobs", "Jobs that ended, by worker.", labels=["worker", "end"])
    for row in rows:
        ended.add_metric([row.worker, "completed"], row.completed)
        ended.add_metric([row.worker, "failed"], row.failed)
    yield ended
    yield _gauge(
        "forgehand_worker_under_way", "Jobs under way, by worker.", "worker", ((r.worker, r.under_way) for r in rows)
    )


def _of_windows(windows: tuple[Window, ...]) -> Iterator[Metric]:
    took = GaugeMetricFamily(
        "forgehand_job_seconds",
        "From when work was made to its end, in the last whole window of so many seconds.",
        labels=["window", "quantile"],
    )
    share = GaugeMetricFamily(
        "forgehand_success_ratio", "The share of ended work that did not fail, in that window.", labels=["window"]
    )
    for each in windows:
        for quantile, seconds in (("0.5", each.job.p50), ("0.95", each.job.p95), ("0.99", each.job.p99)):
            took.add_metric([str(each.span), quantile], seconds)
        if each.success is not None:
            share.add_metric([str(each.span)], each.success / 100)
    yield took
    yield share


def _counter(name: str, says: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = CounterMetricFamily(name, says, labels=[label])
    for value, number in values:
        family.add_metric([value], number)
    return family


def _gauge(name: str, says: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for value, number in values:
        family.add_metric([value], number)
    return family
