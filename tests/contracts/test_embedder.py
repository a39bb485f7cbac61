"""What every embedder keeps to, run over all of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.models.embedders import open_embedder
from assistant.models.embedders.base import Embedder
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.models.settings import ModelSettings

TEXTS = [
    "le chat",
    "",
    "abc " * 700,
    "Réglement intérieur : préavis d’un mois 😀\n\u202f№ 12",
    "a",
    "the cat sat on the mat and looked at the dog",
]


@pytest.fixture(
    scope="module", params=["hashing", "multilingual-e5-small", "all-minilm-l6-v2", "folder"]
)
def embedder(
    request: pytest.FixtureRequest, model_directory: Path, tiny_sentence_transformer: Path
) -> Iterator[Embedder]:
    opened: Embedder
    if request.param == "hashing":
        opened = HashingEmbedder()
    else:
        named = tiny_sentence_transformer if request.param == "folder" else request.param
        opened = open_embedder(
            ModelSettings(embedder=str(named), directory=model_directory, threads=2)
        )
    yield opened
    opened.close()


def test_vectors_have_the_stated_shape_and_length_one(embedder: Embedder) -> None:
    vectors = embedder.encode_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    query = embedder.encode_query("le chat")
    assert query.shape == (embedder.dimension,)
    assert query.dtype == np.float32
    assert np.linalg.norm(query) == pytest.approx(1.0, abs=1e-5)


def test_order_of_the_input_is_kept_and_neighbours_do_not_matter(embedder: Embedder) -> None:
    together = embedder.encode_passages(TEXTS)
    alone = np.concatenate([embedder.encode_passages([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.encode_passages([]).shape == (0, embedder.dimension)
    assert embedder.count_tokens([]) == []


def test_same_text_gives_the_same_vector(embedder: Embedder) -> None:
    first, second = embedder.encode_query(TEXTS[-1]), embedder.encode_query(TEXTS[-1])
    np.testing.assert_array_equal(first, second)


def test_long_text_is_cut_where_the_model_ends(embedder: Embedder) -> None:
    beginning = "abc " * (embedder.max_tokens * 2)
    vectors = embedder.encode_passages([beginning + "one end", beginning + "another finish"])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)
    assert embedder.count_tokens([beginning])[0] > embedder.max_tokens


def test_tokens_are_counted_without_marks_and_prefixes(embedder: Embedder) -> None:
    empty, one, two = embedder.count_tokens(["", "a", "a a"])
    assert (empty, one, two) == (0, 1, 2)


def test_langchain_sees_the_same_vectors(embedder: Embedder) -> None:
    assert np.allclose(embedder.embed_query("le chat"), embedder.encode_query("le chat"))
    listed = embedder.embed_documents(["le chat", "a"])
    assert np.allclose(listed, embedder.encode_passages(["le chat", "a"]))


def test_threads_may_share_it(embedder: Embedder) -> None:
    expected = embedder.encode_passages(TEXTS)
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(embedder.encode_passages(TEXTS)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for vectors in found:
        np.testing.assert_allclose(vectors, expected, atol=1e-5)
