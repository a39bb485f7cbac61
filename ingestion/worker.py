"""The worker: one thread that claims jobs and puts them on the assembly line."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

from assistant.errors import ModelError, PhiloError
from assistant.ingest_settings import IngestSettings
from assistant.knowledge.library import Library
from assistant.models.embedders.base import Embedder
from assistant.safety.policy import Policy
from ingestion.assembly import AssemblyLine
from ingestion.fetching import Fetcher
from ingestion.memory import give_back_memory
from ingestion.stages import Stages
from ingestion.trouble import is_away, is_full

logger = logging.getLogger(__name__)

BEAT_S = 15.0
LOOK_S = 0.5
"""How soon jobs are noticed that another process has queued, or that became due."""
IDLE_S = 30.0
"""How long parsing children are kept for the next upload."""
TRIM_S = 5.0
"""How often memory is given back while there is work."""
AWAY_PAUSE_S = 5.0
"""Before a server that was away is asked again."""
PAUSE_S = 30.0
"""After trouble that stops all work, like a full disk."""
PATIENCE_S = 10.0
"""How long a worker that does not stay waits for a retry to become due."""


class Worker:
    """Works in a thread of its own while there is something to do; or for ever, once it is told
    to `stay`.

    Args:
        open_stages: makes the stages for a busy period.
    """

    def __init__(
        self,
        library: Library,
        embedder: Embedder,
        settings: IngestSettings,
        policy: Policy,
        *,
        open_stages: Callable[[], Stages],
    ) -> None:
        self.fetcher = Fetcher(library, max_file_bytes=settings.max_file_bytes)
        self._library = library
        self._embedder = embedder
        self._settings = settings
        self._policy = policy
        self._open_stages = open_stages
        self._id = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._news = threading.Condition()
        self._exchanging = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stays = False
        self._stopping = False
        self._asked = False
        self._changes = 0
        self._troubles: list[BaseException] = []
        self._beaten_s = 0.0
        self._trimmed_s = 0.0

    def start(self, *, stay: bool = False) -> None:
        """Have the queue looked at now."""
        with self._exchanging:
            self._start(stay=stay)

    def _start(self, *, stay: bool) -> None:
        with self._news:
            self._asked = True
            self._stays = self._stays or stay
            self._stopping = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="philo-worker", daemon=True)
                self._thread.start()
            self._news.notify_all()

    def stop(self) -> None:
        """Stop at the next step; what was at work is for the next worker."""
        with self._news:
            self._stays = False
            self._stopping = True
            thread = self._thread
            self._news.notify_all()
        if thread is not None:
            thread.join()

    def exchange(
        self, change: Callable[[], tuple[Embedder, IngestSettings, Callable[[], Stages]]]
    ) -> None:
        """Stop, let `change` happen, and go on with what it returns. What was at work is begun
        again. When it raises, go on as before."""
        with self._exchanging:
            stayed = self._stays
            self.stop()
            try:
                self._embedder, self._settings, self._open_stages = change()
            finally:
                self._start(stay=stayed)

    def finish(self) -> None:
        """Wait until nothing is left to do; a worker that stays is not waited for."""
        thread = self._thread
        while thread is not None and not self._stays and thread.is_alive():
            thread.join(LOOK_S)

    @property
    def troubles(self) -> int:
        """How often all work had to stop so far."""
        return len(self._troubles)

    def raise_trouble(self, *, after: int) -> None:
        """Raise what has stopped all work since `troubles` was `after`."""
        if len(self._troubles) > after:
            raise self._troubles[after]

    @property
    def changes(self) -> int:
        """For `wait_for_change`."""
        return self._changes

    def wait_for_change(self, seen: int, *, timeout_s: float) -> int:
        """Wait until a job has ended or there is trouble; a number to be given the next time."""
        with self._news:
            self._news.wait_for(lambda: self._changes != seen, timeout_s)
            return self._changes

    def _changed(self) -> None:
        with self._news:
            self._changes += 1
            self._news.notify_all()

    def _run(self) -> None:
        with contextlib.suppress(PhiloError):  # a full disk; it is told to whoever brings in
            self._library.prune_jobs(keep_days=self._settings.keep_jobs_days)
        while True:
            with self._news:
                self._asked = False
            try:
                self._work()
                pause_s = LOOK_S
            except BaseException as exc:  # noqa: BLE001 - told to those who wait, and logged
                pause_s = AWAY_PAUSE_S if is_away(exc) else PAUSE_S
                if self._stays:
                    logger.warning("bringing documents in pauses for %d s: %s", pause_s, exc)
                self._troubles.append(exc)
                self._changed()
            with self._news:
                if self._stays:
                    self._news.wait_for(lambda: self._asked or self._stopping, pause_s)
                if self._stopping or not (self._stays or self._asked):
                    self._thread = None
                    self._news.notify_all()
                    return

    def _work(self) -> None:
        """Work until nothing is due, or it is told to stop.

        Raises:
            what stopped all work.
        """
        if self._stopping or self._next_due_s() > (0.0 if self._stays else PATIENCE_S):
            return
        line = AssemblyLine(
            self._library,
            self._embedder,
            self._settings,
            self._policy,
            fetcher=self.fetcher,
            stages=self._open_stages(),
            changed=self._changed,
        )
        try:
            idle_since = time.monotonic()
            while not self._stopping:
                if line.trouble is not None:
                    raise line.trouble
                seen = self._changes
                claimed = self._claim(line)
                if claimed or not line.is_empty:
                    idle_since = time.monotonic()
                elif self._is_over(time.monotonic() - idle_since):
                    return
                if not claimed or line.free_slots < 1:
                    self._wait_for_news(seen)
                if time.monotonic() - self._trimmed_s > TRIM_S:
                    give_back_memory()
                    self._trimmed_s = time.monotonic()
        finally:
            trouble = line.trouble
            line.close()
            self._give_back(trouble)
            give_back_memory()

    def _wait_for_news(self, seen: int) -> None:
        with self._news:
            self._news.wait_for(
                lambda: self._changes != seen or self._asked or self._stopping, LOOK_S
            )
            self._asked = False

    def _claim(self, line: AssemblyLine) -> bool:
        now_s = time.monotonic()
        if now_s - self._beaten_s > BEAT_S:
            self._library.jobs.beat(self._id)
            self._beaten_s = now_s
        free = line.free_slots
        if free < 1:
            return False
        sources = self.fetcher.addresses
        jobs = self._library.jobs.claim(self._id, limit=free, sources=sources)
        if jobs:
            line.put(jobs)
        return bool(jobs)

    def _is_over(self, idle_s: float) -> bool:
        if self._stays:
            return idle_s > IDLE_S
        return self._next_due_s() > PATIENCE_S

    def _next_due_s(self) -> float:
        """Seconds until the next job may be claimed; infinite when none waits."""
        due = self._library.jobs.next_due(sources=self.fetcher.addresses)
        if due is None:
            return float("inf")
        return (due - self._library.database.now()) / timedelta(seconds=1)

    def _give_back(self, trouble: BaseException | None) -> None:
        """A failure that is not known to be of the machine counts as a try of each document
        that was on the line: one of them may be its cause."""
        counts = isinstance(trouble, Exception) and not (
            is_full(trouble) or is_away(trouble) or isinstance(trouble, ModelError)
        )
        reason = f"the work stopped ({trouble})" if counts else None
        with contextlib.suppress(PhiloError):  # the next start reclaims them otherwise
            self._library.jobs.give_back(self._id, reason=reason)
