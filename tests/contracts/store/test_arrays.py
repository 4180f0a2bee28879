"""What is sent as an array arrives as it was, read by PostgreSQL itself."""

from collections.abc import Sequence

import psycopg
import pytest
from sqlalchemy import BigInteger, Double, Integer, LargeBinary, Text
from sqlalchemy.types import TypeEngine

from forgehand.adapters.sql.arrays import array_of, register

pytestmark = pytest.mark.needs("postgres")


@pytest.mark.parametrize(
    ("column", "cast", "values"),
    [
        (Text(), "text[]", ["plain", "", "NULL", None, '"quoted", {braced}\\', "größer → \U0001f600", "x" * 100_000]),
        (LargeBinary(), "bytea[]", [b"\x28\xb5\x2f\xfd\x00\xff", b"", None, bytes(range(256)) * 300]),
        (Double(), "float8[]", [1764197817.472483, -0.5, 1e300, 0, 7]),
        (Double(), "float8[]", [None, 2.5, None]),
        (Integer(), "int4[]", [0, -1, 2**31 - 1, -(2**31)]),
        (Integer(), "int4[]", [3, None]),
        (BigInteger(), "int8[]", [2**63 - 1, -(2**63), 0]),
        (BigInteger(), "int8[]", [None, None]),
    ],
)
def test_arrays_arrive_as_they_were(
    postgres_url: str, column: TypeEngine[object], cast: str, values: Sequence[object]
) -> None:
    with psycopg.connect(postgres_url) as conn:
        register(conn)
        found = conn.execute(f"SELECT unnest(%b::{cast})", [array_of(column, values)]).fetchall()
        assert [each[0] for each in found] == values


@pytest.mark.parametrize(
    ("column", "value"),
    [(Integer(), 2**31), (BigInteger(), 2**63), (BigInteger(), "7"), (Double(), "7"), (Text(), "\ud800")],
)
def test_what_is_no_number_of_that_size_and_no_text_is_refused_before_it_is_sent(
    column: TypeEngine[object], value: object
) -> None:
    with pytest.raises(ValueError):
        array_of(column, [value, None])
    with pytest.raises(ValueError):
        array_of(column, [value])
