"""Summaries of real papers, by the documents' own sentences."""

import io
import re

import pytest
from docx import Document
from pypdfium2 import PdfDocument

from assistant.errors import (
    DocumentNotFoundError,
    NothingToSummariseError,
    ParseError,
    QuestionError,
)
from assistant.summarizing.exporting import export
from assistant.summarizing.types import (
    Field,
    StatementWritten,
    Summary,
    SummaryProgress,
)
from assistant.types import Readable

HEAT_PUMPS = "Counting the defrost cycles of heat pumps from one-second meter data"
DISPLAYS = "afficheur dans l'entrée"


@pytest.fixture
def summarise(assistant, everyone):
    def summarise_(*documents, readable=everyone, **options):
        *_, last = assistant.summarise(documents, readable=readable, **options)
        assert isinstance(last, Summary)
        return last

    return summarise_


@pytest.mark.parametrize("form", ["points", "abstract", "paper", "sentence"])
def test_every_statement_is_cited_and_stands_word_for_word_in_what_it_cites(summarise, form):
    summary = summarise(HEAT_PUMPS, form=form)
    citations = {one.marker: one for one in summary.citations}
    assert summary.statements
    for statement in summary.statements:
        quotes = " ".join(" ".join(citations[one].quote.split()) for one in statement.citations)
        assert statement.text in quotes


def test_forms_have_the_length_that_they_promise(summarise):
    assert 5 <= len(summarise(HEAT_PUMPS, form="points").statements) <= 10
    assert len(summarise(HEAT_PUMPS, form="sentence").statements) == 1
    words = sum(len(one.text.split()) for one in summarise(HEAT_PUMPS, form="abstract").statements)
    assert 150 <= words <= 250


def test_fields_of_a_paper_are_told_or_said_to_be_missing(summarise):
    summary = summarise(HEAT_PUMPS, form="paper", sections=["Introduction"])
    told = {one.field for one in summary.statements}
    missing = {field for _, field in summary.missing}
    assert told | missing == set(Field)
    assert not told & missing
    assert missing
    assert "not stated" in summary.text
    assert (
        "non précisé"
        in summarise(HEAT_PUMPS, form="paper", sections=["Introduction"], language="fr").text
    )


def test_a_quoted_summary_says_that_it_was_not_translated(summarise):
    assert "est en anglais" in " ".join(summarise(HEAT_PUMPS, language="fr").remarks)
    assert summarise(HEAT_PUMPS, language="en").remarks == []


def test_two_papers_are_compared_side_by_side(summarise):
    summary = summarise(HEAT_PUMPS, DISPLAYS, form="compare", language="en")
    assert len(summary.document_ids) == 2
    for document_id in summary.document_ids:
        assert any(one.document_id == document_id for one in summary.statements)
    assert summary.text.startswith("| |")


def test_a_second_form_embeds_nothing_but_the_title(assistant, summarise, monkeypatch):
    summarise(HEAT_PUMPS, form="points")
    texts: list[str] = []
    encode = assistant.embedder.encode_passages
    monkeypatch.setattr(
        assistant.embedder, "encode_passages", lambda some: texts.extend(some) or encode(some)
    )
    summarise(HEAT_PUMPS, form="abstract")
    assert texts == [HEAT_PUMPS]


def test_who_may_not_read_a_document_cannot_summarise_it_although_notes_are_kept(summarise):
    summarise(HEAT_PUMPS)
    stranger = Readable(groups=frozenset({"others"}))
    with pytest.raises(DocumentNotFoundError):
        summarise(HEAT_PUMPS, readable=stranger)


def test_a_document_that_is_deleted_meanwhile_ends_the_summary(assistant, everyone, tmp_path):
    text = " ".join(f"The meter number {n} was replaced in the spring by Ana." for n in range(99))
    path = tmp_path / "meters.md"
    path.write_text(f"# Meters\n\n{text}\n", encoding="utf-8")
    assistant.ingestor.ingest([str(path)])
    events = assistant.summarise(["Meters"], readable=everyone)
    first = next(events)
    assert isinstance(first, SummaryProgress)
    assistant.library.retire_all([assistant.library.documents(everyone, query="meters")[0].id])
    with pytest.raises(DocumentNotFoundError, match="removed"):
        list(events)


def test_notes_go_with_their_document(assistant, everyone, tmp_path):
    path = tmp_path / "valves.md"
    path.write_text("# Valves\n\nEvery valve of the plant is greased once a year.\n", "utf-8")
    assistant.ingestor.ingest([str(path)])
    list(assistant.summarise(["Valves"], readable=everyone))
    before = assistant.library.notes.count()
    assistant.library.retire_all([assistant.library.documents(everyone, query="valves")[0].id])
    assert assistant.library.notes.count() == before - 1


def test_progress_comes_before_statements_and_the_whole_comes_last(assistant, everyone):
    events = list(assistant.summarise([HEAT_PUMPS], readable=everyone))
    kinds = [type(event) for event in events]
    assert kinds == sorted(kinds, key=[SummaryProgress, StatementWritten, Summary].index)
    assert kinds.count(Summary) == 1


def test_a_file_is_summarised_without_being_brought_in(assistant, everyone, tmp_path):
    path = tmp_path / "one.txt"
    path.write_text("The lift is out of order until Friday.", encoding="utf-8")
    *_, summary = assistant.summarise([], files=[str(path)], readable=everyone)
    assert [one.text for one in summary.statements] == ["The lift is out of order until Friday."]
    assert "too short" in summary.remarks[0]
    assert assistant.library.documents(everyone, query="one.txt") == []


def test_what_cannot_be_summarised_is_refused_with_the_reason(assistant, everyone, tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_text("  \n", encoding="utf-8")
    with pytest.raises(ParseError, match=r"empty\.txt"):
        assistant.summarise([], files=[str(empty)], readable=everyone)
    figures = tmp_path / "figures.txt"
    figures.write_text("12 14 16\n", encoding="utf-8")
    with pytest.raises(NothingToSummariseError):
        assistant.summarise([], files=[str(figures)], readable=everyone)
    with pytest.raises(NothingToSummariseError, match="Introduction"):
        assistant.summarise([HEAT_PUMPS], readable=everyone, sections=["Nowhere"])
    with pytest.raises(QuestionError, match="compare takes 2"):
        assistant.summarise([HEAT_PUMPS], readable=everyone, form="compare")
    with pytest.raises(DocumentNotFoundError):
        assistant.summarise(["No such paper"], readable=everyone)


def test_exports_hold_statements_notes_links_and_origin(summarise):
    summary = summarise(HEAT_PUMPS, form="paper")
    markdown = export([summary], "md").decode()
    assert re.search(r"\[\^1-1\](?!:)", markdown)
    assert re.search(r"^\[\^1-1\]: \[.*\]\(<file://.*#page=\d+>\)", markdown, re.MULTILINE)
    word = Document(io.BytesIO(export([summary], "docx")))
    told = "\n".join(one.text for one in word.paragraphs)
    pdf = PdfDocument(export([summary, summary], "pdf"))
    printed = "".join(page.get_textpage().get_text_range() for page in pdf)
    pdf.close()
    for text in (markdown, told, printed):
        assert "ai_generated" in text
        assert "chosen by Philo" in text
        assert summary.statements[0].text.split()[0] in text
    assert "Contents" in printed
