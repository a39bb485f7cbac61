"""Rated answers become a question set, and that can be measured."""

from pathlib import Path

import pytest

from assistant.errors import QuestionSetError
from assistant.evaluation.collect import collect
from assistant.evaluation.evaluate import evaluate, to_json
from assistant.evaluation.question_set import load_question_set
from assistant.local_client import LocalClient
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR, NewRating, RatedSentence, TextDocument
from tests.evaluation.conftest import CORPUS


def test_rated_answers_become_a_set_that_can_be_measured(tmp_path: Path, model_directory: Path):
    models = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
    }
    settings = load_settings(tmp_path / "data", environ=models)
    own = tmp_path / "own"
    question = "How many days of annual leave are there in Dublin?"
    with open_assistant(settings) as assistant:
        documents = [TextDocument(row["_id"], row["title"], row["text"]) for row in CORPUS]
        assistant.ingestor.ingest_texts(documents)
        ids = {one.uri: one.id for one in assistant.library.documents(OPERATOR)}
        leave = [RatedSentence(text="26 days of annual leave.", document_ids=[ids["leave"]])]
        for rating in (
            NewRating(question=question, good=False, correction="an older opinion"),
            NewRating(question=question.upper(), good=True, sentences=leave),
            NewRating(
                question="Quel est le plafond d'une nuit à Paris ?",
                good=False,
                correction="160 euros",
                document_ids=[ids["frais"]],
                sentences=leave,
            ),
            NewRating(question="Who is the mayor of Oslo?", good=True, refused=True),
            NewRating(question="Why?", good=False, reason="bad"),
        ):
            assistant.library.ratings.add(rating, OPERATOR)
        client = LocalClient(assistant)
        collected = collect(client, own)
        assert collect(client, own) == collected  # its own files may be written again
        (own / "collected.json").unlink()
        with pytest.raises(QuestionSetError, match="was not collected here"):
            collect(client, own)
    counts = (collected.questions, collected.answerable, collected.unanswerable)
    assert (counts, collected.left_out, collected.documents) == ((3, 2, 1), 1, 3)
    assert (own / "corpus.jsonl").stat().st_mode & 0o077 == 0
    questions = load_question_set(own)
    answers = {one.text: one.answers for one in questions.questions}
    assert answers[question.upper()] == ("26 days of annual leave.",)
    told = to_json(evaluate(settings, questions, answers=True))
    assert (told["queries"], told["ndcg@10"], told["warnings"]) == (2, 1.0, [])
    assert told["answers"]["citation_precision"] > 0
