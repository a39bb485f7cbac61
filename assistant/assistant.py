"""The assistant itself: search, ask, and the way to the library and the ingestion."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from assistant import audit_details
from assistant.access.audited import AuditedPeople
from assistant.access.credentials import Credentials
from assistant.answering.cache import AnswerCache, CacheKey, cache_key
from assistant.answering.compose import Composer
from assistant.answering.events import AskEvent
from assistant.answering.evidence import EvidenceReader
from assistant.answering.follow_ups import FollowUpRequest, suggest
from assistant.audit import OPERATOR_NAME
from assistant.audit.content import Content
from assistant.audit.keeper import AuditKeeper
from assistant.backup.taking import Backups
from assistant.computing import Computing
from assistant.conversations.store import Conversations
from assistant.erasure.erasures import Erasures
from assistant.errors import GenerationStoppedError, PhiloError, QuestionError
from assistant.holdings import Holdings
from assistant.indexes import Indexes
from assistant.ingestor import Ingestor
from assistant.knowledge.library import Library, StoredChunk
from assistant.knowledge.stops import Stops
from assistant.machine import count_cores
from assistant.models.embedders.base import Embedder
from assistant.models.fingerprints import model_fingerprints
from assistant.models.generators.types import Ticket
from assistant.models.readers import Reader
from assistant.models.rerankers.base import Reranker
from assistant.observing.trail import follow, following, step
from assistant.retrieval.query import Query, read_question
from assistant.retrieval.rewriting import rewrite
from assistant.retrieval.search import Searcher
from assistant.safety.disclosure import GenerationState, GenerationSwitch
from assistant.safety.policy import Policy
from assistant.safety.screening import Screening
from assistant.scope import EVERYTHING, Scope
from assistant.settings import Settings
from assistant.summarizing.choosing import find_document
from assistant.summarizing.summarizer import Summariser
from assistant.summarizing.types import Form, Summary, SummaryEvent
from assistant.turnstile import Turnstile
from assistant.types import (
    Answer,
    DocumentInfo,
    IngestReport,
    JobInfo,
    Language,
    Passage,
    Readable,
    Timings,
    Turn,
)
from assistant.while_readable import ReadableNow, summary_while_readable, while_readable

if TYPE_CHECKING:
    from assistant.models.generators.base import Generator

Event = TypeVar("Event")


class Assistant:
    """Everything that can be done with one data directory, which it owns while open.

    Thread-safe. `generator` None: answers are the documents' own sentences; with a `reader`,
    their own words. `summary_writer` None: so are summaries. `settings` name the embedder and the
    size of chunks of the index in use, `stated_settings` those that were asked for. `turnstile` is
    shared by those who read from the index, and closed while it changes.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        library: Library,
        embedder: Embedder,
        reader: Reader | None,
        generator: Generator | None,
        reranker: Reranker | None = None,
        summary_writer: Generator | None = None,
        open_ingestor: Callable[[Library, Embedder, Settings], Ingestor],
        on_close: Callable[[], None],
        stated_settings: Settings | None = None,
    ) -> None:
        self.settings = settings
        self.stated_settings = stated_settings or settings
        self.library = library
        self.generator = generator
        self.audit = library.audit
        self.credentials = Credentials(
            library.database, library.people, min_chars=settings.access.min_password_chars
        )
        self.people = AuditedPeople(library.people, self.credentials, library.audit)
        self.conversations = Conversations(library.database)
        self.screening = Screening(Policy(settings.safety), library)
        self.turnstile = Turnstile()
        self._computing = Computing(count_cores())
        stops = Stops(library.database) if settings.storage.database is not None else None
        self.generation = GenerationSwitch(settings.data, stops)
        self._reranker = reranker
        self._open_ingestor = open_ingestor
        self._on_close = on_close
        self._ingestor: Ingestor | None = None
        self._works_in_background = False
        self._opening = threading.Lock()
        self._reader = reader
        self._summary_writer = summary_writer
        self.use(embedder, settings)
        self._cache = AnswerCache(library.changes, most_bytes=settings.answering.cache_bytes)
        self.indexes = Indexes(self)
        self.erasures = Erasures(library, alone=self.turnstile.alone)
        self.backups = Backups(library, self.erasures, settings)
        if library.observer.metrics is not None:
            library.observer.metrics.look_at(Holdings(self).gauges)
        self.audit_keeper = AuditKeeper(library.audit, settings.audit)

    def use(self, embedder: Embedder, settings: Settings) -> None:
        """Answer with another index: these belong to the one that the library has in use now."""
        self.settings = settings
        self.embedder = embedder
        self.fingerprints = model_fingerprints(settings.models)
        self._searcher = Searcher(
            self.library,
            embedder,
            settings.retrieval,
            reranker=self._reranker,
            computing=self._computing,
            leaves_out="injection" if settings.safety.injection.exclude else None,
        )
        evidence = EvidenceReader(embedder, self._reader)
        self._composer = Composer(evidence, self.generator, settings, embedder)
        self._summariser = Summariser(
            self.library, embedder, self._summary_writer, settings.summaries
        )

    def search(
        self,
        question: str,
        *,
        k: int,
        readable: Readable,
        scope: Scope = EVERYTHING,
        who: str = OPERATOR_NAME,
    ) -> list[Passage]:
        """At most `k` passages, best first.

        Args:
            who: for the audit log.
        Raises:
            QuestionError: the question is empty or too long, or holds what may not be asked.
        """
        with following(self.library.observer.begin("search")):
            question = self.screening.admit(question, scope, who=who)
            query = self._read(question)
            with self.turnstile.shared():
                found = self._searcher.search(query, k=k, readable=readable, scope=scope)
            found = self.screening.show(found, readable, who=who)
            logged = self.screening.for_log(question)
            details = audit_details.of_question(logged, readable, scope, self.settings)
            passages = audit_details.of_passages(found)
            with step("audit"):
                self.audit.record(who, "search", details | {"passages": passages})
        return found

    @property
    def model_id(self) -> str:
        """Of the model that writes; "none" where the documents' own sentences answer."""
        return self.generator.model_id if self.generator else "none"

    def reserve(self, *, principal: str = "", deadline_s: float | None = None) -> Ticket:
        """Take a place now for a question that is asked next; see `Generator.reserve`.

        Raises:
            GeneratorBusyError: too many ask; `retry_after_s` says when to try again.
            GenerationStoppedError: an administrator has stopped all writing.
        """
        self.generation.require_running()
        if self.generator is None:
            return Ticket()
        return self.generator.reserve(principal=principal, deadline_s=deadline_s)

    def ask(
        self,
        question: str,
        *,
        readable: Readable,
        scope: Scope = EVERYTHING,
        history: Sequence[Turn] = (),
        ticket: Ticket | None = None,
        who: str = OPERATOR_NAME,
        readable_now: ReadableNow | None = None,
    ) -> Iterator[AskEvent]:
        """The passages found, then each checked sentence, last the whole answer.

        Closing the iterator stops the generator.

        Args:
            readable_now: what the reader may read while the answer is written; None: the same.
            ticket: from `reserve`; without one, a place is taken now.
            who: for the audit log, in which the answer stands before it is given.
        Raises:
            QuestionError: at once, before the first event.
            GeneratorBusyError: at once, without a ticket.
            GenerationStoppedError: an administrator has stopped all writing, or does meanwhile.
            ModelError: the generator failed.
            AccessWithdrawnError: what it rests on was closed to the reader meanwhile.
        """
        started = time.perf_counter()
        try:
            self.generation.require_running()
            question = self.screening.admit(question, scope, who=who)
            history = self.screening.admit_history(history, scope)
            query = self._read(question, history)
        except (GenerationStoppedError, QuestionError):
            if ticket is not None:
                ticket.cancel()
            raise
        key = cache_key(query.asked, history, readable, scope)
        place = ticket or self.reserve()
        events = self.generation.watch(self._events(query, key, started, place), place.cancel)
        events = while_readable(events, self.library, readable_now or (lambda: readable))
        events = self.screening.show_all(events, readable, who=who)
        logged = self.screening.for_log(question)
        asked = audit_details.of_question(logged, readable, scope, self.settings)
        events = self._recorded(events, who, "ask", asked)
        return follow(events, self.library.observer.begin("question"), _outcome_of)

    def answer(
        self,
        question: str,
        *,
        readable: Readable,
        scope: Scope = EVERYTHING,
        history: Sequence[Turn] = (),
        ticket: Ticket | None = None,
        who: str = OPERATOR_NAME,
        readable_now: ReadableNow | None = None,
    ) -> Answer:
        """`ask`, read to its end."""
        *_, last = self.ask(
            question,
            readable=readable,
            scope=scope,
            history=history,
            ticket=ticket,
            who=who,
            readable_now=readable_now,
        )
        assert isinstance(last, Answer)  # noqa: S101 - tells the type checker what `ask` promises
        return last

    def follow_ups(self, follow: FollowUpRequest, readable: Readable) -> list[str]:
        """Questions that go on from an answer, and that the documents answer.

        Raises:
            QuestionError: see `ask`.
        """

        def find_evidence(question: str) -> str | None:
            query = self._read(question)
            with self.turnstile.shared():
                passages, shown, composer = self._find(query, readable, follow.scope)
            return composer.find_evidence(query, passages, shown)

        return suggest(self.library, follow, readable, find_evidence)

    def summarise(
        self,
        documents: Sequence[str],
        *,
        files: Sequence[str] = (),
        readable: Readable,
        form: Form = "points",
        language: Language | None = None,
        sections: Sequence[str] = (),
        who: str = OPERATOR_NAME,
        readable_now: ReadableNow | None = None,
    ) -> Iterator[SummaryEvent]:
        """Progress, each checked statement, last the whole summary; see `Summariser`.

        Args:
            documents: ids, addresses or titles of documents.
            files: paths of files that are read for this summary only.
            who: for the audit log, in which the summary stands before it is given.
            readable_now: as in `ask`.
        Raises:
            DocumentNotFoundError, QuestionError: at once; see `find_document`.
            ParseError: at once; a file cannot be read.
            GenerationStoppedError: as `ask`.
            others: see `Summariser.summarise`.
        """
        self.generation.require_running()
        ids = [find_document(self.library, name, readable) for name in documents]
        drafts = [self.ingestor.read_file(path) for path in files]
        events = self._summariser.summarise(
            ids,
            drafts=drafts,
            readable=readable,
            form=form,
            language=language,
            sections=sections,
        )
        now = readable_now or (lambda: readable)
        events = summary_while_readable(events, ids, self.library, now)
        events = self.screening.show_all(events, readable, who=who)
        asked = audit_details.of_summary_request(ids, form, readable)
        events = self.generation.watch(events, _wait)
        return self._recorded(events, who, "summarize", asked)

    def stop_generation(self, reason: str, *, who: str = OPERATOR_NAME) -> GenerationState:
        """End all answers and summaries that are being written and refuse more, until
        `resume_generation`; searching goes on.

        Raises:
            DataDirectoryError: see `GenerationSwitch.stop`.
        """
        try:
            return self.generation.stop(reason, by=who)
        finally:
            self.audit.record(who, "generation.stop", {"reason": reason})

    def resume_generation(self, *, who: str = OPERATOR_NAME) -> GenerationState:
        """Let answers and summaries be written again."""
        state = self.generation.resume()
        self.audit.record(who, "generation.resume", {})
        return state

    @property
    def ingestor(self) -> Ingestor:
        """The ingestion service, opened when it is first wanted."""
        with self._opening:
            if self._ingestor is None:
                self._ingestor = self._open_ingestor(self.library, self.embedder, self.settings)
            return self._ingestor

    def log_ingestion(
        self, places: Sequence[str], report: IngestReport, *, who: str = OPERATOR_NAME
    ) -> IngestReport:
        """Put what came of bringing `places` in into the audit log; the report."""
        counts = report.model_dump(include={"added", "updated", "removed", "pages", "chunks"})
        named = [Content(place, bare=True) for place in places]
        told = {"places": named, "failed": len(report.failed), **counts}
        self.audit.record(who, "ingest", told)
        return report

    def retire_document(
        self, document_id: str, readable: Readable, *, who: str = OPERATOR_NAME
    ) -> None:
        """Remove a document; it is gone from every search when the call returns.

        Raises:
            DocumentNotFoundError: there is none, or none that the reader may see.
            LegalHoldError: it is under legal hold.
        """
        document = self.library.document(document_id, readable)
        self.audit.holds.require_free(documents=self.library.family([document.id]))
        self.library.retire(document.id)
        self.audit.record(who, "document.remove", audit_details.of_document(document))

    def release_document(
        self, document_id: str, readable: Readable, *, who: str = OPERATOR_NAME
    ) -> DocumentInfo:
        """Let a document out of quarantine: from now on it is searched.

        Raises:
            DocumentNotFoundError: there is none, or none that the reader may see.
        """
        document = self.library.document(document_id, readable)
        released = self.library.release(document.id)
        self.audit.record(who, "document.release", audit_details.of_document(document))
        return released

    def retry_job(self, job_id: str, readable: Readable) -> JobInfo:
        """Try a job again that failed, died or was cancelled.

        Raises:
            JobNotFoundError: there is none, or none that the reader may see.
        """
        job = self.library.jobs.retry(job_id, readable)
        if self._works_in_background:
            self.ingestor.start()
        return job

    def start_work(self) -> None:
        """Load the models, and bring in, in the background, what earlier processes left and what
        comes."""
        self._works_in_background = True
        if self.generator is not None:
            self.generator.prepare()
        self.embedder.prepare()
        if self._reader is not None:
            self._reader.prepare()
        self.ingestor.start()
        self.audit_keeper.start()

    def catch_up(self) -> None:
        """Finish erasures that were cut short, and let go of what the audit keeps no longer."""
        self.erasures.resume()
        self.audit_keeper.prune_if_wanted()

    def close(self) -> None:
        self.library.vector_watch.close()  # else the ingestor waits for what is being filled in
        self.audit_keeper.close()
        if self._ingestor is not None:
            self._ingestor.close()
        self.embedder.close()
        self._on_close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _read(self, question: str, history: Sequence[Turn] = ()) -> Query:
        limit = self.settings.answering.max_question_chars
        return read_question(question, history=history, max_chars=limit)

    def _events(
        self, query: Query, key: CacheKey, started: float, ticket: Ticket
    ) -> Iterator[AskEvent]:
        try:
            stamp = self.library.changes.stamp(key.readable)
            known = self._find_known(key)
            if known is not None:
                yield from _replayed(known, query, started)
                return
            events: list[AskEvent] = []
            for event in self._answer(query, key, started, ticket):
                events.append(event)
                yield event
                if isinstance(event, Answer):
                    self._cache.keep(key, events, stamp=stamp)
        finally:
            ticket.cancel()  # where nothing was written, its place is still held

    def _find_known(self, key: CacheKey) -> Sequence[AskEvent] | None:
        """From the cache, if the database agrees that all of it may be read still."""
        events = self._cache.find(key)
        if events is None:
            return None
        ids = {one.chunk_id for event in events if isinstance(event, list) for one in event}
        with self.turnstile.shared():
            return events if self.library.chunks([*ids], key.readable).keys() == ids else None

    def _recorded(
        self, events: Iterator[Event], who: str, action: str, asked: dict[str, Any]
    ) -> Iterator[Event]:
        """An answer or summary stands in the log before it is given; so does that there was
        none."""
        ended = "left"
        try:
            for event in events:
                if (told := self._details(event)) is not None:
                    ended = ""
                    self.audit.record(who, action, asked | told)
                yield event
        except PhiloError as exc:
            ended = ended and type(exc).__name__
            raise
        finally:
            if ended:
                self.audit.record(who, action, asked | {"ended": ended})
            close = getattr(events, "close", None)
            if close is not None:
                close()

    def _details(self, event: object) -> dict[str, Any] | None:
        """For the log; None of an event that is on the way to the end."""
        if isinstance(event, Answer):
            text = self.screening.for_log(event.answer)
            return audit_details.of_answer(event, text, self.settings, self.fingerprints)
        if isinstance(event, Summary):
            text = self.screening.for_log(event.text)
            return audit_details.of_summary(event, text, self.settings, self.fingerprints)
        return None

    def _answer(
        self, query: Query, key: CacheKey, started: float, ticket: Ticket
    ) -> Iterator[AskEvent]:
        if self.generator is not None:
            self.generator.prepare()  # loads while the passages are looked for
            if self.settings.retrieval.follow_ups == "model":
                with step("rewrite"):
                    query = rewrite(query, key.history, self.generator)
        with self.turnstile.shared():
            kept, shown, composer = self._find(query, key.readable, key.scope)
        yield kept
        yield from composer.compose(query, kept, shown, started=started, ticket=ticket)

    def _find(
        self, query: Query, readable: Readable, scope: Scope
    ) -> tuple[list[Passage], list[StoredChunk], Composer]:
        """Passages, their chunks in the same order, and who reads those."""
        passages = self._searcher.search(
            query, k=self.settings.retrieval.passages, readable=readable, scope=scope
        )
        chunks = self.library.chunks([passage.chunk_id for passage in passages], readable)
        kept = [passage for passage in passages if passage.chunk_id in chunks]
        found = [chunks[passage.chunk_id] for passage in kept]
        return kept, self.library.with_twins(found, readable), self._composer


def _outcome_of(event: AskEvent) -> str | None:
    if not isinstance(event, Answer):
        return None
    if event.refused:
        return "refused"
    return "cached" if event.cached else "answered"


def _wait() -> None:
    """A summary looks at the switch before each of its steps."""


def _replayed(events: Sequence[AskEvent], query: Query, started: float) -> Iterator[AskEvent]:
    for event in events:
        if isinstance(event, Answer):
            passed = round((time.perf_counter() - started) * 1000, 1)
            timings = Timings(retrieve=passed, first_token=passed, total=passed)
            changed = {"question": query.asked, "cached": True, "timings_ms": timings}
            yield event.model_copy(update=changed)
        else:
            yield event
