"""GGUF files read back into a Hugging Face checkpoint folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.errors import ModelFetchError
from assistant.models.recipes.room import reading_bytes, require_memory

GGUF_MAGIC = b"GGUF"
LOST_TENSORS = ("rope_freqs", "rope_factors")


def find_gguf(source: Path) -> Path | None:
    """The GGUF file that `source` is or holds; None where there is none.

    Raises:
        ModelFetchError: several, or parts of one.
    """
    if source.is_file():
        return source
    found = sorted(source.glob("*.gguf"))
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ModelFetchError(
            f"{source} has several GGUF files ({names}); name the one to import, and join parts "
            "of one model with llama.cpp's gguf-split --merge"
        )
    return found[0] if found else None


def unpack_gguf(file: Path, folder: Path, *, half: bool) -> None:
    """Write what a GGUF file holds as config.json, safetensors and tokenizer.

    Args:
        half: keep the numbers in fp16, which takes half the room; blocks of 4 or 8 bits hold
            no more. Otherwise fp32.
    Raises:
        ModelFetchError: no GGUF file, or one that transformers reads only in part.
        NotEnoughMemoryError: it would not fit; the message gives both numbers.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    window, values = _inspect(file)
    require_memory(reading_bytes(values, 2 if half else 4), f"reading {file.name}")
    try:
        model = AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, dtype=torch.float16 if half else torch.float32
        )
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    except Exception as exc:  # the library raises whatever it meets
        raise ModelFetchError(
            f"{file} cannot be read ({exc}); import the model's safetensors checkpoint instead"
        ) from exc
    config = _without_gguf(model.config)
    if window is not None and hasattr(config, "sliding_window"):
        config.sliding_window = window
    # Whatever remembers the GGUF would be saved too and trip up the reader of the checkpoint.
    fresh = _empty(type(model), config, model.dtype)
    fresh.load_state_dict(model.state_dict(), assign=True)
    fresh.tie_weights()
    fresh.generation_config = model.generation_config
    fresh.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _empty(model_class: Any, config: Any, dtype: Any) -> Any:
    import torch

    with torch.device("meta"):
        return model_class(config).to(dtype)


def _without_gguf(config: Any) -> Any:
    plain = config.to_dict()
    plain.pop("quantization_config", None)
    return type(config)(**plain)


def _inspect(file: Path) -> tuple[int | None, int]:
    """The sliding window, which transformers overlooks for Phi-3, and the number of values."""
    from gguf import GGUFReader

    with file.open("rb") as opened:
        magic = opened.read(4)
    if magic != GGUF_MAGIC:
        raise ModelFetchError(
            f"{file} is no GGUF file (it starts with {magic!r}); name a checkpoint folder or a "
            ".gguf file"
        )
    try:
        reader = GGUFReader(file)
    except (ValueError, IndexError, KeyError, OSError) as exc:
        raise ModelFetchError(f"{file} is damaged ({exc}); fetch it again") from exc
    lost = [tensor.name for tensor in reader.tensors if tensor.name.startswith(LOST_TENSORS)]
    architecture = str(reader.fields["general.architecture"].contents())
    scaling = reader.fields.get(f"{architecture}.rope.scaling.type")
    if lost or (scaling is not None and scaling.contents() != "none"):
        raise ModelFetchError(
            f"{file} scales its rotary embeddings ({lost[0] if lost else scaling.contents()}), "
            "which is lost when a GGUF is read; import the model's safetensors checkpoint instead"
        )
    window = reader.fields.get(f"{architecture}.attention.sliding_window")
    values = sum(int(tensor.n_elements) for tensor in reader.tensors)
    return (int(window.contents()) if window is not None else None), values
