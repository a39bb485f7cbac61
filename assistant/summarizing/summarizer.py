"""Documents -> a summary: sections read, notes taken, a form filled, every statement cited."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from assistant.answering.candidates import Candidate
from assistant.answering.citations import cite
from assistant.errors import DocumentNotFoundError, NothingToSummariseError, QuestionError
from assistant.knowledge.library import Library, StoredChunk
from assistant.models.embedders.base import Embedder
from assistant.models.generators.base import Generator, Ticket
from assistant.settings import SummarySettings
from assistant.summarizing.comparing import find_pairs
from assistant.summarizing.fields import choose_fields
from assistant.summarizing.notes import FORMAT, Notes, pack, thin_out, unpack
from assistant.summarizing.reading import Paper, Unit, read_paper
from assistant.summarizing.rendering import render
from assistant.summarizing.salience import choose, score_units
from assistant.summarizing.types import (
    Field,
    Form,
    Pairing,
    Statement,
    StatementWritten,
    Summary,
    SummaryEvent,
    SummaryProgress,
    SummaryTimings,
)
from assistant.summarizing.writing import SHOWN_SENTENCES, write_notes
from assistant.types import Citation, Language, Readable

MOST_DOCUMENTS = 12
"""That are compared at once."""

ABSTRACT_WORDS = (165, 250)
"""An abstract is full from the first number on, and no sentence may take it over the second."""

EMBED_AT_ONCE = 64
WRITTEN_FIRST = 0.4
"""What is added to the score of a note that the generator wrote: it says more in less."""


@dataclass
class _Sheet:
    """The summary as it grows."""

    statements: list[Statement] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    quotes_only: bool = True

    def add(
        self, unit: Unit, *, told: Field | None = None, document_id: str | None = None
    ) -> StatementWritten:
        before = len(self.citations)
        markers = [self._cite(source) for source in unit.sources]
        statement = Statement(
            text=unit.text, citations=markers, field=told, document_id=document_id
        )
        self.statements.append(statement)
        self.quotes_only = self.quotes_only and unit.is_quote
        return StatementWritten(statement=statement, citations=self.citations[before:])

    def _cite(self, source: Candidate) -> int:
        for known in self.citations:
            if (known.document_id, known.start, known.end) == (
                source.chunk.document_id,
                source.start,
                source.end,
            ):
                return known.marker
        self.citations.append(cite(source, marker=len(self.citations) + 1))
        return len(self.citations)


class Summariser:
    """Summarises documents of a library. Thread-safe.

    Args:
        generator: that writes notes; None: the documents' own sentences.
    """

    def __init__(
        self,
        library: Library,
        embedder: Embedder,
        generator: Generator | None,
        settings: SummarySettings,
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._generator = generator
        self._settings = settings

    def summarise(
        self,
        document_ids: Sequence[str],
        *,
        readable: Readable,
        form: Form = "points",
        language: Language | None = None,
        sections: Sequence[str] = (),
        ticket: Ticket | None = None,
    ) -> Iterator[SummaryEvent]:
        """Progress, each statement as it is known, last the whole summary.

        Closing the iterator stops the work; notes that are complete stay for the next time.

        Args:
            language: of labels and, where a generator writes, of the text; None: the document's.
            sections: parts of headings; only these sections are read.
        Raises:
            DocumentNotFoundError: at once, or when it is removed meanwhile.
            QuestionError: several documents for a form of one, or one to compare.
            NothingToSummariseError: no sentence is in it, or in the sections.
            ModelError: the generator failed.
        """
        ids = list(dict.fromkeys(document_ids))
        _require_number(ids, form)
        loaded = {key: self._library.document_chunks(key, readable) for key in ids}
        return self._events(loaded, readable, form, language, tuple(sections), ticket)

    def summarise_chunks(
        self,
        chunks: Sequence[StoredChunk],
        *,
        form: Form = "points",
        language: Language | None = None,
        sections: Sequence[str] = (),
    ) -> Iterator[SummaryEvent]:
        """The same of one document that is in no library; nothing is kept."""
        paper = _read(chunks, tuple(sections))
        return self._write([paper], form, language, None, None)

    def _events(
        self,
        loaded: dict[str, list[StoredChunk]],
        readable: Readable,
        form: Form,
        language: Language | None,
        sections: tuple[str, ...],
        ticket: Ticket | None,
    ) -> Iterator[SummaryEvent]:
        papers = [_read(chunks, sections) for chunks in loaded.values()]
        yield from self._write(papers, form, language, readable, ticket, keep=not sections)

    def _write(
        self,
        papers: Sequence[Paper],
        form: Form,
        language: Language | None,
        readable: Readable | None,
        ticket: Ticket | None,
        *,
        keep: bool = False,
    ) -> Iterator[SummaryEvent]:
        started = time.perf_counter()
        first = 0.0
        spoken: Language = language or papers[0].language or "en"
        sheet = _Sheet()
        taken: list[Notes] = []
        for paper in papers:
            notes = yield from self._take_notes(paper, spoken, ticket, keep=keep)
            if readable is not None:
                self._require_same(paper, readable)
            taken.append(notes)
            several = paper.document_id if len(papers) > 1 else None
            for unit, told in _fill(form, notes):
                first = first or time.perf_counter()
                yield sheet.add(unit, told=told, document_id=several)
        pairings = self._pair(taken, papers, sheet, spoken) if form == "compare" else []
        titles = [(paper.document_id, paper.title) for paper in papers]
        done = time.perf_counter()
        yield Summary(
            form=form,
            language=spoken,
            document_ids=[paper.document_id for paper in papers],
            titles=[paper.title for paper in papers],
            text=render(form, spoken, titles, sheet.statements, pairings),
            statements=sheet.statements,
            citations=sheet.citations,
            missing=_missing(form, papers, sheet.statements),
            pairings=pairings,
            model=self._generator.model_id if self._generator else "none",
            writer="quotes" if sheet.quotes_only else "model",
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            timings_ms=SummaryTimings(
                first_statement=round(1000 * ((first or done) - started), 1),
                total=round(1000 * (done - started), 1),
            ),
        )

    def _take_notes(
        self, paper: Paper, language: Language, ticket: Ticket | None, *, keep: bool
    ) -> Iterator[SummaryEvent]:
        """Yields progress, returns `Notes`."""
        total = len(paper.sections)
        writer = self._writer(language)
        if keep:
            kept = self._library.notes.find(paper.version_id, writer)
            known = kept and unpack(kept, paper, self._embedder.dimension)
            if known:
                yield SummaryProgress(title=paper.title, done=total, total=total)
                return known  # type: ignore[return-value]
        units = paper.units
        rough = score_units(units, np.zeros((len(units), 1), np.float32), np.zeros(1, np.float32))
        units = [units[at] for at in thin_out(units, rough, self._settings.max_sentences)]
        parts: list[np.ndarray] = []
        steps = 2 if self._generator else 1
        for start in range(0, len(units), EMBED_AT_ONCE):
            some = units[start : start + EMBED_AT_ONCE]
            parts.append(self._embedder.encode_passages([unit.text for unit in some]))
            reached = some[-1].section + 1
            yield SummaryProgress(title=paper.title, done=reached // steps, total=total)
        vectors = np.concatenate(parts)
        title = self._embedder.encode_passages([paper.title])[0]
        scores = score_units(units, vectors, title)
        if self._generator is not None:
            written: list[Unit] = []
            for number, section in enumerate(paper.sections, start=1):
                ranked = [index for index, unit in enumerate(units) if unit.section == number - 1]
                ranked.sort(key=lambda index: -scores[index])
                shown = [units[index] for index in sorted(ranked[:SHOWN_SENTENCES])]
                written += write_notes(
                    self._generator,
                    paper.title,
                    section,
                    shown,
                    language=language,
                    ticket=ticket,
                )
                done = (total + number) // steps
                yield SummaryProgress(title=paper.title, done=done, total=total)
            if written:
                found = self._embedder.encode_passages([unit.text for unit in written])
                units = [*units, *written]
                vectors = np.concatenate([vectors, found])
                scores = score_units(units, vectors, title)
                scores[len(units) - len(written) :] += WRITTEN_FIRST
        notes = Notes(tuple(units), scores, vectors)
        if keep:
            self._library.notes.keep(paper.version_id, writer, pack(notes))
        return notes  # type: ignore[return-value]

    def _writer(self, language: Language) -> str:
        """Everything besides the document that shapes its notes."""
        model = f"{self._generator.model_id} {language}" if self._generator else "quotes"
        return f"{FORMAT} {model} {self._embedder.id} {self._settings.max_sentences}"

    def _require_same(self, paper: Paper, readable: Readable) -> None:
        """Raises: DocumentNotFoundError: it was removed, or closed to this reader."""
        try:
            chunks = self._library.document_chunks(paper.document_id, readable)
        except DocumentNotFoundError:
            chunks = []
        if not chunks or chunks[0].version_id != paper.version_id:
            raise DocumentNotFoundError(
                f"'{paper.title}' was removed or replaced while it was summarised; start again"
            )

    def _pair(
        self, taken: Sequence[Notes], papers: Sequence[Paper], sheet: _Sheet, language: Language
    ) -> list[Pairing]:
        pairings: list[Pairing] = []
        for one in range(len(papers)):
            for other in range(one + 1, len(papers)):
                left, right = _best(taken[one]), _best(taken[other])
                for first, second, agree in find_pairs(
                    left.units, left.vectors, right.units, right.vectors, language
                ):
                    places = []
                    for unit, paper in (
                        (left.units[first], papers[one]),
                        (right.units[second], papers[other]),
                    ):
                        places.append(len(sheet.statements))
                        sheet.add(unit, document_id=paper.document_id)
                    kind = "agreement" if agree else "contradiction"
                    pairings.append(Pairing(first=places[0], second=places[1], kind=kind))
        return pairings


def _require_number(ids: Sequence[str], form: Form) -> None:
    if form == "compare" and not 2 <= len(ids) <= MOST_DOCUMENTS:
        raise QuestionError(f"compare takes 2 to {MOST_DOCUMENTS} documents, not {len(ids)}")
    if form != "compare" and len(ids) != 1:
        raise QuestionError(
            f"the form '{form}' takes one document, not {len(ids)}; use --form compare for several"
        )


def _read(chunks: Sequence[StoredChunk], sections: Sequence[str]) -> Paper:
    if not chunks:
        raise NothingToSummariseError("the document holds no text")
    paper = read_paper(chunks, only=sections)
    if paper.sections:
        return paper
    if not sections:
        raise NothingToSummariseError(f"'{paper.title}' holds no sentence that could be summed up")
    names = dict.fromkeys(chunk.heading[-1] for chunk in chunks if chunk.heading)
    raise NothingToSummariseError(
        f"'{paper.title}' has no section named {' or '.join(map(repr, sections))}; it has: "
        + ", ".join(list(names)[:20])
    )


def _fill(form: Form, notes: Notes) -> Iterator[tuple[Unit, Field | None]]:
    """The statements of a form, in the order in which they are told."""
    units, scores, vectors = notes.units, notes.scores, notes.vectors
    if form in ("paper", "compare"):
        for told, chosen in choose_fields(units, scores, vectors).items():
            for index in sorted(chosen, key=lambda at: units[at].order):
                yield units[index], told
        return
    if form == "sentence":
        most = 1
    elif form == "points":
        most = min(10, 5 + len(units) // 60)
    else:
        most = len(units)
    least, words_most = ABSTRACT_WORDS

    def words(chosen: Sequence[int]) -> int:
        return sum(len(units[index].text.split()) for index in chosen)

    def is_full(chosen: list[int]) -> bool:
        return len(chosen) >= most or (form == "abstract" and words(chosen) >= least)

    chosen = choose(units, scores, vectors, is_full=is_full)
    if form == "abstract" and len(chosen) > 1 and words(chosen) > words_most:
        chosen.pop()
    for index in sorted(chosen, key=lambda at: units[at].order):
        yield units[index], None


def _best(notes: Notes, most: int = 60) -> Notes:
    top = sorted(int(index) for index in np.argsort(-notes.scores, kind="stable")[:most])
    return Notes(tuple(notes.units[at] for at in top), notes.scores[top], notes.vectors[top])


def _missing(
    form: Form, papers: Sequence[Paper], statements: Sequence[Statement]
) -> list[tuple[str, Field]]:
    if form not in ("paper", "compare"):
        return []
    single = len(papers) == 1
    return [
        (paper.document_id, one)
        for paper in papers
        for one in Field
        if not any(
            statement.field is one and (single or statement.document_id == paper.document_id)
            for statement in statements
        )
    ]
