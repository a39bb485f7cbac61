"""What a chat completion asks for, in Philo's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assistant.api.openai_types import ChatMessage, ChatRequest
from assistant.errors import ChatModelError, ChatRequestError
from assistant.types import Turn

MODEL = "philo"
"""The model that answers from all that may be read; `philo/COLLECTION` from a collection."""

MOST_TURNS = 50
"""Turns of the conversation that are read, the last ones."""

UNSUPPORTED = "unsupported_parameter"
_INSTRUCTIONS = ("system", "developer")
_TOLD_NOTHING = {"user", "metadata", "store", "safety_identifier", "prompt_cache_key"}
"""Fields that ask for no other answer, and so are not worth telling that nobody reads them."""


@dataclass(frozen=True, slots=True)
class ChatQuestion:
    """`model` is its name as it was asked for, `most_tokens` None: no limit. `ignored` names what
    is not followed."""

    model: str
    question: str
    history: list[Turn]
    collection: str | None
    stops: tuple[str, ...]
    most_tokens: int | None
    stream: bool
    with_usage: bool
    ignored: list[str]


def read_chat(asked: ChatRequest) -> ChatQuestion:
    """
    Raises:
        ChatModelError: there can be no model of that name.
        ChatRequestError: it asks for what Philo does not do.
    """
    collection = read_model(asked.model)
    _refuse_unsupported(asked)
    turns = list(_turns(asked.messages))
    if not turns or turns[-1].role != "user":
        raise ChatRequestError(
            "The last message must be the user's question; put it at the end, with the role user.",
            param="messages",
            code="invalid_value",
        )
    stops = (asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ())
    limits = [one for one in (asked.max_tokens, asked.max_completion_tokens) if one is not None]
    return ChatQuestion(
        model=asked.model,
        question=turns[-1].text,
        history=turns[:-1][-MOST_TURNS:],
        collection=collection,
        stops=tuple(stop for stop in stops if stop),
        most_tokens=min(limits, default=None),
        stream=bool(asked.stream),
        with_usage=bool(asked.stream_options and asked.stream_options.include_usage),
        ignored=_ignored(asked),
    )


def read_model(name: str) -> str | None:
    """The collection that a model answers from; None: all.

    Raises:
        ChatModelError: there can be no such model.
    """
    model, slash, collection = name.partition("/")
    if model != MODEL or bool(slash) != bool(collection) or "\0" in collection:
        raise unknown_model(name)
    return collection or None


def unknown_model(name: str) -> ChatModelError:
    return ChatModelError(
        f"There is no model {name!r} that you may ask; list them: GET /v1/models",
        param="model",
        code="model_not_found",
    )


def _turns(messages: list[ChatMessage]) -> Iterator[Turn]:
    for number, message in enumerate(messages):
        if message.role in _INSTRUCTIONS:
            continue
        if message.role == "user" or message.role == "assistant":
            text = _text_of(message, f"messages[{number}].content")
            if text or message.role == "user":
                yield Turn(role=message.role, text=text)
        else:
            raise ChatRequestError(
                "Philo calls no tools, so it takes no messages of them; leave them out.",
                param=f"messages[{number}].role",
                code="unsupported_value",
            )


def _text_of(message: ChatMessage, param: str) -> str:
    if not isinstance(message.content, list):
        return message.content or ""
    texts = []
    for part in message.content:
        if part.type != "text" or part.text is None:
            raise ChatRequestError(
                f"Philo reads text only, no part of the type {part.type!r}; bring images and files "
                "in as documents: POST /api/documents",
                param=param,
                code="unsupported_content",
            )
        texts.append(part.text)
    return "\n".join(texts)


def _refuse_unsupported(asked: ChatRequest) -> None:
    wanted = {
        "n": (asked.n or 1) > 1,
        "tools": bool(asked.tools),
        "functions": bool(asked.functions),
        "response_format": asked.response_format is not None
        and asked.response_format.type != "text",
        "logprobs": bool(asked.logprobs),
        "modalities": asked.modalities is not None and set(asked.modalities) != {"text"},
        "audio": asked.audio is not None,
        "web_search_options": asked.web_search_options is not None,
    }
    for name, is_wanted in wanted.items():
        if is_wanted:
            raise ChatRequestError(
                f"Philo gives one answer in words, from the documents; leave out {name!r}.",
                param=name,
                code=UNSUPPORTED,
            )


def _ignored(asked: ChatRequest) -> list[str]:
    instructions = [
        f"messages[{number}] ({message.role})"
        for number, message in enumerate(asked.messages)
        if message.role in _INSTRUCTIONS
    ]
    extra = asked.model_extra or {}
    return instructions + sorted(
        name for name, value in extra.items() if value is not None and name not in _TOLD_NOTHING
    )
