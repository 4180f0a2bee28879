"""Columns of many rows as PostgreSQL's binary arrays, each made by a few calls for all its elements. Used by
`statements`, and registered on each connection by `postgres`.

psycopg asks a dumper for each element, in Python: a microsecond each, a tenth of what a delivery costs the intake.

The form is that of `array_recv` in PostgreSQL's arrayfuncs.c: the number of dimensions, whether there are NULLs, the
elements' type; the dimension's length and lower bound; then for each element its length in bytes (-1 for NULL) and the
bytes as its type's own receive function reads them. All integers are big-endian.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Double, Integer, LargeBinary, Text
from sqlalchemy.types import TypeEngine


class Array(bytes):
    """An array as it is sent. The statement says its type, by a cast."""


def register(connection: Any) -> None:
    """Make a psycopg connection take an `Array` as a parameter."""
    # Loaded where there is a PostgreSQL: a store on SQLite opens without.
    from psycopg.adapt import Buffer, Dumper
    from psycopg.pq import Format

    class ArrayDumper(Dumper):
        format = Format.BINARY
        oid = 0

        def dump(self, obj: Buffer) -> Buffer:
            return obj

    connection.adapters.register_dumper(Array, ArrayDumper)


def array_of(column: TypeEngine[Any], values: Sequence[Any]) -> Array:
    """`values` as an array of what `column` holds. Raises ValueError for half a surrogate pair in a text and for what
    is no number of that size."""
    oid, elements = _ELEMENTS[type(column)]
    try:
        return Array(_HEAD.pack(1, None in values, oid, len(values), 1) + elements(values))
    except struct.error as error:
        raise ValueError(f"the database refuses this row: {error}") from error


def _texts(values: Sequence[str | None]) -> bytes:
    return _bytes([None if value is None else value.encode() for value in values])


def _bytes(values: Sequence[bytes | None]) -> bytes:
    return b"".join([part for value in values for part in _one(value)])


def _one(value: bytes | None) -> tuple[bytes, bytes]:
    return (_NULL, b"") if value is None else (_LENGTH.pack(len(value)), value)


def _numbers(code: str) -> Callable[[Sequence[float | None]], bytes]:
    size = struct.Struct(f"!{code}").size

    def elements(values: Sequence[float | None]) -> bytes:
        if None in values:
            return _bytes([None if value is None else struct.pack(f"!{code}", value) for value in values])
        flat: list[float] = [size] * (2 * len(values))
        flat[1::2] = values  # type: ignore[assignment]  # no None among them
        return struct.pack(f"!{f'i{code}' * len(values)}", *flat)

    return elements


_HEAD = struct.Struct("!iiIii")
_LENGTH = struct.Struct("!i")
_NULL = _LENGTH.pack(-1)

# Ids of pg_type.dat, the same in every PostgreSQL.
_ELEMENTS: dict[type, tuple[int, Callable[[Sequence[Any]], bytes]]] = {
    LargeBinary: (17, _bytes),
    BigInteger: (20, _numbers("q")),
    Integer: (23, _numbers("i")),
    Text: (25, _texts),
    Double: (701, _numbers("d")),
}
