"""The JSON of OpenAI's chat completions, as far as Philo speaks it.

https://platform.openai.com/docs/api-reference/chat. Requests may hold more fields than these;
what would change the meaning of an answer and cannot be had is refused in `openai_requests.py`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.types import Citation, PublicModel, Sentence, Timings

MAX_TEXT_CHARS = 100_000
MAX_MESSAGES = 500

FinishReason = Literal["stop", "length"]
Text = Annotated[str, Field(max_length=MAX_TEXT_CHARS)]


class _Open(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class ContentPart(_Open):
    """Only parts of the type `text` are read; others are refused."""

    type: str = Field(max_length=100)
    text: Text | None = None


class ChatMessage(_Open):
    """`content` null only where an assistant said nothing."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | list[ContentPart] | None = None


class StreamOptions(_Open):
    include_usage: bool = False


class ResponseFormat(_Open):
    type: str = Field(max_length=100)


class ChatRequest(_Open):
    """What is not named here is ignored, and listed in `philo.ignored` of the answer."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "model": "philo",
                    "messages": [{"role": "user", "content": "How many days of leave are there?"}],
                }
            ]
        },
    )

    model: str = Field(
        max_length=300,
        description="`philo`: all readable documents; `philo/COLLECTION`: those of a collection",
    )
    messages: list[ChatMessage] = Field(min_length=1, max_length=MAX_MESSAGES)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, le=2**31)
    max_completion_tokens: int | None = Field(None, ge=1, le=2**31)
    stop: Text | Annotated[list[Text], Field(max_length=4)] | None = None
    n: int | None = Field(1, ge=1, le=128, description="only 1")
    tools: list[Any] | None = Field(None, max_length=1000, description="none can be called")
    functions: list[Any] | None = Field(None, max_length=1000, description="none can be called")
    response_format: ResponseFormat | None = Field(None, description="only `text`")
    logprobs: bool | None = Field(False, description="only false")
    modalities: list[str] | None = Field(None, max_length=10, description="only `text`")
    audio: dict[str, Any] | None = Field(None, description="only null")
    web_search_options: dict[str, Any] | None = Field(None, description="only null")


class Usage(PublicModel):
    """Counted with the embedder's tokenizer: the messages, and the answer as it is sent. The
    passages that Philo finds do not count."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class PhiloDetails(PublicModel):
    """What OpenAI's format has no place for. The marks [1] in the text are `marker`s of the
    `citations`; `ignored` names what the request asked for and nobody follows."""

    refused: bool
    evidence: float
    model: str
    writer: Literal["model", "quotes", "none"]
    language: str
    citations: list[Citation]
    sentences: list[Sentence]
    timings_ms: Timings
    ignored: list[str]
    ai_generated: Literal[True] = True


class AnswerMessage(PublicModel):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(PublicModel):
    index: int = 0
    message: AnswerMessage
    finish_reason: FinishReason
    logprobs: None = None


class ChatCompletion(PublicModel):
    """`created` is in seconds since 1970, UTC."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    philo: PhiloDetails


class Delta(PublicModel):
    role: Literal["assistant"] | None = None
    content: str | None = None


class ChunkChoice(PublicModel):
    index: int = 0
    delta: Delta
    finish_reason: FinishReason | None = None
    logprobs: None = None


class ChatCompletionChunk(PublicModel):
    """One event of a stream. `philo` comes with the last choice, `usage` alone at the very end
    and only where it was asked for."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None = None
    philo: PhiloDetails | None = None


class Model(PublicModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["philo"] = "philo"


class ModelList(PublicModel):
    object: Literal["list"] = "list"
    data: list[Model]


class OpenAIErrorBody(PublicModel):
    """`param` is the field at fault, `code` what programs may look at."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class OpenAIErrorResponse(PublicModel):
    error: OpenAIErrorBody
