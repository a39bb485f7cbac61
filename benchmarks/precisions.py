"""What a precision costs: agreement with transformers in fp32, and speed, on real weights.

    python benchmarks/precisions.py CHECKPOINT|FILE.gguf [--threads 2]

Agreement: logits of every position of passages from examples/, given the true tokens before it:
share of equal best tokens, and root mean square of the error over the logits' deviation. Speed:
64 tokens after a prompt of 128, the variants in turn, median of `--rounds`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from assistant.models.recipes.builder import Precision, build
from assistant.models.recipes.gguf import find_gguf, unpack_gguf
from assistant.models.recipes.source import stage
from assistant.offline import forbid_telemetry

ROOT = Path(__file__).parents[1]
PASSAGE_TOKENS = 256
PROMPT_TOKENS = 128
NEW_TOKENS = 64
VARIANTS: dict[str, tuple[Precision, list[str]]] = {
    "fp32": ("fp32", []),
    "int8": ("int8", []),
    "int8, accuracy level 1": ("int8", ["accuracy_level=1"]),
    "int4": ("int4", []),
    "int4, accuracy level 1": ("int4", ["accuracy_level=1"]),
    "int4, k_quant": ("int4", ["algo_config=k_quant"]),
    "int4, k_quant_mixed": ("int4", ["algo_config=k_quant_mixed"]),
    "int4, blocks of 16": ("int4", ["block_size=16"]),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--passages", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    given = parser.parse_args()
    forbid_telemetry()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        gguf = find_gguf(given.source)
        if gguf is not None:
            unpack_gguf(gguf, folder / "unpacked", half=False)
        checkpoint = stage(folder / "unpacked" if gguf else given.source, folder / "checkpoint")
        passages, reference = read_reference(checkpoint, given.passages)
        built = {}
        for name in given.variants:
            precision, further = VARIANTS[name]
            for all_logits in (True, False):
                target = folder / f"{name}-{all_logits}"
                build(
                    checkpoint,
                    target,
                    precision=precision,
                    device="cpu",
                    all_logits=all_logits,
                    further=further,
                )
                built[name, all_logits] = open_model(target, given.threads)
        prompt = np.concatenate(passages)[:PROMPT_TOKENS].astype(np.int32)
        speeds = measure_speeds(built, prompt, given.rounds)
        for name in given.variants:
            agreement, error = compare(built[name, True], passages, reference)
            data = folder / f"{name}-False" / "model.onnx.data"
            print(
                f"{name:<24} {data.stat().st_size / 1e6:6.0f} MB  same best token {agreement:.3f}  "
                f"relative error {error:.4f}  tokens/s {speeds[name, False]:.1f} "
                f"(all logits {speeds[name, True]:.1f})",
                flush=True,
            )


def read_reference(checkpoint: Path, count: int) -> tuple[list[Any], list[Any]]:
    """Passages (T,) and the logits of transformers in fp32 (T, vocabulary) after each token."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    files = sorted((ROOT / "examples").rglob("*.md")) + sorted((ROOT / "examples").rglob("*.txt"))
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in files)
    ids = AutoTokenizer.from_pretrained(checkpoint)(text).input_ids
    starts = np.linspace(0, len(ids) - PASSAGE_TOKENS, count).astype(int)
    passages = [np.array(ids[start : start + PASSAGE_TOKENS], np.int32) for start in starts]
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    with torch.no_grad():
        logits = [model(torch.from_numpy(one[None]).long()).logits[0].numpy() for one in passages]
    return passages, logits


def open_model(folder: Path, threads: int) -> Any:
    import onnxruntime_genai

    config = onnxruntime_genai.Config(str(folder))
    options = {"session_options": {"intra_op_num_threads": threads}}
    config.overlay(json.dumps({"model": {"decoder": options}}))
    return onnxruntime_genai.Model(config)


def open_generator(model: Any, tokens: int) -> Any:
    import onnxruntime_genai

    parameters = onnxruntime_genai.GeneratorParams(model)
    parameters.set_search_options(max_length=tokens, do_sample=False)
    return onnxruntime_genai.Generator(model, parameters)


def compare(model: Any, passages: list[Any], reference: list[Any]) -> tuple[float, float]:
    """Share of equal best tokens, relative error."""
    same, square, power = [], [], []
    for passage, wanted in zip(passages, reference, strict=True):
        generator = open_generator(model, len(passage) + 1)
        generator.append_tokens(passage)
        found = np.asarray(generator.get_output("logits"))[0]  # (T, vocabulary)
        same.append((found.argmax(1) == wanted.argmax(1)).mean())
        square.append(((found - wanted) ** 2).mean())
        power.append(((wanted - wanted.mean(1, keepdims=True)) ** 2).mean())
    return float(np.mean(same)), float(np.sqrt(np.mean(square) / np.mean(power)))


def measure_speeds(built: dict[Any, Any], prompt: Any, rounds: int) -> dict[Any, float]:
    seconds: dict[Any, list[float]] = {key: [] for key in built}
    for _ in range(rounds):
        for key, model in built.items():
            generator = open_generator(model, len(prompt) + NEW_TOKENS)
            generator.append_tokens(prompt)
            generator.generate_next_token()
            started = time.perf_counter()
            for _ in range(NEW_TOKENS - 1):
                generator.generate_next_token()
            seconds[key].append(time.perf_counter() - started)
    return {key: (NEW_TOKENS - 1) / median(taken) for key, taken in seconds.items()}


if __name__ == "__main__":
    main()
