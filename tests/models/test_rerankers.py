"""A reranker reads the question with each passage; here one of two weights that only counts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError, UnknownModelError
from assistant.models.rerankers import Reranker, open_reranker
from assistant.models.settings import ModelSettings
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR


@pytest.fixture(scope="module")
def cross_encoder(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CrossEncoder of random weights."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("rerankers") / "tiny"
    special = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]"}
    PreTrainedTokenizerFast(
        tokenizer_file=str(tiny_bert / "tokenizer.json"),
        model_max_length=64,
        **{f"{name}_token": token for name, token in special.items()},
    ).save_pretrained(folder)
    torch.manual_seed(5)
    config = BertConfig.from_pretrained(tiny_bert, num_labels=1, initializer_range=0.5)
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


TEXTS = ["a b c", "x y z", "c b a q", "h e l l o", "a b c"]


def opened(folder: Path) -> Reranker:
    reranker = open_reranker(ModelSettings(reranker=str(folder), threads=1))
    assert reranker is not None
    return reranker


def test_texts_are_scored_one_by_one(cross_encoder: Path) -> None:
    reranker = opened(cross_encoder)
    scores = reranker.score("a b", TEXTS)
    assert scores.shape == (len(TEXTS),)
    assert scores.dtype == np.float32
    assert scores[0] == pytest.approx(scores[4], abs=1e-5)
    assert len(np.unique(scores.round(5))) == len(TEXTS) - 1
    np.testing.assert_allclose(reranker.score("a b", TEXTS[1:2]), scores[1:2], atol=1e-5)
    assert reranker.score("a b", []).shape == (0,)


def test_no_reranker_unless_the_settings_name_one() -> None:
    assert open_reranker(ModelSettings()) is None


def test_a_path_that_is_no_folder_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="CrossEncoder on this machine"):
        open_reranker(ModelSettings(reranker=str(tmp_path / "nothing")))


def test_a_folder_without_a_model_is_explained(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no model")
    with pytest.raises(ModelError, match="no CrossEncoder that Philo can read"):
        opened(tmp_path).score("a", ["b"])


def test_pickled_weights_are_refused(cross_encoder: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    folder = Path(shutil.copytree(cross_encoder, tmp_path / "pickled"))
    weights = folder / "model.safetensors"
    torch.save(load_file(weights), folder / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        opened(folder).score("a", ["b"])


def test_search_follows_the_reranker(
    cross_encoder: Path, tmp_path: Path, model_directory: Path
) -> None:
    for number, text in enumerate(("a b c", "a x y z", "a q r s", "a l m n")):
        (tmp_path / f"{number}.txt").write_text(f"{text} budget {text}\n")
    environ = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
    }

    def ask(**more: str) -> Sequence[tuple[str, float, str]]:
        settings = load_settings(tmp_path / "data", environ=environ | more)
        with open_assistant(settings) as assistant:
            assistant.ingestor.ingest([str(tmp_path)], groups=["everyone"])
            found = assistant.search("budget a b", k=4, readable=OPERATOR)
        return [(one.title, one.score, "\n".join((one.title, one.text))) for one in found]

    plain = ask()
    reranked = ask(PHILO_MODELS__RERANKER=str(cross_encoder))
    scores = opened(cross_encoder).score("budget a b", [text for _, _, text in plain])
    wanted = [plain[n][0] for n in np.argsort(-scores, kind="stable")]
    assert [title for title, _, _ in reranked] == wanted
    assert [score for _, score, _ in reranked] == [score for _, score, _ in plain]
    first = ask(PHILO_MODELS__RERANKER=str(cross_encoder), PHILO_RETRIEVAL__RERANKED="1")
    assert first == plain
