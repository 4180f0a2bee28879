"""Spans as OpenTelemetry keeps them: one trace for a delivery, whoever works on it, and no secret in it."""

from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from forgehand.adapters.traces import OpenTelemetry
from forgehand.assembly.logs import redactor
from support.secrets import Fakes

GUID = "0f1e2d3c-0000-11ef-8000-000000000001"


class Process:
    """One of ours, and the spans that it hands over."""

    def __init__(self, *secrets: str) -> None:
        self._exporter = InMemorySpanExporter()
        self.traces = OpenTelemetry(SimpleSpanProcessor(self._exporter), redactor(secrets), version="1.2.3")

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._exporter.get_finished_spans()}


def parent(span: ReadableSpan) -> int:
    assert span.parent is not None
    return span.parent.span_id


def own(span: ReadableSpan) -> tuple[int, int]:
    context: Any = span.context
    return context.trace_id, context.span_id


def test_what_two_processes_do_for_a_delivery_hangs_from_its_span() -> None:
    server, worker = Process(), Process()
    with server.traces.delivery(GUID, event="pull_request"):
        pass
    with worker.traces.step("plan", of=GUID):
        pass
    with (
        worker.traces.step("job review", of=GUID, job="job-1"),
        worker.traces.step("effect comment"),
        worker.traces.step("GitHub POST") as call,
    ):
        call.tell(status=201)

    trace_id, root = own(server.spans["delivery"])
    assert server.spans["delivery"].parent is None
    spans = worker.spans
    assert {own(span)[0] for span in spans.values()} == {trace_id}
    assert [parent(spans[name]) for name in ("plan", "job review")] == [root, root]
    assert parent(spans["effect comment"]) == own(spans["job review"])[1]
    assert parent(spans["GitHub POST"]) == own(spans["effect comment"])[1]
    assert dict(spans["GitHub POST"].attributes or {}) == {"forgehand.status": 201}


def test_other_deliveries_and_work_for_none_have_traces_of_their_own() -> None:
    process = Process()
    for guid in (GUID, "another"):
        with process.traces.step(f"job for {guid}", of=guid):
            pass
    with process.traces.step("poll"):
        pass
    assert len({own(span)[0] for span in process.spans.values()}) == 3


def test_no_secret_is_in_a_name_an_attribute_or_an_error() -> None:
    token, ours = Fakes().github_token("s"), "the operator's own secret"
    process = Process(ours)

    def call() -> None:
        with process.traces.step(f"GitHub GET {token}", path=f"/x?{token}", why=ours) as span:
            span.tell(url=f"https://x-access-token:{token}@github.com/a/b")
            raise ValueError(f"{token} {ours}")

    with pytest.raises(ValueError):
        call()
    (said,) = process.spans.values()
    assert said.status.status_code is StatusCode.ERROR
    assert "ValueError" in (said.status.description or "")
    assert list(said.events) == [], "an exception's own record holds its text as it is"
    for secret in (token, ours):
        assert secret not in said.to_json()
