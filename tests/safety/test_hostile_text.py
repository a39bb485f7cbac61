"""Texts made to make recognisers slow or to break them."""

import time

import pytest

from assistant.safety.personal import find_personal
from assistant.safety.personal.logs import mask_line
from assistant.safety.secrets import find_secrets

SIZE = 200_000
PIECES = [
    "1",
    "1 ",
    "a@",
    "@a.",
    "a.b.",
    "+3",
    "0 6 ",
    "FR76 ",
    "A1",
    "Aa ",
    "Jean ",
    "M. ",
    "12 rue ",
    "1 Aa Bb ",
    "75011 ",
    "::",
    "f:",
    "1.",
    "(",
    "[at] ",
    "mot de passe : ",
    "password=",
    "-----BEGIN PRIVATE KEY-----",
    "eyJ",
    "eyJa.",
    "secret_key ",
    "//a:",
    "//.:_authToken=",
    "AKIA",
    "aws key ",
    "ibm_",
    "xoxb-1-",
    "A.",
    "A-",
    "d'",
    "\0",
    "\u200b1",
    "١",
    "\n",
    "1\n",
    "Dear Aa ",
]


@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_length_only(piece):
    """Eight times the text may take sixteen times as long, but not sixty-four."""
    for find in (find_personal, find_secrets):
        find(piece * 10)
        short, long = ((piece * (size // len(piece)))[:size] for size in (SIZE // 80, SIZE // 10))
        first = min(_seconds(find, short) for _ in range(3))
        assert _seconds(find, long) < max(0.25, 24 * first)


def _seconds(find, text):
    began = time.process_time()
    find(text)
    return time.process_time() - began


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "@", "FR", "0", "[PERSON_1]", "\u200b" * 50])
def test_nothing_breaks_them(text):
    assert find_personal(text) == []
    assert find_secrets(text) == []
    assert mask_line(text) == text


def test_a_line_of_a_megabyte_is_read():
    text = "lorem ipsum " * 80_000 + " 06 12 34 56 78 " + "dolor " * 20_000
    (one,) = find_personal(text)
    assert text[one.start : one.end] == "06 12 34 56 78"
