"""French or English."""

import pytest

from assistant.language import detect_language


@pytest.mark.parametrize(
    "text",
    [
        "Combien de jours de congé ?",
        "Combien d’employeurs",
        "Qui remplace le directeur ?",
        "télétravail",
        "Où déclarer un accident ?",
        "Les congés sont posés deux semaines à l'avance. " * 50,
    ],
)
def test_french_is_recognised(text):
    assert detect_language(text) == "fr"


@pytest.mark.parametrize(
    "text",
    [
        "How many days off do I get?",
        "remote work policy",
        "who wrote the handbook",
        "What's the notice period?",
        "Leave is asked for two weeks in advance. " * 50,
    ],
)
def test_english_is_recognised(text):
    assert detect_language(text) == "en"


@pytest.mark.parametrize("text", ["", "12 45 2024", "???", "日本語の文書です"])
def test_no_sign_of_either_is_no_language(text):
    assert detect_language(text) is None


def test_long_text_of_another_language_is_neither():
    german = (
        "Der Bundespräsident ist das Staatsoberhaupt der Bundesrepublik Deutschland. Er wird von "
        "der Bundesversammlung ohne Aussprache gewählt. Das Amt dauert fünf Jahre, und eine "
        "anschließende Wiederwahl ist nur einmal zulässig. Er darf weder der Regierung noch einer "
        "gesetzgebenden Körperschaft des Bundes oder eines Landes angehören."
    )
    assert detect_language(german) is None


def test_a_foreign_word_does_not_change_the_language():
    assert detect_language("Le manager envoie un e-mail à the whole team pour le kick-off") == "fr"
