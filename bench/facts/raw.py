"""The same facts into the same table by the driver alone, in commits as large: what the store's own tables allow. Used
by `__main__`."""

import time
from collections.abc import Sequence

import psycopg
import pysqlite3

from forgehand.adapters.sql.rows import FACT_COLUMNS, fact_row
from forgehand.domain.facts import Fact


def raw_rate(url: str, facts: Sequence[Fact], at_once: int) -> float:
    """Facts a second, with our indexes, without the outbox: nothing is to be folded."""
    rows = [fact_row(fact) for fact in facts]
    batches = [rows[first : first + at_once] for first in range(0, len(rows), at_once)]
    return len(rows) / (_into_sqlite(url, batches) if url.startswith("sqlite") else _into_postgres(url, batches))


def _into_sqlite(url: str, batches: Sequence[Sequence[tuple[object, ...]]]) -> float:
    connection = pysqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("DROP TRIGGER facts_into_outbox")
    insert = f"INSERT INTO facts ({', '.join(FACT_COLUMNS)}) VALUES ({', '.join('?' * len(FACT_COLUMNS))})"
    start = time.monotonic()
    for batch in batches:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, batch)
        connection.execute("COMMIT")
    took = time.monotonic() - start
    connection.close()
    return took


def _into_postgres(url: str, batches: Sequence[Sequence[tuple[object, ...]]]) -> float:
    insert = f"INSERT INTO facts ({', '.join(FACT_COLUMNS)}) VALUES ({', '.join(['%s'] * len(FACT_COLUMNS))})"
    with psycopg.connect(url) as connection:
        connection.execute("DROP TRIGGER facts_into_outbox ON facts")
        connection.commit()
        start = time.monotonic()
        for batch in batches:
            connection.cursor().executemany(insert, batch)
            connection.commit()
        return time.monotonic() - start
