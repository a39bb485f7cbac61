"""Microsoft's Phi-3 and Phi-3.5, out of Microsoft's own ONNX repositories.

Folders and context lengths are those of the repositories; sizes are approximate (the pull says
the true one before it begins), and for medium in CUDA int4 estimated. The 128k models change the
scale of their positions beyond 4,096 tokens (LongRoPE): the cache is computed again there.
"""

from __future__ import annotations

from assistant.models.catalog.entry import GENERATOR_FILES, ModelEntry
from assistant.models.catalog.sources import Device, HubSource

NO_SYSTEM_TURN = "its chat template drops system messages: instructions belong in the user turn"
SMALL_NEEDS_CUDA = (
    "only Microsoft's ready CUDA builds work: converting a checkpoint of Phi-3 small needs code "
    "of the hub, which Philo does not run; without a GPU take phi-3-medium-4k-cpu-int4 or "
    "phi-3.5-mini-cpu-int4"
)


def _phi(
    name: str,
    title: str,
    tokens: int,
    variant: str,
    source: HubSource,
    size_bytes: int,
    *,
    note: str = "",
    languages: tuple[str, ...] = ("en",),
) -> ModelEntry:
    """A row; `variant` is device and precision, as in `cpu-int4`."""
    device, precision = variant.split("-")
    runs_on: Device = "cuda" if device == "cuda" else "cpu"
    return ModelEntry(
        id=f"{name}-{variant}",
        kind="generator",
        title=f"{title}, {precision}",
        licence="MIT",
        languages=languages,
        source=source,
        recipe="",
        recipe_version=1,
        files=GENERATOR_FILES,
        limit_tokens=tokens,
        build_bytes=size_bytes,
        size_bytes=size_bytes,
        prompt_format="phi3",
        precision=precision,
        runs_on=runs_on,
        note=note,
    )


def _mini(name: str, tokens: int, sizes: dict[str, int]) -> list[ModelEntry]:
    folders = {
        "cpu-int4": "cpu_and_mobile/cpu-int4-rtn-block-32-acc-level-4",
        "cuda-int4": "cuda/cuda-int4-rtn-block-32",
        "cuda-fp16": "cuda/cuda-fp16",
    }
    repository = f"microsoft/Phi-3-mini-{name}-instruct-onnx"
    return [
        _phi(
            f"phi-3-mini-{name}",
            f"Phi-3 mini 3.8B, {name} context",
            tokens,
            variant,
            HubSource(repository, folders[variant]),
            size,
            note=NO_SYSTEM_TURN if name == "4k" else "",
        )
        for variant, size in sizes.items()
    ]


def _medium(name: str, tokens: int, sizes: dict[str, int]) -> list[ModelEntry]:
    folders = {
        "cpu-int4": "cpu-int4-rtn-block-32-acc-level-4",
        "cuda-int4": "cuda-int4-rtn-block-32",
        "cuda-fp16": "cuda-fp16",
    }
    return [
        _phi(
            f"phi-3-medium-{name}",
            f"Phi-3 medium 14B, {name} context",
            tokens,
            variant,
            HubSource(
                f"microsoft/Phi-3-medium-{name}-instruct-onnx-{variant.split('-')[0]}",
                folders[variant],
            ),
            size,
            note=NO_SYSTEM_TURN,
        )
        for variant, size in sizes.items()
    ]


def _small(name: str, tokens: int, sizes: dict[str, int]) -> list[ModelEntry]:
    folders = {"cuda-int4": "cuda-int4-rtn-block-32", "cuda-fp16": "cuda-fp16"}
    return [
        _phi(
            f"phi-3-small-{name}",
            f"Phi-3 small 7B, {name} context",
            tokens,
            variant,
            HubSource(f"microsoft/Phi-3-small-{name}-instruct-onnx-cuda", folders[variant]),
            size,
            note=SMALL_NEEDS_CUDA,
        )
        for variant, size in sizes.items()
    ]


def _mini_3_5() -> list[ModelEntry]:
    repository = "microsoft/Phi-3.5-mini-instruct-onnx"
    folders = {
        "cpu-int4": ("cpu_and_mobile/cpu-int4-awq-block-128-acc-level-4", 2_790_000_000),
        "cuda-int4": ("gpu/gpu-int4-awq-block-128", 2_310_000_000),
    }
    return [
        _phi(
            "phi-3.5-mini",
            "Phi-3.5 mini 3.8B, 128k context",
            131_072,
            variant,
            HubSource(repository, folder),
            size,
            languages=("en", "fr"),
        )
        for variant, (folder, size) in folders.items()
    ]


PHI: tuple[ModelEntry, ...] = (
    *_mini(
        "4k",
        4096,
        {"cpu-int4": 2_730_000_000, "cuda-int4": 2_300_000_000, "cuda-fp16": 7_650_000_000},
    ),
    *_mini(
        "128k",
        131_072,
        {"cpu-int4": 2_780_000_000, "cuda-int4": 2_320_000_000, "cuda-fp16": 7_680_000_000},
    ),
    *_small("8k", 8192, {"cuda-int4": 5_000_000_000, "cuda-fp16": 15_600_000_000}),
    *_small("128k", 131_072, {"cuda-int4": 5_070_000_000, "cuda-fp16": 15_700_000_000}),
    *_medium(
        "4k",
        4096,
        {"cpu-int4": 9_290_000_000, "cuda-int4": 7_800_000_000, "cuda-fp16": 27_900_000_000},
    ),
    *_medium(
        "128k",
        131_072,
        {"cpu-int4": 9_360_000_000, "cuda-int4": 7_850_000_000, "cuda-fp16": 28_000_000_000},
    ),
    *_mini_3_5(),
)
