"""A second index beside the one in use: built, compared, switched to and back, dropped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import UnknownIndexError
from assistant.knowledge.indexes import IndexRecord
from assistant.knowledge.second_room import SecondRoom
from assistant.models.embedders.base import Embedder
from assistant.retrieval.comparison import SEARCH_DEPTH, compare_answers
from assistant.retrieval.query import read_question
from assistant.retrieval.search import Searcher
from assistant.settings import Settings
from assistant.types import (
    OPERATOR,
    IndexComparison,
    IndexInfo,
    IndexListener,
    IndexProgress,
    JudgedQuestion,
    Passage,
)

if TYPE_CHECKING:
    from assistant.assistant import Assistant


def apply_index(settings: Settings, index: IndexRecord) -> Settings:
    """The settings with embedder and size of chunks as the index has them, not as they are
    stated: those are for new data directories, and for the next index."""
    stated = Path(settings.models.embedder).expanduser()
    named = index.embedder
    if stated.is_dir() and stated.resolve().name == index.embedder_id.partition("@")[0]:
        named = str(stated.resolve())  # the folder was moved
    models = settings.models.model_copy(update={"embedder": named})
    ingest = settings.ingest.model_copy(update={"chunk_tokens": index.chunk_tokens})
    return settings.model_copy(update={"models": models, "ingest": ingest})


class Indexes:
    """The indexes of an open assistant."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._desk = assistant.library.indexes

    def all(self) -> list[IndexInfo]:
        """The one in use first."""
        return self._desk.infos()

    def build(
        self,
        embedder: str | None = None,
        chunk_tokens: int | None = None,
        listener: IndexListener | None = None,
    ) -> IndexInfo:
        """Build a second index, or go on with one that is like that, and wait until it holds
        every document. It is kept in step from then on, for as long as the service runs.

        Args:
            embedder: as in the settings; None: the one that they name.
            chunk_tokens: None: as the settings say.
        Raises:
            IndexExistsError: the index in use is like that, or another one stands beside it.
            StorageFullError: there is no room for it.
            ModelError: the embedder cannot be opened, or failed.
        """
        builder = self._assistant.ingestor.index_builder
        stated = self._assistant.stated_settings
        builder.begin(
            embedder or stated.models.embedder, chunk_tokens or stated.ingest.chunk_tokens
        )
        builder.wait(listener)
        return self._desk.infos()[1]

    def switch(self, index_id: int, listener: IndexListener | None = None) -> IndexInfo:
        """Let the second index answer, once it holds every document. The one so far is kept in
        step beside it, so that switching back is as quick.

        Raises:
            UnknownIndexError: it is not there, or in use already.
            ModelError, IndexMismatchError: its embedder is not there, or another one by now.
        """
        assistant = self._assistant
        ingestor, builder = assistant.ingestor, assistant.ingestor.index_builder
        self._desk.require_second(index_id)
        embedder = builder.embedder()
        builder.wait(listener)

        def change() -> tuple[Embedder, Settings]:
            former = assistant.embedder
            try:
                builder.finish()
                with assistant.turnstile.alone():
                    record = self._desk.switch(index_id)
                    assistant.use(embedder, apply_index(assistant.settings, record))
                builder.use(former, assistant.settings)
            finally:
                builder.resume()
            return embedder, assistant.settings

        with assistant.erasures.excluded():
            ingestor.change_index(change)
        return self._desk.infos()[0]

    def drop(self, index_id: int) -> None:
        """Remove the second index.

        Raises:
            UnknownIndexError: it is not there, or in use.
        """
        self._desk.require_second(index_id)
        builder = self._assistant.ingestor.index_builder
        builder.stop()
        with self._assistant.erasures.excluded(), self._assistant.turnstile.alone():
            self._desk.drop(index_id)

    def compare(
        self,
        questions: Sequence[JudgedQuestion],
        listener: IndexListener | None = None,
    ) -> IndexComparison:
        """Ask both indexes the same; the listener is told after each question.

        Raises:
            UnknownIndexError: there is no second index, or it is not whole yet.
            QuestionError: a question is too long.
        """
        assistant = self._assistant
        used, *beside = self._desk.infos()
        if not beside or beside[0].state != "ready":
            raise UnknownIndexError(
                "there is no second index that holds every document; run: philo index build"
            )
        embedder = assistant.ingestor.index_builder.embedder()

        def tell(done: int, total: int) -> None:
            if listener is not None:
                listener(IndexProgress(done=done, total=total))

        def ask_second(question: str) -> list[Passage]:
            limit = assistant.settings.answering.max_question_chars
            query = read_question(question, max_chars=limit)
            with assistant.turnstile.shared():
                searcher = Searcher(self._second_room(), embedder, assistant.settings.retrieval)
                return searcher.search(query, k=SEARCH_DEPTH, readable=OPERATOR)

        return compare_answers(
            questions,
            lambda question: assistant.search(question, k=SEARCH_DEPTH, readable=OPERATOR),
            ask_second,
            index=used.id,
            second=beside[0].id,
            tell=tell,
        )

    def _second_room(self) -> SecondRoom:
        stores = self._desk.second_stores
        if stores is None:
            raise UnknownIndexError("the second index was dropped meanwhile")
        return SecondRoom(self._assistant.library.database, stores)
