"""One answer after the other by onnxruntime-genai's own generator: for the graphs that are not
for batches, and for other devices than the processor."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from assistant.models.generators.graph import read_switch
from assistant.models.generators.guidance import GuideError, GuideShelf
from assistant.models.generators.writing import Frame, Job, Writing

PREFILL_BLOCK_TOKENS = 128
"""A cancelled request is noticed between blocks; as fast as the whole prompt at once."""
CAPACITY_STEP_TOKENS = 1024
"""The cache is allotted in such steps, so that the next prompt may fit into it too."""


class SequentialWriter:
    """Keeps the cache of the last prompt: what the next one begins with, most often the
    instructions, is not computed again."""

    slots = 1

    def __init__(self, folder: Path, *, threads: int, device: str) -> None:
        import onnxruntime_genai

        self._genai: Any = onnxruntime_genai
        config = onnxruntime_genai.Config(str(folder))
        if device == "cuda":
            config.clear_providers()
            config.append_provider("cuda")
        options = {"session_options": {"intra_op_num_threads": threads}}  # else a single one
        config.overlay(json.dumps({"model": {"decoder": options}}))
        self._model: Any = onnxruntime_genai.Model(config)
        stated = json.loads((folder / "genai_config.json").read_text(encoding="utf-8"))["model"]
        ends = stated["eos_token_id"]
        self._ends = frozenset(ends if isinstance(ends, list) else [ends])
        self._context = int(stated["context_length"])
        self._shelf = GuideShelf(folder, int(stated["vocab_size"]), self._ends)
        self._switch = read_switch(folder)
        self._generator: Any = None
        self._capacity = 0
        self._cached: Sequence[int] = ()
        self._waiting: deque[Job] = deque()
        self._job: Job | None = None
        self._work: Iterator[list[Frame]] = iter(())
        self._told: list[Frame] = []

    @property
    def busy(self) -> bool:
        return bool(self._told or self._job or self._waiting)

    def add(self, job: Job) -> None:
        self._waiting.append(job)

    def cancel(self, job_id: int) -> None:
        if self._job is not None and self._job.id == job_id:
            self._told.append(self._job.end())
            self._job = None
        for job in [job for job in self._waiting if job.id == job_id]:
            self._waiting.remove(job)
            self._told.append(job.end())

    def abandon(self, exc: Exception) -> list[Frame]:
        jobs = [*([self._job] if self._job else []), *self._waiting]
        frames = [*self._told, *(job.failure(exc) for job in jobs)]
        self._told, self._job = [], None
        self._waiting.clear()
        return frames

    def step(self) -> list[Frame]:
        frames, self._told = self._told, []
        if self._job is None and self._waiting:
            self._job = self._waiting.popleft()
            self._work = self._write(self._job)
        if self._job is not None:
            try:
                more = next(self._work, None)
            except GuideError as exc:
                more = [self._job.failure(exc)]
                self._job = None
            if more is None:
                self._job = None
            else:
                frames += more
        return frames

    def _write(self, job: Job) -> Iterator[list[Frame]]:
        """What each step gives."""
        writing = Writing(job, self._ends, self._shelf)
        cached, self._cached = self._cached, ()  # not to be trusted if this one fails
        if self._crosses(job):
            cached = ()
        kept = self._make_room(cached, job.prompt, writing.most)
        blocks = [job.prompt] if self._crosses(job) else _blocks(job.prompt[kept:])
        for block in blocks:
            self._generator.append_tokens(block)
            yield []
        self._cached = () if self._crosses(job) else job.prompt
        while True:
            if writing.written and len(job.prompt) + len(writing.written) - 1 == self._switch:
                self._make_room((), job.prompt, writing.most)
                self._generator.append_tokens([*job.prompt, *writing.written])
            logits = self._generator.get_logits()  # (1, 1, vocabulary)
            frames = writing.choose(logits[0, -1])
            if writing.over:
                yield frames
                return
            chosen = writing.written[-1]
            if chosen != logits[0, -1].argmax():
                logits[...] = -1e9  # so that the generator chooses it too
                logits[0, -1, chosen] = 0.0
                self._generator.set_logits(logits)
            self._generator.generate_next_token()
            yield frames

    def _crosses(self, job: Job) -> bool:
        """Whether the text may go beyond the switch of rotary factors. onnxruntime-genai 0.18
        then reads right only what it gets at once: the prompt, and all again at the switch."""
        needed = len(job.prompt) + max(job.most, len(job.continuation))
        return self._switch is not None and needed > self._switch

    def _make_room(self, cached: Sequence[int], prompt: Sequence[int], most: int) -> int:
        """How many tokens of the prompt are in the cache already; the last two never are."""
        needed = len(prompt) + most
        if self._generator is not None and self._capacity >= needed:
            pairs = zip(cached, prompt[:-2], strict=False)
            kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            if kept:
                self._generator.rewind_to(kept)
                return kept
        steps = -(-needed // CAPACITY_STEP_TOKENS)
        self._capacity = min(steps * CAPACITY_STEP_TOKENS, self._context)
        self._generator = None  # frees its cache before the next one is allotted
        parameters = self._genai.GeneratorParams(self._model)
        parameters.set_search_options(max_length=self._capacity, do_sample=False)
        self._generator = self._genai.Generator(self._model, parameters)
        return 0


def _blocks(tokens: Sequence[int]) -> Iterator[Sequence[int]]:
    """Pieces to compute at once. None has a single token: onnxruntime-genai 0.18 takes such
    a piece for one that it wrote itself, and what follows is wrong."""
    start = 0
    while start < len(tokens):
        end = start + PREFILL_BLOCK_TOKENS
        if len(tokens) - end == 1:
            end += 1
        yield tokens[start:end]
        start = end
