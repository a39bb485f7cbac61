"""The seam for text generators: LangChain's chat model, with what Philo needs on top."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage


class Generator(BaseChatModel, abc.ABC):
    """A local chat model that knows its limits.

    `model_id` is the catalogue id. Prompts are rendered by the model's own template.
    """

    model_id: str
    context_tokens: int

    @abc.abstractmethod
    def count_tokens(self, messages: Sequence[BaseMessage]) -> int:
        """Tokens of the rendered prompt, the opening of the answer included."""

    @abc.abstractmethod
    def stream_text(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """Greedy decoding, piece by piece. Closing the iterator stops the generation.

        Raises:
            ContextTooLongError: prompt and answer together exceed `context_tokens`; the
                message gives both numbers.
            GenerationError: the runtime failed.
        """

    def close(self) -> None:
        """Give back memory, threads and processes; the generator is not used after that."""
