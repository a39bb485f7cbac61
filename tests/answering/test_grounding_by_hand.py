"""Sentences written by hand, true and false: so many must be told apart."""

import pytest

from assistant.answering.candidates import list_candidates
from assistant.answering.grounding import Grounds
from benchmarks.grounding_sentences import HAND_WRITTEN, load_cases


@pytest.fixture(params=[("fr", "french.txt"), ("en", "english.txt")], ids=["fr", "en"])
def verdicts(request, make_chunk):
    """(true, supported) of each sentence."""
    language, file = request.param
    found = []
    for case in load_cases(HAND_WRITTEN / file):
        chunk = make_chunk(
            case.source, title=case.document, heading=(case.heading,), language=language
        )
        grounds = Grounds(list_candidates([chunk]), language)
        found += [(True, grounds.check(text).supported) for text in case.true]
        found += [(False, grounds.check(text).supported) for _, text in case.false]
    return found


def test_most_true_sentences_hold_and_most_false_ones_do_not(verdicts):
    true = [supported for is_true, supported in verdicts if is_true]
    false = [supported for is_true, supported in verdicts if not is_true]
    assert len(true) >= 90
    assert len(false) >= 110
    assert sum(true) / len(true) >= 0.84
    assert sum(false) / len(false) <= 0.1


@pytest.mark.parametrize("word", ["word ", "12 ", "1,5 ", "(", "a. ", "not ", "31 janvier ", "A-"])
def test_an_endless_sentence_is_refused_not_read_for_ever(make_chunk, word):
    grounds = Grounds(list_candidates([make_chunk("A word of 12 letters is not read.")]), "en")
    assert not grounds.check(word * (10_000 // len(word))).supported
