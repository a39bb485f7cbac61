"""How far one call to the ingestion is, and what came of each file."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from assistant.knowledge.jobs import Ending
from assistant.types import (
    Failure,
    IncompleteDocument,
    IngestOutcome,
    IngestProgress,
    IngestReport,
    ProgressListener,
)


@dataclass(slots=True)
class Run:
    """Counts outcomes and tells the listener after each file.

    The time left is judged by the bytes of the files that have to be parsed: those that are
    unchanged take no time.
    """

    total: int
    listener: ProgressListener | None = None
    pages: int = 0
    chunks: int = 0
    failed: list[Failure] = field(default_factory=list)
    quarantined: list[Failure] = field(default_factory=list)
    incomplete: list[IncompleteDocument] = field(default_factory=list)
    _outcomes: dict[IngestOutcome, int] = field(default_factory=dict)
    _started_s: float = field(default_factory=time.monotonic)
    _work_started_s: float = 0.0
    _work_bytes: int = 0
    _done_bytes: int = 0

    def start_work(self, size_bytes: int) -> None:
        """From here on files are parsed, of so many bytes together."""
        self._work_started_s, self._work_bytes = time.monotonic(), size_bytes

    @property
    def done(self) -> int:
        return sum(self._outcomes.values())

    def end(self, ending: Ending) -> None:
        """A job has ended."""
        if ending.outcome in ("failed", "cancelled"):
            reason = ending.reason or "the work on it was cancelled"
            self.failed.append(Failure(uri=ending.uri, reason=reason))
        elif ending.outcome == "quarantined":
            self.quarantined.append(Failure(uri=ending.uri, reason=ending.reason))
        self.pages += ending.pages
        self.chunks += ending.chunks
        self.finish(ending.uri, ending.outcome, ending.size_bytes)

    def fail(self, uri: str, reason: str, size_bytes: int = 0) -> None:
        self.failed.append(Failure(uri=uri, reason=reason))
        self.finish(uri, "failed", size_bytes)

    def finish(self, uri: str, outcome: IngestOutcome, size_bytes: int = 0) -> None:
        """One file is done. `size_bytes` are those counted by `start_work`."""
        self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1
        self._done_bytes += size_bytes
        if self.listener is None:
            return
        rate = left_s = None
        if self._done_bytes:
            worked_s = time.monotonic() - self._work_started_s
            rate = self.chunks / worked_s if self.chunks and worked_s else None
            left_s = worked_s * (self._work_bytes - self._done_bytes) / self._done_bytes
        self.listener(
            IngestProgress(
                done=self.done,
                total=self.total,
                uri=uri,
                outcome=outcome,
                chunks_per_s=rate,
                seconds_left=left_s,
            )
        )

    def report(self) -> IngestReport:
        return IngestReport(
            added=self._outcomes.get("added", 0),
            updated=self._outcomes.get("updated", 0),
            unchanged=self._outcomes.get("unchanged", 0),
            removed=self._outcomes.get("removed", 0),
            failed=self.failed,
            quarantined=self.quarantined,
            incomplete=self.incomplete,
            pages=self.pages,
            chunks=self.chunks,
            seconds=round(time.monotonic() - self._started_s, 3),
        )
