"""Documents -> a summary: sections read, notes taken, a form filled, every statement cited."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistant.errors import DocumentNotFoundError, NothingToSummariseError, QuestionError
from assistant.knowledge.library import Library, StoredChunk
from assistant.models.embedders.base import Embedder
from assistant.summarizing.drafts import chunks_of
from assistant.summarizing.filling import fill_form, pair_up, untold
from assistant.summarizing.notes import Notes
from assistant.summarizing.reading import Paper, read_paper
from assistant.summarizing.remarks import remarks_on
from assistant.summarizing.rendering import render
from assistant.summarizing.settings import SummarySettings
from assistant.summarizing.sheet import Sheet
from assistant.summarizing.taking import NoteTaker
from assistant.summarizing.types import Field, Form, Pairing, Summary, SummaryEvent, SummaryTimings
from assistant.types import Draft, Language, Readable

if TYPE_CHECKING:
    from assistant.models.generators.base import Generator


MOST_DOCUMENTS = 12
"""That are compared at once."""


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
        self._taker = NoteTaker(library, embedder, generator, settings)
        self._model_id = generator.model_id if generator else "none"

    def summarise(
        self,
        document_ids: Sequence[str],
        *,
        drafts: Sequence[Draft] = (),
        readable: Readable,
        form: Form = "points",
        language: Language | None = None,
        sections: Sequence[str] = (),
    ) -> Iterator[SummaryEvent]:
        """Progress, each statement as it is known, last the whole summary.

        Closing the iterator stops the work; notes that are complete stay for the next time.

        Args:
            drafts: documents that are in no library; nothing of them is kept.
            language: of labels and, where a generator writes, of the text; None: the document's.
            sections: parts of headings; only these sections are read.
        Raises:
            DocumentNotFoundError: at once, or when it is removed or closed meanwhile.
            QuestionError: several documents for a form of one, or one to compare.
            NothingToSummariseError: at once; no sentence is in it, or in the sections.
            ModelError: the generator failed.
        """
        ids = list(dict.fromkeys(document_ids))
        _require_number(len(ids) + len(drafts), form)
        papers = [_read(self._library.document_chunks(key, readable), sections) for key in ids]
        brought = [_read(chunks_of(draft), sections) for draft in drafts]
        return self._write(papers, brought, readable, form, language, keep=not sections)

    def _write(
        self,
        known: Sequence[Paper],
        brought: Sequence[Paper],
        readable: Readable,
        form: Form,
        language: Language | None,
        *,
        keep: bool,
    ) -> Iterator[SummaryEvent]:
        started = time.perf_counter()
        first: float | None = None
        papers = [*known, *brought]
        spoken: Language = language or papers[0].language or "en"
        sheet = Sheet()
        taken: list[Notes] = []
        for at, paper in enumerate(papers):
            is_known = at < len(known)
            still_there = self._watch(paper, readable) if is_known else _always
            notes = yield from self._taker.take(
                paper, spoken, keep=keep and is_known, still_there=still_there
            )
            still_there()
            taken.append(notes)
            several = paper.document_id if len(papers) > 1 else None
            for unit, told in fill_form(form, notes):
                first = first or time.perf_counter()
                yield sheet.add(unit, told=told, document_id=several)
        pairings = _pair(taken, papers, sheet, spoken) if form == "compare" else []
        done = time.perf_counter()
        quoted = sheet.quotes_only
        yield Summary(
            form=form,
            language=spoken,
            document_ids=[paper.document_id for paper in papers],
            titles=[paper.title for paper in papers],
            text=render(
                form,
                spoken,
                [(paper.document_id, paper.title) for paper in papers],
                sheet.statements,
                pairings,
            ),
            statements=sheet.statements,
            citations=sheet.citations,
            missing=_missing(form, papers, sheet),
            pairings=pairings,
            remarks=remarks_on(papers, sheet.statements, spoken, quoted=quoted, form=form),
            model=self._model_id,
            writer="quotes" if quoted else "model",
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            timings_ms=SummaryTimings(
                first_statement=round(1000 * ((first or done) - started), 1),
                total=round(1000 * (done - started), 1),
            ),
        )

    def _watch(self, paper: Paper, readable: Readable) -> Callable[[], None]:
        """What raises DocumentNotFoundError once it is removed, or closed to this reader."""

        def look() -> None:
            if self._library.find_version(paper.document_id, readable) != paper.version_id:
                raise DocumentNotFoundError(
                    f"'{paper.title}' was removed or replaced while it was summarised; start again"
                )

        return look


def _always() -> None:
    """A document of no library cannot be removed from it."""


def _require_number(count: int, form: Form) -> None:
    if form == "compare" and not 2 <= count <= MOST_DOCUMENTS:
        raise QuestionError(f"compare takes 2 to {MOST_DOCUMENTS} documents, not {count}")
    if form != "compare" and count != 1:
        raise QuestionError(
            f"the form '{form}' takes one document, not {count}; use compare for several"
        )


def _read(chunks: Sequence[StoredChunk], sections: Sequence[str]) -> Paper:
    if not chunks:
        raise NothingToSummariseError("the document holds no text that could be summarised")
    paper = read_paper(chunks, only=sections)
    if paper.sections:
        return paper
    if not sections:
        raise NothingToSummariseError(f"'{paper.title}' holds no sentence to summarise")
    names = dict.fromkeys(chunk.heading[-1] for chunk in chunks if chunk.heading)
    raise NothingToSummariseError(
        f"'{paper.title}' has no section with text named {' or '.join(map(repr, sections))}; "
        f"its headings: {', '.join(list(names)[:20]) or 'none'}"
    )


def _pair(
    taken: Sequence[Notes], papers: Sequence[Paper], sheet: Sheet, language: Language
) -> list[Pairing]:
    pairings: list[Pairing] = []
    for one in range(len(papers)):
        for other in range(one + 1, len(papers)):
            for first, second, agree in pair_up(taken[one], taken[other], language):
                at = len(sheet.statements)
                sheet.add(first, document_id=papers[one].document_id)
                sheet.add(second, document_id=papers[other].document_id)
                kind = "agreement" if agree else "contradiction"
                pairings.append(Pairing(first=at, second=at + 1, kind=kind))
    return pairings


def _missing(form: Form, papers: Sequence[Paper], sheet: Sheet) -> list[tuple[str, Field]]:
    if form not in ("paper", "compare"):
        return []
    return [
        (paper.document_id, one)
        for paper in papers
        for one in untold(
            [
                statement.field
                for statement in sheet.statements
                if statement.document_id in (None, paper.document_id)
            ]
        )
    ]
