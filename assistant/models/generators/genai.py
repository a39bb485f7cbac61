"""Generators on this machine: a process of its own runs the model, as a LangChain chat model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from assistant.errors import GenerationError
from assistant.models.catalog import ModelEntry
from assistant.models.generators.base import Generator
from assistant.models.generators.device import choose_device
from assistant.models.generators.process import GenerationProcess
from assistant.models.generators.prompt_format import PromptFormat
from assistant.models.generators.request import Request
from assistant.models.generators.stops import cut_at_stops
from assistant.models.generators.types import Guide, Ticket, Token
from assistant.models.memory import require_memory
from assistant.models.settings import ServingSettings

FIRST_CONTEXT_TOKENS = 2048
"""Of a question with its passages and answer: what there must be memory for before loading."""


class GenaiGenerator(Generator):
    """A generator of the catalogue. Safe to call from several threads: answers are written side
    by side where the model allows it, else one after the other."""

    _entry: ModelEntry = PrivateAttr()
    _folder: Path = PrivateAttr()
    _format: PromptFormat = PrivateAttr()
    _process: GenerationProcess = PrivateAttr()

    def __init__(
        self,
        folder: Path,
        entry: ModelEntry,
        *,
        threads: int,
        max_new_tokens: int,
        serving: ServingSettings | None = None,
    ) -> None:
        """
        Args:
            folder: as the depot verified it.
        Raises:
            GenerationError: the model needs a GPU that cannot be used.
        """
        super().__init__(
            model_id=entry.id, context_tokens=entry.limit_tokens, max_new_tokens=max_new_tokens
        )
        shared = serving or ServingSettings()
        device = choose_device(entry.id, entry.runs_on, shared.device)
        self._entry, self._folder = entry, folder
        self._format = PromptFormat(folder)
        self._process = GenerationProcess(
            folder, threads=threads, serving=shared.model_copy(update={"device": device})
        )

    def count_tokens(self, messages: Sequence[BaseMessage]) -> int:
        return len(self._format.encode(messages))

    def stream_tokens(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        guide: Guide | None = None,
        ticket: Ticket | None = None,
    ) -> Iterator[Token]:
        prompt = self._encode(messages, max_new_tokens)
        self._require_memory()
        request = self._request(ticket)
        return self._write(request, prompt, max_new_tokens, stop, guide)

    def score(self, messages: Sequence[BaseMessage], continuation: str) -> list[Token]:
        answer = self._format.encode_answer(continuation)
        prompt = self._encode(messages, len(answer))
        if not answer:
            return []
        self._require_memory()
        request = self._request(None)
        self._process.submit(request, prompt, len(answer), continuation=answer)
        return list(self._decode(request.tokens()))

    def reserve(self, *, principal: str = "", deadline_s: float | None = None) -> Ticket:
        return self._process.reserve(principal, deadline_s)

    def prepare(self) -> None:
        self._require_memory()
        self._process.start()

    def close(self) -> None:
        self._process.close()

    @property
    def process_id(self) -> int | None:
        """Of the process that holds the model; None while there is none."""
        return self._process.pid

    @property
    def is_loading(self) -> bool:
        return self._process.is_loading

    @property
    def how(self) -> str:
        """The device and the way in which the model is run; empty until it was loaded once."""
        return self._process.how

    @property
    def _llm_type(self) -> str:
        return "philo-genai"

    def _encode(self, messages: Sequence[BaseMessage], most: int) -> list[int]:
        prompt = self._format.encode(messages) if messages else []
        self.require_room(len(prompt), most)
        return prompt

    def _require_memory(self) -> None:
        """Raises: NotEnoughMemoryError: the model is not loaded, and would not fit."""
        if self._process.pid is None:
            tokens = min(self.context_tokens, FIRST_CONTEXT_TOKENS)
            require_memory(self._entry, self._folder, tokens)

    def _request(self, ticket: Ticket | None) -> Request:
        if ticket is None:
            return self._process.reserve("", None)
        if not isinstance(ticket, Request):
            raise GenerationError("the ticket is of another generator; reserve one of this")
        return ticket

    def _write(
        self,
        request: Request,
        prompt: list[int],
        most: int,
        stop: Sequence[str],
        guide: Guide | None,
    ) -> Iterator[Token]:
        try:
            self._process.submit(request, prompt, most, guide=guide)
            yield from cut_at_stops(self._decode(request.tokens()), stop)
        finally:
            self._process.end(request, None)

    def _decode(self, tokens: Iterable[tuple[int, float | None]]) -> Iterator[Token]:
        told: list[tuple[int, float | None]] = []

        def ids() -> Iterator[int]:
            for token in tokens:
                told.append(token)
                yield token[0]

        for text in self._format.decode(ids()):
            token, logprob = told.pop()
            yield Token(text, token, logprob)
