"""Sources that are kept in step: added once, then brought in by hand or by schedule."""

from __future__ import annotations

import importlib
import re
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from assistant.errors import (
    IngestError,
    PhiloError,
    SourceBusyError,
    SourceNotFoundError,
    SourceOptionsError,
    SourceUnavailableError,
)
from assistant.knowledge.library import Library
from assistant.knowledge.sources import SourceRecord
from assistant.settings import Settings
from assistant.types import (
    EVERYONE,
    INHERIT,
    IngestProgress,
    IngestReport,
    ProgressListener,
    SourceInfo,
    SourceState,
)
from ingestion.schedule import Scheduler, read_schedule
from ingestion.sources.base import Source, Syncer
from ingestion.sources.folder import FolderSource
from ingestion.sources.kept import KeptSource
from ingestion.sources.options import Options, Surroundings

KINDS = ("confluence", "folder", "git", "imap", "s3", "sharepoint", "web", "webdav")
LONGEST_COLLECTION = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class FolderOptions(Options):
    """A folder of this machine."""

    path: str = Field(max_length=4000, description="of the folder")


class Registry:
    """See `assistant.types.SourceRegistry`. Thread-safe."""

    def __init__(self, library: Library, syncer: Syncer, settings: Settings) -> None:
        self._library = library
        self._records = library.sources
        self._syncer = syncer
        self._settings = settings
        self._lock = threading.Lock()
        self._running: set[str] = set()
        self._scheduler = Scheduler(self)

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
        checked = check_options(kind, options)
        if not _NAME.fullmatch(name):
            raise SourceOptionsError(
                f"{name[:80]!r} cannot be a source's name; take up to 64 of A-Z a-z 0-9 . _ -"
            )
        if not collection.strip() or len(collection) > LONGEST_COLLECTION:
            raise SourceOptionsError("a collection's name has 1 to 200 characters")
        if groups is None and checked.is_private:
            raise SourceOptionsError(
                f"{kind} does not say who may read its documents; say so with groups "
                f"(--groups {EVERYONE}, if everyone may)"
            )
        if groups is not None and not [*groups]:
            raise SourceOptionsError("give at least one group")
        if schedule is not None:
            read_schedule(schedule)
        record = self._records.add(
            kind,
            name,
            checked.model_dump(mode="json", exclude_unset=True),
            schedule=schedule,
            collection=collection,
            groups=groups,
        )
        return self._info(record)

    def all(self) -> list[SourceInfo]:
        return [self._info(record) for record in self._records.all()]

    def source(self, name: str) -> SourceInfo:
        return self._info(self._records.find(name))

    def sync(self, name: str, listener: ProgressListener | None = None) -> IngestReport:
        record = self._records.find(name)
        with self._alone(record):
            self._records.begin(record.id)
            try:
                report, listed = self._bring_in(record, listener)
            except BaseException as exc:
                told = str(exc) if isinstance(exc, PhiloError) else ""
                self._records.fail(record.id, told or f"it was broken off ({type(exc).__name__})")
                raise
            counts = {
                "listed": listed,
                "added": report.added,
                "updated": report.updated,
                "unchanged": report.unchanged,
                "removed": report.removed,
                "quarantined": len(report.quarantined),
                "failed": len(report.failed),
            }
            self._records.complete(record.id, counts)
            return report

    def remove(self, name: str, *, keep_documents: bool = False) -> int:
        record = self._records.find(name)
        with self._alone(record):
            documents: list[str] = []
            if not keep_documents:
                known = self._library.uris_of_source(record.address, record.collection)
                documents = [*known.values()]
                self._library.retire_all(documents)
            self._records.remove(record.id)
            shutil.rmtree(self._cache(record), ignore_errors=True)
        return len(documents)

    def start(self) -> None:
        """Run what is due from now on, in a thread."""
        self._scheduler.start()

    def close(self) -> None:
        """Stop the schedule; a run that is at work is broken off after its document."""
        self._scheduler.stop()

    def due(self, now: datetime) -> list[str]:
        """See `ingestion.schedule.Due`."""
        waiting = [
            (_next_run(record, record.schedule, now), record)
            for record in self._records.all()
            if record.schedule is not None
        ]
        overdue = [(due, record.name) for due, record in waiting if due <= now]
        return [name for _, name in sorted(overdue)]

    def run(self, name: str) -> None:
        """See `ingestion.schedule.Due`."""
        self.sync(name, self._stop_between)

    def _stop_between(self, _progress: IngestProgress) -> None:
        if self._scheduler.is_stopping:
            raise IngestError("Philo was stopped; it goes on at the next run.")

    def _bring_in(
        self, record: SourceRecord, listener: ProgressListener | None
    ) -> tuple[IngestReport, int]:
        """What came of it, and how many documents were listed."""
        options = check_options(record.kind, record.options)
        surroundings = Surroundings(
            self._settings.sources,
            max_file_bytes=self._settings.ingest.max_file_bytes,
            cache=self._cache(record),
        )
        with closing(open_source(record.kind, options, surroundings)) as source:
            kept = KeptSource(
                source,
                name=record.name,
                address=record.address,
                stopping=lambda: self._scheduler.is_stopping,
            )
            # Stated even where it is nothing: rights that the source took back must not stay.
            groups = record.groups or (INHERIT,)
            report = self._syncer.sync(
                kept, collection=record.collection, groups=groups, listener=listener
            )
            return report, kept.listed

    @contextmanager
    def _alone(self, record: SourceRecord) -> Iterator[None]:
        with self._lock:
            if record.id in self._running:
                raise SourceBusyError(
                    f"{record.name} is being brought in at this moment; try again when it has ended"
                )
            self._running.add(record.id)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(record.id)

    def _cache(self, record: SourceRecord) -> Path:
        return self._settings.data / "sources" / record.id

    def _info(self, record: SourceRecord) -> SourceInfo:
        next_run = None
        if record.schedule is not None:
            next_run = read_schedule(record.schedule).next_run(record.started_at, record.added_at)
        return SourceInfo(
            id=record.id,
            kind=record.kind,
            name=record.name,
            options=record.options,
            schedule=record.schedule,
            collection=record.collection,
            groups=None if record.groups is None else [*record.groups],
            state=self._state(record),
            added_at=_stated(record.added_at) or "",
            started_at=_stated(record.started_at),
            completed_at=_stated(record.completed_at),
            next_run_at=_stated(next_run),
            error=record.error,
            counts=record.counts,
        )

    def _state(self, record: SourceRecord) -> SourceState:
        with self._lock:
            if record.id in self._running:
                return "running"
        if record.error is not None:
            return "failed"
        return "new" if record.completed_at is None else "complete"


