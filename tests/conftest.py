"""Fixtures of all tests. The built-in models are real: pulled once, then found in the cache."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.offline import forbid_telemetry

forbid_telemetry()  # before any test module imports a library that would look for its switch

from assistant.models.catalog import BUILT_IN, find_model  # noqa: E402
from assistant.models.depot import Depot  # noqa: E402
from assistant.models.onnx_model import load_tokenizer  # noqa: E402
from assistant.models.settings import ModelSettings  # noqa: E402

pytest_plugins = ["tests.servers.chroma", "tests.servers.postgres"]


@pytest.fixture(scope="module", autouse=True)
def give_memory_back() -> Iterator[None]:
    """What a file of tests has freed goes back to the machine: two workers, a browser and a
    cluster share it."""
    yield
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # only glibc keeps what is freed
        ctypes.CDLL("libc.so.6").malloc_trim(0)


@pytest.fixture(scope="session")
def model_directory() -> Iterator[Path]:
    """Where the three built-in models lie, ready to be loaded.

    PHILO_MODELS__DIRECTORY, or the user's cache. The tokenizer, which takes longest to load, is
    held in this process for all that open them.
    """
    stated = os.environ.get("PHILO_MODELS__DIRECTORY")
    directory = Path(stated) if stated else ModelSettings().directory
    for entry in BUILT_IN:
        Depot(directory).pull(entry)
    embedder = find_model("multilingual-e5-small")
    held = load_tokenizer(Depot(directory).load_path(embedder) / "tokenizer.json")
    yield directory
    del held


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights with a vocabulary of a few words: model.safetensors, 0.1 MB."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny-bert")
    unknown = "[UNK]"
    words = ["[PAD]", unknown, "[CLS]", "[SEP]", "query", "passage", ":"]
    words += [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words += [f"##{chr(code)}" for code in range(ord("a"), ord("z") + 1)]
    tokenizer = Tokenizer(
        models.WordPiece({word: index for index, word in enumerate(words)}, unk_token=unknown)
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
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import PreTrainedTokenizerFast

    source = tmp_path_factory.mktemp("tiny-source")
    for name in ("config.json", "model.safetensors"):
        (source / name).write_bytes((tiny_bert / name).read_bytes())
    special = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]"}
    PreTrainedTokenizerFast(
        tokenizer_file=str(tiny_bert / "tokenizer.json"),
        model_max_length=64,
        **{f"{name}_token": token for name, token in special.items()},
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
