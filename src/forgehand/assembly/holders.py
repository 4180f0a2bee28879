"""Who holds a lease: this machine's boot, a process, and when it started, so that a dead holder is known as dead at
once and a process that got the same pid later is not mistaken for it. Linux only; elsewhere leases simply run out.
"""

import os
import socket
from pathlib import Path


def this_holder() -> str:
    """`host/boot/pid/start` of this process."""
    return "/".join((socket.gethostname(), _boot(), str(os.getpid()), _started(os.getpid()) or "0"))


def is_dead_here(holder: str) -> bool:
    """Whether the holder was a process of this machine that is gone; False for every other machine's."""
    host, boot, pid, started = ([*holder.split("/"), "", "", ""])[:4]
    if host != socket.gethostname() or not pid.isdigit() or not _boot():
        return False
    return boot != _boot() or _started(int(pid)) != started


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """Field 22 of /proc/PID/stat (proc(5)): start time in clock ticks since boot; None when there is no such process,
    or when it is dead and only its entry is left."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]
