"""Effects that come after their answer: what a fault or a quirk holds back until its time, or `Forge.land_now()`."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Held:
    act: Callable[[], None]
    due: float
    """By the clock of `time.monotonic`."""


@dataclass
class Later:
    lock: threading.RLock
    """The world's: who looks at the world finds an effect either held back or done."""
    _held: list[Held] = field(default_factory=list)

    def hold(self, action: Callable[[], None], seconds: float) -> None:
        """Keep an effect for `seconds` (0: for ever), or until `land_now`; whichever comes first does it, once."""
        held = Held(action, time.monotonic() + seconds if seconds > 0 else math.inf)
        with self.lock:
            self._held.append(held)
        if seconds > 0:
            timer = threading.Timer(seconds, lambda: self._land(lambda each: each is held))
            timer.daemon = True
            timer.start()

    def land_due(self) -> None:
        """Do what should be done by now. Asked before each call: on a busy machine a timer may come later than a call
        that has to find the effect."""
        now = time.monotonic()
        self._land(lambda held: held.due <= now)

    def land_now(self) -> int:
        """Do all that is held back, and say how much that was."""
        return self._land(lambda held: True)

    def drop(self) -> None:
        """Forget it all: the forge ends."""
        with self.lock:
            self._held.clear()

    def _land(self, meant: Callable[[Held], bool]) -> int:
        with self.lock:
            landing = [held for held in self._held if meant(held)]
            self._held = [held for held in self._held if held not in landing]
            for held in landing:
                held.act()
        return len(landing)
