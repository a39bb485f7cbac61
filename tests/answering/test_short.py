"""Short answers: the words that answer a question for a fact, and when they are not enough."""

import time
from collections.abc import Sequence

import numpy as np
import pytest

from assistant.answering.compose import Composer
from assistant.answering.evidence import EvidenceReader
from assistant.answering.short import agrees, asks_for_fact
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.models.generators.scripted import ScriptedGenerator
from assistant.models.readers.base import PassageReading
from assistant.retrieval.query import read_question
from assistant.retrieval.search import passage_of
from assistant.settings import Settings
from assistant.types import Answer

TEXT = (
    "Every employee in Dublin has 26 days of annual leave in each calendar year. "
    "Leave that is not taken lapses on 31 March."
)
QUESTION = "How many days of annual leave does an employee in Dublin have?"


class PointingReader:
    """Finds one phrase wherever it stands; a token is a character."""

    id = "pointing@1"

    def __init__(self, phrase: str) -> None:
        self._phrase = phrase

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[PassageReading]:
        return [self._read(text) for _, text in passages]

    def _read(self, text: str) -> PassageReading:
        at = text.find(self._phrase)
        starts, ends = (np.full(len(text), -9.0) for _ in range(2))
        evidence = np.full(len(text), -3.0)
        if at >= 0:
            starts[at] = ends[at + len(self._phrase) - 1] = -0.01
            evidence[at : at + len(self._phrase)] = 3.0
        spans = tuple((one, one + 1) for one in range(len(text)))
        return PassageReading(spans, 2.0 if at >= 0 else -2.0, evidence, starts, ends)

    def prepare(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def ask(make_chunk, tmp_path):
    def answer(
        phrase: str, question: str = QUESTION, text: str = TEXT, written: str | None = None
    ) -> Answer:
        chunk = make_chunk(text, title="Leave policy", heading=("Annual leave",))
        settings = Settings(
            data=tmp_path, answering={"evidence_threshold": 0.0, "short_answers": True}
        )
        generator = ScriptedGenerator(script=lambda _: written) if written is not None else None
        reader = EvidenceReader(HashingEmbedder(), PointingReader(phrase))
        query = read_question(question, max_chars=1000)
        *_, last = Composer(reader, generator, settings).compose(
            query,
            [passage_of(chunk, rank=1, score=1.0)],
            [chunk],
            started=time.perf_counter(),
        )
        assert isinstance(last, Answer)
        return last

    return answer


def test_a_fact_is_answered_in_few_words_and_cited_by_its_sentence(ask):
    answer = ask("26 days")
    assert answer.answer == "26 days [1]"
    assert [one.text for one in answer.sentences] == ["26 days"]
    assert answer.citations[0].quote == TEXT.partition(". ")[0] + "."
    assert answer.writer == "quotes"


def test_how_and_why_are_answered_in_sentences(ask):
    answer = ask("26 days", "Why does every employee in Dublin have annual leave?")
    assert answer.sentences[0].text.startswith("Every employee in Dublin has 26 days")


def test_a_written_sentence_that_agrees_is_shown(ask):
    answer = ask("26 days", written="Every employee in Dublin has 26 days of annual leave.")
    assert answer.writer == "model"


def test_a_written_sentence_that_says_something_else_is_not(ask):
    written = "Leave of an employee that is not taken lapses on 31 March."
    answer = ask("26 days", written=written)
    assert (answer.writer, answer.answer) == ("quotes", "26 days [1]")


def test_punctuation_around_the_words_is_left_out(ask):
    text = "The office is in Lyon (« quai Perrache »). It has two floors."
    answer = ask("(« quai Perrache", "Where is the office in Lyon?", text)
    assert answer.answer == "Quai Perrache [1]"


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("Combien de jours ?", True),
        ("How long is the notice period?", True),
        ("Comment s'appelle la directrice ?", True),
        ("Quel est le plafond ?", True),
        ("Comment déclarer un arrêt maladie ?", False),
        ("Pourquoi faut-il un casque ?", False),
        ("How do I reset my password?", False),
        ("Explain the refund policy", False),
        ("Quelles sont les étapes d'un retour ?", False),
    ],
)
def test_questions_for_facts_are_told_from_others(question, fact):
    assert asks_for_fact(question) is fact


def test_figures_have_to_agree():
    assert agrees("Il a droit à vingt-six jours de congé, soit 26 jours.", "26 jours", "fr")
    assert not agrees("Il a droit à 30 jours.", "26 jours", "fr")
    assert not agrees("The office is in Paris.", "Lyon", "en")


def test_a_figure_keeps_its_currency_its_rest_and_what_is_counted(ask):
    text = "The allowance is €1,220.50 a week and 12 days of leave in Cork."
    assert ask("220", "What is the allowance?", text).answer == "€1,220.50 [1]"
    assert ask("12", "How many days of leave in Cork?", text).answer == "12 days [1]"
