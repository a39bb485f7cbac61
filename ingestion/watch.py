"""Seeing the jobs of one call end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from assistant.knowledge.jobs import Ending
from assistant.knowledge.library import Library
from assistant.types import IncompleteDocument, JobState
from ingestion.progress import Run
from ingestion.worker import PATIENCE_S

OVERLAP = timedelta(seconds=5)
"""Endings are looked for so far back: threads record them out of order."""


class Watch:
    """Sees the jobs of one run end, in the thread of the one who waits for them."""

    def __init__(self, library: Library, run_id: str, run: Run) -> None:
        self._library = library
        self._run_id = run_id
        self._run = run
        self._seen: dict[str, Ending] = {}
        self._since = datetime.fromtimestamp(0, UTC)
        self._quiet_since_s = time.monotonic()

    def is_over(self) -> bool:
        """Tell of what has ended since the last time, and say whether anything is left.

        What waits for another try is waited for a little, then told as failed.
        """
        queue, run = self._library.jobs, self._run
        ended = queue.endings(self._run_id, since=self._since)
        new = [ending for ending in ended if ending.job_id not in self._seen]
        for ending in new:
            self._seen[ending.job_id] = ending
            run.end(ending)
            if ending.ended_at is not None:
                self._since = max(self._since, ending.ended_at - OVERLAP)
        if new:
            self._quiet_since_s = time.monotonic()
            if run.done < run.total:
                return False
        unfinished = queue.unfinished(self._run_id)
        run.total = run.done + len(unfinished)  # files attached to those that ended are added
        quiet_s = time.monotonic() - self._quiet_since_s
        waits = all(ending.state == JobState.FAILED for ending in unfinished)
        if unfinished and waits and quiet_s > PATIENCE_S:
            for ending in unfinished:
                run.fail(ending.uri, f"{ending.reason}; it will be tried again")
            return True
        return not unfinished

    def tell_incomplete(self) -> None:
        came_in = {
            ending.document_id: ending.uri
            for ending in self._seen.values()
            if ending.document_id is not None and ending.outcome in ("added", "updated")
        }
        for document_id, pages in self._library.empty_pages([*came_in]).items():
            uri = came_in[document_id]
            self._run.incomplete.append(IncompleteDocument(uri=uri, pages=pages))
