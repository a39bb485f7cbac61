"""Embedding across documents: each text once, in batches of texts of like length."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from assistant.knowledge.vectors.base import Vector
from assistant.models.embedders.base import Vectors
from ingestion.drafting import Drafted

BATCH_TEXTS = 64
WINDOW_TEXTS = 512
"""Sorted by length together: a batch then holds texts of like length."""
REMEMBERED = 4096
"""Vectors kept until what was published with them is sure to be found in the database."""

Owner = TypeVar("Owner")


@dataclass(slots=True)
class _Want(Generic[Owner]):
    owner: Owner
    drafted: Drafted
    row: int


class EmbeddingDesk(Generic[Owner]):
    """Collects the texts of drafts, and hands each draft back when all its vectors are there.

    For one thread. A text that the library knows, or that another draft has just brought
    along, is not embedded again.

    Args:
        embed: starts the embedding of a batch.
        known: key of a piece -> vector, of those that the library has.
        arrived: told from another thread that a batch is done; answered with `take_in`.
        complete: called with the owner of a draft whose vectors are all there.
    """

    def __init__(
        self,
        *,
        embed: Callable[[Sequence[str]], Future[Vectors]],
        ahead: int,
        known: Callable[[Sequence[str]], dict[str, Vector]],
        arrived: Callable[[Sequence[str], Future[Vectors]], None],
        complete: Callable[[Owner], None],
    ) -> None:
        self._embed = embed
        self._ahead = ahead
        self._known = known
        self._arrived = arrived
        self._complete = complete
        self._pending: OrderedDict[str, str] = OrderedDict()  # key -> text
        self._wanted: dict[str, list[_Want[Owner]]] = {}
        self._remembered: OrderedDict[str, Vector] = OrderedDict()
        self._at_work = 0

    def add(self, owner: Owner, drafted: Drafted) -> None:
        """Want the vectors of a draft."""
        known = self._known([key for key in drafted.keys if key not in self._remembered])
        for row, (key, chunk) in enumerate(zip(drafted.keys, drafted.draft.chunks, strict=True)):
            vector = self._remembered.get(key, known.get(key))
            if vector is not None:
                drafted.vectors[row] = vector
                drafted.missing.discard(row)
                continue
            if key not in self._wanted:
                self._wanted[key] = []
                self._pending[key] = chunk.indexed_text(drafted.draft.title)
            self._wanted[key].append(_Want(owner, drafted, row))
        if not drafted.missing:
            self._complete(owner)

    def send(self) -> None:
        """Start as many batches as may be on their way. A batch that is not full waits while
        another one is at work."""
        while self._pending and self._at_work < self._ahead:
            if self._at_work and len(self._pending) < BATCH_TEXTS:
                return
            window = [key for key, _ in zip(self._pending, range(WINDOW_TEXTS), strict=False)]
            window.sort(key=lambda key: len(self._pending[key]))
            keys = self._fullest(window)
            texts = [self._pending.pop(key) for key in keys]
            self._at_work += 1
            self._embed(texts).add_done_callback(partial(self._arrived, keys))

    def _fullest(self, window: Sequence[str]) -> Sequence[str]:
        """The batch of neighbours in length that holds the text which waits longest."""
        oldest = next(iter(self._pending))
        first = window.index(oldest) // BATCH_TEXTS * BATCH_TEXTS
        return window[first : first + BATCH_TEXTS]

    def take_in(self, keys: Sequence[str], future: Future[Vectors]) -> None:
        """A batch is done.

        Raises:
            what the embedding raised.
        """
        self._at_work -= 1
        vectors = future.result()  # (B, D)
        finished: list[Owner] = []
        for key, vector in zip(keys, vectors, strict=True):
            self._remembered[key] = vector
            for want in self._wanted.pop(key):
                want.drafted.vectors[want.row] = vector
                want.drafted.missing.discard(want.row)
                if not want.drafted.missing:
                    finished.append(want.owner)
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        for owner in finished:
            self._complete(owner)
