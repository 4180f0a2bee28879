"""The PostgreSQL connection that a thread of the store keeps."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from forgehand.adapters.sql.own_connection import OwnConnection
from forgehand.adapters.sql.statements import send


@pytest.fixture
def own(postgres_url: str) -> Iterator[OwnConnection]:
    address = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with closing(OwnConnection(engine)) as own:
        with own.alone() as conn:
            conn.exec_driver_sql("CREATE TABLE rows (number integer PRIMARY KEY)")
        yield own


def insert(conn: Connection, number: int) -> None:
    conn.exec_driver_sql("INSERT INTO rows VALUES (%s)", (number,))


def insert_past_sqlalchemy(conn: Connection, number: int) -> None:
    send(conn, "INSERT INTO rows VALUES (%s)", (number,))


def in_transaction(own: OwnConnection, *steps: Callable[[Connection], None]) -> None:
    with own.transaction() as conn:
        for step in steps:
            step(conn)


def numbers(own: OwnConnection) -> list[int]:
    with own.alone() as conn:
        return list(conn.exec_driver_sql("SELECT number FROM rows ORDER BY number").scalars())


def backend(own: OwnConnection) -> int:
    """The process in the server that belongs to the connection: another, if it connected again."""
    with own.alone() as conn:
        pid: int = conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        return pid


def terminate(url: str, pid: int) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


def test_a_statement_alone_is_seen_by_others_at_once(own: OwnConnection, postgres_url: str) -> None:
    with own.alone() as conn:
        insert(conn, 1)
        with psycopg.connect(postgres_url) as other:
            assert other.execute("SELECT number FROM rows").fetchall() == [(1,)]


def test_a_transaction_is_seen_once_it_is_committed(own: OwnConnection, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as other:
        with own.transaction() as conn:
            insert(conn, 1)
            insert(conn, 2)
            assert other.execute("SELECT number FROM rows").fetchall() == []
            conn.commit()
        assert other.execute("SELECT number FROM rows").fetchall() == [(1,), (2,)]


def test_a_transaction_that_is_not_committed_leaves_nothing(own: OwnConnection) -> None:
    with own.transaction() as conn:
        insert(conn, 1)
    assert numbers(own) == []


@pytest.mark.parametrize("insert", [insert, insert_past_sqlalchemy])
def test_after_an_error_the_transaction_is_undone_and_the_connection_kept(
    own: OwnConnection, insert: Callable[[Connection, int], None]
) -> None:
    before = backend(own)
    with pytest.raises(DBAPIError):
        in_transaction(own, lambda conn: insert(conn, 1), lambda conn: insert(conn, 1))
    in_transaction(own, lambda conn: insert(conn, 2), Connection.commit)
    assert numbers(own) == [2]
    assert backend(own) == before


def test_after_somebody_elses_error_too(own: OwnConnection) -> None:
    def give_up(conn: Connection) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        in_transaction(own, lambda conn: insert_past_sqlalchemy(conn, 1), give_up)
    assert numbers(own) == []


@pytest.mark.parametrize("insert", [insert, insert_past_sqlalchemy])
def test_a_lost_connection_is_told_of_and_replaced(
    own: OwnConnection, postgres_url: str, insert: Callable[[Connection, int], None]
) -> None:
    before = backend(own)
    terminate(postgres_url, before)
    with pytest.raises(DBAPIError) as lost, own.alone() as conn:
        insert(conn, 1)
    assert lost.value.connection_invalidated
    assert numbers(own) == []
    assert backend(own) != before


@pytest.mark.parametrize("insert", [insert, insert_past_sqlalchemy])
def test_one_lost_in_a_transaction_is_replaced(
    own: OwnConnection, postgres_url: str, insert: Callable[[Connection, int], None]
) -> None:
    before = backend(own)
    with pytest.raises(DBAPIError) as lost:
        in_transaction(
            own,
            lambda conn: insert(conn, 1),
            lambda conn: terminate(postgres_url, before),
            lambda conn: insert(conn, 2),
        )
    assert lost.value.connection_invalidated
    assert numbers(own) == []


def test_a_database_that_is_away_is_no_error_until_it_is_needed() -> None:
    nowhere = create_engine("postgresql+psycopg://127.0.0.1:1/none", poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with closing(OwnConnection(nowhere)) as own:
        own.connect()
        with pytest.raises(DBAPIError), own.alone():
            pass
