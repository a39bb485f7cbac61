import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WriteSet = Callable[..., Path]

CORPUS = [
    {
        "_id": "leave",
        "title": "Leave",
        "text": "Every employee in Dublin has 26 days of annual leave in each calendar year.",
    },
    {
        "_id": "frais",
        "title": "Notes de frais",
        "text": "Le plafond d'une nuit d'hôtel à Paris est de 160 euros.",
    },
    {
        "_id": "sick",
        "title": "Sick leave",
        "text": "A doctor's certificate is needed from the fourth day of absence.",
    },
]
QUERIES = [
    {"_id": "1", "text": "How many days of annual leave does an employee in Dublin have?"},
    {"_id": "2", "text": "Quel est le plafond d'une nuit d'hôtel à Paris ?"},
    {"_id": "3", "text": "What is the phone number of the reception in Oslo?"},
]
QRELS = ["query-id\tcorpus-id\tscore", "1\tleave\t1", "2\tfrais\t1"]
ANSWERS = [
    {"_id": "1", "answers": ["26 days"], "answerable": True},
    {"_id": "2", "answers": ["160 euros"], "answerable": True},
    {"_id": "3", "answers": [], "answerable": False},
]


@pytest.fixture
def write_set(tmp_path: Path) -> WriteSet:
    """Writes a small bilingual set; a test says which file is otherwise (None: missing). Rows
    that are no text are written as JSON."""

    def write(
        *,
        corpus: list[Any] | None = CORPUS,
        queries: list[Any] | None = QUERIES,
        qrels: list[str] | None = QRELS,
        answers: list[Any] | None = ANSWERS,
    ) -> Path:
        folder = tmp_path / "small"
        folder.mkdir(exist_ok=True)
        files = {
            "corpus.jsonl": corpus,
            "queries.jsonl": queries,
            "qrels.tsv": qrels,
            "answers.jsonl": answers,
        }
        for name, rows in files.items():
            if rows is not None:
                lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
                (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder

    return write
