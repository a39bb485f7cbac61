"""The questions in examples/ are answered by the documents, and the script makes the documents."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import docx
import openpyxl
import pptx
import pypdfium2
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DOCUMENTS = sorted(
    path.relative_to(EXAMPLES).as_posix()
    for folder in ("handbook", "papers")
    for path in (EXAMPLES / folder).iterdir()
)
MADE = [name for name in DOCUMENTS if not name.endswith(".md")]
QUESTIONS = [
    json.loads(line)
    for line in (EXAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]


def squeeze(text: str) -> str:
    """Words with single spaces, table bars left out."""
    return " ".join(text.replace("|", " ").split())


def read_text(path: Path) -> str:
    """Everything a document says, squeezed; the cells of a row follow one another."""
    if path.suffix == ".md":
        return squeeze(path.read_text(encoding="utf-8"))
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as pdf:
            return squeeze(" ".join(page.get_textpage().get_text_range() for page in pdf))
    return squeeze(" ".join(OFFICE_READERS[path.suffix](path)))


def read_docx(path: Path) -> list[str]:
    document = docx.Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + cells


def read_pptx(path: Path) -> list[str]:
    texts: list[str] = []
    for slide in pptx.Presentation(str(path)).slides:
        for shape in slide.shapes:
            if shape.has_table:
                texts += [cell.text for row in shape.table.rows for cell in row.cells]
            else:
                texts.append(shape.text_frame.text)
    return texts


def read_xlsx(path: Path) -> list[str]:
    rows = [row for sheet in openpyxl.load_workbook(path) for row in sheet.values]
    return [str(value) for row in rows for value in row if value is not None]


OFFICE_READERS = {".docx": read_docx, ".pptx": read_pptx, ".xlsx": read_xlsx}


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {name: read_text(EXAMPLES / name) for name in DOCUMENTS}


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["_id"])
def test_answer_stands_in_its_document(question: dict, texts: dict[str, str]) -> None:
    support = squeeze(question["support"])
    assert support in texts[question["document"]]
    assert question["answers"]
    assert all(squeeze(answer) in support for answer in question["answers"])


def test_support_of_an_answer_stands_in_one_document_only(texts: dict[str, str]) -> None:
    for question in ANSWERABLE:
        support = squeeze(question["support"])
        assert [name for name in DOCUMENTS if support in texts[name]] == [question["document"]]


def test_every_document_has_a_question() -> None:
    assert sorted({question["document"] for question in ANSWERABLE}) == DOCUMENTS


def test_unanswerable_questions_name_no_document() -> None:
    for question in QUESTIONS:
        if not question["answerable"]:
            assert (question["answers"], question["document"], question["support"]) == (
                [],
                None,
                None,
            )


def test_both_languages_are_asked_about_both_languages() -> None:
    for asked in ("fr", "en"):
        mine = [question for question in QUESTIONS if question["language"] == asked]
        assert sum(question["answerable"] for question in mine) >= 24
        assert sum(not question["answerable"] for question in mine) >= 6
        crossing = [question for question in mine if question["document_language"] != asked]
        assert sum(question["answerable"] for question in crossing) >= 6


def test_question_ids_are_unique() -> None:
    assert len({question["_id"] for question in QUESTIONS}) == len(QUESTIONS)


def test_script_makes_the_committed_documents(tmp_path: Path, texts: dict[str, str]) -> None:
    script = str(EXAMPLES / "make_examples.py")
    subprocess.run([sys.executable, script, str(tmp_path)], check=True, capture_output=True)
    made = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")]
    assert sorted(made) == MADE
    assert {name: read_text(tmp_path / name) for name in MADE} == {
        name: texts[name] for name in MADE
    }


@pytest.mark.parametrize("name", ["crossing.jsonl", "dialogues.jsonl"])
def test_support_of_a_search_stands_in_its_document(name: str, texts: dict[str, str]) -> None:
    rows = [json.loads(line) for line in (EXAMPLES / name).read_text("utf-8").splitlines()]
    missing = [row["_id"] for row in rows if squeeze(row["support"]) not in texts[row["document"]]]
    assert missing == []
    assert len({row["_id"] for row in rows}) == len(rows)
