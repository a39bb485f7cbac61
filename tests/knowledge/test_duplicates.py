"""What several documents hold is kept once, found once, and cited with all its places."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.models.embedders.hashing import HashingEmbedder
from assistant.retrieval.query import read_question
from assistant.retrieval.search import Searcher
from assistant.retrieval.settings import RetrievalSettings
from assistant.types import OPERATOR, Readable

RULE = "Le loyer du bureau est payé le cinq du mois."


class ShelfEmbedder(HashingEmbedder):
    """Questions in the vector space of the shelf."""

    def __init__(self, shelf: Any) -> None:
        super().__init__(dimension=8)
        self.shelf = shelf

    def encode_query(self, text: str) -> Any:
        return self.shelf.embed(text)[0]


def passages(shelf: Any, readable: Readable = OPERATOR, *, question: str = RULE) -> list[Any]:
    searcher = Searcher(shelf.library, ShelfEmbedder(shelf), RetrievalSettings())
    return searcher.search(read_question(question, max_chars=1000), k=10, readable=readable)


def test_the_same_text_is_kept_once_and_goes_with_the_last_that_holds_it(shelf: Any) -> None:
    first = shelf.put("file:///a", RULE, "propre à a", title="Bail")
    second = shelf.put("file:///b", RULE, RULE, title="Bail")
    assert shelf.count("pieces") == 2
    assert shelf.count("chunks") == 4
    shelf.library.retire(first)
    assert shelf.count("pieces") == 1
    assert shelf.matching("loyer") == [RULE, RULE]
    shelf.put("file:///b", "autre chose", title="Bail")
    assert shelf.count("pieces") == 1
    shelf.library.retire(second)
    assert shelf.count("pieces") == 0
    assert shelf.is_in_step()


def test_the_same_words_under_another_title_are_another_piece(shelf: Any) -> None:
    shelf.put("file:///a", "24 jours", title="Irlande")
    shelf.put("file:///b", "24 jours", title="France")
    assert shelf.count("pieces") == 2


def test_a_table_header_and_a_text_are_not_mixed_up(shelf: Any) -> None:
    shelf.put("file:///a", "un\ndeux", title="T")
    shelf.put("file:///b", "deux", title="T", table_header="un")
    [first] = shelf.library.document_chunks(shelf.id_of("file:///a"), OPERATOR)
    [second] = shelf.library.document_chunks(shelf.id_of("file:///b"), OPERATOR)
    assert (first.text, second.text) == ("un\ndeux", "deux")


def test_one_passage_names_the_other_places(shelf: Any) -> None:
    for name in ("a", "b", "c"):
        shelf.put(f"file:///{name}", "Une page avant.", RULE, title="Bail")
    found = [one for one in passages(shelf) if one.text == RULE]
    assert len(found) == 1
    [passage] = found
    others = {"file:///a", "file:///b", "file:///c"} - {passage.uri}
    assert {place.uri for place in passage.places} == others
    assert {(place.title, place.page) for place in passage.places} == {("Bail", 2)}
    assert passage.document_id not in {place.document_id for place in passage.places}


def test_a_text_that_stands_twice_in_one_document_is_one_passage(shelf: Any) -> None:
    shelf.put("file:///a", RULE, RULE, title="Bail")
    [passage] = passages(shelf)
    assert passage.places == []


@pytest.mark.parametrize(
    ("groups", "seen"),
    [
        ({"everyone"}, {"file:///open"}),
        ({"hr"}, {"file:///secret"}),
        ({"everyone", "hr"}, {"file:///open", "file:///secret"}),
    ],
)
def test_a_place_that_the_reader_may_not_see_is_never_named(
    shelf: Any, groups: set[str], seen: set[str]
) -> None:
    shelf.put("file:///open", RULE, title="Bail")
    secret = shelf.put("file:///secret", RULE, title="Bail", groups=("hr",))
    other = shelf.put("file:///elsewhere", RULE, title="Bail", collection="other")
    [passage] = passages(shelf, Readable(frozenset(groups), collection="default"))
    named = {passage.uri, *(place.uri for place in passage.places)}
    assert named == seen
    if "hr" not in groups:
        assert secret not in passage.model_dump_json()
    assert other not in passage.model_dump_json()


def test_a_removed_or_held_twin_is_no_place(shelf: Any) -> None:
    shelf.put("file:///a", RULE, title="Bail")
    gone = shelf.put("file:///b", RULE, title="Bail")
    shelf.hold("file:///c", RULE, title="Bail")
    [passage] = passages(shelf)
    assert len(passage.places) == 1
    shelf.library.retire(gone)
    [passage] = passages(shelf)
    assert (passage.uri, passage.places) == ("file:///a", [])
