from __future__ import annotations

import dataclasses

import pytest

from assistant.errors import UnknownModelError
from assistant.models.catalog import find_model
from assistant.models.embedders import open_embedder
from assistant.models.generators import open_generator
from assistant.settings import ModelSettings


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
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
