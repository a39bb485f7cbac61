"""What the load generator is told to do, and what it tells of it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SPARE_S = 1_200.0
"""How long the generator may take beyond what it was ordered, before it is ended."""


@dataclass(frozen=True, slots=True)
class Order:
    """`tokens` of people who take turns. `searches_per_s`, `asks_per_s` and `uploads_per_s` are
    held for `seconds`; `streams` questions are asked once each, all in the first second, by the
    people in turn, and read to their end. `writer` is the token of who brings documents in.
    `first`: where in the lists of texts the first person begins."""

    tokens: list[str]
    searches: list[str]
    questions: list[str]
    writer: str = ""
    seconds: float = 10.0
    searches_per_s: float = 0.0
    asks_per_s: float = 0.0
    uploads_per_s: float = 0.0
    streams: int = 0
    first: int = 0


Record = dict[str, Any]
"""One request: `kind` (search, ask or upload), `who` (number of the token), `at_s` since the
beginning, `status` (0: no answer came), `ms` until all of it was there.

Of a question besides: `first` and `last` event by name, `first_ms`, `passages_ms` and `begun_ms`
(the first sentence) since it was asked, `writer` of the answer, `retry_after_s`, `error`.
"""


def require_loopback(url: str) -> None:
    if urlsplit(url).hostname not in LOOPBACK:
        raise SystemExit(f"{url} is not on this machine; load is made for 127.0.0.1 only")


@dataclass(frozen=True, slots=True)
class Followed:
    """`cores`: what the load generator itself took, on average."""

    records: list[Record]
    seconds: float
    cores: float


def follow(url: str, order: Order) -> Followed:
    """Let a load generator follow the order, in a process of its own.

    Raises:
        RuntimeError: it failed; says what it said.
        subprocess.TimeoutExpired: it did not end by itself.
    """
    require_loopback(url)
    program = Path(__file__).with_name("load_users.py")
    started, used = time.perf_counter(), _cpu_s()
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, program, url],
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        timeout=order.seconds + SPARE_S,
    )
    if done.returncode:
        raise RuntimeError(f"the load generator ended with {done.returncode}: {done.stderr}")
    seconds = time.perf_counter() - started
    records = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return Followed(records, seconds, (_cpu_s() - used) / seconds)


def _cpu_s() -> float:
    """Of processes of ours that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
