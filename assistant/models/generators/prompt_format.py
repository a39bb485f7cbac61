"""From messages to token ids and back, as a model's own files prescribe."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

from assistant.errors import ModelDamagedError

ROLES = {"human": "user", "ai": "assistant", "system": "system"}

INSTRUCT_TEMPLATE = """\
{% for message in messages %}{% if message['role'] == 'assistant' %}Output: \
{% elif message['role'] == 'user' %}Instruct: {% endif %}{{ message['content'] }}
{% endfor %}{% if add_generation_prompt %}Output:{% endif %}"""
"""For a model that has no template: the form that Phi-2's card gives for questions."""

WRITTEN_MARKS = ("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")
"""Marks of turns that older models read as plain text, not as tokens of their own."""


class PromptFormat:
    """Renders with the model's chat template and tokenises with its vocabulary.

    What looks like one of the model's control tokens in a message is broken up first, so that
    a document cannot open a turn of its own. Instructions go into the user's turn where the
    template refuses a system turn (Gemma) or drops it without a word (Phi-3 medium).
    """

    def __init__(self, folder: Path) -> None:
        """
        Args:
            folder: holds tokenizer.json, tokenizer_config.json and the chat template, in that
                file or in chat_template.jinja. Without a template, INSTRUCT_TEMPLATE is taken.
        Raises:
            ModelDamagedError: the template cannot be used.
        """
        from tokenizers import Tokenizer

        stated = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        source = _read_template(folder, stated) or INSTRUCT_TEMPLATE
        self._template = _compile(source)
        self._names = {
            name: _text_of(stated[name]) for name in ("bos_token", "eos_token") if stated.get(name)
        }
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._adds_bos = source is INSTRUCT_TEMPLATE  # no template that could have done it
        added = self._tokenizer.get_added_tokens_decoder().values()
        # Tokens of the vocabulary that are plain text, like runs of spaces, stay as they are.
        marks = {str(token.content) for token in added if token.special or token.content in source}
        marks |= {mark for mark in WRITTEN_MARKS if mark in source}
        self._control = sorted((mark for mark in marks if mark.strip()), key=len, reverse=True)
        self._has_system_turn = self._shows_system_turn()

    def encode(self, messages: Sequence[BaseMessage]) -> list[int]:
        """Token ids of the prompt, the opening of the answer included.

        Raises:
            ModelDamagedError: the template refuses the messages.
        """
        prompt = self._render(
            [(ROLES.get(message.type, message.type), message.text) for message in messages]
        )
        ids: list[int] = self._tokenizer.encode(prompt, add_special_tokens=self._adds_bos).ids
        return ids

    def encode_answer(self, text: str) -> list[int]:
        """Token ids of an answer's text."""
        ids: list[int] = self._tokenizer.encode(self._disarm(text), add_special_tokens=False).ids
        return ids

    def decode(self, tokens: Iterable[int]) -> Iterator[str]:
        """Pieces of text, one for each token, of whole characters: empty where a character is
        not complete yet, and for control tokens."""
        from tokenizers.decoders import DecodeStream

        stream: Any = DecodeStream(skip_special_tokens=True)
        for token in tokens:
            yield stream.step(self._tokenizer, token) or ""

    def _render(self, turns: Sequence[tuple[str, str]]) -> str:
        from jinja2 import TemplateError

        if not self._has_system_turn:
            turns = _move_system_text(turns)
        messages = [{"role": role, "content": self._disarm(text)} for role, text in turns]
        try:
            rendered: str = self._template.render(
                messages=messages, add_generation_prompt=True, **self._names
            )
        except (TemplateError, TypeError) as exc:
            raise ModelDamagedError(
                f"the model's chat template cannot render {[role for role, _ in turns]}: {exc}; "
                "pull or import the model again, or choose another one"
            ) from exc
        return rendered

    def _shows_system_turn(self) -> bool:
        """Whether instructions in a turn of their own reach the model."""
        self._has_system_turn = True
        probe = "Philo probes"
        try:
            return probe in self._render([("system", probe), ("user", "?")])
        except ModelDamagedError:
            return False

    def _disarm(self, text: str) -> str:
        # Half a surrogate pair, which JSON can carry, is no character.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        for token in self._control:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text


def _move_system_text(turns: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put the text of each system turn before that of the user's turn that follows it."""
    moved: list[tuple[str, str]] = []
    instructions: list[str] = []
    for role, text in turns:
        if role == "system":
            instructions.append(text)
        elif role == "user" and instructions:
            moved.append((role, "\n\n".join([*instructions, text])))
            instructions = []
        else:
            moved.append((role, text))
    if instructions:
        moved.append(("user", "\n\n".join(instructions)))
    return moved


def _read_template(folder: Path, stated: dict[str, Any]) -> str | None:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    found = stated.get("chat_template")
    if isinstance(found, list):  # several, by name
        named = {row.get("name"): row.get("template") for row in found}
        found = named.get("default") or next(iter(named.values()), None)
    return found


def _compile(source: str) -> Any:
    from jinja2 import TemplateError, TemplateSyntaxError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.globals["raise_exception"] = refuse
    try:
        return environment.from_string(source)
    except TemplateSyntaxError as exc:
        raise ModelDamagedError(
            f"the model's chat template cannot be read ({exc}); pull or import the model again"
        ) from exc


def _text_of(token: Any) -> str:
    """A token as tokenizer_config.json states it: plain, or with how it is matched."""
    return str(token["content"] if isinstance(token, dict) else token)
