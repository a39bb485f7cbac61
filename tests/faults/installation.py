"""An API, workers, PostgreSQL and Chroma, each a process that a test kills while people work."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.cli.conftest import PHILO
from tests.cli.processes import Processes, Started
from tests.faults.load import AWAY, FIRST, LIMIT_S, Load
from tests.servers.chroma import ChromaProcess
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Proxy

STORE_TIMEOUT_S = 3
LEASE_S = 60.0


class Installation(Processes):
    """With `load` on it from the beginning to `check_all`. Between it and Chroma is a `line`.

    Args:
        patience_s: how long it may take to be right again.
    """

    def __init__(
        self,
        data: Path,
        models: Path,
        database: PostgresServer,
        vectors: ChromaProcess,
        *,
        patience_s: float,
    ) -> None:
        self._patience_s = patience_s
        self.database, self.vectors = database, vectors
        self.line = Proxy(vectors.port)
        environment = {
            "PHILO_MODELS__DIRECTORY": str(models),
            "PHILO_MODELS__GENERATOR": "none",
            "PHILO_STORAGE__DATABASE": database.url(database.create()),
            "PHILO_STORAGE__DATABASE_TIMEOUT_S": str(STORE_TIMEOUT_S),
            "PHILO_STORAGE__VECTORS": "chroma",
            "PHILO_STORAGE__COPY_BYTES": "0",  # each search needs the server
            "PHILO_STORAGE__CHROMA__PORT": str(self.line.port),
            "PHILO_STORAGE__CHROMA__TIMEOUT_S": str(STORE_TIMEOUT_S),
            "PHILO_INGEST__ELSEWHERE": "true",
        }
        super().__init__(data, environment)
        self._port = str(free_port())
        self.api = self.start_api()
        self.worker = self.start("worker")
        self.load = Load(self.api.told["api"], limit_s=max(LIMIT_S, patience_s / 2))
        self.load.bring_in(FIRST, f"The {FIRST} stands on the hill above the harbour.")
        assert self.ended(FIRST)
        self.load.start()

    def start_api(self) -> Started:
        return self.start("serve", "--port", self._port)

    def ended(self, title: str, *, within_s: float = 60.0) -> bool:
        """Whether what was acknowledged is brought in."""

        def is_done() -> bool:
            state = self.state(title)
            assert state not in ("dead", "cancelled"), title
            return state == "done"

        return self.until(is_done, within_s) is not None

    def until_right(self, title: str) -> float:
        """Seconds until people are answered and what they upload is brought in, all with success.

        Raises:
            AssertionError: it took longer than it may.
        """
        began_s = time.monotonic()
        for step in (self.load.search, self.load.ask, lambda: self.load.bring_in(title)):
            left_s = self._patience_s - (time.monotonic() - began_s)
            assert self.until(lambda step=step: bool(step()), left_s) is not None, self.said()  # type: ignore[misc]
        left_s = self._patience_s - (time.monotonic() - began_s)
        assert self.ended(title, within_s=left_s), self.said()
        assert not self.load.wrong, self.load.wrong
        return time.monotonic() - began_s

    def refuses(self) -> None:
        """Searches are refused, in time, until the fault is over."""
        assert self.until(lambda: not self.load.search(), 60) is not None
        assert not self.load.wrong, self.load.wrong

    def said(self) -> str:
        return f"{self.load.answers} {self.load.wrong}"

    def until(self, holds: Callable[[], bool], within_s: float) -> float | None:
        """Seconds until it holds; None: it does not come to."""
        began_s = time.monotonic()
        while True:
            if holds():
                return time.monotonic() - began_s
            if time.monotonic() - began_s > within_s:
                return None
            time.sleep(0.1)

    def check_all(self) -> None:
        """All that was acknowledged is there and whole; the processes are ended for that."""
        load = self.load
        load.stop()
        until_s = time.monotonic() + LEASE_S + 100
        for title in load.acknowledged:
            assert self.ended(title, within_s=until_s - time.monotonic()), title
        chunks = self._documents()
        assert not load.acknowledged.keys() - chunks.keys()
        for kind in ("paper", "rules"):  # of the same length all
            assert len({n for title, n in chunks.items() if title.startswith(kind)}) == 1, chunks
        assert not load.wrong, load.wrong
        assert {status for _, status in load.answers} <= {200, 202, AWAY}
        report = self._doctor()
        assert report["ok"], [check for check in report["checks"] if not check["ok"]]

    def state(self, title: str) -> str | None:
        """Of its job; None while that cannot be said."""
        answer = httpx.get(f"{self.load.api}/jobs/{self.load.acknowledged[title]}", timeout=60)
        return str(answer.json()["state"]) if answer.is_success else None

    def _documents(self) -> dict[str, int]:
        """Title -> chunks that it has."""
        found: dict[str, int] = {}
        cursor = ""
        while True:
            asked = {"limit": 100, "cursor": cursor} if cursor else {"limit": 100}
            listed = httpx.get(f"{self.load.api}/documents", params=asked).json()
            found |= {one["title"]: one["chunks"] for one in listed["documents"]}
            cursor = listed["next"] or ""
            if not cursor:
                return found

    def _doctor(self) -> dict[str, Any]:
        for one in (self.api, self.worker):
            one.end(signal.SIGTERM)
        done = subprocess.run(
            [*PHILO, "doctor", "--json"], env=self._environment, capture_output=True, text=True
        )
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def close(self) -> None:
        self.load.stop()
        self.kill_all()
        self.line.__exit__()


@contextmanager
def installed(
    folder: Path, models: Path, database: PostgresServer, *, patience_s: float
) -> Iterator[Installation]:
    (folder / "chroma").mkdir()
    vectors = ChromaProcess(folder / "chroma")
    vectors.start()
    made = None
    try:
        made = Installation(folder / "data", models, database, vectors, patience_s=patience_s)
        yield made
    finally:
        if made is not None:
            made.close()
        vectors.kill()
