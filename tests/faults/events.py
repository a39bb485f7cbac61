"""What happens to an installation, and what puts it right; each returns the seconds from then on
until people were answered and their uploads were brought in again."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.installation import LEASE_S, Installation

LONG = "\n\n".join(f"Rule {n}: locker {n} of the north hall is cleaned weekly." for n in range(300))


def worker_is_killed(installation: Installation, name: str) -> float:
    """In the middle of a document, which another one takes up when its lease ends."""
    installation.load.bring_in(f"rules{name}", LONG)
    assert installation.until(lambda: installation.state(f"rules{name}") == "running", 60)
    installation.worker.end(signal.SIGKILL)
    began_s = time.monotonic()
    installation.worker = installation.start("worker")
    installation.until_right(name)
    return time.monotonic() - began_s


def api_is_killed(installation: Installation, name: str) -> float:
    installation.load.reachable = False
    installation.api.end(signal.SIGKILL)
    began_s = time.monotonic()
    installation.api = installation.start_api()
    installation.load.reachable = True
    installation.until_right(name)
    return time.monotonic() - began_s


def chroma_is_killed(installation: Installation, name: str) -> float:
    installation.vectors.kill()
    installation.refuses()
    installation.vectors.start()
    return installation.until_right(name)


def postgresql_is_killed(installation: Installation, name: str) -> float:
    installation.database.kill()
    installation.refuses()
    installation.database.start()
    return installation.until_right(name)


def replies_take_five_seconds(installation: Installation, name: str) -> float:
    """Of the vector store, which may take three."""
    installation.line.delay_s = 5.0
    installation.refuses()
    installation.line.delay_s = 0.0
    return installation.until_right(name)


def connections_are_reset(installation: Installation, name: str) -> float:
    """By the vector store."""
    installation.line.resetting = True
    installation.refuses()
    installation.line.resetting = False
    return installation.until_right(name)


def worker_gets_no_more_memory(installation: Installation, name: str) -> float:
    """Not a byte beside what it has: what it cannot do now is done later, by it or by the next."""
    pid = installation.worker.process.pid
    used = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    former = resource.prlimit(pid, resource.RLIMIT_AS, (used, resource.RLIM_INFINITY))
    installation.load.bring_in(f"starved{name}", LONG)
    time.sleep(20)
    began_s = time.monotonic()
    if installation.worker.process.poll() is None:
        resource.prlimit(pid, resource.RLIMIT_AS, former)
    else:
        installation.worker = installation.start("worker")
    installation.until_right(name)
    told_s = time.monotonic() - began_s
    assert installation.ended(f"starved{name}", within_s=2 * LEASE_S)
    return told_s


Event = Callable[[Installation, str], float]

SHORT: tuple[Event, ...] = (worker_is_killed, chroma_is_killed, postgresql_is_killed)
"""Those that are tried each time; all of them take minutes."""
ALL: tuple[Event, ...] = (
    *SHORT,
    api_is_killed,
    replies_take_five_seconds,
    connections_are_reset,
    worker_gets_no_more_memory,
)
