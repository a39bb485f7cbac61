"""onnxruntime-genai's model builder, with what it gets wrong put right."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from assistant.models.recipes.architectures import ARCHITECTURES, mend_config

Precision = Literal["int4", "int8", "fp16", "fp32"]
Device = Literal["cpu", "cuda"]


def build(
    checkpoint: Path,
    target: Path,
    *,
    precision: Precision,
    device: Device,
    all_logits: bool = False,
    further: Sequence[str] = (),
) -> None:
    """Run onnxruntime-genai's builder over a folder that was checked.

    What it prints goes to standard error.

    Args:
        further: options of the builder, KEY=VALUE.
    """
    with contextlib.redirect_stdout(sys.stderr):
        from onnxruntime_genai.models import builder

        row = ARCHITECTURES[json.loads((checkpoint / "config.json").read_text())["model_type"]]
        options = [f"prune_lm_head={'false' if all_logits else 'true'}", "hf_token=false", *further]
        # A cache of the window's size cannot be rewound, which the reuse of a prompt needs.
        options.append("windowed_kv_cache=false")
        if row.needs_bf16 and device == "cuda":
            options.append("use_cuda_bf16=true")
        cache = str(checkpoint.with_name("cache"))  # named but not used: nothing is downloaded
        arguments = (None, str(checkpoint), str(target), precision, device, cache)
        prepared = builder.parse_extra_options(*arguments, options)
        mend_config(prepared["hf_details"]["hf_config"])
        with _exact_scale(builder):
            builder.create_model(*arguments, **prepared)


@contextlib.contextmanager
def _exact_scale(builder: Any) -> Iterator[None]:
    """Gemma multiplies its embeddings by the root of their width; the builder rounds that to two
    digits, which is enough to change tokens."""
    names = [ARCHITECTURES[kind].model_class for kind in ("gemma", "gemma2", "gemma3_text")]
    names = [name.replace("ForCausalLM", "Model") for name in names]
    originals = {name: getattr(builder, name) for name in names}
    for name, original in originals.items():
        setattr(builder, name, _with_exact_scale(original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(builder, name, original)


def _with_exact_scale(original: Any) -> Any:
    class Exact(original):  # type: ignore[misc]  # the builder is not typed
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.embed_attrs["scale"] = self.hidden_size**0.5

    return Exact
