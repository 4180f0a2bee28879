"""Following one delivery: what was done for it, in which process, and how long it took. Implemented by
`adapters.traces`; without it nothing is followed, at next to no cost.
"""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self


class Span(Protocol):
    def tell(self, **about: str | int | float) -> None:
        """What is known by now of what is done here."""
        ...


class Traces(Protocol):
    def delivery(self, guid: str, **about: str | int | float) -> AbstractContextManager[Span]:
        """Taking a delivery in: everything else that is done for it, in whatever process, hangs from this."""
        ...

    def step(self, name: str, *, of: str = "", **about: str | int | float) -> AbstractContextManager[Span]:
        """A part of what is open here. `of` is the delivery that it is done for, where nothing is open."""
        ...

    def close(self) -> None:
        """Hand over what was not handed over yet; may take seconds."""
        ...


class Silent:
    """Nobody follows anything."""

    def delivery(self, guid: str, **about: str | int | float) -> "Silent":
        return self

    def step(self, name: str, *, of: str = "", **about: str | int | float) -> "Silent":
        return self

    def tell(self, **about: str | int | float) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


SILENT = Silent()
