"""The private PostgreSQL that other tests stand on."""

import psycopg
import pytest

from support import postgres

pytestmark = pytest.mark.needs("postgres")


def test_each_test_gets_an_empty_database_of_its_own(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)


def test_what_was_committed_is_there_after_a_kill(postgres_cluster: postgres.Cluster) -> None:
    with psycopg.connect(postgres_cluster.url) as connection:
        connection.execute("CREATE TABLE kept (value int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    postgres_cluster.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres_cluster.url, connect_timeout=2)
    postgres_cluster.start()
    with psycopg.connect(postgres_cluster.url) as connection:
        assert connection.execute("SELECT value FROM kept").fetchall() == [(7,)]


def test_a_restarted_cluster_keeps_its_address(postgres_cluster: postgres.Cluster) -> None:
    before = postgres_cluster.pid()
    postgres_cluster.restart(immediate=True)
    assert postgres_cluster.pid() != before
    with psycopg.connect(postgres_cluster.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
