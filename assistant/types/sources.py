"""Sources that are kept in step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from assistant.types.base import PublicModel
from assistant.types.jobs import IngestReport, ProgressListener

SourceState = Literal["new", "running", "complete", "failed"]


class SourceInfo(PublicModel):
    """A source that is kept in step. `options` hold no secret: they name where one is found.
    `counts` are of the last run that listed everything, `completed_at` is when that was, and
    `error` is why the last run failed. `groups` None: as its collection. Times are UTC."""

    id: str
    kind: str
    name: str
    options: dict[str, Any]
    schedule: str | None
    collection: str
    groups: list[str] | None
    state: SourceState
    added_at: str
    started_at: str | None
    completed_at: str | None
    next_run_at: str | None
    error: str | None
    counts: dict[str, int]


class SourceRegistry(Protocol):
    """Sources that are kept in step. A name may be an id as well.

    Raises (all that take a name): UnknownSourceError.
    """

    def add(
        self,
        kind: str,
        name: str,
        options: Mapping[str, Any],
        *,
        schedule: str | None = None,
        collection: str = "default",
        groups: Sequence[str] | None = None,
    ) -> SourceInfo:
        """Register a source; nothing is brought in yet.

        Args:
            schedule: like "1h" or "daily 02:00"; None: only when somebody asks.
            groups: who may read documents of which the source itself says nothing.
        Raises:
            SourceOptionsError: the kind, the name, an option or the schedule is wrong.
        """

    def all(self) -> list[SourceInfo]:
        """By name."""

    def source(self, name: str) -> SourceInfo: ...

    def sync(self, name: str, listener: ProgressListener | None = None) -> IngestReport:
        """Bring a source in now, and remove what it no longer holds.

        Raises:
            SourceBusyError: somebody does so already.
            SourceUnavailableError: it could not be listed to its end; nothing was removed.
        """

    def remove(self, name: str, *, keep_documents: bool = False) -> int:
        """Forget a source and, unless told otherwise, its documents; how many those were.

        Raises:
            SourceBusyError: it is being brought in.
        """
