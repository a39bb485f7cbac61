"""Files become knowledge: find, compare, parse, chunk, embed, publish."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from assistant.errors import DocumentNotFoundError, ParseError, StorageFullError
from assistant.knowledge.library import Library
from assistant.language import detect_language
from assistant.models.embedders.base import Embedder, Vectors
from assistant.settings import Settings
from assistant.types import (
    EVERYONE,
    Draft,
    Ingestor,
    IngestReport,
    ParsedDocument,
    ProgressListener,
)
from ingestion.chunking import CHUNKER_REVISION, chunk_document
from ingestion.parser_pool import ParserPool
from ingestion.parsers.base import PARSER_REVISION, format_of, known_extensions
from ingestion.parsers.blocks import clean_line
from ingestion.parsers.content import check_content
from ingestion.progress import Run
from ingestion.sandbox import SandboxLimits
from ingestion.sources.folder import FoundFile, discover_files

EMBED_AT_ONCE = 64


def open_ingestor(library: Library, embedder: Embedder, settings: Settings) -> Ingestor:
    """The ingestion service over an open library. It keeps nothing open between calls."""
    return LocalIngestor(library, embedder, settings)


class LocalIngestor:
    """Parses in child processes of this machine, embeds and publishes in the caller's thread.

    A document is published whole or not at all: an interrupted call leaves all documents
    that it has published, and of the others what was known before.
    """

    def __init__(self, library: Library, embedder: Embedder, settings: Settings) -> None:
        self._library = library
        self._embedder = embedder
        self._settings = settings.ingest

    @property
    def recipe(self) -> str:
        """All besides a file's bytes that shapes its chunks and their vectors."""
        return (
            f"parser {PARSER_REVISION}, chunker {CHUNKER_REVISION}, "
            f"{self._settings.chunk_tokens} tokens, {self._embedder.id}"
        )

    def ingest(
        self,
        paths: Sequence[str],
        *,
        collection: str = "default",
        groups: Sequence[str] | None = None,
        listener: ProgressListener | None = None,
    ) -> IngestReport:
        """See `assistant.types.Ingestor`.

        Raises:
            SourceNotFoundError, NothingToIngestError: see `discover_files`.
            StorageFullError: no space is left; what was published stays.
            ModelError: the embedder failed.
        """
        found = discover_files(paths)
        gone: dict[str, str] = {}
        known: set[str] = set()
        present = {file.uri for file in found.files}
        for source in found.folders:
            for uri, document_id in self._library.uris_of_source(source, collection).items():
                known.add(uri)
                hidden = any(uri.startswith(f"{folder}/") for folder in found.unreadable)
                if uri not in present and not hidden:
                    gone[uri] = document_id
        total = len(found.files) + len(found.failures) + len(gone)
        run = Run(total, listener)
        for failure in found.failures:
            run.fail(failure.uri, failure.reason)
        with _storage_errors():
            self._bring_in(found.files, collection, _group_set(groups), run, known)
            for uri, document_id in gone.items():
                with contextlib.suppress(DocumentNotFoundError):  # somebody else was quicker
                    self._library.retire(document_id)
                run.finish(uri, "removed")
        return run.report()

    def ingest_upload(
        self,
        path: str,
        *,
        name: str,
        collection: str = "default",
        groups: Sequence[str] | None = None,
    ) -> IngestReport:
        """See `assistant.types.Ingestor`. A file of an unknown format is a failure in the
        report.

        Raises:
            StorageFullError: no space is left.
            ModelError: the embedder failed.
        """
        name = clean_line(name.replace("\\", "/").rsplit("/", 1)[-1]) or "document"
        uri = f"upload://{quote(collection, safe='')}/{quote(name, safe='')}"
        run = Run(1, None)
        fmt = format_of(name)
        if fmt is None:
            run.fail(uri, f"the format is not known; Philo reads {known_extensions()}")
            return run.report()
        with _storage_errors(), tempfile.TemporaryDirectory(prefix="philo-upload-") as folder:
            # Under its own name, which may become the title, as far as a file system takes it.
            link = Path(folder) / name[-60:]
            link.symlink_to(Path(path).absolute())
            file = FoundFile(link, uri, fmt)
            self._bring_in([file], collection, _group_set(groups), run, set())
        return run.report()

    def close(self) -> None:
        """Nothing is open between calls."""

    def _bring_in(
        self,
        files: Sequence[FoundFile],
        collection: str,
        groups: frozenset[str] | None,
        run: Run,
        known: set[str],
    ) -> None:
        """Publish what is new or changed.

        Args:
            known: addresses of which the library knows that their folder holds them.
        """
        changed: deque[_Changed] = deque()
        for file in files:
            try:
                changed_file = self._compare(file, collection, groups, known)
            except ParseError as exc:
                run.fail(file.uri, str(exc))
            except OSError as exc:
                _raise_if_full(exc)
                run.fail(file.uri, f"cannot be read ({exc.strerror or exc})")
            else:
                if changed_file is None:
                    run.finish(file.uri, "unchanged")
                else:
                    changed.append(changed_file)
        if changed:
            self._publish_all(changed, collection, run)

    def _compare(
        self, file: FoundFile, collection: str, groups: frozenset[str] | None, known: set[str]
    ) -> _Changed | None:
        """None where the published version was made of the same bytes by the same recipe.

        Raises:
            ParseError: it cannot be what its name says.
            OSError: it cannot be read.
        """
        fmt, limit = file.format, self._settings.max_file_bytes
        state = file.path.stat()
        check_content(file.path, fmt.name, fmt.container, max_file_bytes=limit)
        with file.path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        published = self._library.find(file.uri, collection)
        if published is None or (published.content_sha256, published.recipe) != (
            sha256,
            self.recipe,
        ):
            readers = groups or (published.groups if published else frozenset({EVERYONE}))
            return _Changed(file, sha256, state, readers)
        try:
            if groups is not None and published.groups != groups:
                self._library.set_groups(published.document_id, groups)
            if file.source is not None and file.uri not in known:
                self._library.touch(published.document_id, source=file.source)
        except DocumentNotFoundError:  # deleted by somebody else at this moment
            return _Changed(file, sha256, state, groups or frozenset({EVERYONE}))
        return None

    def _publish_all(self, waiting: deque[_Changed], collection: str, run: Run) -> None:
        """Parse ahead in the children while this thread embeds and publishes."""
        settings = self._settings
        limits = SandboxLimits(
            timeout_s=settings.parse_timeout_s,
            memory_bytes=settings.parse_memory_bytes,
            max_pages=settings.max_pages,
            max_file_bytes=settings.max_file_bytes,
        )
        run.start_work(sum(changed.state.st_size for changed in waiting))
        workers = min(settings.workers, len(waiting))
        pool = ParserPool(limits, workers=workers)
        try:
            parsing: dict[Future[ParsedDocument], _Changed] = {}
            while waiting or parsing:
                while waiting and len(parsing) < 2 * workers:
                    changed = waiting.popleft()
                    parsing[pool.submit(changed.file.path)] = changed
                for future in wait(parsing, return_when=FIRST_COMPLETED).done:
                    changed = parsing.pop(future)
                    self._publish(changed, future, collection, run)
        finally:
            pool.close()

    def _publish(
        self,
        changed: _Changed,
        parsed: Future[ParsedDocument],
        collection: str,
        run: Run,
    ) -> None:
        size = changed.state.st_size
        try:
            draft = self._write_draft(changed, parsed.result())
        except ParseError as exc:
            run.fail(changed.file.uri, str(exc), size)
            return
        except OSError as exc:
            _raise_if_full(exc)
            run.fail(changed.file.uri, f"cannot be read ({exc.strerror or exc})", size)
            return
        outcome = self._library.publish(
            draft,
            self._embed(draft),
            collection=collection,
            groups=changed.groups,
            source=changed.file.source,
        )
        run.pages += draft.pages
        run.chunks += len(draft.chunks)
        run.finish(changed.file.uri, outcome, size)

    def _write_draft(self, changed: _Changed, parsed: ParsedDocument) -> Draft:
        """
        Raises:
            ParseError: the file changed meanwhile, or holds no text.
        """
        state = changed.file.path.stat()
        if (state.st_mtime_ns, state.st_size) != (
            changed.state.st_mtime_ns,
            changed.state.st_size,
        ):
            raise ParseError("the file changed while it was read; ingest it again")
        text, chunks = chunk_document(
            parsed,
            count_tokens=self._embedder.count_tokens,
            chunk_tokens=self._settings.chunk_tokens,
        )
        if not chunks:
            raise ParseError("no text was found in it")
        return Draft(
            uri=changed.file.uri,
            title=parsed.title,
            text=text,
            chunks=chunks,
            content_sha256=changed.sha256,
            recipe=self.recipe,
            language=detect_language(text),
            pages=parsed.pages,
            empty_pages=parsed.empty_pages,
            author=parsed.author,
            date=parsed.date,
            media_type=changed.file.format.media_type,
            size_bytes=changed.state.st_size,
        )

    def _embed(self, draft: Draft) -> Vectors:
        """(N, D), in parts so that an interrupt is heard."""
        texts = [chunk.indexed_text(draft.title) for chunk in draft.chunks]
        return np.concatenate(
            [
                self._embedder.encode_passages(texts[first : first + EMBED_AT_ONCE])
                for first in range(0, len(texts), EMBED_AT_ONCE)
            ]
        )


@dataclass(frozen=True, slots=True)
class _Changed:
    file: FoundFile
    sha256: str
    state: os.stat_result
    groups: frozenset[str]


@contextlib.contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        _raise_if_full(exc)
        raise


def _raise_if_full(exc: OSError) -> None:
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        raise StorageFullError(
            "no space is left on the disk; what was published stays: free some space and "
            "ingest again"
        ) from exc


def _group_set(groups: Sequence[str] | None) -> frozenset[str] | None:
    return None if groups is None else frozenset(groups)
