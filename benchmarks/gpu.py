"""Tokens a second of Phi-3 mini's exact shape, against transformers and the memory's bandwidth.

    python benchmarks/gpu.py [--device cuda] [--precisions int4 fp16] [--batches 1 8 32] [--json]

The weights are random: speed does not depend on their values. Every figure is the median of
--rounds runs. *prefill* is prompt tokens a second over all rows, *decode* new tokens a second over
all rows. transformers runs the same weights in fp16 (fp32 on a CPU) with SDPA attention, in turn
with ONNX Runtime. *limit* is what the bandwidth of the memory allows: bytes a second of a large
copy, measured in the same run, over the bytes that one step reads (the weights once, and each
row's keys and values). `--shape tiny --device cpu` tries the script where there is no GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

SHAPES: dict[str, dict[str, Any]] = {
    "phi-3-mini": {
        "vocab_size": 32064,
        "hidden_size": 3072,
        "intermediate_size": 8192,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
        "max_position_embeddings": 4096,
        "original_max_position_embeddings": 4096,
        "sliding_window": 2047,
    },
    "tiny": {
        "vocab_size": 512,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "max_position_embeddings": 4096,
        "original_max_position_embeddings": 4096,
        "sliding_window": 2047,
    },
}
COPY_BYTES = {"cuda": 4 * 2**30, "cpu": 2**28}

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--shape", choices=tuple(SHAPES), default="phi-3-mini")
    parser.add_argument("--precisions", nargs="+", default=["int4", "fp16"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8, 32])
    parser.add_argument("--prompt", type=int, default=1024, help="tokens of each prompt")
    parser.add_argument("--new", type=int, default=128, help="new tokens of each row")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where models are kept for the next time")
    parser.add_argument("--skip-paged", action="store_true", help="without the paged engine")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()

    import torch  # noqa: F401 - it brings the CUDA libraries that onnxruntime then finds

    if asked.device == "cuda":
        import onnxruntime

        onnxruntime.preload_dlls()
    with tempfile.TemporaryDirectory(prefix="philo-gpu-") as scratch:
        folder = asked.folder or Path(scratch)
        checkpoint = folder / asked.shape
        if not (checkpoint / "config.json").is_file():
            _tell(f"writing random weights of {asked.shape}")
            write_checkpoint(checkpoint, SHAPES[asked.shape])
        bandwidth = measure_bandwidth(asked.device)
        _tell(f"memory bandwidth {bandwidth / 1e9:.0f} GB/s")
        rows = []
        for precision in asked.precisions:
            model = folder / f"{asked.shape}-{precision}-{asked.device}"
            _build_once(checkpoint, model, precision=precision, device=asked.device)
            rows += _measure(measure_generator(model, asked), "onnxruntime", precision, asked)
            if not asked.skip_paged and asked.device == "cuda":
                paged = folder / f"{model.name}-paged"
                options = ["use_paged_attention=true"]
                _build_once(
                    checkpoint, paged, precision=precision, device=asked.device, further=options
                )
                measured = _measure(
                    measure_engine(paged, asked), "onnxruntime paged", precision, asked
                )
                rows += measured
        rows += _measure(
            measure_transformers(checkpoint, asked),
            "transformers",
            "fp16" if asked.device == "cuda" else "fp32",
            asked,
        )
        shape = SHAPES[asked.shape]
        for row in rows:
            row["limit"] = round(bandwidth / _step_bytes(folder, asked, row, shape) * row["batch"])
            row["of_limit"] = round(row["decode"] / row["limit"], 3)
        _compare(rows)
    report = {
        "device": _device_name(asked.device),
        "shape": asked.shape,
        "prompt": asked.prompt,
        "new": asked.new,
        "bandwidth_gb_s": round(bandwidth / 1e9, 1),
        "rows": rows,
    }
    print(json.dumps(report) if asked.json else _as_table(report))


def write_checkpoint(folder: Path, shape: dict[str, Any]) -> None:
    """A Phi-3 of this shape with random weights in fp16, and a tokenizer of as many words."""
    import torch
    from tokenizers import Tokenizer, models
    from transformers import Phi3Config, Phi3ForCausalLM, PreTrainedTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    config = Phi3Config(**shape, pad_token_id=0, bos_token_id=1, eos_token_id=2)
    torch.set_default_dtype(torch.float16)
    try:
        model = Phi3ForCausalLM(config)
    finally:
        torch.set_default_dtype(torch.float32)
    model.save_pretrained(folder)
    special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    plain = (f"w{number}" for number in range(shape["vocab_size"] - len(special)))
    words = [*special.values(), *plain]
    vocabulary = {word: number for number, word in enumerate(words)}
    split = Tokenizer(models.WordLevel(vocabulary, unk_token=special["unk_token"]))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=split, **special)
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    tokenizer.save_pretrained(folder)


def measure_bandwidth(device: str) -> float:
    """Bytes a second that a large copy reads and writes, the best of ten."""
    import torch

    source = torch.ones(COPY_BYTES[device], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best = 0.0
    for _ in range(10):
        started = _now(device)
        target.copy_(source)
        best = max(best, 2 * source.numel() / (_now(device) - started))
    return best


Run = Callable[[int], tuple[float, float]]
"""Rows of a batch -> (seconds of the prompts, seconds of all steps after the first token)."""


def measure_generator(folder: Path, asked: Any) -> Run:
    """onnxruntime-genai's generator: one batch from beginning to end."""
    import numpy as np
    import onnxruntime_genai

    model = onnxruntime_genai.Model(_configure(onnxruntime_genai, folder, asked.device))

    def run(batch: int) -> tuple[float, float]:
        parameters = onnxruntime_genai.GeneratorParams(model)
        parameters.set_search_options(
            max_length=asked.prompt + asked.new,
            min_length=asked.prompt + asked.new,
            batch_size=batch,
            do_sample=False,
        )
        generator = onnxruntime_genai.Generator(model, parameters)
        prompts = np.random.default_rng(0).integers(3, 500, (batch, asked.prompt), dtype=np.int32)
        started = time.perf_counter()
        generator.append_tokens(prompts)
        generator.generate_next_token()  # which waits for the device
        prompted = time.perf_counter()
        for _ in range(asked.new - 1):
            generator.generate_next_token()
        generator.get_next_tokens()
        return prompted - started, time.perf_counter() - prompted

    return run


