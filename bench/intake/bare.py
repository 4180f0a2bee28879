"""Bare ASGI applications on the uvicorn of `forgehand serve`: what there is to win. Run as a process by `contestants`.

    python -m bench.intake.bare echo
    python -m bench.intake.bare packed PATH
    python -m bench.intake.bare packed postgresql://…
    python -m bench.intake.bare raw PATH

`echo` reads the body and answers. `packed` checks the signature and the JSON, and writes the rows that we write, in
group commits, with as little code as can be: no refusals, no bounds, no second process, no duplicates. It is the
ceiling for a durable intake on this machine, on SQLite or on PostgreSQL. `raw` writes the same rows with the bodies as
they came.
"""

import asyncio
import hashlib
import hmac
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import psycopg
import pysqlite3
import uvicorn
from bench.intake.rows import COPIES, INSERTS, Rows, rows_of

from forgehand.adapters.sql.bodies import packed

_SKIM = msgspec.json.Decoder(msgspec.Raw)

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Commit = Callable[[list[Rows]], None]


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    await _body(receive)
    await _answer(send, 202)


class Store:
    def __init__(self, at: str, secret: bytes, pack: Callable[[bytes], bytes]) -> None:
        self._secret = secret
        self._pack = pack
        self._commit = _postgres(at) if at.startswith("postgresql") else _sqlite(at)
        self._waiting: deque[tuple[Rows, asyncio.Future[None]]] = deque()
        self._changed = threading.Condition()
        threading.Thread(target=self._write, daemon=True).start()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        body = await _body(receive)
        signature = b"sha256=" + hmac.digest(self._secret, body, hashlib.sha256).hex().encode()
        if not hmac.compare_digest(signature, headers[b"x-hub-signature-256"]):
            await _answer(send, 401)
            return
        _SKIM.decode(body)
        guid, event = headers[b"x-github-delivery"].decode(), headers[b"x-github-event"].decode()
        rows = rows_of(guid, event, self._pack(body), time.time())
        stored = asyncio.get_running_loop().create_future()
        with self._changed:
            self._waiting.append((rows, stored))
            self._changed.notify()
        await stored
        await _answer(send, 202)

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                batch = list(self._waiting)
                self._waiting.clear()
            self._commit([rows for rows, _ in batch])
            batch[0][1].get_loop().call_soon_threadsafe(_resolve, [stored for _, stored in batch])


def _sqlite(path: str) -> Commit:
    connection = pysqlite3.connect(path, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=512")

    def commit(batch: list[Rows]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for table, insert in enumerate(INSERTS):
            connection.executemany(insert, [rows[table] for rows in batch])
        connection.execute("COMMIT")

    return commit


def _postgres(url: str) -> Commit:
    connection = psycopg.connect(url)

    def commit(batch: list[Rows]) -> None:
        with connection.cursor() as cursor:
            for table, (copy_in, types) in enumerate(COPIES):
                with cursor.copy(copy_in.encode()) as copy:
                    copy.set_types(types)
                    for rows in batch:
                        copy.write_row(rows[table])
        connection.commit()

    return commit


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


class _Server(uvicorn.Server):
    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)


def main() -> None:
    pack = packed if sys.argv[1] == "packed" else bytes
    app = echo if sys.argv[1] == "echo" else Store(sys.argv[2], os.environ["WEBHOOK_SECRET"].encode(), pack)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    _Server(config).run()


if __name__ == "__main__":
    main()
