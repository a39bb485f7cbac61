"""Passages -> a cited answer, sentence by sentence, or the honest refusal."""

from __future__ import annotations

import time
from collections.abc import Generator as Generated
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from assistant.answering.candidates import Candidate, list_candidates
from assistant.answering.citations import cite, read_marks
from assistant.answering.context import fit_passages
from assistant.answering.events import UNSUPPORTED, SentenceWritten
from assistant.answering.evidence import Evidence, EvidenceReader
from assistant.answering.grounding import Grounds, Support
from assistant.answering.prompts import NOT_FOUND, REFUSALS, build_prompt
from assistant.answering.question import says_more
from assistant.answering.quotes import choose_quotes
from assistant.answering.short import agrees, find_short
from assistant.errors import RemoteRefusedError
from assistant.grounding.reasons import Fault, explain
from assistant.knowledge.library import StoredChunk
from assistant.models.embedders.base import Embedder
from assistant.models.generators.types import Ticket
from assistant.observing.trail import record_step, step
from assistant.retrieval.query import Query
from assistant.safety.toxicity import flags_of, score_toxicity
from assistant.sentences import split_sentences
from assistant.settings import Settings
from assistant.types import Answer, Citation, Passage, Sentence, Timings

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from assistant.models.generators.base import Generator


RELEVANCE = 0.5
"""A written sentence must rest on evidence at least this share as good as the best there is."""

PATIENCE = 2
"""Unsupported sentences after which the model is stopped: the rest would hold no better."""


@dataclass
class _Sheet:
    """The answer as it grows: sentences and the citations they share."""

    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    writer: Literal["model", "quotes", "none"] = "none"

    def quote(self, source: Candidate) -> SentenceWritten:
        return self.write(source.text, Support(True, 1.0, (source,)))

    def write(self, text: str, support: Support) -> SentenceWritten:
        """What does not hold is written without citations, with the doubt."""
        before = len(self.citations)
        sources = support.sources if support.supported else ()
        sentence = Sentence(
            text=text,
            supported=support.supported,
            citations=[self._cite(source) for source in sources],
            support=support.score,
            doubt=support.doubt,
            translated=support.translated,
        )
        self.sentences.append(sentence)
        return SentenceWritten(sentence, self.citations[before:])

    def _cite(self, source: Candidate) -> int:
        for citation in self.citations:
            place = (citation.document_id, citation.start, citation.end)
            if place == (source.chunk.document_id, source.start, source.end):
                return citation.marker
        self.citations.append(cite(source, marker=len(self.citations) + 1))
        return len(self.citations)

    def text(self) -> str:
        return " ".join(with_marks(sentence) for sentence in self.sentences)


def with_marks(sentence: Sentence) -> str:
    """As it stands in an answer's text: its citations and its doubt behind it."""
    marks = "".join(f" [{marker}]" for marker in sentence.citations)
    return sentence.text + marks + (f" {UNSUPPORTED}" if sentence.doubt else "")


