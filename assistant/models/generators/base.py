"""The seam for text generators: LangChain's chat model, with what Philo needs on top."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from assistant.errors import ContextTooLongError, GenerationError
from assistant.models.generators.types import Guide, Ticket, Token


class Generator(BaseChatModel, abc.ABC):
    """A chat model that knows its limits.

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
    def stream_tokens(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        guide: Guide | None = None,
        ticket: Ticket | None = None,
    ) -> Iterator[Token]:
        """Greedy decoding, token by token. Closing the iterator stops the generation.

        Args:
            stop: the answer ends before the first of these strings.
            guide: only answers of this language can come.
            ticket: from `reserve`; without one, a place is taken now.
        Raises:
            ContextTooLongError: at once; prompt and answer together exceed `context_tokens`;
                the message gives both numbers.
            GeneratorBusyError: at once, without a ticket; see `reserve`.
            GenerationError: the runtime failed, the ticket's time was up, it was cancelled, or
                the guide cannot be followed.
        """

    def stream_text(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        guide: Guide | None = None,
        ticket: Ticket | None = None,
    ) -> Iterator[str]:
        """The texts of `stream_tokens`, the empty ones left out."""
        tokens = self.stream_tokens(
            messages, max_new_tokens=max_new_tokens, stop=stop, guide=guide, ticket=ticket
        )
        return _texts(tokens)

    def score(
        self,
        messages: Sequence[BaseMessage],  # noqa: ARG002 - for those that can
        continuation: str,  # noqa: ARG002
    ) -> list[Token]:
        """The tokens of `continuation` as the model's answer, with their log-probabilities.

        Raises:
            ContextTooLongError, GeneratorBusyError: as `stream_tokens`.
            GenerationError: the model tells no log-probabilities, or failed.
        """
        raise GenerationError(
            f"'{self.model_id}' gives no log-probabilities of a given text; use a built-in model"
        )

    def reserve(
        self,
        *,
        principal: str = "",  # noqa: ARG002 - for those that queue
        deadline_s: float | None = None,  # noqa: ARG002
    ) -> Ticket:
        """Take a place now for an answer that is asked for later, or never.

        Args:
            principal: who asks; turns are shared out evenly among principals.
            deadline_s: from now to the end of the answer; None: as the settings say.
        Raises:
            GeneratorBusyError: the queue is full; `retry_after_s` says when to try again.
        """
        return Ticket()

    def require_room(self, prompt_tokens: int, max_new_tokens: int) -> None:
        """Raises: ContextTooLongError: the prompt leaves no room for the answer.
        GenerationError: there is no prompt."""
        if prompt_tokens < 1:
            raise GenerationError("the prompt is empty; give at least one message")
        if prompt_tokens + max_new_tokens > self.context_tokens:
            raise ContextTooLongError(
                f"the prompt has {prompt_tokens} tokens and the answer may have "
                f"{max_new_tokens}, together more than the {self.context_tokens} of "
                f"'{self.model_id}'; shorten the question or the passages"
            )

    def prepare(self) -> None:
        """Load the model in the background, so that the first answer comes sooner."""

    @property
    def is_loading(self) -> bool:
        """Whether what is asked now would first wait for the model."""
        return False

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
        guide = kwargs.get("guide")
        for piece in self.stream_text(messages, max_new_tokens=most, stop=stop or (), guide=guide):
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


def _texts(tokens: Iterator[Token]) -> Iterator[str]:
    try:
        for token in tokens:
            if token.text:
                yield token.text
    finally:
        close = getattr(tokens, "close", None)
        if close is not None:
            close()
