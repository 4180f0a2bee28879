"""Who holds a lease: this machine's boot, a process, and when it started, so that a dead holder is known as dead at
once and a process that got the same pid later is not mistaken for it. Linux only; elsewhere leases simply run out.
"""

import os
import socket
from pathlib import Path


def this_holder() -> str:
    """`host/boot/namespace/pid/start` of this process."""
    return "/".join((socket.gethostname(), _boot(), _namespace(), str(os.getpid()), _started(os.getpid()) or "0"))


def is_dead_here(holder: str) -> bool:
    """Whether the holder was a process of this boot and this pid namespace that is gone. False for all others: another
    machine, another container, or this one before it was started again; their leases run out by themselves."""
    host, boot, namespace, pid, started = ([*holder.split("/"), "", "", "", ""])[:5]
    ours = (socket.gethostname(), _boot(), _namespace())
    if (host, boot, namespace) != ours or not all(ours) or not pid.isdigit():
        return False
    return _started(int(pid)) != started


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _namespace() -> str:
    """The pid namespace (pid_namespaces(7)): a pid means nothing in another one."""
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
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
