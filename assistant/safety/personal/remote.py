"""A model elsewhere, to which pseudonyms are sent instead of personal data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, cast

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from assistant.errors import RemoteRefusedError
from assistant.models.generators.base import Generator
from assistant.models.generators.types import Guide, Ticket, Token
from assistant.safety.personal.masking import mask, put_back_streamed
from assistant.safety.personal.pseudonyms import Pseudonyms
from assistant.safety.policy import Place, Policy

REMOTE = "(remote model)"
"""In the audit log, of what was decided on a prompt."""


class MaskedGenerator(Generator):
    """Wraps another generator: masks what it is told, and puts back in what it answers what
    its pseudonyms stand for. Secrets are not put back.

    A prompt mixes passages of several collections, so that the strictest rule of all holds.

    Args:
        record: told of each prompt that was not sent as it is, before it is sent.
    """

    _inner: Generator = PrivateAttr()
    _policy: Policy = PrivateAttr()
    _pseudonyms: Pseudonyms = PrivateAttr()
    _record: Callable[[dict[str, Any]], None] = PrivateAttr()

    def __init__(
        self,
        inner: Generator,
        policy: Policy,
        pseudonyms: Pseudonyms,
        record: Callable[[dict[str, Any]], None],
    ) -> None:
        super().__init__(
            model_id=inner.model_id,
            context_tokens=inner.context_tokens,
            max_new_tokens=inner.max_new_tokens,
        )
        self._inner = inner
        self._policy = policy
        self._pseudonyms = pseudonyms
        self._record = record

    def count_tokens(self, messages: Sequence[BaseMessage]) -> int:
        return self._inner.count_tokens(messages)

    def stream_tokens(
        self,
        messages: Sequence[BaseMessage],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        guide: Guide | None = None,
        ticket: Ticket | None = None,
    ) -> Iterator[Token]:
        """Raises, besides what the wrapped one does:
        RemoteRefusedError: at once; the prompt holds what may not leave, and was not sent.
        """
        sent, values = self._mask(messages)
        tokens = self._inner.stream_tokens(
            sent, max_new_tokens=max_new_tokens, stop=stop, guide=guide, ticket=ticket
        )
        return _restored(tokens, values) if values else tokens

    def score(self, messages: Sequence[BaseMessage], continuation: str) -> list[Token]:
        return self._inner.score(self._mask(messages)[0], continuation)

    def reserve(self, *, principal: str = "", deadline_s: float | None = None) -> Ticket:
        return self._inner.reserve(principal=principal, deadline_s=deadline_s)

    def prepare(self) -> None:
        self._inner.prepare()

    def close(self) -> None:
        self._inner.close()

    def _mask(self, messages: Sequence[BaseMessage]) -> tuple[list[BaseMessage], dict[str, str]]:
        verdicts = [self._policy.screen(one.text, Place.REMOTE, None) for one in messages]
        for verdict in verdicts:
            if verdict.action != "allow":
                self._record(verdict.told() | {"model": self.model_id})
        for verdict in verdicts:
            if verdict.action == "refuse":
                raise RemoteRefusedError(
                    f"the passages or the question hold what may not be sent to "
                    f"'{self.model_id}' ({verdict.in_words('refuse')}; "
                    f"{', '.join(verdict.reasons())} in philo.toml); use a model of this machine"
                )
        sent: list[BaseMessage] = []
        values: dict[str, str] = {}
        for message, verdict in zip(messages, verdicts, strict=True):
            found = verdict.with_action("mask")
            if found:
                text, own = mask(message.text, found, self._pseudonyms)
                message = message.model_copy(update={"content": text})
                values |= own
            sent.append(message)
        return sent, values

    @property
    def _llm_type(self) -> str:
        return "philo-masked"


def _restored(tokens: Iterator[Token], values: dict[str, str]) -> Iterator[Token]:
    """A token whose text was changed or held back has no id any more."""

    def renew(token: Token, text: str) -> Token:
        return token if text == token.text else replace(token, text=text, id=None, logprob=None)

    try:
        yield from put_back_streamed(tokens, lambda token: token.text, renew, values)
    finally:
        if hasattr(tokens, "close"):
            with closing(cast(Any, tokens)):
                pass
