"""From messages to token ids and back, as a model's own files prescribe."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

ROLES = {"human": "user", "ai": "assistant", "system": "system"}


class PromptFormat:
    """Renders with the model's chat template and tokenises with its vocabulary.

    What looks like one of the model's control tokens in a message is broken up first, so that
    a document cannot open a turn of its own.
    """

    def __init__(self, folder: Path) -> None:
        """
        Args:
            folder: holds tokenizer.json, tokenizer_config.json and the chat template, in that
                file or in chat_template.jinja.
        """
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment
        from tokenizers import Tokenizer

        stated = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        template = folder / "chat_template.jinja"
        source = (
            template.read_text(encoding="utf-8") if template.is_file() else stated["chat_template"]
        )
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        self._template = environment.from_string(source)
        self._names = {name: stated[name] for name in ("bos_token", "eos_token") if name in stated}
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        added = self._tokenizer.get_added_tokens_decoder().values()
        self._control = sorted((str(token.content) for token in added), key=len, reverse=True)

    def encode(self, messages: Sequence[BaseMessage]) -> list[int]:
        """Token ids of the prompt, the opening of the answer included."""
        plain = [
            {"role": ROLES.get(message.type, message.type), "content": self._disarm(message.text)}
            for message in messages
        ]
        prompt = self._template.render(messages=plain, add_generation_prompt=True, **self._names)
        ids: list[int] = self._tokenizer.encode(prompt, add_special_tokens=False).ids
        return ids

    def decode(self, tokens: Iterable[int]) -> Iterator[str]:
        """Pieces of text, each of whole characters; control tokens are left out."""
        from tokenizers.decoders import DecodeStream

        stream: Any = DecodeStream(skip_special_tokens=True)
        for token in tokens:
            piece = stream.step(self._tokenizer, token)
            if piece:
                yield piece

    def _disarm(self, text: str) -> str:
        for token in self._control:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text
