"""A person at one server: signed in, knowing things from all of its history, opening pages one at a time. Used by
`__main__`."""

import http.client
import json
import random
import time
from dataclasses import dataclass
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import quote, urlencode

from bench.dashboard.history import END, FIRST_RUN
from starlette.routing import Route

from forgehand.web.admin.app import build_admin
from forgehand.web.admin.openapi import DOCUMENT

EXAMPLES = 40
"""Deliveries, jobs, effects and pull requests from anywhere in the history, that are asked for in turn."""
KNOWN = {"worker": "review", "run": str(FIRST_RUN)}
"""What stands in paths besides."""
SEARCHES = ("acme", "{shop}", "{pull}", "{guid}", "{id}")
NO_READS = {"/", "/admin/sign-in", "/admin/events", DOCUMENT}


@dataclass(frozen=True)
class Endpoint:
    """`path` with `{names}`. `middle`: the page of a list that begins in the middle of the history."""

    path: str
    query: str = ""
    middle: bool = False

    @property
    def name(self) -> str:
        told = [self.query] if self.query else []
        told += ["before=…"] if self.middle else []
        return self.path + ("?" + "&".join(told) if told else "")


def endpoints(document: dict[str, Any]) -> list[Endpoint]:
    """Every page, every JSON route with each state and span that it shows, and the metrics."""
    nothing: Any = MagicMock()
    routes = [each for each in build_admin(nothing, nothing, version="").routes if isinstance(each, Route)]
    pages = sorted(each.path for each in routes if "GET" in (each.methods or ()) and each.path not in NO_READS)
    found = [Endpoint(path) for path in pages]
    for path, item in document["paths"].items():
        parameters = {each["name"]: each["schema"] for each in item["get"]["parameters"] if each["in"] == "query"}
        both = [each for each in (path, path.replace("/admin/api", "/admin")) if each in pages]
        for name, schema in parameters.items():
            found += [Endpoint(path, f"{name}={each}") for each in schema.get("enum", ())]
        if "before" in parameters:
            found += [Endpoint(each, middle=True) for each in both]
        if "q" in parameters:
            found += [Endpoint(each, f"q={words}") for each in both for words in SEARCHES]
    return found


class Visitor:
    """`begin` is when the server's history begins."""

    def __init__(self, port: int, link: str, begin: float) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._host = f"127.0.0.1:{port}"
        self._middle = (begin + END) / 2
        self._cookie = self._signed_in(link)
        self._turn = 0
        chance = random.Random(7)
        self._known = [self._example(chance.uniform(begin, END)) for _ in range(EXAMPLES)]

    def document(self) -> dict[str, Any]:
        return self._json(DOCUMENT)

    def open(self, endpoint: Endpoint) -> float:
        """Seconds until the whole answer was there."""
        self._turn += 1
        where = self._where(endpoint, self._known[self._turn % EXAMPLES])
        start = time.perf_counter()
        self._get(where)
        return time.perf_counter() - start

    def _where(self, endpoint: Endpoint, known: dict[str, str]) -> str:
        query = [endpoint.query] if endpoint.query else []
        query += [f"before={self._middle:.3f}"] if endpoint.middle else []
        where = f"{endpoint.path}?{'&'.join(query)}"
        for name, value in known.items():
            where = where.replace(f"{{{name}}}", quote(value, safe=""))
        if "{" in where:
            raise SystemExit(f"{endpoint.name}: say in bench/dashboard/visitor.py what stands in its place")
        return where

    def _example(self, at: float) -> dict[str, str]:
        before = urlencode({"limit": 1, "before": f"{at:.3f}"})
        (delivery,) = self._json(f"/admin/api/deliveries?{before}")["deliveries"] or self._newest("deliveries")
        (job,) = self._json(f"/admin/api/jobs?{before}")["jobs"] or self._newest("jobs")
        (effect,) = self._json(f"/admin/api/effects?{before}")["effects"] or self._newest("effects")
        (pull,) = self._json(f"/admin/api/pulls?state=ended&{before}")["pulls"] or self._newest("pulls")
        return {
            "guid": delivery["guid"],
            "id": job["id"],
            "slot": effect["slot"],
            "repository": str(pull["repo"]["id"]),
            "number": str(pull["number"]),
            "shop": pull["repo"]["full_name"],
            "pull": f"{pull['repo']['full_name']}#{pull['number']}",
            **KNOWN,
        }

    def _newest(self, what: str) -> list[Any]:
        found: list[Any] = self._json(f"/admin/api/{what}?limit=1")[what]
        return found

    def _json(self, path: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self._get(path))
        return told

    def _get(self, path: str) -> bytes:
        self._connection.request("GET", path, headers={"Host": self._host, "Cookie": self._cookie})
        answer = self._connection.getresponse()
        body = answer.read()
        # A search leads on where it finds one thing.
        if answer.status not in (200, 303):
            raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
        return body

    def _signed_in(self, link: str) -> str:
        form = urlencode({"token": link.partition("token=")[2]})
        headers = {"Host": self._host, "Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/admin/sign-in", form, headers)
        answer = self._connection.getresponse()
        answer.read()
        return str(answer.headers["set-cookie"]).partition(";")[0]
