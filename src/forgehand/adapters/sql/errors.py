"""From what the drivers raise to what the port promises. Called by `sqlite` and `postgres`."""

import pysqlite3
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)

from forgehand.ports.store import StoreUnavailable


def told(error: Exception) -> Exception:
    """`ValueError` where the row is at fault, `StoreUnavailable` where the database is, else the error itself."""
    match error:
        case IntegrityError() | DataError() | NotSupportedError():
            return ValueError(f"the database refuses this row: {_first_line(error.orig)}")
        case pysqlite3.IntegrityError() | pysqlite3.DataError() | pysqlite3.NotSupportedError() | OverflowError():
            return ValueError(f"the database refuses this row: {_first_line(error)}")
        case ProgrammingError() | pysqlite3.ProgrammingError():
            return error
        case pysqlite3.Error():
            return StoreUnavailable(_first_line(error))
        case DBAPIError():
            return StoreUnavailable(_first_line(error.orig))
        case SQLAlchemyError():
            return StoreUnavailable(_first_line(error))
        case _:
            return error


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or ["the database gave no reason"])[0]
