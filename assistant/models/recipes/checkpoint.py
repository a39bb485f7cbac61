"""Any supported checkpoint as ONNX for onnxruntime-genai.

    python -m assistant.models.recipes.checkpoint SOURCE TARGET --precision int4 --device cpu

SOURCE is a Hugging Face checkpoint folder, a GGUF file or a folder with one. Progress goes to
standard output; the last line on standard error is the reason of a failure.
"""

from __future__ import annotations

import argparse
import errno
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from assistant.errors import ModelError, ModelFetchError
from assistant.models.recipes import source as checkpoints
from assistant.models.recipes.architectures import ARCHITECTURES, require_runnable
from assistant.models.recipes.builder import Device, Precision, build
from assistant.models.recipes.gguf import find_gguf, unpack_gguf
from assistant.models.recipes.room import conversion_bytes, require_disk, require_memory
from assistant.offline import forbid_telemetry

TURN_ENDS = ("<|end|>", "<|eot_id|>", "<|im_end|>", "<end_of_turn>")
"""After such a token a model would write the reader's next turn; some checkpoints do not name it
as an end, and no GGUF file names more than one."""

LEAST_CONTEXT_TOKENS = 16

Tell = Callable[[str], None]


def convert(
    source: Path,
    target: Path,
    *,
    precision: Precision,
    device: Device,
    context_tokens: int | None = None,
    all_logits: bool = False,
    tell: Tell = lambda _line: None,
) -> None:
    """Write the model, its settings and its tokenizer into `target`, all or nothing.

    Args:
        context_tokens: the longest prompt and answer together; the checkpoint's own if None.
        all_logits: score every position of a prompt, not only the last. The library's static
            engine and speculation need it; it costs time and memory in proportion to the prompt.
    Raises:
        ModelFetchError: the checkpoint is incomplete, damaged or not supported, or the result
            does not run.
        NotEnoughMemoryError: it would not fit; the message gives both numbers.
    """
    _require_combination(precision, device)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".staged-", dir=target) as scratch:
        staged = Path(scratch) / "checkpoint"
        gguf = find_gguf(source) if not (source / "config.json").is_file() else None
        if gguf is not None:
            tell("reading the GGUF file")
            unpack_gguf(gguf, Path(scratch) / "unpacked", half=precision in ("int4", "fp16"))
            checkpoints.stage(Path(scratch) / "unpacked", staged)
        else:
            checkpoints.stage(source, staged)
        parameters = _require_importable(staged, precision, context_tokens, tell)
        require_disk(target, parameters, precision)
        weights = sum(path.stat().st_size for path in staged.glob("*.safetensors"))
        needed = conversion_bytes(weights, parameters, precision)
        require_memory(needed, f"writing the model as {precision}")
        tell(f"writing the ONNX model ({precision}, {device})")
        made = Path(scratch) / "model"
        build(staged, made, precision=precision, device=device, all_logits=all_logits)
        _finish(staged, made, context_tokens)
        if device == "cpu":
            tell("trying the model")
            prove(made)
        for path in made.iterdir():
            path.replace(target / path.name)


def prove(folder: Path) -> None:
    """Load the model and write one token.

    Raises:
        ModelFetchError: it cannot be loaded, or its numbers are not numbers.
    """
    import numpy as np
    import onnxruntime_genai

    try:
        model = onnxruntime_genai.Model(str(folder))
        parameters = onnxruntime_genai.GeneratorParams(model)
        parameters.set_search_options(max_length=LEAST_CONTEXT_TOKENS, do_sample=False)
        generator = onnxruntime_genai.Generator(model, parameters)
        generator.append_tokens(np.arange(3, 7, dtype=np.int32))
        logits = np.asarray(generator.get_logits())
        generator.generate_next_token()
    except Exception as exc:  # the library raises nothing narrower
        raise ModelFetchError(
            f"the converted model does not run ({exc}); this is a bug of Philo: please report it "
            "with the model's name and the versions in 'pip list'"
        ) from exc
    if not np.isfinite(logits).all():
        raise ModelFetchError(
            "the converted model computes infinite numbers: the weights are damaged, or too large "
            "for this precision; fetch the checkpoint again, or choose fp32"
        )


