"""The seam for places that documents come from: one small file each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from assistant.types import Failure, IngestReport, ProgressListener


@dataclass(frozen=True, slots=True)
class SourceItem:
    """One document as its source lists it.

    `uri` is its stable address, shown in citations. `name` is a file name whose extension
    decides the format. `fingerprint` differs whenever the content may have changed (an ETag,
    size and time of change, a blob id); empty: nothing is known, so it is always read.
    `groups` are the access rights that the source states; None where it has none, and those
    given with the source hold.
    """

    uri: str
    name: str
    fingerprint: str
    size_bytes: int | None = None
    groups: frozenset[str] | None = None


class Source(Protocol):
    """A place that can be listed and read, by one thread at a time."""

    @property
    def address(self) -> str:
        """What its documents are known to come from; no secret in it."""

    def items(self) -> Iterator[SourceItem]:
        """All documents of formats that Philo reads. What is not listed is taken for deleted,
        so a listing is complete or fails.

        Raises:
            SourceUnavailableError: it cannot be reached, refuses, or broke off in the middle.
        """

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        """The document's bytes as a file: its own path, or a copy under `folder`, which is
        empty and deleted after use.

        Raises:
            SourceItemGoneError: it is no longer there.
            SourceUnavailableError: it cannot be reached now; trying again may help.
        """

    def close(self) -> None:
        """Give back connections."""


@runtime_checkable
class PartlyListed(Protocol):
    """What a source offers besides when parts of it may be closed to Philo."""

    @property
    def failures(self) -> Sequence[Failure]:
        """Once it is listed: addresses that could not be read, each with its reason. Documents
        known below them are kept."""


class Syncer(Protocol):
    """What brings a source in: see `ingestion.pipeline.LocalIngestor.sync`."""

    def sync(
        self,
        source: Source,
        *,
        collection: str,
        groups: Sequence[str] | None,
        listener: ProgressListener | None,
    ) -> IngestReport: ...
