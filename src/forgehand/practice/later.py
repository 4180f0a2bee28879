"""Effects that come after their answer: what a fault or a quirk holds back until its time, or `Forge.land_now()`."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Later:
    _held: list[Callable[[], None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, action: Callable[[], None], seconds: float) -> None:
        """Keep an effect for `seconds` (0: for ever), or until `land_now`; whichever comes first does it, once."""

        def due() -> None:
            if self._take(action):
                action()

        with self._lock:
            self._held.append(action)
        if seconds > 0:
            timer = threading.Timer(seconds, due)
            timer.daemon = True
            timer.start()

    def land_now(self) -> int:
        """Do all that is held back, and say how much that was."""
        with self._lock:
            held, self._held = self._held, []
        for action in held:
            action()
        return len(held)

    def drop(self) -> None:
        """Forget it all: the forge ends."""
        with self._lock:
            self._held.clear()

    def _take(self, action: Callable[[], None]) -> bool:
        with self._lock:
            mine = action in self._held
            if mine:
                self._held.remove(action)
            return mine
