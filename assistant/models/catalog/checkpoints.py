"""Models that are converted on this machine, from the checkpoint as it was published."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.models.catalog.entry import GENERATOR_FILES, ModelEntry
from assistant.models.catalog.sources import CheckpointSource, Device

RECIPE = "checkpoint"
RECIPE_VERSION = 1
"""Rises when the conversion of checkpoints gives other files."""

BYTES_PER_PARAMETER = 0.75
"""Of an int4 model with its scales and its embeddings in a higher precision, about."""

GATED = (
    "the hub asks for an account that has accepted the licence and for its token in HF_TOKEN; "
    "or import a folder: philo models import FOLDER --id ID"
)


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """`parameters` is their number, from which the sizes are estimated."""

    name: str
    title: str
    architecture: str
    repository: str
    licence: str
    tokens: int
    parameters: float
    prompt_format: str
    note: str


_PUBLISHED = (
    _Checkpoint(
        "phi-2",
        "Phi-2 2.7B",
        "PhiForCausalLM",
        "microsoft/phi-2",
        "MIT",
        2048,
        2.78e9,
        "phi2",
        "a base model: it completes text and was not trained to follow instructions",
    ),
    _Checkpoint(
        "orca-math-7b",
        "Orca-Math 7B (Mistral)",
        "MistralForCausalLM",
        "",
        "that of your checkpoint (Mistral 7B: Apache-2.0)",
        32_768,
        7.24e9,
        "mistral",
        "Microsoft published the paper (arXiv 2402.14830) and the exercises, and no weights that "
        "could be found: import a checkpoint with philo models import FOLDER --id ID; it was "
        "made for sums in words, not for documents",
    ),
    _Checkpoint(
        "gemma-2b-it",
        "Gemma 2B instruct",
        "GemmaForCausalLM",
        "google/gemma-2b-it",
        "Gemma Terms of Use",
        8192,
        2.51e9,
        "gemma",
        GATED,
    ),
    _Checkpoint(
        "gemma-7b-it",
        "Gemma 7B instruct",
        "GemmaForCausalLM",
        "google/gemma-7b-it",
        "Gemma Terms of Use",
        8192,
        8.54e9,
        "gemma",
        GATED,
    ),
    _Checkpoint(
        "llama-3-8b-instruct",
        "Llama 3 8B instruct",
        "LlamaForCausalLM",
        "meta-llama/Meta-Llama-3-8B-Instruct",
        "Meta Llama 3 Community License",
        8192,
        8.03e9,
        "llama3",
        GATED,
    ),
)


def _row(checkpoint: _Checkpoint, device: Device) -> ModelEntry:
    size = round(checkpoint.parameters * BYTES_PER_PARAMETER, -7)
    return ModelEntry(
        id=f"{checkpoint.name}-{device}-int4",
        kind="generator",
        title=f"{checkpoint.title}, int4",
        licence=checkpoint.licence,
        languages=("en",),
        source=CheckpointSource(
            architecture=checkpoint.architecture,
            precision="int4",
            repository=checkpoint.repository,
            device=device,
        ),
        recipe=RECIPE,
        recipe_version=RECIPE_VERSION,
        files=GENERATOR_FILES,
        limit_tokens=checkpoint.tokens,
        build_bytes=int(2 * checkpoint.parameters + 2 * size),  # in 16 bits, and twice the result
        size_bytes=int(size),
        prompt_format=checkpoint.prompt_format,
        precision="int4",
        runs_on=device,
        note=checkpoint.note,
    )


_DEVICES: tuple[Device, ...] = ("cpu", "cuda")

CHECKPOINTS: tuple[ModelEntry, ...] = tuple(
    _row(checkpoint, device) for checkpoint in _PUBLISHED for device in _DEVICES
)
