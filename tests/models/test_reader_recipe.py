"""From the trained change to the model: nothing is lost but what int8 rounds off."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

from assistant.models.catalog import find_model
from assistant.models.catalog.built_in import READER_DELTA_SHA256
from assistant.models.recipes import e5_reader
from assistant.models.recipes.e5_reader import DELTA, SpanReader, add_delta
from assistant.models.recipes.e5_small import BLOCK, BLOCK_DTYPE, Checkpoint, Sizes
from assistant.models.recipes.encoder import SentenceEncoder, export_onnx


@pytest.fixture
def tiny() -> SpanReader:
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        attn_implementation="eager",
    )
    bert = BertModel(config, add_pooling_layer=False)
    return SpanReader(SentenceEncoder(bert, bert.embeddings.word_embeddings)).eval()


def test_the_change_that_ships_is_the_one_that_the_recipe_names():
    assert hashlib.sha256(DELTA.read_bytes()).hexdigest() == READER_DELTA_SHA256
    assert DELTA.stat().st_size < 30_000_000


def test_a_change_is_added_row_by_row(tiny: SpanReader, tmp_path: Path):
    name = "bert.encoder.layer.1.output.dense.weight"
    before = tiny.get_parameter(name).detach().clone()
    head = torch.randn_like(tiny.head.weight)
    steps = torch.randint(-127, 128, before.shape, dtype=torch.int8)
    size = torch.rand(before.shape[0], 1) / 100
    path = tmp_path / "delta.safetensors"
    save_file({f"{name}.steps": steps, f"{name}.step_size": size, "head.weight": head}, path)
    add_delta(tiny, path)
    assert torch.equal(tiny.get_parameter(name), before + steps.float() * size)
    assert torch.equal(tiny.head.weight, head)


def test_a_change_of_another_model_is_refused(tiny: SpanReader, tmp_path: Path):
    save_file({"bert.pooler.weight": torch.ones(2)}, tmp_path / "delta.safetensors")
    with pytest.raises(ValueError, match=r"changes 'bert\.pooler\.weight'"):
        add_delta(tiny, tmp_path / "delta.safetensors")


@pytest.mark.filterwarnings("ignore")  # of torch's exporter, which runs in a child otherwise
def test_the_exported_reader_gives_the_logits_of_the_torch_one(tiny: SpanReader, tmp_path: Path):
    export_onnx(tiny, tmp_path / "model.onnx", output="logits", axes={0: "batch", 1: "tokens"})
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    ids = torch.arange(3, 40).reshape(1, -1)
    mask = torch.ones_like(ids)
    with torch.no_grad():
        expected = tiny(ids, mask).numpy()
    feed = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
    found = session.run(["logits"], feed)[0]
    assert found.shape == expected.shape == (1, 37, 3)
    assert np.abs(found - expected).max() < 0.1


def test_packed_word_vectors_are_those_of_the_embedder():
    generator = np.random.default_rng(5)
    table = np.zeros(7 * 2, BLOCK_DTYPE)
    table["scale"] = generator.random(14).astype(np.float16)
    table["nibbles"] = generator.integers(0, 256, (14, BLOCK // 2), dtype=np.uint8)
    sizes = Sizes(hidden=64, layers=0, heads=1, feed_forward=1, vocabulary=7, positions=1, types=1)
    checkpoint = Checkpoint(sizes, 1e-12, 0, [], {"emb.word": table})
    packed = e5_reader.PackedEmbedding(checkpoint)(torch.arange(7)[None])
    assert np.array_equal(packed[0].numpy(), checkpoint.dense("emb.word").reshape(7, 64))


def test_the_catalogue_has_the_reader_with_the_embedder_s_source():
    reader, embedder = (
        find_model("multilingual-e5-small-reader"),
        find_model("multilingual-e5-small"),
    )
    assert reader.kind == "reader"
    assert reader.source == embedder.source
