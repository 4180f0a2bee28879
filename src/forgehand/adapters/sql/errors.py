"""From what the drivers raise to what the port promises. Called by `sqlite` and `postgres`."""

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
        case ProgrammingError():
            return error
        case DBAPIError():
            return StoreUnavailable(_first_line(error.orig))
        case SQLAlchemyError():
            return StoreUnavailable(_first_line(error))
        case _:
            return error


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or ["the database gave no reason"])[0]
