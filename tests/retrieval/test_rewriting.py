"""What a model makes of a follow-up is taken only where it says nothing new."""

import pytest

from assistant.models.generators.scripted import ScriptedGenerator
from assistant.retrieval.query import read_question
from assistant.retrieval.rewriting import rewrite
from assistant.types import Turn

HISTORY = [
    Turn(role="user", text="Combien de jours par semaine peut-on télétravailler à Dublin ?"),
    Turn(role="assistant", text="3 jours par semaine [1]."),
]


def rewritten(written, question="Et à Lyon ?"):
    query = read_question(question, history=HISTORY, max_chars=500)
    return rewrite(query, HISTORY, ScriptedGenerator(script=lambda _messages: written))


def test_a_rewritten_question_of_the_conversation_s_words_is_searched_for():
    text = "Combien de jours par semaine peut-on télétravailler à Lyon ?"
    query = rewritten(f"« {text} »\nEt voici pourquoi.")
    assert query.text == text
    assert query.asked == "Et à Lyon ?"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Deux jours par semaine.",
        "Et à Lyon ?",
        "Combien de jours par semaine peut-on télétravailler à Dublin ?",
        "Combien de jours de congé a-t-on à Lyon ?",
        "Combien de jours par semaine, au plus 2, peut-on télétravailler à Lyon ?",
    ],
)
def test_what_says_more_or_less_than_the_conversation_is_not_believed(written):
    assert rewritten(written).text == f"{HISTORY[0].text} Et à Lyon ?"


def test_a_question_that_stands_alone_is_not_given_to_the_model():
    question = "Quel est le montant de la prime de naissance ?"
    assert rewritten("Autre chose ?", question).text == question


def test_a_failing_model_leaves_the_rules_in_charge():
    query = read_question("Et à Lyon ?", history=HISTORY, max_chars=500)
    tiny = ScriptedGenerator(script=lambda _messages: "?", context_tokens=10)
    assert rewrite(query, HISTORY, tiny) == query
