"""Several answers at once: each step of the model adds a token to all of them.

Each text has a row in the cache. Who comes late is read in, block by block, between the steps of
those who are there already; who has ended gives its row to the last one, so that the occupied
rows are always neighbours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from assistant.models.generators.cache import Cache, Logits, Model
from assistant.models.generators.graph import Graph
from assistant.models.generators.guidance import GuideError, GuideShelf
from assistant.models.generators.prefixes import LEAST_TOKENS, Prefix, Prefixes, count_common
from assistant.models.generators.speculation import Drafter
from assistant.models.generators.writing import Frame, Job, Writing

BLOCK_TOKENS = 128
"""Of a prompt, at once; a cancelled request is noticed between blocks."""

SHARED_BLOCK_TOKENS = 64
"""The same while others write: they wait half as long, and it costs 5 % of the speed."""

LEAST_READ_TOKENS = 2
"""A prompt is never read by a single token: the attention operator has another order of sums for
that, and an int8 model turns 1e-6 into another word. Read by two or more, the result is the same
to the bit, whatever the blocks were and whatever was known already."""


@dataclass(eq=False)
class Row:
    """One text. The first `filled` of its tokens are in the cache; of an answer that is being
    written, these are all but the last."""

    writing: Writing
    tokens: list[int]
    drafter: Drafter
    is_long: bool
    filled: int = 0

    @property
    def job(self) -> Job:
        return self.writing.job

    @property
    def most_tokens(self) -> int:
        return len(self.job.prompt) + self.writing.most

    def take(self, logits: Logits) -> list[Frame]:
        """The token after the last one that was read, (vocabulary,) -> what it gives."""
        before = len(self.writing.written)
        try:
            frames = self.writing.choose(logits)
        except GuideError as exc:
            self.writing.over = True
            return [self.job.failure(exc)]
        if not self.job.continuation:  # which is among the tokens from the beginning
            self.tokens += self.writing.written[before:]
        return frames


class BatchWriter:
    """Continuous batching on the processor."""

    def __init__(
        self,
        folder: Path,
        graph: Graph,
        *,
        threads: int,
        slots: int,
        cache_bytes: int,
        prefix_bytes: int,
        draft_tokens: int,
    ) -> None:
        """
        Args:
            cache_bytes: of all rows together.
            prefix_bytes: for the beginnings of texts that have ended.
            draft_tokens: guessed at once at most; 0: never.
        """
        self.slots = slots
        self._graph = graph
        self._model = Model(folder, graph, threads=threads)
        self._cache = Cache(graph, most_rows=slots, budget_bytes=cache_bytes)
        self._prefixes = Prefixes(prefix_bytes)
        self._shelf = GuideShelf(folder, graph.vocabulary, graph.ends)
        self._draft_tokens = draft_tokens
        self._waiting: deque[Row] = deque()
        self._joining: Row | None = None
        self._joining_at = 0
        self._rows: list[Row] = []  # a text's index here is its row in the cache
        self._told: list[Frame] = []

    @property
    def busy(self) -> bool:
        return bool(self._told or self._waiting or self._joining or self._rows)

    def add(self, job: Job) -> None:
        try:
            writing = Writing(job, self._graph.ends, self._shelf)
        except GuideError as exc:
            self._told.append(job.failure(exc))
            return
        tokens = [*job.prompt, *job.continuation[:-1]]
        is_long = self._beyond_switch(len(tokens))
        self._waiting.append(Row(writing, tokens, Drafter(self._draft_tokens), is_long))

    def cancel(self, job_id: int) -> None:
        for row in self._all():
            if row.job.id == job_id and not row.writing.over:
                row.writing.over = True
                self._told.append(row.job.end())

    def abandon(self, exc: Exception) -> list[Frame]:
        frames = [*self._told, *(row.job.failure(exc) for row in self._all())]
        self._told, self._rows, self._joining = [], [], None
        self._waiting.clear()
        return frames

    def step(self) -> list[Frame]:
        frames, self._told = self._told, []
        self._drop_ended()
        self._seat_next()
        if self._joining is not None:
            frames += self._read_block(self._joining)
        if self._rows:
            draft = self._draft(self._rows[0])
            frames += self._check(self._rows[0], draft) if draft else self._write_all()
        self._drop_ended()
        return frames

    def _all(self) -> list[Row]:
        return [*self._waiting, *([self._joining] if self._joining else []), *self._rows]

    def _seat_next(self) -> None:
        """Give the next text a row, and what is known of its beginning."""
        if self._joining is not None or not self._waiting:
            return
        row = self._waiting[0]
        if self._cache.make_room(max(row.most_tokens, self._width(row)), len(self._rows)):
            self._joining, self._joining_at = self._waiting.popleft(), len(self._rows)
            self._reuse(row)

    def _reuse(self, row: Row) -> None:
        beginning = row.job.prompt[: len(row.job.prompt) - LEAST_READ_TOKENS]
        found = self._prefixes.find(beginning, is_long=row.is_long)
        row.filled = found[0] if found else 0
        source = None
        for index, other in enumerate(self._rows):
            common = count_common(other.job.prompt, beginning)
            if other.is_long == row.is_long and common > max(row.filled, LEAST_TOKENS):
                source, row.filled = index, common
        if source is not None:
            self._cache.move(source, self._joining_at, row.filled)
        elif found:
            self._cache.put(self._joining_at, found[1].held, row.filled)

    def _read_block(self, row: Row) -> list[Frame]:
        size = SHARED_BLOCK_TOKENS if self._rows else BLOCK_TOKENS
        first, last = row.filled, min(row.filled + size, len(row.tokens))
        if len(row.tokens) - last < LEAST_READ_TOKENS:
            last = len(row.tokens)
        followed = (len(row.job.prompt) if row.job.continuation else len(row.tokens)) - 1
        wanted = range(max(first, followed), last)
        row.filled, unread = last, len(row.tokens) - last
        logits = self._model.run(
            self._cache,
            self._joining_at,
            np.array([row.tokens[first:last]], np.int64),
            [last],
            positions=[at - first for at in wanted] or [0],
            width=self._width(row),
        )
        frames = [frame for index in range(len(wanted)) for frame in row.take(logits[0, index])]
        if not unread and not row.writing.over:
            if self._joining_at != len(self._rows):
                self._cache.move(self._joining_at, len(self._rows), row.filled)
            self._rows.append(row)
            self._joining = None
        return frames

    def _write_all(self) -> list[Frame]:
        """One token for each text. Texts on the two sides of a switch cannot share a run."""
        self._send_back_those_that_cross()
        frames: list[Frame] = []
        first = 0
        for is_long, group in groupby(self._rows, key=lambda row: row.is_long):
            rows = list(group)
            logits = self._model.run(
                self._cache,
                first,
                np.array([[row.tokens[row.filled]] for row in rows], np.int64),
                [row.filled + 1 for row in rows],
                width=self._width(rows[0]) if is_long else 0,
            )
            for row, following in zip(rows, logits, strict=True):
                row.filled += 1
                frames += row.take(following[0])
            first += len(rows)
        return frames

    def _draft(self, row: Row) -> list[int]:
        """Guesses for a text that is alone: others would wait for them, and the attention
        operator reads several tokens of one text only."""
        if len(self._rows) > 1 or self._joining or self._waiting or not row.writing.free:
            return []
        limit = row.writing.most - len(row.writing.written) - 1
        if not row.is_long and self._graph.switch_tokens is not None:
            limit = min(limit, self._graph.switch_tokens - row.filled - 1)
        return row.drafter.draft(row.tokens)[: max(0, limit)]

    def _check(self, row: Row, draft: Sequence[int]) -> list[Frame]:
        """Read the last token and the guesses; keep what the model would have written."""
        logits = self._model.run(
            self._cache,
            0,
            np.array([[row.tokens[row.filled], *draft]], np.int64),
            [row.filled + 1 + len(draft)],
            positions=range(len(draft) + 1),
            width=self._width(row),
        )
        frames: list[Frame] = []
        right = 0
        for index in range(len(draft) + 1):
            row.filled += 1
            frames += row.take(logits[0, index])
            if row.writing.over or index == len(draft) or row.tokens[-1] != draft[index]:
                break
            right += 1
        row.drafter.learn(len(draft), right, len(row.tokens))
        return frames

    def _send_back_those_that_cross(self) -> None:
        """Their keys were turned by the factors of short texts: they are read again."""
        for index in reversed(range(len(self._rows))):
            row = self._rows[index]
            if not row.is_long and self._beyond_switch(row.filled + 1):
                self._vacate(index)
                row.is_long, row.filled = True, 0
                self._waiting.appendleft(row)

    def _drop_ended(self) -> None:
        self._waiting = deque(row for row in self._waiting if not row.writing.over)
        if self._joining is not None and self._joining.writing.over:
            self._remember(self._joining, self._joining_at)
            self._joining = None
        for index in reversed(range(len(self._rows))):
            if self._rows[index].writing.over:
                self._remember(self._rows[index], index)
                self._vacate(index)

    def _remember(self, row: Row, index: int) -> None:
        """Keep the prompt's keys and values for those that begin alike; not the answer's, which
        were computed token by token and so differ a little from what reading it would give."""
        tokens = row.job.prompt[: row.filled]
        if self._prefixes.wants(tokens, self._graph.token_bytes, is_long=row.is_long):
            held = self._cache.take(index, len(tokens))
            self._prefixes.keep(Prefix(tokens, row.is_long, held))

    def _vacate(self, index: int) -> None:
        last = len(self._rows) - 1
        if index != last:
            self._cache.move(last, index, self._rows[last].filled)
            self._rows[index] = self._rows[last]
        self._rows.pop()

    def _beyond_switch(self, tokens: int) -> bool:
        return self._graph.switch_tokens is not None and tokens > self._graph.switch_tokens

    def _width(self, row: Row) -> int:
        return (self._graph.switch_tokens or 0) + 1 if row.is_long else 0
