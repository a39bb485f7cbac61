"""One row of the catalogue."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Literal

from assistant.models.catalog.sources import Device, Source

ModelKind = Literal["embedder", "generator", "reader"]

GENERATOR_FILES = ("genai_config.json", "tokenizer.json", "tokenizer_config.json")
"""What every folder of ONNX Runtime GenAI has; the name of its model is in the first."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model that can be used.

    `recipe` is the module of `assistant.models.recipes` that converts it ("" where its files
    are used as they come), and `recipe_version` rises whenever that gives other files. `files`
    are what must be there in the end. `limit_tokens` is the longest text of an embedder, or the
    context of a generator; `dimension` is 0 for a generator. `build_bytes` is the disk space
    that fetching and converting takes, `size_bytes` about what is kept. `prompt_format` names
    the family of the chat template. `note` is what a person should know before choosing it.
    """

    id: str
    kind: ModelKind
    title: str
    licence: str
    languages: tuple[str, ...]
    source: Source
    recipe: str
    recipe_version: int
    files: tuple[str, ...]
    limit_tokens: int
    build_bytes: int
    dimension: int = 0
    query_prefix: str = ""
    passage_prefix: str = ""
    size_bytes: int = 0
    prompt_format: str = ""
    precision: str = "int8"
    runs_on: Device | Literal["remote"] = "cpu"
    note: str = ""
    revision: str = field(init=False)

    def __post_init__(self) -> None:
        shaping = [self.source.identity, self.recipe, self.recipe_version, self.limit_tokens]
        shaping += [self.query_prefix, self.passage_prefix]
        digest = hashlib.sha256(json.dumps(shaping).encode()).hexdigest()
        object.__setattr__(self, "revision", digest[:10])
