"""Seeing the jobs of one call end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from assistant.knowledge.library import Library
from assistant.types import IncompleteDocument, JobState
from ingestion.progress import Run
from ingestion.worker import PATIENCE_S

OVERLAP = timedelta(seconds=5)
"""Endings are looked for so far back: threads record them out of order."""
LONG_AGO = datetime.fromtimestamp(0, UTC)


class Watch:
    """Sees the jobs of one run end, in the thread of the one who waits for them."""

    def __init__(self, library: Library, run_id: str, run: Run) -> None:
        self._library = library
        self._run_id = run_id
        self._run = run
        self._seen: set[str] = set()
        self._came_in: dict[str, str] = {}  # document id -> address
        self._since = LONG_AGO
        self._quiet_since_s = time.monotonic()

    def is_over(self) -> bool:
        """Tell of what has ended since the last time, and say whether anything is left.

        What waits for another try is waited for a little, then told as failed.
        """
        queue, run = self._library.jobs, self._run
        if self._tell_ended(self._since):
            self._quiet_since_s = time.monotonic()
            if run.done < run.total:
                return False
        left = queue.unfinished_states(self._run_id)
        # Files attached to those that ended are added. What ended between the two looks is in
        # neither number: it is told with the next.
        run.total = max(run.total, run.done + sum(left.values()))
        quiet_s = time.monotonic() - self._quiet_since_s
        if left and (left.keys() != {JobState.FAILED} or quiet_s <= PATIENCE_S):
            return False
        failing = queue.unfinished(self._run_id) if left else []
        # Jobs may have ended between the two looks, and a clock may have been set back.
        self._tell_ended(LONG_AGO)
        run.total = run.done + len(failing)
        for ending in failing:
            if ending.job_id not in self._seen:
                run.fail(ending.uri, f"{ending.reason}; it will be tried again")
        return True

    def tell_incomplete(self) -> None:
        for document_id, pages in self._library.empty_pages([*self._came_in]).items():
            uri = self._came_in[document_id]
            self._run.incomplete.append(IncompleteDocument(uri=uri, pages=pages))

    def _tell_ended(self, since: datetime) -> bool:
        """Whether any job has ended of which nothing was told yet."""
        ended = self._library.jobs.endings(self._run_id, since=since)
        new = [ending for ending in ended if ending.job_id not in self._seen]
        for ending in new:
            self._seen.add(ending.job_id)
            if ending.document_id is not None and ending.outcome in ("added", "updated"):
                self._came_in[ending.document_id] = ending.uri
            self._run.end(ending)
            if ending.ended_at is not None:
                self._since = max(self._since, ending.ended_at - OVERLAP)
        return bool(new)
