"""What one process of all that share a database does: schedules, the second index."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from assistant.errors import PhiloError
from assistant.knowledge.database import Database

logger = logging.getLogger(__name__)

ASK_S = 5.0
"""How soon another process takes over from one that has ended."""


class Leader:
    """Calls `lead` once, as soon as no other process leads. Where the connection that says so is
    lost for a moment, two may: what they do is the same, and a document's newest job wins."""

    def __init__(self, database: Database, lead: Callable[[], None]) -> None:
        self._database = database
        self._lead = lead
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            if self._database.engine.name == "sqlite":
                self._lead()  # it has one owner
                return
            self._thread = threading.Thread(target=self._run, name="philo-leader", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        leads = False
        while not self._ended.is_set():
            try:
                if self._database.leads() and not leads:
                    self._lead()
                    leads = True
            except PhiloError as exc:
                logger.warning("who keeps the schedule cannot be said: %s", exc)
            self._ended.wait(ASK_S)
