"""Words, numbers and names, compared the way a reader would."""

import pytest

from assistant.words import content_stems, fold, names, negated, numbers, question_words


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("les congés", "le congé", "fr"),
        ("l'indemnité", "indemnites", "fr"),
        ("jusqu’à l’atelier", "atelier", "fr"),
        ("policies", "policy", "en"),
        ("the employee's leave", "employees leave", "en"),
    ],
)
def test_forms_of_a_word_have_one_stem(one, other, language):
    assert content_stems(one, language) == content_stems(other, language)


def test_an_inverted_pronoun_is_not_a_word_of_the_question():
    asked = question_words("Peut-on travailler ? Quand a-t-il fini ?", "fr")
    assert asked == ["travailler", "fini"]


def test_a_question_of_stop_words_keeps_its_words():
    assert question_words("Who is it?", "en") == ["who", "is", "it"]


def test_a_code_is_found_whole_and_in_parts():
    assert set(content_stems("le LM-240", "fr")) == {"lm-240", "lm", "240"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 234,5 €", "1234.5"),
        ("1\u202f234,50", "1234.5"),
        ("1,234.5", "1234.5"),
        ("12 000", "12000"),
        ("4,1\u00a0%", "4.1"),
        ("trois jours", "3"),
        ("twelve days", "12"),
        ("007", "7"),
    ],
)
def test_a_number_is_its_value_however_it_is_written(text, value):
    assert any(value in readings for readings in numbers(text))


def test_one_comma_may_be_a_decimal_or_a_thousand():
    assert numbers("1,234") == [frozenset({"1234", "1.234"})]


def test_an_address_is_no_quantity():
    assert numbers("192.168.0.1") == [frozenset({"192.168.0.1"})]


def test_names_are_capitals_inside_a_sentence_and_codes():
    found = names("Le directeur Jean Dupont d'EDF garde le LM-240 de McKinsey's.")
    assert found == ["jean", "dupont", "edf", "lm-240", "mckinsey"]


def test_the_first_word_of_a_sentence_is_no_name():
    assert names("Paris est grande.") == []


@pytest.mark.parametrize("text", ["It isn't so", "Ce n'est pas le cas", "without delay", "jamais"])
def test_negations_are_seen(text):
    assert negated(text)


def test_an_exponent_stays_apart_from_its_base():
    assert fold("10²⁰ m²") == "10^20 m^2"
    assert not set().union(*numbers("10²⁰")) & set().union(*numbers("1020"))
