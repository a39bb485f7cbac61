"""A shelf with a secret document, and what others have made of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.audit.content import Content
from assistant.types import OPERATOR, NewRating, RatedSentence
from tests.knowledge.conftest import Shelf

SALARY = "le salaire annuel de la directrice générale atteint deux cent mille euros"
BONUS = "la prime exceptionnelle versée en mars dépasse le plafond fixé par le conseil"
CANTEEN = "les tickets restaurant sont distribués le premier lundi de chaque mois"
URI = "file:///handbook/salaries-of-the-board.txt"


def put_secret(shelf: Shelf) -> str:
    """Its id; it was cited in an answer, which Anne rated."""
    secret = shelf.put(URI, SALARY, BONUS)
    shelf.library.ratings.add(
        NewRating(
            question="Combien gagne la directrice ?",
            good=True,
            sentences=[RatedSentence(text=f"{SALARY}.", document_ids=[secret])],
        ),
        OPERATOR,
        rater="Anne",
    )
    told = {
        "question": Content("Combien gagne la directrice générale chaque année ?"),
        "answer": Content(f"{SALARY} [1]"),
        "passages": [{"document": secret, "chunk": "c", "sha256": "0" * 64}],
    }
    shelf.library.audit.record("Anne", "ask", told)
    shelf.library.audit.record("Ben", "ask", {"question": Content(f"Est-ce que {BONUS} ?")})
    shelf.put("file:///handbook/canteen.txt", CANTEEN)
    return secret


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where temporary folders are looked for: not where those of others lie."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def open_shelf(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    opened: list[Shelf] = []

    def open_one(directory: Path = tmp_path, **options: Any) -> Shelf:
        opened.append(Shelf(directory, **options))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()
