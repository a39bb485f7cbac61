from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from huggingface_hub.hf_api import RepoFile

from assistant.errors import ModelFetchError, ModelMissingError, UnknownModelError
from assistant.models.catalog import (
    BUILT_IN,
    ENTRIES,
    MODEL_ID,
    CheckpointSource,
    HubSource,
    ModelEntry,
    RemoteSource,
    find_model,
)
from assistant.models.depot import Depot
from assistant.models.embedders import open_embedder
from assistant.models.generators import open_generator
from assistant.models.hub_listing import Order, select
from assistant.models.settings import ModelSettings


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("phi-3-medium-128k-cuda-fp61", "phi-3-medium-128k-cuda-fp16"),
        ("Claude-3-Haiku", "claude-3-haiku"),
        ("multilingual-e5-smal", "multilingual-e5-small"),
        ("SmolLM2-135M", "smollm2-135m-instruct"),
        ("minilm-l6-v2", "all-minilm-l6-v2"),
    ],
)
def test_unknown_id_suggests_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(UnknownModelError, match=f"did you mean '{meant}'"):
        find_model(typed)


def test_unknown_id_like_no_other_lists_all() -> None:
    with pytest.raises(UnknownModelError, match=r"'xyz'; The catalogue has: .*e5.*smollm2"):
        find_model("xyz")


def test_other_prefixes_are_another_revision() -> None:
    entry = find_model("multilingual-e5-small")
    assert dataclasses.replace(entry, query_prefix="question: ").revision != entry.revision
    assert dataclasses.replace(entry, title="another title").revision == entry.revision


def test_generator_is_refused_as_embedder() -> None:
    with pytest.raises(UnknownModelError, match="is a generator, expected an embedder"):
        open_embedder(ModelSettings(embedder="smollm2-135m-instruct"))


def test_embedder_is_refused_as_generator() -> None:
    with pytest.raises(UnknownModelError, match="is an embedder, expected a generator"):
        open_generator(ModelSettings(generator="all-minilm-l6-v2"))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_a_row_says_all_that_a_person_has_to_know(entry: ModelEntry) -> None:
    assert MODEL_ID.fullmatch(entry.id)
    assert entry.title
    assert entry.licence
    assert entry.limit_tokens > 0
    assert entry.source.title
    if entry.kind == "generator":
        assert entry.prompt_format
        assert entry.runs_on in entry.id or entry in BUILT_IN or entry.runs_on == "remote"
    if not isinstance(entry.source, RemoteSource):
        assert entry.size_bytes > 0
        assert entry.build_bytes >= entry.size_bytes
        assert entry.precision in entry.title
        assert entry.files


def test_ids_and_revisions_are_unlike() -> None:
    assert len({entry.id for entry in ENTRIES}) == len(ENTRIES)
    assert len({entry.revision for entry in ENTRIES}) == len(ENTRIES)


def test_the_whole_family_is_there() -> None:
    ids = {entry.id for entry in ENTRIES}
    for size, contexts, variants in (
        ("mini", ("4k", "128k"), ("cpu-int4", "cuda-int4", "cuda-fp16")),
        ("small", ("8k", "128k"), ("cuda-int4", "cuda-fp16")),
        ("medium", ("4k", "128k"), ("cpu-int4", "cuda-int4", "cuda-fp16")),
    ):
        assert {f"phi-3-{size}-{c}-{v}" for c in contexts for v in variants} <= ids
    assert {"phi-3.5-mini-cpu-int4", "phi-2-cpu-int4", "orca-math-7b-cpu-int4"} <= ids
    assert {"gemma-2b-it-cpu-int4", "gemma-7b-it-cpu-int4", "llama-3-8b-instruct-cpu-int4"} <= ids
    assert {"openai-compatible", "claude-3-haiku"} <= ids


BESIDE = ("config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json")
CODE = ("configuration_phi3.py", "tokenization_phi3_small.py")


@pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if isinstance(e.source, HubSource)], ids=lambda entry: entry.id
)
def test_a_rows_folder_gives_its_files_and_no_other(entry: ModelEntry) -> None:
    """With the names of Microsoft's repositories, which are not called model.onnx."""
    source = entry.source
    assert isinstance(source, HubSource)
    model = f"{entry.id}.onnx"
    wanted = {*BESIDE, model, f"{model}.data", "genai_config.json", "cl100k_base.tiktoken"}
    paths = [f"{source.folder}/{name}" for name in (*wanted, *CODE)]
    paths += [f"elsewhere/{name}" for name in wanted]
    paths += ["README.md", "LICENSE", "config.json", f"{source.folder}-other/model.onnx"]
    tree = [RepoFile(path=path, size=1, oid="0" * 40) for path in paths]
    order = Order(
        endpoint="https://hub.example",
        repository=source.repository,
        revision=source.revision,
        folder=source.folder,
        patterns=list(source.patterns),
        sha256={},
        target="/nowhere",
    )
    chosen = {one.name: one.path for one in select(tree, order)}
    assert chosen.keys() == wanted | {"LICENSE"}
    assert set(entry.files) <= chosen.keys()
    assert chosen[model] == f"{source.folder}/{model}"
    assert chosen["LICENSE"] == "LICENSE"


@pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if isinstance(e.source, CheckpointSource)], ids=lambda e: e.id
)
def test_a_checkpoint_is_taken_without_pickles_and_copies(entry: ModelEntry) -> None:
    assert isinstance(entry.source, CheckpointSource)
    source = entry.source.as_hub
    wanted = {
        "config.json",
        "generation_config.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
    }
    others = ["pytorch_model.bin", "modeling.py", "gemma.gguf", "original/consolidated.00.pth"]
    others += ["original/params.json", "original/tokenizer.model"]
    tree = [RepoFile(path=path, size=1, oid="0" * 40) for path in (*wanted, *others)]
    order = Order("", source.repository, "main", "", list(source.patterns), {}, "/nowhere")
    assert {one.name for one in select(tree, order)} == wanted


def test_what_cannot_be_pulled_says_what_to_do_instead(tmp_path: Path) -> None:
    depot = Depot(tmp_path)
    for model_id, said in (
        ("orca-math-7b-cpu-int4", "philo models import FOLDER"),
        ("claude-3-haiku", r"Name it as models\.generator"),
    ):
        with pytest.raises(ModelFetchError, match=said):
            depot.pull(find_model(model_id))
    assert depot.status(find_model("claude-3-haiku")) == "remote"
    with pytest.raises(ModelMissingError, match="runs on another machine"):
        depot.load_path(find_model("claude-3-haiku"))
