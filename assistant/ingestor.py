"""The ingestion service as the assistant sees it: `assistant` never imports the package."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from assistant.models.embedders.base import Embedder
from assistant.settings import Settings
from assistant.types import (
    Draft,
    IndexListener,
    IngestReport,
    JobInfo,
    PageImage,
    ProgressListener,
    SourceRegistry,
    TextDocument,
)


class IndexBuilder(Protocol):
    """Brings the second index in step with the documents, and keeps it there."""

    def begin(self, embedder: str, chunk_tokens: int) -> object:
        """Register a second index; one that is like that already is gone on with.

        Raises:
            IndexExistsError: the index in use is like that, or another one stands beside it.
            StorageFullError: there is no room for it.
            ModelError: the embedder cannot be opened.
        """

    def embedder(self) -> Embedder:
        """The second index's own.

        Raises:
            UnknownIndexError: there is no second index.
            ModelError: it cannot be opened.
            IndexMismatchError: it is another one by now.
        """

    def wait(self, listener: IndexListener | None = None) -> None:
        """Work in the background, and wait until the second index holds every document.

        Raises:
            UnknownIndexError: there is none, or it was dropped.
            PhiloError: what keeps the work from going on.
        """

    def finish(self) -> None:
        """Stop working in the background, and do in this thread what is left to do."""

    def stop(self) -> None:
        """Stop working; what is not finished goes on later."""

    def resume(self) -> None:
        """Work in the background, where there is a second index."""

    def use(self, embedder: Embedder, settings: Settings) -> None:
        """The indexes have changed places: this is the second one's embedder now."""


class Ingestor(Protocol):
    """Brings documents in, and keeps them in step with their sources."""

    @property
    def sources(self) -> SourceRegistry: ...

    @property
    def index_builder(self) -> IndexBuilder: ...

    def change_index(self, change: Callable[[], tuple[Embedder, Settings]]) -> None:
        """Stop work, let `change` happen, and go on with the embedder and the settings that it
        returns. Work that was begun is begun again."""

    def watch(
        self,
        paths: Sequence[str],
        *,
        collection: str = "default",
        groups: Sequence[str] | None = None,
        listener: ProgressListener | None = None,
        on_report: Callable[[IngestReport], None],
        stop: threading.Event,
    ) -> None:
        """Bring folders in, then each change within seconds, until told to stop.

        Args:
            on_report: told what came of the first time, and of each change.
        Raises:
            SourceNotFoundError: a path is no folder.
        """

    def ingest(
        self,
        paths: Sequence[str],
        *,
        collection: str = "default",
        groups: Sequence[str] | None = None,
        listener: ProgressListener | None = None,
    ) -> IngestReport:
        """Bring files, folders and pages of the web (http, https) into the knowledge.

        `groups` None: a known document stays readable by whom it was, a new one is by all.

        A folder is kept in step: files that left it since the last time are retired.

        Raises:
            NothingToIngestError: no path holds a file of a known format.
            SourceNotFoundError: a path does not exist.
        """

    def draw_page(self, path: str, *, number: int, media_type: str) -> PageImage:
        """A page of a PDF or an image, drawn in a confined process.

        Raises:
            ParseError: it cannot be drawn, or not within the limits.
        """

    def read_file(self, path: str) -> Draft:
        """Read a file as `ingest` would, without bringing it in.

        Raises:
            SourceNotFoundError: there is no such file.
            ParseError: it cannot be read, or holds no text.
        """

    def ingest_texts(
        self,
        documents: Sequence[TextDocument],
        *,
        collection: str = "default",
        listener: ProgressListener | None = None,
    ) -> IngestReport:
        """Bring texts in that no file holds, chunked and embedded like files. What is known
        already is left; a call that was interrupted is taken up by the next one."""

    def ingest_upload(
        self,
        path: str,
        *,
        name: str,
        folder: str = "",
        collection: str = "default",
        groups: Sequence[str] | None = None,
        owner: str = "",
        owner_key: str | None = None,
    ) -> IngestReport:
        """Bring one uploaded file in as `upload://<collection>/<folder>/<name>`; the file at
        `path` may be deleted when the call returns. The same name in the same folder again is a
        new version. Its bytes are kept before anything else is done, so that it comes in whatever
        dies meanwhile.

        Args:
            folder: that it lies in where it comes from, "/" between several.
            owner: the name of the user who brings it in, "": the operator.
            owner_key: their key; they see what becomes of it among the jobs.
        """

    def accept_upload(
        self,
        path: str,
        *,
        name: str,
        folder: str = "",
        collection: str = "default",
        groups: Sequence[str] | None = None,
        owner: str = "",
        owner_key: str | None = None,
    ) -> JobInfo:
        """The same without waiting: the file is durable when this returns, and the job says
        what becomes of it."""

    def start(self) -> None:
        """Work in the background from now on: what earlier processes left, and what comes."""

    def close(self) -> None:
        """Stop working. What is not finished is finished by the next process."""