def _require_combination(precision: Precision, device: Device) -> None:
    if (precision, device) == ("fp16", "cpu"):
        raise ModelFetchError("fp16 does not run on the processor; choose int4, int8 or fp32")
    if (precision, device) == ("fp32", "cuda"):
        raise ModelFetchError("fp32 is not written for CUDA; choose fp16, int8 or int4")


def _require_importable(
    staged: Path, precision: Precision, context_tokens: int | None, tell: Tell
) -> int:
    """Check everything that can be known before a weight is loaded; the number of parameters."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.from_pretrained(staged)
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
    except Exception as exc:  # the library raises whatever its validation meets
        raise ModelFetchError(
            f"config.json cannot be used ({_first_line(exc)}); fetch the file again"
        ) from exc
    row = ARCHITECTURES[config.model_type]
    require_runnable(row, config, context_tokens)
    if row.needs_bf16 and precision == "fp16":
        raise ModelFetchError(f"{row.covers} overflows in fp16; choose int4 or int8")
    longest = config.max_position_embeddings
    least = LEAST_CONTEXT_TOKENS
    if context_tokens is not None and not least <= context_tokens <= longest:
        raise ModelFetchError(f"--context is {context_tokens}, expected {least} to {longest}")
    tied = set(model.all_tied_weights_keys) if config.tie_word_embeddings else set()
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    checkpoints.require_complete(
        staged, {name: shape for name, shape in shapes.items() if name not in tied}
    )
    checkpoints.require_tokens_fit(staged, config.vocab_size)
    parameters = int(sum(parameter.numel() for parameter in model.parameters()))
    layers = config.num_hidden_layers
    tell(f"{row.model_type}, {layers} layers, {parameters / 1e6:.1f} million parameters")
    return parameters


def _finish(staged: Path, target: Path, context_tokens: int | None) -> None:
    """Put beside the model what the runtime reads: its limit, where an answer ends, and the
    tokenizer as it came."""
    from tokenizers import Tokenizer

    path = target / "genai_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_file(str(staged / "tokenizer.json"))
    stated = settings["model"]["eos_token_id"]
    ends = stated if isinstance(stated, list) else [stated]
    known = filter(None, map(tokenizer.token_to_id, TURN_ENDS))
    settings["model"]["eos_token_id"] = list(dict.fromkeys([*ends, *known]))
    if context_tokens is not None:
        settings["model"]["context_length"] = context_tokens
        settings["search"]["max_length"] = context_tokens
    path.write_text(json.dumps(settings, indent=4), encoding="utf-8")
    for name in ("tokenizer.json", "config.json"):
        shutil.copyfile(staged / name, target / name)


def _first_line(exc: BaseException) -> str:
    said = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return said[-1] if said else type(exc).__name__


def _explain(exc: BaseException) -> str:
    if isinstance(exc, ModelError):
        return str(exc)
    if isinstance(exc, OSError) and exc.errno == errno.ENOSPC:
        return "the disk is full; free some space, or keep models elsewhere"
    if isinstance(exc, MemoryError) or "can't allocate memory" in str(exc):
        return "the memory is used up; close other programs, or convert on a larger machine"
    return f"{type(exc).__name__}: {_first_line(exc)}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="checkpoint", description="Checkpoint to ONNX")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--precision", choices=("int4", "int8", "fp16", "fp32"), default="int4")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--context", type=int, metavar="N")
    parser.add_argument("--all-logits", action="store_true")
    given = parser.parse_args()
    forbid_telemetry()
    try:
        convert(
            given.source,
            given.target,
            precision=given.precision,
            device=given.device,
            context_tokens=given.context,
            all_logits=given.all_logits,
            tell=lambda line: print(line, flush=True),
        )
    except Exception as exc:  # noqa: BLE001 - the edge of the process: told to the parent
        print(_explain(exc).replace("\n", " "), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
