"""Generators of other programs and machines, as LangChain chat models with Philo's limits."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Generator as Generated
from collections.abc import Iterator, Sequence

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from assistant.errors import GenerationError
from assistant.models.catalog import ModelEntry, RemoteSource
from assistant.models.generators.base import Generator
from assistant.models.generators.provider_errors import read_failure, refused_by_filter
from assistant.models.generators.providers import OpenChat, open_chat
from assistant.models.generators.remote_models import host_of
from assistant.models.generators.remote_ticket import RemoteTicket, asking_for
from assistant.models.generators.stops import cut_at_stops
from assistant.models.generators.types import Guide, Ticket, Token
from assistant.models.settings import ModelSettings

LONGEST_PAUSE_S = 20.0
"""A provider that wants to be left alone for longer is busy: people are told so."""

MESSAGE_TOKENS = 8
"""Role and borders of a message, in every known prompt format."""

_WORD = re.compile(r" ?([^\W\d_]+)|.", re.DOTALL)
"""A word with the space before it, or any other character."""
_FILTERED = frozenset({"content_filter", "refusal"})


class RemoteGenerator(Generator):
    """Wraps a provider's chat model.

    An attempt that fails before its first word is repeated where it may pass (too many
    requests, the server's own failure, no connection), with growing pauses; one that has begun
    never is. Safe to call from several threads.
    """

    _open: OpenChat = PrivateAttr()
    _host: str = PrivateAttr()
    _attempts: int = PrivateAttr()
    _answer_timeout_s: float = PrivateAttr()

    def __init__(self, entry: ModelEntry, source: RemoteSource, settings: ModelSettings) -> None:
        """
        Args:
            source: of the entry.
        Raises:
            SettingsError: see `open_chat`.
        """
        opened = open_chat(source, settings.remote)
        super().__init__(
            model_id=f"{source.provider}/{opened.model}",
            context_tokens=settings.remote.context_tokens or entry.limit_tokens,
            max_new_tokens=settings.max_new_tokens,
        )
        self._open = opened
        self._host = host_of(source, settings.remote)
        self._attempts = settings.remote.attempts
        self._answer_timeout_s = settings.remote.answer_timeout_s

    def count_tokens(self, messages: Sequence[BaseMessage]) -> int:
        """An estimate, on the safe side: the provider's vocabulary is not on this machine."""
        return MESSAGE_TOKENS + sum(
            MESSAGE_TOKENS + estimate_tokens(message.text) for message in messages
        )

    def stream_tokens(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        guide: Guide | None = None,
        ticket: Ticket | None = None,
    ) -> Iterator[Token]:
        """A token is what the server sends at once. Raises, besides what `Generator` says:
        ProviderError: the key, the model's name or the request is refused.
        """
        if guide is not None:
            raise GenerationError(
                f"'{self.model_id}' cannot be held to a guide; use a model of this machine"
            )
        self.require_room(self.count_tokens(messages), max_new_tokens)
        own = ticket if isinstance(ticket, RemoteTicket) else self.reserve()
        return self._write(messages, max_new_tokens, stop, own)

    def reserve(
        self,
        *,
        principal: str = "",  # noqa: ARG002 - the provider's queue is not ours
        deadline_s: float | None = None,
    ) -> RemoteTicket:
        return RemoteTicket(self._answer_timeout_s if deadline_s is None else deadline_s)

    def _write(
        self,
        messages: Sequence[BaseMessage],
        most: int,
        stop: Sequence[str],
        ticket: RemoteTicket,
    ) -> Iterator[Token]:
        pieces = self._pieces(messages, most, ticket)
        try:
            yield from cut_at_stops(map(Token, pieces), stop)
        finally:
            pieces.close()

    def _pieces(
        self, messages: Sequence[BaseMessage], most: int, ticket: RemoteTicket
    ) -> Generated[str, None, None]:
        for attempt in range(1, self._attempts + 1):
            begun = False
            answer = self._ask(messages, most, ticket)
            try:
                for piece in answer:
                    begun = True
                    yield piece
                return
            except Exception as exc:  # noqa: BLE001 - the edge: a server may answer anything
                if ticket.cancelled:
                    raise GenerationError("the answer was cancelled") from None
                failure = read_failure(
                    exc, model=self._open.model, host=self._host, secret=self._open.secret
                )
                pause_s = failure.after_s
                if pause_s is None:
                    pause_s = 2 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
                last = attempt == self._attempts or pause_s > min(LONGEST_PAUSE_S, ticket.left_s)
                if begun or not failure.may_pass or last:
                    # The provider's own exception holds the request: it must not be shown.
                    raise failure.error from None
            finally:
                answer.close()
            ticket.pause(pause_s)

    def _ask(
        self, messages: Sequence[BaseMessage], most: int, ticket: RemoteTicket
    ) -> Generated[str, None, None]:
        if ticket.cancelled:
            raise GenerationError("the answer was cancelled")
        reason = ""
        chunks = self._open.chat.stream(list(messages), **self._open.arguments(most))
        try:
            with asking_for(ticket):
                first = next(chunks, None)
            for chunk in itertools.chain([] if first is None else [first], chunks):
                said = chunk.response_metadata
                reason = str(said.get("finish_reason") or said.get("stop_reason") or reason)
                if chunk.text:
                    yield chunk.text
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        if reason in _FILTERED:
            raise refused_by_filter(self._host)
        if not reason:
            raise GenerationError(f"{self._host} broke off in the middle of the answer; ask again")

    def close(self) -> None:
        self._open.http.close()

    @property
    def _llm_type(self) -> str:
        return "philo-remote"


def estimate_tokens(text: str) -> int:
    """Not fewer tokens than a common vocabulary makes of a text.

    A word has a token for every 3 letters of ASCII and every 2 bytes of others; all else has
    one for each byte. Of French and English prose, tables and code this gives 1.0 to 1.9 times
    the tokens of SmolLM2's vocabulary; those of the providers are larger, so make fewer.
    """
    tokens = 0
    for match in _WORD.finditer(text):
        word = match[1] or ""
        size = len((word or match[0]).encode("utf-8", "replace"))
        plain = sum(letter.isascii() for letter in word)
        tokens += -(-plain // 3) + -(-(size - plain) // 2) if word else size
    return tokens
