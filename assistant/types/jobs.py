"""Bringing documents in, and removing them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Protocol

from assistant.types.base import PublicModel


class Failure(PublicModel):
    uri: str
    reason: str


IngestOutcome = Literal[
    "added", "updated", "unchanged", "removed", "quarantined", "failed", "cancelled"
]


class JobKind(StrEnum):
    ADD = "add"
    REMOVE = "remove"


class JobState(StrEnum):
    """`FAILED` will be tried again, `DEAD` will not unless somebody says so."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    CANCELLED = "cancelled"


class JobInfo(PublicModel):
    """One document to bring in or to remove. `not_before` is when it may be (re)tried,
    `outcome` what came of it, `reason` why it failed. Times are UTC."""

    id: str
    kind: JobKind
    uri: str
    source: str | None
    collection: str
    groups: list[str] | None
    state: JobState
    priority: int
    attempts: int
    outcome: IngestOutcome | None
    reason: str | None
    document_id: str | None
    pages: int
    chunks: int
    created_at: str
    started_at: str | None
    heartbeat_at: str | None
    not_before: str
    finished_at: str | None


class IncompleteDocument(PublicModel):
    """A document that came in although these of its pages held no text."""

    uri: str
    pages: list[int]


class IngestReport(PublicModel):
    """`quarantined` were read too badly to be searched (setting ingest.min_read_share)."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[Failure] = []
    quarantined: list[Failure] = []
    incomplete: list[IncompleteDocument] = []
    pages: int = 0
    chunks: int = 0
    seconds: float = 0.0


class IngestProgress(PublicModel):
    """Told after each file. `chunks_per_s` and `seconds_left` are None until known."""

    done: int
    total: int
    uri: str
    outcome: IngestOutcome
    chunks_per_s: float | None = None
    seconds_left: float | None = None


class ProgressListener(Protocol):
    def __call__(self, progress: IngestProgress, /) -> None: ...