def measure_engine(folder: Path, asked: Any) -> Run:
    """onnxruntime-genai's engine with its paged cache: as many requests as rows, at once."""
    import numpy as np
    import onnxruntime_genai as genai

    model = genai.Model(_configure(genai, folder, asked.device))
    engine = genai.Engine(model)
    events = engine.create_event_buffer(1024)
    finished, token = (
        int(flag) for flag in (genai.EngineEventFlags.TURN_FINISHED, genai.EngineEventFlags.TOKEN)
    )
    failed = int(genai.EngineEventFlags.FAILED)
    counter = iter(range(1, 2**31))

    def run(batch: int) -> tuple[float, float]:
        # Other prompts each time: the engine would find those of the run before in its cache.
        random = np.random.default_rng(next(counter))
        requests = []
        started = time.perf_counter()
        for _ in range(batch):
            options = genai.RequestOptions()
            options.set_max_session_tokens(asked.prompt + asked.new)
            request = engine.create_request(options=options)
            turn = genai.TurnOptions(request)
            turn.set_do_sample(False)
            turn.set_max_generated_tokens(asked.new)
            request.begin_turn(random.integers(3, 500, asked.prompt).tolist(), turn)
            requests.append(request)
        begun = ended = 0
        prompted = started
        while ended < batch:
            for event in engine.run(events):
                flags = int(event.flags)
                if flags & failed:
                    raise RuntimeError(f"the engine failed with code {event.error_code}")
                if flags & token:
                    begun += 1
                    if begun == batch:
                        prompted = time.perf_counter()
                ended += bool(flags & finished)
        seconds = time.perf_counter() - prompted
        for request in requests:
            request.close()
        return prompted - started, seconds

    return run


