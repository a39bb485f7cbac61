"""Several sandboxes at work while the caller does something else."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from assistant.types import ParsedDocument
from ingestion.sandbox import Sandbox, SandboxLimits


class ParserPool:
    """A thread and a child process for each worker. A crash costs one file, no other.

    A file has those threads for recognising its pages that no other file has taken, one at least:
    as many as there are workers where it is parsed alone.
    """

    def __init__(self, limits: SandboxLimits, *, workers: int) -> None:
        self._limits = limits
        self._workers = workers
        self._taken = 0
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="philo-parse")
        self._own = threading.local()
        self._sandboxes: list[Sandbox] = []

    def submit(self, path: Path) -> Future[ParsedDocument]:
        """Parse a file; the future raises what `Sandbox.parse` raises."""
        return self._threads.submit(self._parse, path)

    def _parse(self, path: Path) -> ParsedDocument:
        sandbox: Sandbox | None = getattr(self._own, "sandbox", None)
        if sandbox is None:
            sandbox = self._own.sandbox = Sandbox(self._limits)
            self._sandboxes.append(sandbox)
        with self._lock:
            share = max(1, self._workers - self._taken)
            self._taken += share
        try:
            return sandbox.parse(path, ocr_threads=share)
        finally:
            with self._lock:
                self._taken -= share

    def close(self) -> None:
        """End all children, those at work too."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for sandbox in self._sandboxes:
            sandbox.interrupt()
        self._threads.shutdown(wait=True)
        for sandbox in self._sandboxes:
            sandbox.close()
