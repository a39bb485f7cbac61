"""Notices while Philo runs that a shared store has lost vectors, and has them filled in again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

from assistant.errors import PhiloError, VectorsLostError
from assistant.knowledge.turns import Turn, without_waiting
from assistant.knowledge.upkeep import Upkeep
from assistant.knowledge.vectors.mirrored import MirroredVectors

logger = logging.getLogger(__name__)

LOOK_S = 3.0
"""How often a small store is compared with the database, and how often one that is away."""
REST_FACTOR = 50
"""Between two looks, so many times as long as the last one took: large stores are slow to count."""
COMPARED_S = 30.0
"""Who has compared the vectors with the database keeps others from doing so for so long: within
it, each of them sees that the store is back."""
CLOSING_S = 5.0


class VectorWatch:
    """Each process looks; the one whose turn it is puts right what it still finds wrong then. A
    store that was away may hold other vectors than before, as many as there should be: one process
    compares them, and the others take its word.

    Args:
        turn: the library's.
        reconcile: brings the stores in step with the database, without embedding again.
    """

    def __init__(self, upkeep: Upkeep, turn: Turn, reconcile: Callable[[], object]) -> None:
        self._upkeep = upkeep
        self._turn = turn
        self._reconcile = reconcile
        self._was_away = False
        self._leads_until_s: float | None = None
        self._due_s = 0.0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="philo-vectors", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends also what is being filled in, after its next portion."""
        self._ended.set()
        self._upkeep.stopping.set()
        if self._thread is not None:
            self._thread.join(CLOSING_S)

    def look(self) -> None:
        """
        Raises:
            StoreUnavailableError: a server is away.
        """
        try:
            self._look()
        except PhiloError:
            self._was_away = True
            self._due_s = 0.0
            raise

    def _look(self) -> None:
        self._let_others()
        self._leave_dropped()
        began_s = time.monotonic()
        fit = self._all_fit()
        now_s = time.monotonic()
        self._due_s = now_s + REST_FACTOR * (now_s - began_s)
        if fit and self._was_away:
            self._was_away = self._upkeep.database.leads("comparing")
        if fit and not self._was_away:
            return
        with without_waiting(self._turn) as free:
            if not free:
                self._due_s = 0.0
            elif not self._ended.is_set() and (self._was_away or not self._all_fit()):
                self._compare()

    def _leave_dropped(self) -> None:
        """What another process has dropped lacks nothing: it is closed, and not compared."""
        if self._upkeep.holds_dropped():
            with without_waiting(self._turn) as free:
                if free and not self._ended.is_set():
                    self._upkeep.leave_dropped()

    def _compare(self) -> None:
        self._upkeep.database.leads("comparing")
        logger.warning("the vectors are compared with the database, and filled in again")
        self._reconcile()
        self._was_away = False
        self._leads_until_s = time.monotonic() + COMPARED_S
        self._all_fit()

    def _let_others(self) -> None:
        if self._leads_until_s is not None and time.monotonic() >= self._leads_until_s:
            self._leads_until_s = None
            self._upkeep.database.follow("comparing")

    def _all_fit(self) -> bool:
        fit = True
        for vectors in self._watched():
            try:
                fit = vectors.fits() and fit
            except VectorsLostError:
                fit = False
        return fit

    def _watched(self) -> Iterator[MirroredVectors]:
        for stores in self._upkeep.all_stores:
            if isinstance(stores.vectors, MirroredVectors):
                yield stores.vectors

    def _run(self) -> None:
        while not self._ended.wait(LOOK_S):
            doubted, was_away = any(one.doubted for one in self._watched()), self._was_away
            try:
                self._let_others()
                if time.monotonic() >= self._due_s or doubted:
                    self.look()
            except PhiloError as exc:
                if not was_away and not self._ended.is_set():
                    logger.warning("the vectors cannot be looked at: %s", exc)
            except Exception:
                logger.exception("the vectors could not be looked at")
