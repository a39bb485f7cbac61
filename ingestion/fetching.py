"""A job's bytes as a file, and whether they are what is published already."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ParseError, SourceUnavailableError
from assistant.knowledge.jobs import Job
from assistant.knowledge.library import Library
from ingestion.parsers.base import Format, format_of, known_extensions
from ingestion.parsers.content import check_content
from ingestion.sources.base import Source, SourceItem
from ingestion.sources.folder import path_of

NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file at hand. `folder` is deleted after use."""

    path: Path
    state: os.stat_result
    format: Format
    sha256: str
    folder: Path | None

    def changed_meanwhile(self) -> bool:
        now = self.path.stat()
        return (now.st_mtime_ns, now.st_size) != (self.state.st_mtime_ns, self.state.st_size)

    def discard(self) -> None:
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


class Fetcher:
    """Finds the bytes of jobs: files of this machine, kept uploads, and open sources."""

    def __init__(self, library: Library, *, max_file_bytes: int) -> None:
        self._library = library
        self._max_file_bytes = max_file_bytes
        self._lock = threading.Lock()
        self._sources: dict[str, tuple[Source, threading.Lock]] = {}

    def offer(self, source: Source) -> None:
        """Fetch from a source that somebody has opened, until `withdraw`."""
        with self._lock:
            self._sources[source.address] = (source, threading.Lock())

    def withdraw(self, source: Source) -> None:
        with self._lock:
            held = self._sources.get(source.address)
            if held is not None and held[0] is source:
                del self._sources[source.address]

    @property
    def addresses(self) -> list[str]:
        """Of the open sources."""
        with self._lock:
            return [*self._sources]

    def fetch(self, job: Job) -> Fetched:
        """
        Raises:
            ParseError: it cannot be what its name says.
            SourceItemGoneError, SourceUnavailableError: see `Source.fetch`.
            OSError: it cannot be read.
        """
        fmt = format_of(job.name)
        if fmt is None:
            raise ParseError(f"the format is not known; Philo reads {known_extensions()}")
        if job.original is None and job.uri.startswith("file:"):
            return self._look_at(job, path_of(job.uri), fmt, None)
        folder = Path(tempfile.mkdtemp(prefix="philo-fetch-"))
        try:
            if job.original is not None:
                path = self._kept(job.original)
            else:
                path = self._fetch_from_source(job, folder)
                told = format_of(path.name)
                if told is not None and told != fmt:  # a page's own word goes before its name
                    return self._look_at(job, path, told, folder)
            return self._look_at(job, _under_its_name(path, job.name, folder), fmt, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _kept(self, original: str) -> Path:
        path = self._library.originals.path(original)
        if not path.exists():  # of a job that was cancelled, and is tried again
            raise ParseError("its bytes are no longer kept; upload it again")
        return path

    def _look_at(self, job: Job, path: Path, fmt: Format, folder: Path | None) -> Fetched:
        state = path.stat()
        check_content(path, fmt.name, fmt.container, max_file_bytes=self._max_file_bytes)
        sha256 = job.original
        if sha256 is None:
            with path.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return Fetched(path, state, fmt, sha256, folder)

    def _fetch_from_source(self, job: Job, folder: Path) -> Path:
        address = job.source or ""
        with self._lock:
            held = self._sources.get(address)
        if held is None:
            raise SourceUnavailableError(
                f"{address} is not open; it is read again when it is brought in the next time"
            )
        source, turn = held
        item = SourceItem(
            uri=job.uri,
            name=job.name,
            fingerprint=job.fingerprint or "",
            size_bytes=job.size_bytes,
            groups=job.groups,
        )
        with turn:
            return source.fetch(item, folder)


def _under_its_name(path: Path, name: str, folder: Path) -> Path:
    """A link with the name that decides the format and may become the title, as far as a file
    system takes it."""
    if path.name == name:
        return path
    link = folder / "named" / Path(name).name[-NAME_CHARS:]
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(path.absolute())
    return link
