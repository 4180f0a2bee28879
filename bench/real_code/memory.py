"""The most memory that a process and those below it ever held, sampled from outside. Called by `__main__`."""

import threading
from collections import defaultdict
from types import TracebackType

import psutil

EVERY = 0.01


class Watch:
    """While the block lasts, looks at the tree below `pid`. `peak` holds bytes of resident memory by role: `server`,
    `worker`, each child program by name, and `all together` at one moment."""

    def __init__(self, pid: int) -> None:
        self.peak: dict[str, int] = defaultdict(int)
        self._root = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(EVERY):
            together = 0
            for process in [self._root, *self._root.children(recursive=True)]:
                try:
                    role, held = self._role(process), process.memory_info().rss
                except psutil.Error:
                    continue
                together += held
                self.peak[role] = max(self.peak[role], held)
            self.peak["all together"] = max(self.peak["all together"], together)

    def _role(self, process: psutil.Process) -> str:
        if process.pid == self._root.pid:
            return "server"
        if "worker_process" in " ".join(process.cmdline()):
            return "worker"
        return process.name()