def measure_transformers(checkpoint: Path, asked: Any) -> Run:
    """transformers with SDPA attention and a static cache."""
    import torch
    from transformers import AutoModelForCausalLM, DynamicCache

    dtype = torch.float16 if asked.device == "cuda" else torch.float32
    model = AutoModelForCausalLM.from_pretrained(
        checkpoint, dtype=dtype, attn_implementation="sdpa"
    ).to(asked.device)

    def run(batch: int) -> tuple[float, float]:
        prompts = torch.randint(3, 500, (batch, asked.prompt), device=asked.device)
        with torch.inference_mode():
            started = _now(asked.device)
            seen = model(prompts, past_key_values=DynamicCache(), use_cache=True, logits_to_keep=1)
            tokens = seen.logits[:, -1:].argmax(-1)
            prompted = _now(asked.device)
            for _ in range(asked.new - 1):
                seen = model(tokens, past_key_values=seen.past_key_values, use_cache=True)
                tokens = seen.logits[:, -1:].argmax(-1)
            return prompted - started, _now(asked.device) - prompted

    return run


def _measure(run: Run, engine: str, precision: str, asked: Any) -> list[Row]:
    rows = []
    for batch in asked.batches:
        try:
            run(batch)  # warm
            timed = [run(batch) for _ in range(asked.rounds)]
        except Exception as exc:  # noqa: BLE001 - a batch that does not fit costs its row alone
            _tell(f"{engine} {precision} batch {batch}: {str(exc)[:200]}")
            continue
        prompt_s, steps_s = (statistics.median(column) for column in zip(*timed, strict=True))
        row = {
            "engine": engine,
            "precision": precision,
            "batch": batch,
            "prefill": round(batch * asked.prompt / prompt_s, 1),
            "decode": round(batch * (asked.new - 1) / steps_s, 1),
        }
        _tell(str(row))
        rows.append(row)
    return rows


def _step_bytes(folder: Path, asked: Any, row: Row, shape: dict[str, Any]) -> float:
    """What one step reads: all weights once, and the keys and values of every row."""
    if row["engine"] == "transformers":
        name, element = asked.shape, 2 if asked.device == "cuda" else 4
        weights = _file_bytes(folder / name, ".safetensors") * element / 2
    else:
        element = 2 if asked.device == "cuda" else 4
        paged = "-paged" if "paged" in row["engine"] else ""
        weights = _file_bytes(
            folder / f"{asked.shape}-{row['precision']}-{asked.device}{paged}", ".data"
        )
    head = shape["hidden_size"] // shape["num_attention_heads"]
    of_token = 2 * shape["num_hidden_layers"] * shape["num_key_value_heads"] * head * element
    return float(weights + row["batch"] * of_token * (asked.prompt + asked.new / 2))


def _file_bytes(folder: Path, suffix: str) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.suffix == suffix)


def _compare(rows: list[Row]) -> None:
    """How many times transformers' tokens a second of the same batch."""
    reference = {row["batch"]: row for row in rows if row["engine"] == "transformers"}
    for row in rows:
        other = reference.get(row["batch"])
        row["times_transformers"] = round(row["decode"] / other["decode"], 2) if other else None


def _build_once(
    checkpoint: Path, target: Path, *, precision: str, device: str, further: list[str] | None = None
) -> None:
    from assistant.models.recipes.checkpoint import build

    if (target / "genai_config.json").is_file():
        return
    _tell(f"writing the model as {precision}{' paged' if further else ''}")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        build(
            checkpoint,
            target,
            precision=precision,
            device=device,
            scratch=Path(scratch),
            further=further or (),
        )


def _configure(genai: Any, folder: Path, device: str) -> Any:
    config = genai.Config(str(folder))
    if device == "cuda":
        config.clear_providers()
        config.append_provider("cuda")
    else:
        threads = {"session_options": {"intra_op_num_threads": os.cpu_count() or 1}}
        config.overlay(json.dumps({"model": {"decoder": threads}}))
    return config


def _now(device: str) -> float:
    """Seconds, once the device has done all that it was told."""
    if device == "cuda":
        import torch

        torch.cuda.synchronize()
    return time.perf_counter()


def _device_name(device: str) -> str:
    if device == "cuda":
        import torch

        return str(torch.cuda.get_device_name())
    return f"{os.cpu_count()} processor cores"


def _as_table(report: dict[str, Any]) -> str:
    columns = ("engine", "precision", "batch", "prefill", "decode", "limit", "of_limit")
    columns += ("times_transformers",)
    lines = [f"{report['device']}, {report['shape']}, {report['bandwidth_gb_s']} GB/s", ""]
    lines += ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    lines += [
        "| " + " | ".join(str(row[name]) for name in columns) + " |" for row in report["rows"]
    ]
    return "\n".join(lines)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
