"""Taking the notes of a document, or finding those that were taken before."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from assistant.knowledge.library import Library
from assistant.models.embedders.base import Embedder
from assistant.summarizing.notes import FORMAT, Notes, Written, pack, thin_out, unpack
from assistant.summarizing.reading import Paper, Unit
from assistant.summarizing.salience import Matrix, Vector, score_units
from assistant.summarizing.settings import SummarySettings
from assistant.summarizing.types import SummaryProgress
from assistant.summarizing.writing import SHOWN_SENTENCES, write_notes
from assistant.types import Language

if TYPE_CHECKING:
    from assistant.models.generators.base import Generator as TextGenerator


EMBED_AT_ONCE = 32

WRITTEN_FIRST = 0.4
"""What is added to the score of a note that the generator wrote: it says more in less."""

Taking = Generator[SummaryProgress, None, Notes]


class NoteTaker:
    """Thread-safe. `generator` None: notes are the document's own sentences.

    The sentences with their vectors are kept once they are all embedded, what the generator
    writes after each section: who breaks off and comes again goes on from there.
    """

    def __init__(
        self,
        library: Library,
        embedder: Embedder,
        generator: TextGenerator | None,
        settings: SummarySettings,
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._generator = generator
        self._settings = settings

    def take(
        self, paper: Paper, language: Language, *, keep: bool, still_there: Callable[[], None]
    ) -> Taking:
        """Yields progress, returns the notes.

        Args:
            keep: for the next time; not of a part of a document.
            still_there: asked before each section; raises what ends the work.
        Raises:
            ModelError: the embedder or the generator failed.
        """
        quoted = yield from self._quote(paper, language, keep=keep, still_there=still_there)
        title = self._embedder.encode_passages([paper.title or "-"])[0]
        scores = score_units(quoted.units, quoted.vectors, title)
        if self._generator is None:
            return Notes(quoted.units, scores, quoted.vectors)
        written = yield from self._write(
            paper, language, quoted.units, scores, keep=keep, still_there=still_there
        )
        units = (*quoted.units, *written.units)
        vectors = np.concatenate([quoted.vectors, written.vectors])
        scores = score_units(units, vectors, title)
        scores[len(quoted.units) :] += WRITTEN_FIRST
        return Notes(units, scores, vectors)

    def _quote(
        self, paper: Paper, language: Language, *, keep: bool, still_there: Callable[[], None]
    ) -> Generator[SummaryProgress, None, Written]:
        writer = f"{FORMAT} quotes {self._embedder.id} {self._settings.max_sentences}"
        total = len(paper.sections)
        steps = 2 if self._generator else 1
        if keep and (known := self._find(paper, writer)) is not None:
            yield SummaryProgress(
                language=language, title=paper.title, done=total // steps, total=total
            )
            return known
        units = paper.units
        rough = score_units(units, np.zeros((len(units), 1), np.float32), np.zeros(1, np.float32))
        units = [units[at] for at in thin_out(units, rough, self._settings.max_sentences)]
        parts: list[Matrix] = []
        for start in range(0, len(units), EMBED_AT_ONCE):
            still_there()
            some = units[start : start + EMBED_AT_ONCE]
            parts.append(self._embedder.encode_passages([unit.text for unit in some]))
            reached = some[-1].section + 1
            yield SummaryProgress(
                language=language, title=paper.title, done=reached // steps, total=total
            )
        quoted = Written(tuple(units), np.concatenate(parts), total)
        if keep:
            self._keep(paper, writer, quoted)
        return quoted

    def _write(
        self,
        paper: Paper,
        language: Language,
        units: Sequence[Unit],
        scores: Vector,
        *,
        keep: bool,
        still_there: Callable[[], None],
    ) -> Generator[SummaryProgress, None, Written]:
        assert self._generator is not None  # noqa: S101 - asked by `take`
        writer = f"{FORMAT} {self._generator.model_id} {language} {self._embedder.id}"
        total = len(paper.sections)
        known = self._find(paper, writer) if keep else None
        empty = np.empty((0, self._embedder.dimension), np.float32)
        written = known or Written((), empty, 0)
        for number in range(written.sections, total):
            still_there()
            ranked = [index for index, unit in enumerate(units) if unit.section == number]
            ranked.sort(key=lambda index: -scores[index])
            shown = [units[index] for index in sorted(ranked[:SHOWN_SENTENCES])]
            section = paper.sections[number]
            notes = write_notes(
                self._generator,
                paper.title,
                section,
                shown,
                language=language,
                embedder=self._embedder,
            )
            vectors = written.vectors
            if notes:
                found = self._embedder.encode_passages([unit.text for unit in notes])
                vectors = np.concatenate([vectors, found])
            written = Written((*written.units, *notes), vectors, number + 1)
            if keep:
                self._keep(paper, writer, written)
            done = (total + number + 1) // 2
            yield _progress(paper, language, done)
        return written

    def _find(self, paper: Paper, writer: str) -> Written | None:
        kept = self._library.notes.find(paper.version_id, writer)
        return None if kept is None else unpack(kept, paper, self._embedder.dimension)

    def _keep(self, paper: Paper, writer: str, written: Written) -> None:
        self._library.notes.keep(
            paper.version_id, writer, pack(written), most_bytes=self._settings.notes_bytes
        )


def _progress(paper: Paper, language: Language, done: int) -> SummaryProgress:
    total = len(paper.sections)
    return SummaryProgress(language=language, title=paper.title, done=done, total=total)
