"""`ports.traces` by OpenTelemetry. Imported by assembly only where traces are asked for: the SDK is an extra.

A delivery's jobs run in other processes, some of them days later. So nothing is carried along: the id of the trace, and
that of the span from which the others hang, follow from the delivery's GUID.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

Told = str | int | float
ANSWER_SECONDS = 5.0


def to_collector(url: str) -> SpanProcessor:
    """In batches, from a thread of its own, to a collector that speaks OTLP over HTTP."""
    return BatchSpanProcessor(OTLPSpanExporter(url, timeout=ANSWER_SECONDS))


class OpenTelemetry:
    """`ports.traces.Traces`. Whatever a span says passes `redact`."""

    def __init__(self, processor: SpanProcessor, redact: Callable[[str], str], *, version: str) -> None:
        self._redact = redact
        self._provider = TracerProvider(
            id_generator=_Ids(),
            resource=Resource.create({"service.name": "forgehand", "service.version": version}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("forgehand", version)

    @contextmanager
    def delivery(self, guid: str, **about: Told) -> Iterator["OpenSpan"]:
        reset = _next_ids.set(_ids_of(guid))
        try:
            span = self._tracer.start_span("delivery", Context())
        finally:
            _next_ids.reset(reset)
        with self._opened(span, {"delivery": guid, **about}) as opened:
            yield opened

    @contextmanager
    def step(self, name: str, *, of: str = "", **about: Told) -> Iterator["OpenSpan"]:
        inside = trace.get_current_span().get_span_context().is_valid
        above = None if inside or not of else trace.set_span_in_context(_hung_from(of), Context())
        with self._opened(self._tracer.start_span(self._redact(name), above), about) as opened:
            yield opened

    def close(self) -> None:
        self._provider.shutdown()

    @contextmanager
    def _opened(self, span: trace.Span, about: dict[str, Told]) -> Iterator["OpenSpan"]:
        opened = OpenSpan(span, self._redact)
        opened.tell(**about)
        # Its own record of an exception would hold the text as it is, and the whole stack with it.
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield opened
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, self._redact(f"{type(error).__name__}: {error}")[:300]))
                raise


class OpenSpan:
    def __init__(self, span: trace.Span, redact: Callable[[str], str]) -> None:
        self._span = span
        self._redact = redact

    def tell(self, **about: Told) -> None:
        for name, value in about.items():
            self._span.set_attribute(f"forgehand.{name}", self._redact(value) if isinstance(value, str) else value)


_next_ids: ContextVar[tuple[int, int] | None] = ContextVar("next ids", default=None)


class _Ids(IdGenerator):
    """Those that were asked for, or random ones."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_trace_id(self) -> int:
        ids = _next_ids.get()
        return ids[0] if ids else self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        ids = _next_ids.get()
        return ids[1] if ids else self._random.generate_span_id()


def _ids_of(guid: str) -> tuple[int, int]:
    digest = hashlib.sha256(f"delivery:{guid}".encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


def _hung_from(guid: str) -> trace.Span:
    """The delivery's span as another process sees it: its ids."""
    trace_id, span_id = _ids_of(guid)
    return NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)))