class Composer:
    """Writes answers. `generator` None: the documents' own sentences answer. Without an
    `embedder` no source in another language supports what is written."""

    def __init__(
        self,
        reader: EvidenceReader,
        generator: Generator | None,
        settings: Settings,
        embedder: Embedder | None = None,
    ) -> None:
        self._reader = reader
        self._embedder = embedder
        self._generator = generator
        self._settings = settings

    def find_evidence(
        self, query: Query, passages: Sequence[Passage], chunks: Sequence[StoredChunk]
    ) -> str | None:
        """The sentence that answers best, None where the passages do not hold the answer;
        arguments as of `compose`."""
        evidence = self._reader.read(query, chunks, [passage.score for passage in passages])
        if evidence.probability < self._settings.answering.evidence_threshold:
            return None
        return next((candidate.text for candidate, _ in evidence.sentences), None)

    def compose(
        self,
        query: Query,
        passages: Sequence[Passage],
        chunks: Sequence[StoredChunk],
        *,
        started: float,
        ticket: Ticket | None = None,
    ) -> Iterator[SentenceWritten | Answer]:
        """Sentences as they are checked, and last the whole answer.

        Args:
            passages: best first; `chunks` are the same in the same order.
            started: time.perf_counter() when the question arrived.
            ticket: the generator's, for what it writes.
        """
        with step("gate"):
            evidence = self._reader.read(query, chunks, [passage.score for passage in passages])
        retrieved = time.perf_counter()
        sheet = _Sheet()
        first: float | None = None
        threshold = self._settings.answering.evidence_threshold
        if evidence.sentences and evidence.probability >= threshold:
            for written in self._write(query, passages, chunks, evidence, sheet, ticket):
                first = first or time.perf_counter()
                yield written
        refused = not sheet.sentences
        screened = self._settings.safety.toxicity.answers and not refused
        toxicity = score_toxicity(sheet.text()) if screened else 0.0
        done = time.perf_counter()
        yield Answer(
            question=query.asked,
            answer=REFUSALS[query.language] if refused else sheet.text(),
            refused=refused,
            evidence=round(evidence.probability, 4),
            model=self._generator.model_id if self._generator else "none",
            writer=sheet.writer,
            language=query.language,
            citations=sheet.citations,
            sentences=sheet.sentences,
            passages=list(passages),
            flags=list(flags_of(injection=0.0, toxicity=toxicity)),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            timings_ms=Timings(
                retrieve=_ms(started, retrieved),
                first_token=_ms(started, first or done),
                total=_ms(started, done),
            ),
        )

    def _write(
        self,
        query: Query,
        passages: Sequence[Passage],
        chunks: Sequence[StoredChunk],
        evidence: Evidence,
        sheet: _Sheet,
        ticket: Ticket | None,
    ) -> Iterator[SentenceWritten]:
        """What the model writes and holds; where nothing does, the words that the reader found,
        or the best sentences themselves."""
        quotes = choose_quotes(evidence, list_candidates(chunks))
        best = evidence.sentences[0][0]
        short = find_short(evidence, query.asked, best) if best in quotes else None
        if self._generator is not None:
            shown = fit_passages(query, passages, evidence, self._generator, self._settings)
            prompt = build_prompt(query, shown)
            found = {chunk.chunk_id: chunk for chunk in chunks}
            sentences = list_candidates([found[passage.chunk_id] for passage in shown])
            sheet.writer = "model"
            grounds = Grounds(sentences, query.language, known=query.asked, embedder=self._embedder)
            with (
                suppress(RemoteRefusedError),  # the documents' own sentences answer then
                closing(self._sentences(self._generator, prompt, ticket)) as texts,
            ):
                yield from self._check(query, texts, grounds, evidence, short, sheet)
        if not sheet.sentences:
            sheet.writer = "quotes"
            wanted = self._settings.answering.short_answers
            if wanted and short is not None and not best.text.endswith((":", "?")):
                yield sheet.write(short, Support(True, 1.0, (best,)))
                return
            for candidate in quotes:
                yield sheet.quote(candidate)

    def _check(
        self,
        query: Query,
        texts: Iterator[str],
        grounds: Grounds,
        evidence: Evidence,
        short: str | None,
        sheet: _Sheet,
    ) -> Iterator[SentenceWritten]:
        """Keep what its source supports, what answers as well as the best evidence does and what
        is new; the first sentence must say what the reader found."""
        chances = {(one.chunk.chunk_id, one.start): chance for one, chance in evidence.sentences}
        least = RELEVANCE * evidence.sentences[0][1]
        unsupported = 0
        for text in texts:
            text, cited = read_marks(text)
            with step("ground"):
                support = grounds.check(text, cited=cited)
            relevant = any(
                chances.get((source.chunk.chunk_id, source.start), 0.0) >= least
                for source in support.sources
            )
            same = bool(sheet.sentences) or short is None or agrees(text, short, query.language)
            said = [one.text for one in sheet.sentences]
            useful = relevant and same and says_more(text, query.asked, query.language, said)
            if support.supported and useful:
                yield sheet.write(text, support)
                continue
            mode = self._settings.answering.grounding
            if mode == "off":
                yield sheet.write(text, replace(support, doubt=None))
                continue
            if support.supported:
                support = replace(support, supported=False, doubt=explain(Fault.ELSEWHERE))
            if mode == "warn":
                yield sheet.write(text, support)
                continue
            unsupported += 1
            if unsupported >= PATIENCE:
                return

    def _sentences(
        self, generator: Generator, prompt: list[BaseMessage], ticket: Ticket | None
    ) -> Generated[str, None, None]:
        """The model's sentences with its marks as they are finished, repeats left out."""
        said: set[str] = set()
        limit = self._settings.models.max_new_tokens
        pieces = generator.stream_text(prompt, max_new_tokens=limit, ticket=ticket)
        for raw in _finished_sentences(_timed(pieces)):
            plain, _ = read_marks(raw)
            if not plain:
                continue
            if NOT_FOUND.search(plain) or plain.casefold() in said:
                return  # a small model that repeats itself does not find its way back
            said.add(plain.casefold())
            yield raw


def _timed(pieces: Iterator[str]) -> Generated[str, None, None]:
    """The same, with the wait for the first one as a step."""
    asked = time.perf_counter()
    for number, piece in enumerate(pieces):
        if number == 0:
            record_step("first_token", time.perf_counter() - asked)
        yield piece


def _finished_sentences(pieces: Iterator[str]) -> Iterator[str]:
    """A sentence is finished when the next one has begun, or the text has ended."""
    buffer = ""
    for piece in pieces:
        buffer += piece
        *finished, rest = split_sentences(buffer) or [(0, 0)]
        for start, end in finished:
            yield buffer[start:end]
        if finished:
            buffer = buffer[rest[0] :]
    for start, end in split_sentences(buffer):
        yield buffer[start:end]


def _ms(since: float, until: float) -> float:
    return round((until - since) * 1000, 1)
