"""What single embedders do beyond the contract."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from assistant.errors import ModelDamagedError, ModelError, ModelMissingError, UnknownModelError
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.embedders import Embedder, open_embedder
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.models.settings import ModelSettings


@pytest.fixture(scope="module")
def e5(model_directory: Path) -> Embedder:
    return open_embedder(ModelSettings(directory=model_directory, threads=2))


ORIGINAL_IDS = {
    "Le préavis de démission est de trois mois.": [
        *(636, 7442, 79741, 8, 104, 171448, 437, 8, 29866, 13411, 5),
    ],
    "L’été, n° 12 : 3 500 € — « déjà » ½ ﬁn": [
        *(339, 26, 53484, 4, 653, 7236, 427, 152, 138, 2101, 2505, 292, 94, 15154, 340),
        *(78660, 2270),
    ],
    "The quick brown fox jumps over the lazy dog; it's 5°C.": [
        *(581, 63773, 119455, 6, 147797, 88203, 7, 645, 70, 21, 3285, 10269, 74, 442, 25, 7),
        *(6, 55936, 441, 5),
    ],
    "re\u0301sume\u0301 e\u0300 c\u0327a": [233482, 565, 3244],
    "日本語と한국어 و العربية 😀": [6, 98449, 610, 41526, 2211, 65, 15073, 21119],
    "  double  spaces\tand\nlines  ": [41929, 32628, 7, 136, 124519, 6],
}
PAIRS = [
    ("Le préavis de démission est de trois mois.", "Employees must give three months' notice."),
    ("Le chat dort sur le canapé.", "The cat is sleeping on the sofa."),
    ("Les frais de déplacement sont remboursés.", "Travel expenses are reimbursed."),
    ("Le pont a été construit en 1889.", "The bridge was built in 1889."),
    ("Changez votre mot de passe tous les ans.", "Change your password every year."),
]


def test_french_and_english_of_one_meaning_are_nearest(e5: Embedder) -> None:
    french = e5.encode_passages([pair[0] for pair in PAIRS])
    english = e5.encode_passages([pair[1] for pair in PAIRS])
    similarity = french @ english.T  # (N, D) @ (D, N) -> (N, N)
    assert similarity.argmax(axis=1).tolist() == list(range(len(PAIRS)))
    assert similarity.argmax(axis=0).tolist() == list(range(len(PAIRS)))


def test_int8_keeps_the_similarities_of_the_full_model(e5: Embedder) -> None:
    """Reference: the same weights in float32 under PyTorch."""
    reference = np.array(
        [
            [0.899, 0.697, 0.805, 0.748, 0.828],
            [0.757, 0.853, 0.776, 0.735, 0.778],
            [0.813, 0.663, 0.915, 0.762, 0.832],
            [0.739, 0.653, 0.758, 0.924, 0.807],
            [0.811, 0.672, 0.822, 0.774, 0.963],
        ]
    )
    french = e5.encode_passages([pair[0] for pair in PAIRS])
    english = e5.encode_passages([pair[1] for pair in PAIRS])
    np.testing.assert_allclose(french @ english.T, reference, atol=0.02)


def test_question_finds_its_passage_across_languages(e5: Embedder) -> None:
    passages = e5.encode_passages([pair[0] for pair in PAIRS])
    query = e5.encode_query("How much notice do I have to give when I resign?")
    assert int((passages @ query).argmax()) == 0


def test_query_and_passage_prefixes_are_put_before(e5: Embedder) -> None:
    vector = e5.encode_query("le chat")
    assert float(vector @ e5.encode_passages(["le chat"])[0]) < 0.999
    assert e5.encode_passages(["x"]).shape == (1, 384)


def test_e5_tokens_are_those_of_the_original_tokenizer(model_directory: Path) -> None:
    """The ids were made by the tokenizer.json of intfloat/multilingual-e5-small."""
    folder = Depot(model_directory).load_path(find_model("multilingual-e5-small"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text, ids in ORIGINAL_IDS.items():
        assert tokenizer.encode(text).ids == [0, *ids, 2], text


@pytest.mark.parametrize("name", ["multilingual-e5-small", "all-minilm-l6-v2"])
def test_built_in_embedder_loads_without_torch(model_directory: Path, name: str) -> None:

    code = (
        "import sys; from pathlib import Path; "
        "from assistant.models.embedders import open_embedder; "
        "from assistant.models.settings import ModelSettings; "
        f"e = open_embedder(ModelSettings(embedder={name!r}, "
        f"directory=Path({str(model_directory)!r}))); e.encode_query('a'); "
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_model_that_was_not_pulled_says_how(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="philo models pull multilingual-e5-small"):
        open_embedder(ModelSettings(directory=tmp_path))


def test_damaged_model_is_not_loaded(model_directory: Path, tmp_path: Path) -> None:
    entry = find_model("all-minilm-l6-v2")
    shutil.copytree(model_directory / entry.id, tmp_path / entry.id)
    tokenizer = Depot(tmp_path).path(entry) / "tokenizer.json"
    content = bytearray(tokenizer.read_bytes())
    content[1000] ^= 1
    tokenizer.write_bytes(content)
    with pytest.raises(ModelDamagedError, match=r"tokenizer\.json has SHA-256"):
        open_embedder(ModelSettings(embedder=entry.id, directory=tmp_path))


def test_path_that_is_no_folder_is_an_unknown_model(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError):
        open_embedder(ModelSettings(embedder=str(tmp_path / "nothing")))


def test_folder_without_a_model_is_explained(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no model")
    with pytest.raises(ModelError, match="no sentence-transformers model"):
        open_embedder(ModelSettings(embedder=str(tmp_path)))


def test_pickled_weights_are_refused(tiny_sentence_transformer: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    folder = Path(shutil.copytree(tiny_sentence_transformer, tmp_path / "pickled"))
    weights = folder / "model.safetensors"
    torch.save(load_file(weights), folder / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        open_embedder(ModelSettings(embedder=str(folder)))


def test_changed_folder_is_another_vector_space(
    tiny_sentence_transformer: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_sentence_transformer, tmp_path / "tiny-sentences"))
    original = open_embedder(ModelSettings(embedder=str(tiny_sentence_transformer))).id
    assert open_embedder(ModelSettings(embedder=str(folder))).id == original
    prompts = folder / "config_sentence_transformers.json"
    prompts.write_text(prompts.read_text().replace("query: ", "question: "))
    assert open_embedder(ModelSettings(embedder=str(folder))).id != original


def test_folder_uses_its_own_prompts(tiny_sentence_transformer: Path) -> None:
    embedder = open_embedder(ModelSettings(embedder=str(tiny_sentence_transformer)))
    query, passage = embedder.encode_query("abc"), embedder.encode_passages(["abc"])[0]
    assert not np.allclose(query, passage)


def test_hashing_knows_no_accents_and_no_case() -> None:
    embedder = HashingEmbedder()
    np.testing.assert_array_equal(
        embedder.encode_query("Été à Évry"), embedder.encode_query("ete a evry")
    )
    near, far = embedder.encode_passages(["le préavis est d'un mois", "quantum field theory"])
    query = embedder.encode_query("quel préavis en mois")
    assert query @ near > query @ far
