"""What is typed becomes what is searched for."""

import pytest

from assistant.errors import QuestionError
from assistant.retrieval.query import read_question
from assistant.types import Turn


@pytest.mark.parametrize("question", ["", "   \n", "?!…", "\u200b\x00"])
def test_an_empty_question_is_refused_with_what_to_do(question):
    with pytest.raises(QuestionError, match="type a question"):
        read_question(question, max_chars=100)


def test_a_question_of_20000_characters_is_refused_with_both_numbers():
    with pytest.raises(QuestionError, match=r"20,000 characters; at most 4,000"):
        read_question("a" * 20_000, max_chars=4000)


@pytest.mark.parametrize("question", ["a\x00b", "\ud800 mot", "line\nbreak", "emoji 🎉 seul"])
def test_odd_characters_do_not_reach_the_indexes(question):
    text = read_question(question, max_chars=100).text
    text.encode("utf-8")
    assert "\x00" not in text
    assert "\n" not in text


def test_the_language_is_the_question_s():
    assert read_question("Combien de jours de congé ?", max_chars=100).language == "fr"
    assert read_question("How many days off do I get?", max_chars=100).language == "en"


def test_a_follow_up_carries_the_two_turns_before_it():
    history = [
        Turn(role="user", text="zero"),
        Turn(role="user", text="What is the LM-240?"),
        Turn(role="assistant", text="A meter [1]."),
        Turn(role="user", text="Who sells it?"),
    ]
    query = read_question("And how long is its warranty?", history=history, max_chars=200)
    assert query.asked == "And how long is its warranty?"
    assert query.text == "What is the LM-240? Who sells it? And how long is its warranty?"


HISTORY = [
    Turn(role="user", text="How soon must expenses be claimed?"),
    Turn(role="assistant", text="Within 30 days [1]."),
]


@pytest.mark.parametrize(
    "question",
    [
        "Que signifie le code de panne E17 ?",
        "Combien de jours de RTT les cadres au forfait ont-ils en 2026 ?",
        "What is the mileage rate for Dublin staff using a private car?",
        "Combien pèse le compteur monophasé LM-240 ?",
        "How many days of leave do employees get in their first year?",
        "What is the notice period that applies to managers?",
        "Un salarié peut-il reporter ses congés sur l'année suivante ?",
    ],
)
def test_a_new_subject_leaves_the_old_one_behind(question):
    assert read_question(question, history=HISTORY, max_chars=200).text == question


@pytest.mark.parametrize(
    "question",
    [
        "And for hotels?",
        "Who approves them?",
        "Et pour les hôtels à Dublin en 2026 ?",
        "What happens if it is claimed after the deadline?",
        "Qui lui rembourse les frais tardifs ?",
        "Why?",
    ],
)
def test_a_question_that_points_back_takes_the_earlier_one_along(question):
    text = read_question(question, history=HISTORY, max_chars=200).text
    assert text == f"How soon must expenses be claimed? {question}"


@pytest.mark.parametrize(
    "question",
    [
        "How many digits does the meter's display show when it is running?",
        "Who chooses a software subscription and which review does it need?",
        "Les télétravailleurs répondent-ils aux messages du soir quand ils sont absents ?",
    ],
)
def test_a_pronoun_that_its_own_question_explains_points_to_nothing_earlier(question):
    assert read_question(question, history=HISTORY, max_chars=200).text == question


def test_a_chain_of_follow_ups_goes_back_to_the_question_that_stood_alone():
    turns = [
        "Who sells the meter LM-240 in Ireland?",
        "What is the training budget for engineering in 2026?",
        "And for apprentices?",
        "And in 2025?",
    ]
    history = [Turn(role="user", text=turn) for turn in turns]
    text = read_question("And for production?", history=history, max_chars=200).text
    assert text == f"{turns[1]} {turns[3]} And for production?"
