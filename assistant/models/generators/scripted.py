"""A generator without a model: its answers are computed by a function. For tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from langchain_core.messages import BaseMessage

from assistant.models.generators.base import Generator
from assistant.models.generators.stops import cut_at_stops
from assistant.models.generators.types import Guide, Ticket, Token

WORD = re.compile(r"\s*\S+|\s+$")


class ScriptedGenerator(Generator):
    """Streams `script(messages)` word by word, whatever the guide says. A token is a word with
    the space before it; it has neither id nor log-probability."""

    script: Callable[[Sequence[BaseMessage]], str]
    model_id: str = "scripted"
    context_tokens: int = 4096

    def count_tokens(self, messages: Sequence[BaseMessage]) -> int:
        return sum(len(WORD.findall(message.text)) for message in messages)

    def stream_tokens(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        guide: Guide | None = None,  # noqa: ARG002 - the script is what it is
        ticket: Ticket | None = None,  # noqa: ARG002 - nobody waits
    ) -> Iterator[Token]:
        self.require_room(self.count_tokens(messages), max_new_tokens)
        words = WORD.findall(self.script(messages))[:max_new_tokens]
        return cut_at_stops(map(Token, words), stop)

    @property
    def _llm_type(self) -> str:
        return "philo-scripted"
