"""From a delivery to each call that it made: by its GUID in the log, and as one trace at a collector."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.product import SECRET, Product, open_flawed_pull, product, reviewed, until


@dataclass
class Collector:
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def spans(self) -> list[Any]:
        """Each as protobuf, whatever process it came from."""
        told = [ExportTraceServiceRequest.FromString(body) for body in list(self.bodies)]
        return [
            span
            for each in told
            for resource in each.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@contextmanager
def collector() -> Iterator[Collector]:
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/v1/traces"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def test_every_call_is_followed_back_to_its_delivery(tmp_path: Path) -> None:
    with collector() as told, product(tmp_path, otlp_url=told.url, log_level="DEBUG") as run:
        pull = open_flawed_pull(run.forge)
        until(lambda: reviewed(run.forge, pull.number, pull.head_sha), "the review")
        run.stop()
        _check_log(run)
        _check_spans(told)
        everything = b"".join(told.bodies)
        tokens = list(run.forge.world.tokens)
        assert tokens
        assert [secret for secret in (*tokens, SECRET) if secret.encode() in everything] == []


def _check_log(run: Product) -> None:
    """What changed something on GitHub is in the log with the GUID of the delivery that it was done for."""
    guids = {each.guid for each in run.forge.deliveries(run.app)}
    lines = [json.loads(line) for line in run.log().splitlines() if line.startswith("{")]
    for call in run.forge.mutations():
        if "/access_tokens" not in call.path:
            said = [line for line in lines if line["event"] == f"{call.method} {call.path}: {call.status}"]
            assert said, f"{call.method} {call.path} is not in the log"
            assert {line.get("correlation") for line in said} <= guids
            assert all(line.get("job") for line in said)


def _check_spans(told: Collector) -> None:
    spans = told.spans()
    known = {span.span_id: span for span in spans}

    def way(span: Any) -> list[str]:
        above = known.get(span.parent_span_id)
        return [*(way(above) if above else []), span.name]

    ways = [way(span) for span in spans]
    assert ["delivery", "plan"] in ways
    assert ["delivery", "job review", "effect review", "GitHub POST"] in ways
    assert ["delivery", "job decide", "effect check_run", "GitHub POST"] in ways
