"""A Hugging Face checkpoint folder as it comes from somewhere: read with suspicion.

Everything that can be known without loading a weight is checked first, because loading takes
minutes and transformers fills a missing tensor with random numbers.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.errors import ModelFetchError
from assistant.models.recipes.architectures import ARCHITECTURES, find_architecture

PROCESSING = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "generation_config.json",
)
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
HEADER_LIMIT_BYTES = 100_000_000  # as the format's own library has it


def stage(source: Path, folder: Path) -> Path:
    """Gather what a conversion reads in `folder`, and nothing else.

    Python code, adapters and pickles that lie in the checkpoint are left out. Weights are
    linked, not copied.

    Raises:
        ModelFetchError: the checkpoint is incomplete, damaged or not supported.
    """
    config = read_json(source / "config.json", "it describes the model")
    row = find_architecture(config)
    weights = find_weights(source)
    if not (source / "tokenizer.json").is_file():
        raise ModelFetchError(
            f"{source} has no tokenizer.json; fetch the tokenizer's files too, or write it with "
            "transformers: AutoTokenizer.from_pretrained(...).save_pretrained(...)"
        )
    config.pop("auto_map", None)
    config["architectures"] = [row.model_class]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    for name in PROCESSING:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    _drop_custom_code(folder / "tokenizer_config.json")
    for path in weights:
        _link(path, folder / path.name)
    index = source / "model.safetensors.index.json"
    if index.is_file() and len(weights) > 1:
        shutil.copyfile(index, folder / index.name)
    return folder


def find_weights(source: Path) -> list[Path]:
    """The safetensors files of a checkpoint, each whole.

    Raises:
        ModelFetchError: there are none, one is missing or is cut short.
    """
    single = source / "model.safetensors"
    index = source / "model.safetensors.index.json"
    if single.is_file():
        files = [single]
    elif index.is_file():
        mapping = read_json(index, "it names the files of weights").get("weight_map")
        if not isinstance(mapping, dict) or not mapping:
            raise ModelFetchError(f"{index} has no weight_map; fetch the file again")
        names = sorted({str(name) for name in mapping.values()})
        files = [source / name for name in names]
        for name, path in zip(names, files, strict=True):
            if Path(name).name != name or not path.is_file():
                raise ModelFetchError(
                    f"{index.name} names {name}, which is not in {source}; fetch the missing file"
                )
    else:
        pickles = sorted(path.name for kind in PICKLES for path in source.glob(kind))
        if pickles:
            raise ModelFetchError(
                f"the weights are in {pickles[0]}, a pickle, which can run any code when it is "
                "read; fetch the checkpoint's .safetensors files instead (most repositories have "
                "them, if need be on the branch refs/pr/1), or convert it on a machine set apart"
            )
        raise ModelFetchError(
            f"{source} has no weights; expected model.safetensors, or parts of it with "
            "model.safetensors.index.json, or a .gguf file"
        )
    for path in files:
        read_header(path)
    return files


def read_header(path: Path) -> dict[str, dict[str, Any]]:
    """Tensor name -> dtype, shape and data_offsets of a safetensors file.

    Raises:
        ModelFetchError: it is not such a file, or shorter or longer than its header says.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (header_bytes,) = struct.unpack("<Q", file.read(8))
            if header_bytes > min(size, HEADER_LIMIT_BYTES):
                raise ValueError(f"a header of {header_bytes} bytes")
            tensors = json.loads(file.read(header_bytes))
        tensors.pop("__metadata__", None)
        end = max(int(tensor["data_offsets"][1]) for tensor in tensors.values())
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, IndexError) as exc:
        raise ModelFetchError(
            f"{path} is no safetensors file ({exc}); fetch it again (a file of about 130 bytes is "
            "only Git LFS's pointer to it)"
        ) from exc
    expected = 8 + header_bytes + end
    if size != expected:
        raise ModelFetchError(f"{path} has {size} bytes, expected {expected}; fetch it again")
    return dict(tensors)


def require_complete(folder: Path, expected: Mapping[str, tuple[int, ...]]) -> None:
    """Compare the tensors of a staged checkpoint with those of its architecture.

    Args:
        expected: tensor name -> shape.
    Raises:
        ModelFetchError: a tensor is missing or of another shape; names it.
    """
    found: dict[str, tuple[int, ...]] = {}
    for path in folder.glob("*.safetensors"):
        found |= {name: tuple(tensor["shape"]) for name, tensor in read_header(path).items()}
    missing = sorted(set(expected) - set(found))
    if missing:
        raise ModelFetchError(
            f"the weights lack {len(missing)} of {len(expected)} tensors, {missing[0]} among them; "
            "fetch the checkpoint again, and one that generates text"
        )
    for name, shape in expected.items():
        if found[name] != shape:
            raise ModelFetchError(
                f"tensor {name} has the shape {found[name]}, config.json implies {shape}; "
                "the two are of different models: fetch the checkpoint again"
            )


def require_tokens_fit(folder: Path, vocabulary: int) -> None:
    """Raises: ModelFetchError: the tokenizer gives ids that the model has no row for."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as exc:  # the library raises nothing narrower
        raise ModelFetchError(
            f"tokenizer.json cannot be read ({exc}); fetch the file again"
        ) from exc
    highest = max(tokenizer.get_vocab().values(), default=-1)
    if not 0 <= highest < vocabulary:
        raise ModelFetchError(
            f"tokenizer.json has tokens up to {highest}, the model knows {vocabulary}; "
            "the two are of different models: fetch the checkpoint again"
        )


def read_json(path: Path, purpose: str) -> dict[str, Any]:
    """Raises: ModelFetchError: the file is missing or no JSON object."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelFetchError(
            f"{path} is missing ({purpose}); name the folder of a Hugging Face checkpoint"
            f" of one of: {', '.join(ARCHITECTURES)}"
        ) from None
    except (OSError, ValueError) as exc:
        raise ModelFetchError(f"{path} cannot be read ({exc}); fetch the file again") from exc
    if not isinstance(value, dict):
        raise ModelFetchError(f"{path} holds no JSON object; fetch the file again")
    return value


def _drop_custom_code(path: Path) -> None:
    if path.is_file():
        stated = read_json(path, "it describes the tokenizer")
        stated.pop("auto_map", None)
        path.write_text(json.dumps(stated), encoding="utf-8")


def _link(path: Path, link: Path) -> None:
    try:
        link.symlink_to(path.resolve())
    except OSError:  # a file system or a user without the right to
        shutil.copyfile(path, link)
