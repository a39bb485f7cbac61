"""Models on other machines. `offline = true`, the default, refuses them."""

from __future__ import annotations

from assistant.models.catalog.entry import ModelEntry
from assistant.models.catalog.sources import RemoteSource


def _remote(
    model_id: str, title: str, source: RemoteSource, *, licence: str, tokens: int, note: str
) -> ModelEntry:
    return ModelEntry(
        id=model_id,
        kind="generator",
        title=title,
        licence=licence,
        languages=("en", "fr"),
        source=source,
        recipe="",
        recipe_version=1,
        files=(),
        limit_tokens=tokens,
        build_bytes=0,
        prompt_format="messages",
        precision="",
        runs_on="remote",
        note=note,
    )


REMOTE: tuple[ModelEntry, ...] = (
    _remote(
        "openai-compatible",
        "Any server that speaks OpenAI's protocol (Azure, Ollama, vLLM)",
        RemoteSource("openai", None),
        licence="the provider's terms",
        tokens=8192,
        note="questions and passages leave this machine; 8,192 tokens of context are assumed, "
        "because such a server does not state its own",
    ),
    _remote(
        "claude-3-haiku",
        "Claude 3 Haiku (Anthropic)",
        RemoteSource("anthropic", "claude-3-haiku-20240307"),
        licence="Anthropic's commercial terms",
        tokens=200_000,
        note="questions and passages leave this machine",
    ),
)
