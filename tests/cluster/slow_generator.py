"""A generator for replicas, without a model: one answer at a time, a word each 50 ms, and each
word tells the process that wrote it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from assistant.models.generators.base import Generator
from assistant.models.generators.types import Guide, Ticket, Token
from assistant.models.settings import ModelSettings, ServingSettings

WORD_S = 0.05


class SlowGenerator(Generator):
    model_id: str = "slow"
    context_tokens: int = 2048
    notes: str
    _turn: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def count_tokens(self, messages: Sequence[BaseMessage]) -> int:
        return sum(len(message.text.split()) for message in messages)

    def stream_tokens(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        guide: Guide | None = None,
        ticket: Ticket | None = None,
    ) -> Iterator[Token]:
        with self._turn:
            for number in range(max_new_tokens):
                time.sleep(WORD_S)
                try:
                    yield Token(f"{os.getpid()} ", number, -0.5)
                except GeneratorExit:
                    with open(self.notes, "a") as notes:  # noqa: PTH123 - appended to
                        notes.write(f"stopped after {number + 1}\n")
                    raise

    @property
    def _llm_type(self) -> str:
        return "slow"


def open_slow(models: ModelSettings, serving: ServingSettings) -> SlowGenerator:
    return SlowGenerator(notes=str(models.directory / "notes.txt"))
