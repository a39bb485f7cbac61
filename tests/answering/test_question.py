"""What a question asks for, and what it asks about."""

import pytest

from assistant.answering.question import answer_type, find_anchors, missing_names, says_more


@pytest.mark.parametrize(
    ("question", "fits", "does_not"),
    [
        ("Combien de jours de congé ?", "Il y en a 25.", "Il y en a beaucoup."),
        ("How many days off?", "Twenty days: 20.", "Some days."),
        ("Quand ferme l'atelier ?", "Il ferme le 3 août.", "Il ferme bientôt."),
        ("When was it founded?", "It was founded in 1998.", "It was founded by a friend."),
        ("Qui valide les frais ?", "C'est Camille Roux.", "c'est le chef."),
        ("Where is the office?", "It is in Dublin.", "it is upstairs."),
    ],
)
def test_an_answer_has_what_the_question_asks_for(question, fits, does_not):
    wanted = answer_type(question)
    assert wanted is not None
    assert wanted.search(fits)
    assert not wanted.search(does_not)


@pytest.mark.parametrize("question", ["Pourquoi ?", "What is a trace tree?", "Describe the plan"])
def test_an_open_question_asks_for_nothing_in_particular(question):
    assert answer_type(question) is None


def test_anchors_are_names_codes_and_numbers():
    found = find_anchors("Does Grace Murphy sell the LM-240 for 118 euros?")
    assert found == ["grace", "murphy", "lm-240", "118"]


def test_a_name_code_or_year_that_is_not_told_is_missing():
    question = "How much was the LM-360 in London in 2027 for 12,000 people?"
    assert missing_names(question, "The LM-240 was sold in Lyon in 2026.") == [
        "lm-360", "london", "2027",
    ]  # fmt: skip
    assert missing_names(question, "LM-360, LONDON, 2027") == []


@pytest.mark.parametrize(
    ("question", "sentence", "language", "expected"),
    [
        ("What recall is reached above 5 °C?", "The recall reached above 5 °C.", "en", False),
        ("What recall is reached above 5 °C?", "A recall of 0.75 is reached.", "en", True),
        ("Combien de logements ?", "Les logements ont-ils été écartés par 35.", "fr", False),
        ("Combien de logements en 2026 ?", "Des logements ont été loués en 2026.", "fr", False),
        ("Combien de logements en 2026 ?", "En 2026, 35 logements ont été loués.", "fr", True),
        ("When does the plant close?", "The plant closes for the summer.", "en", False),
        ("When does the plant close?", "The plant closes on 3 August.", "en", True),
        ("Quelle est la température ?", "The question is about the warm gauge.", "fr", False),
        ("Who wrote it?", "Jean-Pierre de la Fontaine et Marie du Bois.", "en", True),
        ("Quel est le titre ?", "Le titre : Attention Is All You Need and the Rest.", "fr", True),
    ],
)
def test_an_answer_says_more_than_the_question(question, sentence, language, expected):
    assert says_more(sentence, question, language) is expected


def test_a_sentence_that_only_repeats_the_one_before_says_nothing_more():
    question, said = "What is the crossover?", ["It is a change of phase at some temperature."]
    repeated = "The crossover is a phase change at a temperature."
    assert says_more(repeated, question, "en")
    assert not says_more(repeated, question, "en", said)
    assert says_more("It begins at 156 MeV.", question, "en", said)
