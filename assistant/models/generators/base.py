"""The seam for text generators: LangChain's chat model, with what Philo needs on top."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from assistant.errors import ContextTooLongError


class Generator(BaseChatModel, abc.ABC):
    """A local chat model that knows its limits.

    `model_id` is the catalogue id. Prompts are rendered by the model's own template.
    `max_new_tokens` holds for answers asked for through LangChain.
    """

    model_id: str
    context_tokens: int
    max_new_tokens: int = 160

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

    def require_room(self, prompt_tokens: int, max_new_tokens: int) -> None:
        """Raises: ContextTooLongError: the prompt leaves no room for the answer."""
        if prompt_tokens + max_new_tokens > self.context_tokens:
            raise ContextTooLongError(
                f"the prompt has {prompt_tokens} tokens and the answer may have "
                f"{max_new_tokens}, together more than the {self.context_tokens} of "
                f"'{self.model_id}'; shorten the question or the passages"
            )

    def prepare(self) -> None:
        """Load the model in the background, so that the first answer comes sooner."""

    def close(self) -> None:
        """Give back memory, threads and processes; the generator is not used after that."""

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        most = int(kwargs.get("max_new_tokens", self.max_new_tokens))
        for piece in self.stream_text(messages, max_new_tokens=most, stop=stop or ()):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager is not None:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        chunks = self._stream(messages, stop, run_manager, **kwargs)
        text = "".join(chunk.text for chunk in chunks)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])
