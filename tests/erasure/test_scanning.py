"""Byte sequences are found wherever they lie."""

import gzip
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.erasure import scanning
from assistant.erasure.scanning import Needles, count_matches
from assistant.erasure.traces import phrases_of, samples_of

SECRET = b"la prime exceptionnelle"


@given(st.binary(max_size=300), st.binary(min_size=8, max_size=40), st.binary(max_size=300))
def test_a_sequence_is_found_between_any_others(before, sequence, after):
    block = before + sequence + after
    found = [place for place, one in Needles({sequence: "x"}).find(block) if one == sequence]
    assert len(before) in found
    assert all(block.startswith(sequence, place) for place in found)


@given(st.sets(st.binary(min_size=8, max_size=12), max_size=30), st.binary(max_size=400))
def test_nothing_else_is_found(sequences, block):
    found = {one for _, one in Needles(dict.fromkeys(sequences, "x")).find(block)}
    assert found == {one for one in sequences if one in block}


@pytest.mark.parametrize("place", [0, 5, 57, 63, 64, 100, 1000])
def test_a_sequence_across_blocks_is_found_once(tmp_path, monkeypatch, place):
    monkeypatch.setattr(scanning, "BLOCK_BYTES", 64)
    path = tmp_path / "file"
    path.write_bytes(b"." * place + SECRET + b"." * 99)
    assert count_matches(path, Needles({SECRET: "text"})) == {"text": 1}


def test_archives_are_looked_into(tmp_path):
    packed, zipped = tmp_path / "a.log.gz", tmp_path / "b"
    packed.write_bytes(gzip.compress(b"x" * 1000 + SECRET))
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one", b"nothing" * 100)
        archive.writestr("two", SECRET * 3)
    needles = Needles({SECRET: "text"})
    assert SECRET not in packed.read_bytes() + zipped.read_bytes()
    assert count_matches(packed, needles) == {"text": 1}
    assert count_matches(zipped, needles) == {"text": 3}
    packed.write_bytes(packed.read_bytes()[:-9])  # cut short: read as far as it goes
    assert count_matches(packed, needles) in ({}, {"text": 1})
    assert count_matches(tmp_path / "gone", needles) == {}


def test_phrases_cover_a_text_and_samples_a_vector():
    text = "Titre\nun deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze"
    phrases = phrases_of(text)
    assert all(phrase in text for phrase in phrases)
    for word in text.split()[1:]:
        assert any(word in phrase.split() for phrase in phrases), word
    vector = bytes(range(200))
    samples = samples_of([vector, bytes(200)])
    assert len(samples) == 4
    assert all(sample in vector for sample in samples)
