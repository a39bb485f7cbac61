"""Built-in generators: onnxruntime-genai in a process of its own, as a LangChain chat model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from assistant.models.catalog import ModelEntry
from assistant.models.generators.base import Generator
from assistant.models.generators.process import GenerationProcess
from assistant.models.generators.prompt_format import PromptFormat
from assistant.models.generators.stops import cut_at_stops


class GenaiGenerator(Generator):
    """A generator of the catalogue. Safe to call from several threads: answers are written one
    after the other, in the order in which they were asked for."""

    _format: PromptFormat = PrivateAttr()
    _process: GenerationProcess = PrivateAttr()

    def __init__(
        self, folder: Path, entry: ModelEntry, *, threads: int, max_new_tokens: int
    ) -> None:
        """
        Args:
            folder: as the depot verified it.
        """
        super().__init__(
            model_id=entry.id, context_tokens=entry.limit_tokens, max_new_tokens=max_new_tokens
        )
        self._format = PromptFormat(folder)
        self._process = GenerationProcess(folder, threads=threads)

    def count_tokens(self, messages: Sequence[BaseMessage]) -> int:
        return len(self._format.encode(messages))

    def stream_text(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        prompt = self._format.encode(messages)
        self.require_room(len(prompt), max_new_tokens)
        return self._write(prompt, max_new_tokens, stop)

    def _write(self, prompt: list[int], most: int, stop: Sequence[str]) -> Iterator[str]:
        request = self._process.submit(prompt, most)
        try:
            yield from cut_at_stops(self._format.decode(request.tokens()), stop)
        finally:
            self._process.cancel(request)

    def prepare(self) -> None:
        self._process.start()

    def close(self) -> None:
        self._process.close()

    @property
    def process_id(self) -> int | None:
        """Of the process that holds the model; None while there is none."""
        return self._process.pid

    @property
    def _llm_type(self) -> str:
        return "philo-genai"
