"""How much an assistant holds and has to do, for those who watch it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from assistant.errors import PhiloError
from assistant.types import OPERATOR

if TYPE_CHECKING:
    from assistant.assistant import Assistant

FRESH_S = 10.0
"""Counting reads tables: not more often, however many scrape."""


class Holdings:
    """Gauges as `Metrics.look_at` wants them."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._counted: list[tuple[str, str, dict[str, float]]] = []
        self._counted_s = -FRESH_S

    def gauges(self) -> Iterable[tuple[str, str, dict[str, float]]]:
        if time.monotonic() - self._counted_s >= FRESH_S:
            try:
                self._counted = [*self._count()]
            except PhiloError:
                self._counted = []  # what cannot be told is missing; the scrape goes on
            self._counted_s = time.monotonic()
        return self._counted

    def _count(self) -> Iterable[tuple[str, str, dict[str, float]]]:
        assistant = self._assistant
        documents, chunks = assistant.library.count(OPERATOR)
        yield "philo_documents", "Published documents.", {"": documents}
        yield "philo_chunks", "Their chunks.", {"": chunks}
        jobs = assistant.library.jobs.counts(OPERATOR)
        counted = {str(state): float(count) for state, count in jobs.items()}
        yield "philo_jobs", "Jobs of the queue, by their state.", counted
        free = shutil.disk_usage(assistant.settings.data).free
        yield "philo_disk_free_bytes", "Left where the data directory lies.", {"": free}
        stopped = float(assistant.generation.is_stopped)
        yield "philo_generation_stopped", "1 while answers are stopped by hand.", {"": stopped}
