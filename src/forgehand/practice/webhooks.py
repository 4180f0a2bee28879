"""Delivers events to the apps' webhook addresses, signed, and keeps the history that GitHub keeps.

`events` sends; `routes.hooks` lists and redelivers; tests set `mode` and wait with `settle`.
Headers and signature: https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
No redelivery by itself: https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

import hashlib
import hmac
import http.client
import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal
from urllib.parse import urlsplit

from forgehand.practice.records import App, Delivery, Quirks

Mode = Literal["normal", "lost", "doubled", "shuffled", "delayed"]
KEPT_SECONDS = 3 * 24 * 3600
"""Deliveries stay listed for three days.
https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/viewing-webhook-deliveries"""


@dataclass(frozen=True)
class Letter:
    """An event on its way to one app."""

    app: App
    guid: str
    event: str
    body: bytes
    action: str | None
    installation_id: int | None
    repository_id: int | None
    redelivery: bool = False


@dataclass
class Webhooks:
    """`mode`: normal; lost (never sent, in no history); doubled (sent twice with one GUID); shuffled (held
    until `release()`, then sent in random order); delayed (each waits `delay` seconds, or `release()`)."""

    clock: Callable[[], float]
    quirks: Quirks
    mode: Mode = "normal"
    delay: float = 0.2
    random: Random = field(default_factory=lambda: Random(20))
    _history: list[Delivery] = field(default_factory=list)
    _held: list[Letter] = field(default_factory=list)
    _timers: list[threading.Timer] = field(default_factory=list)
    _flying: set[Future[None]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pool: ThreadPoolExecutor | None = None
    _ids: Any = field(default_factory=lambda: itertools.count(12_345_678_001))

    def send(self, app: App, event: str, payload: Mapping[str, Any]) -> str | None:
        """Queue one event and return its GUID, or None where the app has no address or all is lost."""
        if not app.webhook_url or self.mode == "lost":
            return None
        installation, repository = payload.get("installation"), payload.get("repository")
        letter = Letter(
            app=app,
            guid=str(uuid.UUID(int=self.random.getrandbits(128), version=1)),
            event=event,
            body=json.dumps(payload, separators=(",", ":")).encode(),
            action=payload.get("action"),
            installation_id=installation["id"] if installation else None,
            repository_id=repository["id"] if repository else None,
        )
        if self.mode in ("shuffled", "delayed"):
            self._hold(letter)
        else:
            for _ in range(2 if self.mode == "doubled" else 1):
                self._post(letter)
        return letter.guid

    def redeliver(self, app: App, delivery: Delivery) -> None:
        """Send a kept delivery again: same GUID, same body, a new id."""
        letter = Letter(
            app,
            delivery.guid,
            delivery.event,
            delivery.request_body,
            delivery.action,
            delivery.installation_id,
            delivery.repository_id,
            redelivery=True,
        )
        self._post(letter)

    def release(self) -> None:
        """Send what `shuffled` or `delayed` held back."""
        with self._lock:
            held, self._held = self._held, []
        if self.mode == "shuffled":
            self.random.shuffle(held)
        for letter in held:
            self._post(letter)

    def history(self, app: App) -> list[Delivery]:
        """The app's deliveries of the last three days, newest first."""
        oldest = self.clock() - KEPT_SECONDS
        with self._lock:
            kept = [d for d in self._history if d.app_id == app.id and d.delivered_at >= oldest]
        return sorted(kept, key=lambda d: d.id, reverse=True)

    def age(self, seconds: float) -> None:
        """Make the history that much older, as if the receiver had been away for so long."""
        with self._lock:
            self._history = [replace(d, delivered_at=d.delivered_at - seconds) for d in self._history]

    def settle(self, timeout: float = 120.0) -> None:
        """Wait until every delivery on its way has an answer. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while True:
            with self._lock:
                flying = list(self._flying)
            if not flying:
                return
            flying[0].result(timeout=max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        with self._lock:
            timers, self._timers, self._held = self._timers, [], []
            pool, self._pool = self._pool, None
        for timer in timers:
            timer.cancel()
        if pool:
            pool.shutdown(wait=False, cancel_futures=True)

    def _hold(self, letter: Letter) -> None:
        with self._lock:
            self._held.append(letter)
            if self.mode == "delayed":
                timer = threading.Timer(self.delay, self._release_one, [letter])
                timer.daemon = True
                self._timers.append(timer)
                timer.start()

    def _release_one(self, letter: Letter) -> None:
        with self._lock:
            if letter not in self._held:
                return
            self._held.remove(letter)
        self._post(letter)

    def _post(self, letter: Letter) -> None:
        with self._lock:
            if self._pool is None:
                workers = 1 if self.quirks.webhooks_in_order else 4
                self._pool = ThreadPoolExecutor(workers, thread_name_prefix="practice-webhook")
            future = self._pool.submit(self._deliver, letter, next(self._ids))
            self._flying.add(future)
        future.add_done_callback(self._landed)

    def _landed(self, future: "Future[None]") -> None:
        with self._lock:
            self._flying.discard(future)

    def _deliver(self, letter: Letter, delivery_id: int) -> None:
        url = letter.app.webhook_url or ""
        headers = _headers(letter)
        started, at = time.monotonic(), self.clock()
        code, status, answer_headers, answer = _post(url, letter.body, headers, self.quirks.webhook_timeout)
        delivery = Delivery(
            id=delivery_id,
            guid=letter.guid,
            app_id=letter.app.id,
            event=letter.event,
            action=letter.action,
            installation_id=letter.installation_id,
            repository_id=letter.repository_id,
            redelivery=letter.redelivery,
            url=url,
            delivered_at=at,
            duration=round(time.monotonic() - started, 2),
            status=status,
            status_code=code,
            request_headers=headers,
            request_body=letter.body,
            response_headers=answer_headers,
            response_body=answer,
        )
        with self._lock:
            self._history.append(delivery)


def _headers(letter: Letter) -> dict[str, str]:
    secret = letter.app.webhook_secret.encode()
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/practice",
        "X-GitHub-Delivery": letter.guid,
        "X-GitHub-Event": letter.event,
        "X-GitHub-Hook-ID": str(letter.app.hook_id),
        "X-GitHub-Hook-Installation-Target-ID": str(letter.app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
    }
    if secret:
        headers["X-Hub-Signature"] = "sha1=" + hmac.new(secret, letter.body, hashlib.sha1).hexdigest()
        headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(secret, letter.body, hashlib.sha256).hexdigest()
    return headers


def _post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> tuple[int, str, dict[str, str], str]:
    """Status code, GitHub's word for it, and the receiver's headers and body."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, dict(headers))
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        code = response.status
        status = "OK" if 200 <= code < 300 else f"Invalid HTTP Response: {code}"
        return code, status, dict(response.getheaders()), text
    except TimeoutError:
        return 504, "timed out", {}, ""
    except (OSError, http.client.HTTPException):
        return 502, "failed to connect to host", {}, ""
    finally:
        connection.close()
