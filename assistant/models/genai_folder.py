"""What a folder of ONNX Runtime GenAI says about its model, in genai_config.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelFolderError

CONFIG = "genai_config.json"
LARGEST_CONFIG_BYTES = 2**20

_TEMPLATES = {
    "<|im_start|>": "chatml",
    "<|start_header_id|>": "llama3",
    "<start_of_turn>": "gemma",
    "<|user|>": "phi3",
    "[INST]": "mistral",
}
"""What a chat template holds, and the family that it is of."""


@dataclass(frozen=True, slots=True)
class GenaiFolder:
    """`context_tokens` is the longest prompt and answer together. `cache_values` is how many
    numbers the cache keeps for each token. `model_files` are the ONNX files named."""

    path: Path
    architecture: str
    context_tokens: int
    cache_values: int
    model_files: tuple[str, ...]

    @property
    def prompt_format(self) -> str:
        """The family of the chat template; "" where there is none that is known."""
        for name in ("chat_template.jinja", "tokenizer_config.json"):
            path = self.path / name
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
            for mark, family in _TEMPLATES.items():
                if mark in text:
                    return family
        return ""


def read_genai_folder(path: Path) -> GenaiFolder:
    """Read the configuration and see that the files it names are there.

    Raises:
        ModelFolderError: it is damaged or incomplete; names the file.
    """
    config = path / CONFIG
    try:
        if config.stat().st_size > LARGEST_CONFIG_BYTES:
            raise ValueError(f"more than {LARGEST_CONFIG_BYTES} bytes")
        model = json.loads(config.read_text(encoding="utf-8"))["model"]
        decoder = model["decoder"]
        folder = GenaiFolder(
            path=path,
            architecture=str(model["type"]),
            context_tokens=int(model["context_length"]),
            cache_values=2
            * int(decoder["num_hidden_layers"])
            * int(decoder["num_key_value_heads"])
            * int(decoder["head_size"]),
            model_files=tuple(sorted(set(_named_files(model)))),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as exc:
        raise ModelFolderError(
            f"{config} cannot be read ({type(exc).__name__}: {exc}); expected the file that "
            "ONNX Runtime GenAI's model builder writes"
        ) from exc
    for name in (*folder.model_files, "tokenizer.json"):
        if not (path / name).is_file():
            raise ModelFolderError(f"{path} has no {name}, which {CONFIG} needs")
    if not folder.model_files or folder.context_tokens < 1:
        raise ModelFolderError(f"{config} names no model or no context")
    return folder


def _named_files(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "filename" and isinstance(inner, str):
                yield inner
            else:
                yield from _named_files(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_files(inner)
