"""Bounded collecting of what a child writes: the first and the last of it. Called by `session`."""

from collections import deque

GAP = b"\n... %d bytes left out ...\n"


class HeadAndTail:
    """Keeps `limit` bytes: a quarter from the beginning and the rest from the end, where test runners sum up."""

    def __init__(self, limit: int) -> None:
        self._head_room = limit // 4
        self._tail_room = limit - self._head_room
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._in_tail = 0
        self._left_out = 0

    @property
    def cut(self) -> bool:
        return self._left_out > 0 or self._in_tail > self._tail_room

    def add(self, data: bytes) -> None:
        room = self._head_room - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail.append(data)
            self._in_tail += len(data)
        while self._tail and self._in_tail - len(self._tail[0]) >= self._tail_room:
            gone = len(self._tail.popleft())
            self._in_tail -= gone
            self._left_out += gone

    def text(self) -> bytes:
        tail = b"".join(self._tail)
        surplus = max(0, len(tail) - self._tail_room)
        left_out = self._left_out + surplus
        return bytes(self._head) + (GAP % left_out if left_out else b"") + tail[surplus:]
