"""The example questions, asked of the example documents."""

import json
from pathlib import Path

import pytest

from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR
from benchmarks.answer_examples import is_right

EXAMPLES = Path(__file__).parents[2] / "examples"
ROWS = [json.loads(line) for line in (EXAMPLES / "questions.jsonl").read_text().splitlines()]
ANSWERABLE = [row for row in ROWS if row["answerable"]]
SAME_LANGUAGE = [row for row in ANSWERABLE if row["language"] == row["document_language"]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory, model_directory):
    """Every question's answer, in the documents' own sentences."""
    environ = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
    }
    settings = load_settings(tmp_path_factory.mktemp("data"), environ=environ)
    with open_assistant(settings) as assistant:
        report = assistant.ingestor.ingest(
            [str(EXAMPLES / name) for name in ("handbook", "papers")]
        )
        assert report.failed == []
        assert report.added == 15
        return {row["_id"]: assistant.answer(row["question"], readable=OPERATOR) for row in ROWS}


def share(rows, test):
    return sum(map(test, rows)) / len(rows)


def test_the_right_document_is_among_the_first_five(answers):
    def found(row):
        passages = answers[row["_id"]].passages[:5]
        return any(one.uri.endswith(row["document"]) for one in passages)

    assert share(SAME_LANGUAGE, found) >= 0.97
    assert share(ANSWERABLE, found) >= 0.85


@pytest.mark.parametrize(("language", "least"), [("fr", 0.85), ("en", 0.65)])
def test_answers_hold_what_was_expected(answers, language, least):
    rows = [row for row in SAME_LANGUAGE if row["language"] == language]
    assert share(rows, lambda row: is_right(row, answers[row["_id"]])) >= least


def test_some_answers_come_from_documents_in_the_other_language(answers):
    rows = [row for row in ANSWERABLE if row not in SAME_LANGUAGE]
    assert share(rows, lambda row: is_right(row, answers[row["_id"]])) >= 0.3


def test_most_unanswerable_questions_are_refused(answers):
    rows = [row for row in ROWS if not row["answerable"]]
    assert share(rows, lambda row: answers[row["_id"]].refused) >= 0.5


def test_every_sentence_cites_the_very_words_of_its_document(answers):
    for answer in answers.values():
        marked = {citation.marker: citation for citation in answer.citations}
        for sentence in answer.sentences:
            assert sentence.supported
            assert sentence.citations
        for citation in marked.values():
            passage = next(
                one
                for one in answer.passages
                if one.document_id == citation.document_id
                and one.start <= citation.start
                and citation.end <= one.end
            )
            inside = passage.text[citation.start - passage.start : citation.end - passage.start]
            assert inside == citation.quote


def test_a_citation_in_a_pdf_has_its_place_on_the_page(answers):
    cited = [
        citation
        for answer in answers.values()
        for citation in answer.citations
        if citation.uri.endswith(".pdf")
    ]
    assert cited
    for citation in cited:
        assert 1 <= citation.page <= citation.pages
        assert citation.boxes
        for box in citation.boxes:
            assert 0 <= box.x0 < box.x1 <= 612
            assert 0 <= box.y0 < box.y1 <= 842
