"""Answers against expected ones, in both languages."""

import pytest

from assistant.evaluation.gold import holds, is_exact, normalise, passage_holds, token_f1


@pytest.mark.parametrize(
    ("text", "language", "left"),
    [
        ("The Cat, sat!", "en", "cat sat"),
        ("L’Ouganda", "fr", "ouganda"),
        ("La « banque du peuple »", "fr", "banque peuple"),
        ("d'une durée de l'année", "fr", "durée de année"),
        ("14,2 milliards d’euros", "fr", "142 milliards euros"),
        ("aux États-Unis", "fr", "états unis"),
        ("a", "fr", "a"),
    ],
)
def test_punctuation_articles_and_elisions_go(text, language, left):
    assert normalise(text, language) == left


def test_exact_match_takes_any_of_the_answers():
    assert is_exact("l'Ouganda.", ["Kenya", "L’Ouganda"], "fr")
    assert not is_exact("en Ouganda", ["Ouganda"], "fr")


def test_f1_is_the_best_over_the_answers():
    assert token_f1("26 days of leave", ["ten", "26 days"], "en") == pytest.approx(2 / 3)
    assert token_f1("nothing", ["26 days"], "en") == 0
    assert token_f1("nothing", [], "en") == 0


def test_a_short_answer_must_stand_whole_in_the_span():
    assert holds("Employees have 26 days of leave.", ["26 days"], "en")
    assert not holds("Employees have 126 days of leave.", ["26 days"], "en")
    assert not holds("26 employees, many days", ["26 days"], "en")
    assert not holds("26 days", [], "en")


def test_a_sentence_may_hold_a_part_of_a_long_answer():
    prose = "The harbour was built in 1874. It holds ninety boats and the council repairs it."
    assert holds("The harbour was built in 1874 by the town.", [prose], "en")
    assert not holds("Boats longer than fourteen metres pay twice the fee.", [prose], "en")


def test_a_passage_may_say_much_more_than_a_long_answer():
    prose = "The harbour was built in 1874. It holds ninety boats and the council repairs it."
    more = "Fishing paid for schools, roads and the lighthouse of the northern islands. " * 3
    passage = f"{more} The harbour, built in 1874, holds ninety boats; the council repairs it."
    other = " The keeper writes down the level of the water and compares it with a mark."
    assert passage_holds(passage + other, [prose], "en")
    assert not holds(passage + other, [prose], "en")
    assert not passage_holds(more + other, [prose], "en")
    assert not passage_holds(more, ["26 days"], "en")
