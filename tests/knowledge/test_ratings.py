"""What people said of answers, and what is left of it when a document goes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from assistant.errors import DocumentNotFoundError, RatingNotFoundError
from assistant.types import OPERATOR, NewRating, RatedSentence, Readable


def rating(*sentences: tuple[str, list[str]], **fields: Any) -> NewRating:
    given = {"question": "Combien de jours ?", "good": False, **fields}
    rated = [RatedSentence(text=said, document_ids=ids) for said, ids in sentences]
    return NewRating(sentences=rated, **given)


def test_ratings_are_listed_newest_first(shelf: Any) -> None:
    kept = [shelf.library.ratings.add(rating(good=good), OPERATOR) for good in (True, False)]
    page, total = shelf.library.ratings.all(limit=1)
    assert (page, total) == ([kept[1]], 2)
    assert shelf.library.ratings.all(offset=1)[0] == [kept[0]]


def test_a_removed_document_takes_its_sentences_out_of_ratings(shelf: Any) -> None:
    a, b = (shelf.put(f"file:///{name}", f"secret {name}") for name in "ab")
    said = rating(
        ("secret a", [a]),
        ("secret b", [b]),
        ("secret both", [a, b]),
        ("secret of nobody", []),
        correction="secret correction",
        reason="secret reason",
        document_ids=[a],
    )
    shelf.library.ratings.add(said, OPERATOR)
    shelf.library.retire(a)
    [left], _ = shelf.library.ratings.all()
    assert [one.text for one in left.sentences] == ["secret b"]
    assert (left.reason, left.correction, left.document_ids) == ("", "", [])
    assert left.question == "Combien de jours ?"
    with shelf.database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM rating_documents")) == 1


def test_nobody_rates_what_they_may_not_read(shelf: Any) -> None:
    hidden = shelf.put("file:///a", "texte", groups=("hr",))
    reader = Readable(groups=frozenset({"everyone"}))
    for said in (rating(("texte", [hidden])), rating(document_ids=[hidden]),
                 rating(("texte", ["nothing"]))):  # fmt: skip
        with pytest.raises(DocumentNotFoundError, match="names 1 documents"):
            shelf.library.ratings.add(said, reader)
    assert shelf.library.ratings.all()[1] == 0


def test_a_rating_can_be_removed(shelf: Any) -> None:
    document = shelf.put("file:///a", "texte")
    kept = shelf.library.ratings.add(rating(("texte", [document])), OPERATOR)
    shelf.library.ratings.remove(kept.id)
    assert shelf.library.ratings.all() == ([], 0)
    with pytest.raises(RatingNotFoundError):
        shelf.library.ratings.remove(kept.id)