def check_options(kind: str, options: Mapping[str, Any]) -> Options:
    """
    Raises:
        SourceOptionsError: the kind is unknown, or an option is unknown, missing or wrong. No
            value is in its message, because one might be a secret in the wrong place.
    """
    if kind not in KINDS:
        raise SourceOptionsError(f"{kind[:50]!r} is no kind of source; take {', '.join(KINDS)}")
    model: type[Options] = FolderOptions if kind == "folder" else _module(kind).OPTIONS
    try:
        return model.model_validate(dict(options))
    except ValidationError as exc:
        known = ", ".join(model.model_fields)
        problems = "; ".join(
            ": ".join([*map(str, error["loc"]), error["msg"].removeprefix("Value error, ")])
            for error in exc.errors(include_input=False, include_url=False)
        )
        raise SourceOptionsError(
            f"options of a {kind} source are wrong ({problems}); there are: {known}"
        ) from None


def open_source(kind: str, options: Options, surroundings: Surroundings) -> Source:
    """
    Raises:
        SourceUnavailableError: it cannot be reached, or a package that it needs is missing.
        SourceNotFoundError: a folder does not exist.
    """
    if isinstance(options, FolderOptions):
        path = Path(options.path).expanduser()
        if not path.is_dir():
            raise SourceNotFoundError(f"{options.path[:200]} is no folder; name one that exists")
        return FolderSource(path.resolve())
    try:
        opened: Source = _module(kind).open_source(options, surroundings)
    except ModuleNotFoundError as exc:
        raise SourceUnavailableError(
            f"{kind} sources need the package {exc.name}; run: pip install 'philo[{kind}]'"
        ) from exc
    return opened


def _module(kind: str) -> Any:
    return importlib.import_module(f"ingestion.sources.{kind}")


def _stated(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def _next_run(record: SourceRecord, schedule: str, now: datetime) -> datetime:
    """When it is due. What is said to have begun later than now was said by a clock that was ahead:
    it counts for nothing."""
    last = record.started_at
    if last is not None and last > now:
        last = None
    return read_schedule(schedule).next_run(last, min(record.added_at, now))
