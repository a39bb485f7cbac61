"""The ingestion service: documents become jobs, a worker sees them through, a report says
what came of them."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from assistant.errors import IngestError, NothingToIngestError, ParseError
from assistant.ingest_settings import IngestSettings
from assistant.ingestor import Ingestor
from assistant.knowledge.jobs import UPLOAD_PRIORITY, NewJob
from assistant.knowledge.library import Library
from assistant.models.embedders.base import Embedder
from assistant.safety.policy import Policy
from assistant.settings import Settings
from assistant.types import (
    OPERATOR,
    Draft,
    IngestReport,
    JobInfo,
    JobKind,
    PageImage,
    ProgressListener,
    TextDocument,
)
from ingestion.attachments import file_name, folder_names
from ingestion.drafting import parser_under, recipe_of
from ingestion.index_builder import IndexBuilder
from ingestion.leading import Leader
from ingestion.listing import Plan, merge_plans, plan_sync
from ingestion.page_drawing import PageDrawing
from ingestion.parsers.base import format_of, known_extensions
from ingestion.progress import Run
from ingestion.reading import read_file
from ingestion.sources.base import Source
from ingestion.sources.folder import find_files
from ingestion.sources.registry import Registry
from ingestion.sources.web import is_web_address, opened_pages
from ingestion.stages import LocalStages, Stages
from ingestion.texts import ingest_texts
from ingestion.trouble import told
from ingestion.watch import Watch
from ingestion.watching import watch_folders
from ingestion.worker import Worker

LOOK_S = 0.5


def open_ingestor(library: Library, embedder: Embedder, settings: Settings) -> Ingestor:
    """The ingestion service over an open library; close it before that.

    Files are parsed and texts embedded on this machine, or on the cluster that the settings name.
    """
    return LocalIngestor(library, embedder, settings)


def _choose_stages(embedder: Embedder, settings: Settings) -> Callable[[], Stages]:
    if settings.ingest.cluster is None:
        return lambda: LocalStages(embedder, settings.ingest)
    from ingestion.cluster import ClusterStages  # here, because Ray may not be installed

    return lambda: ClusterStages(settings, embedder_id=embedder.id)


class LocalIngestor:
    """Parses in child processes of this machine, embeds and publishes in threads.

    What is to be done is in the database before it is begun: a call that was killed is taken up
    by the next one, or by the worker of the running service. A document is published whole or
    not at all.

    Args:
        open_stages: where parsing and embedding happen, instead of where the settings say.
    """

    def __init__(
        self,
        library: Library,
        embedder: Embedder,
        settings: Settings,
        *,
        open_stages: Callable[[], Stages] | None = None,
    ) -> None:
        self.sources = Registry(library, self, settings)
        self._library = library
        self._embedder = embedder
        self._all_settings = settings
        self._policy = Policy(settings.safety)
        self._recipe = self._recipe_of(embedder, settings)
        self._stated_stages = open_stages
        self._closings = 0
        self.index_builder = IndexBuilder(library, settings)
        self._drawing = PageDrawing(settings.ingest)
        self._leader = Leader(library.database, self._lead)
        self._worker = Worker(
            library,
            embedder,
            settings.ingest,
            self._policy,
            open_stages=open_stages or _choose_stages(embedder, settings),
        )

    def _recipe_of(self, embedder: Embedder, settings: Settings) -> str:
        chunk_tokens = settings.ingest.chunk_tokens
        return recipe_of(embedder.id, chunk_tokens, parser=parser_under(self._policy))

    def start(self) -> None:
        """See `assistant.ingestor.Ingestor`."""
        if not self._all_settings.ingest.elsewhere:
            self._worker.start(stay=True)
            self._leader.start()

    def _lead(self) -> None:
        """What one process of all should do."""
        self.sources.start()
        self.index_builder.resume()

    def change_index(self, change: Callable[[], tuple[Embedder, Settings]]) -> None:
        """See `assistant.ingestor.Ingestor`."""

        def exchange() -> tuple[Embedder, IngestSettings, Callable[[], Stages]]:
            embedder, settings = change()
            self._embedder, self._all_settings = embedder, settings
            self._recipe = self._recipe_of(embedder, settings)
            stages = self._stated_stages or _choose_stages(embedder, settings)
            return embedder, settings.ingest, stages

        self._worker.exchange(exchange)

    def ingest(
        self,
        paths: Sequence[str],
        *,
        collection: str = "default",
        groups: Sequence[str] | None = None,
        listener: ProgressListener | None = None,
    ) -> IngestReport:
        """See `assistant.ingestor.Ingestor`.

        Raises:
            SourceNotFoundError, NothingToIngestError: see `find_files` and `FolderSource`.
            StorageFullError: no space is left; what was published stays.
            ModelError: the embedder failed.
        """
        urls = [path for path in paths if is_web_address(path)]
        folders, files = find_files([path for path in paths if path not in urls])
        if not folders and not urls and not [*files.items()]:
            named = ", ".join(paths) or "no path"
            raise NothingToIngestError(f"{named}: no file that Philo reads ({known_extensions()})")
        with opened_pages(urls, self._all_settings) as pages:
            sources: list[Source] = [*folders, files, *pages]
            return self._bring_in(sources, collection, _group_set(groups), listener)

    def sync(
        self,
        source: Source,
        *,
        collection: str = "default",
        groups: Sequence[str] | None = None,
        listener: ProgressListener | None = None,
    ) -> IngestReport:
        """Bring a source in, and remove what it no longer lists. The source stays open.

        Groups that it states for a document go before `groups`; None: as before, or everyone.

        Raises:
            SourceUnavailableError: it could not be listed to its end; nothing was changed.
            StorageFullError, ModelError: as `ingest`.
        """
        return self._bring_in([source], collection, _group_set(groups), listener)

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
        """See `assistant.ingestor.Ingestor`.

        Raises:
            StorageFullError, ModelError: as `ingest`.
        """
        watch_folders(
            self,
            paths,
            collection=collection,
            groups=groups,
            listener=listener,
            on_report=on_report,
            stop=stop,
            polling=self._all_settings.sources.watch_polling,
        )

    def draw_page(self, path: str, *, number: int, media_type: str) -> PageImage:
        """See `assistant.ingestor.Ingestor`."""
        return self._drawing.draw(Path(path), number=number, media_type=media_type)

    def read_file(self, path: str) -> Draft:
        """See `assistant.ingestor.Ingestor`."""
        return read_file(Path(path), embedder=self._embedder, settings=self._all_settings.ingest)

    def ingest_texts(
        self,
        documents: Sequence[TextDocument],
        *,
        collection: str = "default",
        listener: ProgressListener | None = None,
    ) -> IngestReport:
        """See `assistant.ingestor.Ingestor`.

        Raises:
            StorageFullError: no space is left; what was published stays.
            ModelError: the embedder failed.
        """
        with _told_errors():
            return ingest_texts(
                self._library,
                self._embedder,
                self._all_settings.ingest,
                self._policy,
                documents,
                collection=collection,
                listener=listener,
            )

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
        """See `assistant.ingestor.Ingestor`. A file of an unknown format is a failure in the
        report.

        Raises:
            StorageFullError: no space is left.
            ModelError: the embedder failed.
        """
        run_id = uuid.uuid4().hex
        run = Run(1)
        name = file_name(name)
        uri = _upload_uri(folder, name, collection, owner)
        if format_of(name) is None:
            run.fail(uri, _unknown_format())
            return run.report()
        with _told_errors():
            self._accept(path, uri, name, collection, owner_key, _group_set(groups), run_id)
            self._follow(run_id, run)
        return run.report()

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
        """See `assistant.ingestor.Ingestor`.

        Raises:
            ParseError: the format is not known.
            StorageFullError: no space is left; nothing was kept.
        """
        name = file_name(name)
        if format_of(name) is None:
            raise ParseError(f"{name}: {_unknown_format()}")
        uri = _upload_uri(folder, name, collection, owner)
        with _told_errors():
            job_id = self._accept(
                path, uri, name, collection, owner_key, _group_set(groups), uuid.uuid4().hex
            )
        self._start_worker()
        return self._library.jobs.job(job_id, OPERATOR)

    def _start_worker(self) -> None:
        """Where others do the work, what only this process can fetch is brought in here."""
        if not self._all_settings.ingest.elsewhere or self._worker.fetcher.addresses:
            self._worker.start()

    def close(self) -> None:
        """Stop the schedule and the worker; what is not finished is for the next ones, and whoever
        waits for it is told so."""
        self._closings += 1
        self._leader.close()
        self.sources.close()
        self.index_builder.close()
        self._worker.stop()
        self._drawing.close()

    def _accept(
        self,
        path: str,
        uri: str,
        name: str,
        collection: str,
        owner_key: str | None,
        groups: frozenset[str] | None,
        run_id: str,
    ) -> str:
        def job(sha256: str) -> NewJob:
            return NewJob(
                kind=JobKind.ADD,
                uri=uri,
                collection=collection,
                name=name,
                groups=groups,
                owner_key=owner_key,
                fingerprint=sha256,
                size_bytes=Path(path).stat().st_size,
                original=sha256,
                priority=UPLOAD_PRIORITY,
                run_id=run_id,
            )

        return self._library.accept(Path(path), job)

    def _bring_in(
        self,
        sources: Sequence[Source],
        collection: str,
        groups: frozenset[str] | None,
        listener: ProgressListener | None,
    ) -> IngestReport:
        run_id = uuid.uuid4().hex
        run = Run(0, listener)
        with _told_errors(), contextlib.ExitStack() as offered:
            plan = self._plan(sources, collection, groups, run_id)
            run.total = len(plan.jobs) + len(plan.unchanged) + len(plan.failures)
            for failure in plan.failures:
                run.fail(failure.uri, failure.reason)
            for uri in plan.unchanged:
                run.finish(uri, "unchanged")
            for source in sources:
                if source.address and not source.address.startswith("file:"):
                    self._worker.fetcher.offer(source)
                    offered.callback(self._worker.fetcher.withdraw, source)
            if plan.jobs:
                self._library.jobs.add(plan.jobs)
            run.start_work(sum(job.size_bytes or 0 for job in plan.jobs))
            # Without jobs too: an ended process may have left some.
            self._follow(run_id, run, cancel=True)
        return run.report()

    def _plan(
        self,
        sources: Sequence[Source],
        collection: str,
        groups: frozenset[str] | None,
        run_id: str,
    ) -> Plan:
        plans: list[Plan] = []
        listed: frozenset[str] = frozenset()
        for source in sources:
            plan = plan_sync(
                self._library,
                source,
                collection=collection,
                groups=groups,
                recipe=self._recipe,
                run_id=run_id,
                skip=listed,
            )
            listed |= {*plan.unchanged, *(job.uri for job in plan.jobs if job.kind == JobKind.ADD)}
            plans.append(plan)
        return merge_plans(plans)

    def _follow(self, run_id: str, run: Run, *, cancel: bool = False) -> None:
        """Have the jobs of a run done, and tell of each as it ends.

        Args:
            cancel: what is left of them, when the one who waits goes away.
        Raises:
            what stopped all work, or IngestError because it was closed; the jobs stay for the
            next worker.
        """
        queue, worker = self._library.jobs, self._worker
        closings = self._closings
        troubles = worker.troubles
        changes = worker.changes
        self._start_worker()
        try:
            watch = Watch(self._library, run_id, run)
            while not watch.is_over() and worker.troubles == troubles:
                if self._closings != closings:
                    cancel = False
                    raise IngestError("Philo was stopped; it goes on with the rest at its next run")
                changes = worker.wait_for_change(changes, timeout_s=LOOK_S)
            watch.tell_incomplete()
        except BaseException:
            if cancel:
                queue.cancel_run(run_id)
            raise
        worker.raise_trouble(after=troubles)
        worker.finish()


@contextlib.contextmanager
def _told_errors() -> Iterator[None]:
    try:
        yield
    except BaseException as exc:
        said = told(exc)
        if said is exc:
            raise
        raise said from exc


def _upload_uri(folder: str, name: str, collection: str, owner: str) -> str:
    """People cannot replace what others brought in under the same name, nor can a file its
    namesake of another folder."""
    whose = f"~{quote(owner, safe='')}/" if owner else ""
    path = "/".join(quote(part, safe="") for part in (*folder_names(folder), name))
    if not owner and path.startswith("~"):  # no owner's folder
        path = f"%7E{path[1:]}"
    return f"upload://{quote(collection, safe='')}/{whose}{path}"


def _unknown_format() -> str:
    return f"the format is not known; Philo reads {known_extensions()}"


def _group_set(groups: Sequence[str] | None) -> frozenset[str] | None:
    return None if groups is None else frozenset(groups)
