"""The assembly line: fetching, parsing, embedding and writing overlap, each in its threads.

    put -> fetch (2 threads) -> parse (children) -> draft and embed (1 thread) -> write (1 thread)

So many jobs are on the line at a time that memory stays flat however many there are.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from assistant.errors import KnowledgeError, StoreUnavailableError
from assistant.ingest_settings import IngestSettings
from assistant.knowledge.jobs import Job
from assistant.knowledge.library import Known, Library
from assistant.models.embedders.base import Embedder, Vectors
from assistant.observing.trail import Trail, following
from assistant.safety.personal.documents import summarise_told
from assistant.safety.policy import Policy
from assistant.types import IngestOutcome, JobKind, ParsedDocument
from ingestion.drafting import Drafted, parser_under, recipe_of, write_draft
from ingestion.embedding import EmbeddingDesk
from ingestion.fetching import Fetched, Fetcher
from ingestion.stages import Stages
from ingestion.trouble import Trouble, judge

INGESTION = "(ingestion)"
"""In the audit log, of what nobody in particular decided."""

FETCHERS = 2
MOST_JOBS = 48
TAKE_JOBS = 16
"""Taken from the queue at a time, when there are so many: each time costs a transaction."""
MOST_BYTES = 32 * 2**20
"""Of files on the line; one larger file goes alone."""
CANCELLED_KNOWN_S = 0.2
WRITE_JOBS = 32
WRITE_CHUNKS = 1_000


@dataclass(slots=True, eq=False)
class Task:
    """A job on the line, and what it has become so far."""

    job: Job
    size_bytes: int
    known: Known | None = None
    fetched: Fetched | None = None
    drafted: Drafted | None = None
    unchanged: bool = False
    trail: Trail | None = None
    since_s: float = 0.0

    def passed(self, step: str) -> None:
        """The step that ends now began where the last one ended."""
        now = time.perf_counter()
        if self.trail is not None:
            self.trail.record(step, now - self.since_s)
        self.since_s = now


@dataclass(frozen=True, slots=True)
class _Parsed:
    task: Task
    future: Future[ParsedDocument]


@dataclass(frozen=True, slots=True)
class _Embedded:
    keys: Sequence[str]
    future: Future[Vectors]


class AssemblyLine:
    """Takes claimed jobs and sees them through.

    A document that fails is recorded, and the others go on. What stops all work (a full disk,
    an embedder that fails) is kept in `trouble`: the line stands still then.

    Args:
        changed: called from any thread when a job has ended or there is trouble.
    """

    def __init__(
        self,
        library: Library,
        embedder: Embedder,
        settings: IngestSettings,
        policy: Policy,
        *,
        fetcher: Fetcher,
        stages: Stages,
        changed: Callable[[], None],
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._settings = settings
        self._policy = policy
        self._fetcher = fetcher
        self._stages = stages
        self._changed = changed
        self._recipe = recipe_of(embedder.id, settings.chunk_tokens, parser=parser_under(policy))
        self.trouble: BaseException | None = None
        self._lock = threading.Lock()
        self._tasks: set[Task] = set()
        self._bytes = 0
        self._closed = False
        self._cancelled: set[str] = set()
        self._cancelled_asked_s = 0.0
        self._parse_slots = threading.Semaphore(stages.parse_ahead)
        self._fetching = ThreadPoolExecutor(FETCHERS, thread_name_prefix="philo-fetch")
        self._to_draft: queue.SimpleQueue[_Parsed | _Embedded | None] = queue.SimpleQueue()
        self._to_write: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._desk: EmbeddingDesk[Task] = EmbeddingDesk(
            embed=stages.embed,
            ahead=stages.embed_ahead,
            known=library.embeddings,
            arrived=lambda keys, future: self._to_draft.put(_Embedded(keys, future)),
            complete=self._embedded,
        )
        self._threads = [
            threading.Thread(target=self._draft_all, name="philo-draft", daemon=True),
            threading.Thread(target=self._write_all, name="philo-write", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def free_slots(self) -> int:
        """How many jobs may be put on the line now; none until several may."""
        with self._lock:
            free = MOST_JOBS - len(self._tasks)
            return 0 if self._bytes >= MOST_BYTES or free < TAKE_JOBS else free

    @property
    def is_empty(self) -> bool:
        with self._lock:
            return not self._tasks

    def put(self, jobs: Sequence[Job]) -> None:
        """Begin with jobs. One that is on the line already, whose lease ended while the machine
        slept, goes on there."""
        with self._lock:
            present = {task.job.id for task in self._tasks}
        jobs = [job for job in jobs if job.id not in present]
        known: dict[tuple[str, str], Known] = {}
        for collection in {job.collection for job in jobs}:
            uris = [job.uri for job in jobs if job.collection == collection]
            for uri, one in self._library.known(uris, collection).items():
                known[uri, collection] = one
        for job in jobs:
            task = Task(job, job.size_bytes or 0, known.get((job.uri, job.collection)))
            if job.kind != JobKind.REMOVE:
                task.trail = self._library.observer.begin("document")
            task.since_s = time.perf_counter()
            with self._lock:
                self._tasks.add(task)
                self._bytes += task.size_bytes
            if job.kind == JobKind.REMOVE:
                self._to_write.put(task)
            else:
                self._fetching.submit(self._fetch, task)

    def close(self) -> None:
        """Stop where it stands; what was published stays. No child and no thread is left."""
        self._closed = True
        self._fetching.shutdown(wait=False, cancel_futures=True)
        for _ in range(FETCHERS):
            self._parse_slots.release()  # whoever waits for a free parser gives up
        self._stages.close()
        self._fetching.shutdown(wait=True)
        self._to_draft.put(None)
        self._to_write.put(None)
        for thread in self._threads:
            thread.join()
        with self._lock:
            left = [*self._tasks]
        for task in left:
            self._end(task)

    def _fetch(self, task: Task) -> None:
        try:
            if self._drop_if_cancelled(task):
                return
            task.fetched = self._fetcher.fetch(task.job)
            task.passed("fetch")
            known = task.known
            if known is not None and (known.content_sha256, known.recipe) == (
                task.fetched.sha256,
                self._recipe,
            ):
                task.unchanged = True
                self._to_write.put(task)
                return
            self._parse_slots.acquire()
            if self._closed:
                return
            future = self._stages.parse(task.fetched.path)
            future.add_done_callback(lambda done: self._parsed(task, done))
        except BaseException as exc:  # noqa: BLE001 - recorded with the job
            self._fail(task, exc)

    def _parsed(self, task: Task, future: Future[ParsedDocument]) -> None:
        self._parse_slots.release()
        task.passed("parse")
        self._to_draft.put(_Parsed(task, future))

    def _draft_all(self) -> None:
        while (event := self._to_draft.get()) is not None:
            if self._stands_still:
                continue
            if isinstance(event, _Parsed):
                self._draft(event.task, event.future)
            try:
                if isinstance(event, _Embedded):
                    self._desk.take_in(event.keys, event.future)
                self._desk.send()
            except BaseException as exc:  # noqa: BLE001 - told to those who wait
                self._stop(exc)

    def _draft(self, task: Task, future: Future[ParsedDocument]) -> None:
        try:
            if self._drop_if_cancelled(task):
                return
            parsed = future.result()
            self._library.failpoint("parsed")
            assert task.fetched is not None  # noqa: S101 - parsed, so fetched
            task.drafted = write_draft(
                task.job,
                task.fetched,
                parsed,
                embedder=self._embedder,
                settings=self._settings,
                policy=self._policy,
                pseudonyms=self._library.pseudonyms,
            )
            task.passed("chunk")
            self._desk.add(task, task.drafted)
        except BaseException as exc:  # noqa: BLE001 - recorded with the job
            self._fail(task, exc)

    def _embedded(self, task: Task) -> None:
        task.passed("embed")
        self._library.failpoint("embedded")
        self._to_write.put(task)

    def _write_all(self) -> None:
        while (task := self._to_write.get()) is not None:
            batch = [task]
            chunks = _chunks(task)
            while len(batch) < WRITE_JOBS and chunks < WRITE_CHUNKS:
                try:
                    another = self._to_write.get_nowait()
                except queue.Empty:
                    break
                if another is None:
                    return
                batch.append(another)
                chunks += _chunks(another)
            if not self._stands_still:
                self._write(batch)

    def _write(self, batch: list[Task]) -> None:
        try:
            with self._library.turn:  # others publish nothing between this look and the changes
                unwanted = self._library.jobs.unwanted([task.job for task in batch])
                left = [task for task in batch if task.job.id not in unwanted]
                endings: list[tuple[Task, IngestOutcome]] = [
                    (task, "cancelled") for task in batch if task.job.id in unwanted
                ]
                unchanged = [task for task in left if task.unchanged]
                self._note_unchanged(unchanged)
                endings += [(task, "unchanged") for task in unchanged]
                removed = [task for task in left if task.job.kind == JobKind.REMOVE]
                self._library.retire_known([task.job.document_id or "" for task in removed])
                endings += [(task, "removed") for task in removed]
            if endings:
                self._library.jobs.finish([(task.job, what) for task, what in endings])
                self._library.drop_originals([task.job.original for task, _ in endings])
            for task, what in endings:
                self._end(task, what)
            self._publish([task for task in left if task.drafted is not None])
        except BaseException as exc:  # noqa: BLE001 - told to those who wait
            self._stop(exc)
        self._changed()

    def _note_unchanged(self, tasks: Sequence[Task]) -> None:
        seen: dict[str, str | None] = {}
        fingerprints: dict[str, str] = {}
        for task in tasks:
            known = task.known
            if known is None:
                continue
            if task.job.groups is not None and task.job.groups != known.groups:
                self._library.set_groups(known.document_id, task.job.groups)
            seen[known.document_id] = task.job.source
            fingerprints[known.document_id] = task.job.fingerprint or ""
        self._library.note_sources(seen, fingerprints)

    def _publish(self, tasks: Sequence[Task]) -> None:
        if not tasks:
            return
        publications = [task.drafted.publication(task.job) for task in tasks if task.drafted]
        try:
            self._tell_findings(tasks)
            with following(self._library.observer.begin("publication")):
                self._library.publish_all(publications)
        except StoreUnavailableError:
            raise  # for all of them
        except KnowledgeError as exc:
            if len(tasks) == 1:
                self._fail(tasks[0], exc)
            else:
                for task in tasks:
                    self._publish([task])
            return
        for task in tasks:
            task.passed("publish")
            self._end(task, "published")

    def _tell_findings(self, tasks: Sequence[Task]) -> None:
        """What was decided on documents stands in the audit log before they are there."""
        told = {
            task.job.uri: task.drafted.told
            for task in tasks
            if task.drafted is not None and task.drafted.told is not None
        }
        if told:
            self._library.audit.record(INGESTION, "safety", summarise_told(told))

    def _drop_if_cancelled(self, task: Task) -> bool:
        if self._stands_still:
            return True
        if task.job.id not in self._unwanted():
            return False
        self._library.jobs.finish([(task.job, "cancelled")])
        self._end(task, "cancelled")
        self._changed()
        return True

    def _unwanted(self) -> set[str]:
        """Jobs on the line that are to end, as of a moment ago."""
        with self._lock:
            fresh = time.monotonic() - self._cancelled_asked_s < CANCELLED_KNOWN_S
            if fresh:
                return self._cancelled
            jobs = [task.job for task in self._tasks]
            self._cancelled_asked_s = time.monotonic()
        self._cancelled = self._library.jobs.unwanted(jobs)
        return self._cancelled

    @property
    def _stands_still(self) -> bool:
        return self._closed or self.trouble is not None

    def _fail(self, task: Task, exc: BaseException) -> None:
        """Record why one document could not be brought in."""
        if self._closed:
            return
        trouble, reason = judge(exc)
        if trouble is Trouble.STOPS_ALL:
            self._stop(exc)
            return
        job = task.job
        try:
            if trouble is Trouble.GONE:
                self._library.jobs.drop(job.id, reason, worker=job.worker)
            else:
                may_pass = trouble is Trouble.MAY_PASS
                self._library.jobs.fail(job.id, reason, worker=job.worker, may_pass=may_pass)
        except Exception as record_failed:  # noqa: BLE001 - the database itself
            self._stop(record_failed)
        self._end(task, "failed")
        self._changed()

    def _stop(self, exc: BaseException) -> None:
        if self.trouble is None and not self._closed:
            self.trouble = exc
        self._changed()

    def _end(self, task: Task, outcome: str = "left") -> None:
        with self._lock:
            if task not in self._tasks:
                return
            self._tasks.discard(task)
            self._bytes -= task.size_bytes
        if task.trail is not None:
            task.trail.outcome = outcome
            task.trail.end()
        if task.fetched is not None:
            task.fetched.discard()


def _chunks(task: Task) -> int:
    return len(task.drafted.keys) if task.drafted is not None else 0
