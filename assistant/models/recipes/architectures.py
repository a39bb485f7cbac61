"""Which checkpoints onnxruntime-genai can run as transformers does, and what it takes.

Each row was compared with transformers, token by token (docs/model-parity.md). What is not in
the table is refused: the builder takes some of it without a word and gets it wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.errors import ModelFetchError

HEAD_MULTIPLE = 16
"""The attention operator takes heads of no other size."""

LONGROPE_SWITCH_TOKENS = 4096
"""Where onnxruntime-genai 0.18 computes the cache again for Phi-3's long factors: at the next
token, whatever the checkpoint says. Only a checkpoint that switches there is run correctly."""


@dataclass(frozen=True)
class Architecture:
    """A `model_type` of Hugging Face's config.json that can be imported.

    `rope_types` are the kinds of rotary embedding that the builder writes correctly for it.
    `needs_bf16`: its activations overflow in fp16.
    """

    model_type: str
    model_class: str
    covers: str
    rope_types: frozenset[str] = frozenset({"default"})
    needs_bf16: bool = False


ARCHITECTURES = {
    row.model_type: row
    for row in (
        Architecture(
            "phi3",
            "Phi3ForCausalLM",
            "Phi-3 mini and medium (4k, 128k), Phi-3.5 mini, Phi-4 mini",
            rope_types=frozenset({"default", "longrope"}),
        ),
        Architecture("phi", "PhiForCausalLM", "Phi-2, Phi-1.5"),
        Architecture("mistral", "MistralForCausalLM", "Mistral 7B, Orca-Math"),
        Architecture("gemma", "GemmaForCausalLM", "Gemma 2B and 7B"),
        Architecture("gemma2", "Gemma2ForCausalLM", "Gemma 2", needs_bf16=True),
        Architecture("gemma3_text", "Gemma3ForCausalLM", "Gemma 3, text only", needs_bf16=True),
        Architecture(
            "llama",
            "LlamaForCausalLM",
            "Llama 2, 3, 3.1 and 3.2, SmolLM, SmolLM2",
            rope_types=frozenset({"default", "llama3"}),
        ),
        Architecture("qwen2", "Qwen2ForCausalLM", "Qwen 2 and 2.5"),
        Architecture("qwen3", "Qwen3ForCausalLM", "Qwen 3"),
    )
}

REFUSED = {
    "phi3small": "Phi-3 small brings its own Python code and block-sparse attention for CUDA only; "
    "pull Microsoft's ready model instead: philo models list shows phi-3-small",
    "phi3_v": "it reads images; import the Phi-3 mini that it is made of",
    "gemma3": "it reads images; import a text-only Gemma 3 (model_type gemma3_text)",
}


def find_architecture(config: Mapping[str, Any]) -> Architecture:
    """The row of a config.json.

    Raises:
        ModelFetchError: not among the rows, or with a rotary embedding that would come out wrong.
    """
    model_type = str(config.get("model_type") or "unknown")
    row = ARCHITECTURES.get(model_type)
    if row is None:
        supported = ", ".join(f"{row.model_type} ({row.covers})" for row in ARCHITECTURES.values())
        reason = REFUSED.get(model_type, "it is none of those that run here as in transformers")
        raise ModelFetchError(
            f"architecture '{model_type}' cannot be imported: {reason}. Supported: {supported}"
        )
    stated = config.get("architectures") or [row.model_class]
    if row.model_class not in stated:
        raise ModelFetchError(
            f"the checkpoint is a {', '.join(map(str, stated))}, expected {row.model_class}; "
            "import a checkpoint that generates text"
        )
    if config.get("quantization_config"):
        method = config["quantization_config"].get("quant_method", "an unnamed method")
        raise ModelFetchError(
            f"the checkpoint is quantised already ({method}); import the original one in fp16, "
            "bf16 or fp32, and choose --precision"
        )
    return row


def require_runnable(row: Architecture, config: Any, context_tokens: int | None) -> None:
    """Refuse heads or a rotary embedding that the builder or the runtime would get wrong.

    Args:
        config: as transformers loaded it.
        context_tokens: the context asked for; None for the checkpoint's own.
    Raises:
        ModelFetchError: of another kind than tested, or with a switch that is never made.
    """
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if head % HEAD_MULTIPLE:
        raise ModelFetchError(
            f"the model has heads of {head} numbers, expected a multiple of {HEAD_MULTIPLE}; "
            "onnxruntime has no attention for it: choose another model"
        )
    nested = config.rope_parameters or {}
    tables = nested.values() if "full_attention" in nested else [nested]
    found = {table.get("rope_type", "default") for table in tables}
    if not found <= row.rope_types:
        raise ModelFetchError(
            f"{row.model_type} with rotary embeddings '{', '.join(sorted(found))}' cannot be "
            f"imported, expected: {', '.join(sorted(row.rope_types))}; remove rope_scaling from "
            "config.json where the model works without it (in a shorter context)"
        )
    if "longrope" not in found:
        return
    switch = _switch_tokens(config)
    longest = context_tokens or config.max_position_embeddings
    if longest > switch != LONGROPE_SWITCH_TOKENS:
        raise ModelFetchError(
            f"the checkpoint changes its rotary factors at {switch} tokens, onnxruntime-genai "
            f"only knows a change at {LONGROPE_SWITCH_TOKENS}; convert it with --context {switch} "
            "(python -m assistant.models.recipes.checkpoint) and import the folder"
        )


def mend_config(config: Any) -> None:
    """Make the builder see what transformers 5 says in other words.

    Without it the builder drops Phi-3's and Mistral's sliding window, does not find Gemma 3's
    rotary embeddings and takes another epsilon for Phi-2.
    """
    row = ARCHITECTURES[config.model_type]
    config.architectures = [row.model_class]
    if row.model_type in ("phi3", "mistral"):
        window = config.sliding_window  # Phi-3 128k states 262,144: nothing is ever outside
        if window is not None and window >= config.max_position_embeddings:
            config.sliding_window = None
        kind = "sliding_attention" if config.sliding_window else "full_attention"
        config.layer_types = [kind] * config.num_hidden_layers
    nested = config.rope_parameters or {}
    if "full_attention" in nested:
        config.rope_theta = nested["full_attention"]["rope_theta"]
        config.rope_local_base_freq = nested["sliding_attention"]["rope_theta"]
        config.rope_parameters = dict(nested["full_attention"])
    elif nested.get("rope_type") == "longrope":
        config.rope_parameters = {**nested, "type": "longrope"}
        config.original_max_position_embeddings = _switch_tokens(config)
    elif row.model_type == "phi3":  # the builder tells the 128k variants by this difference
        config.original_max_position_embeddings = config.max_position_embeddings
    if row.model_type == "phi":
        config.rms_norm_eps = config.layer_norm_eps


def _switch_tokens(config: Any) -> int:
    """Where LongRoPE's long factors begin; transformers 5 states it in two places."""
    nested = config.rope_parameters.get("original_max_position_embeddings")
    return int(nested or config.original_max_position_embeddings)
