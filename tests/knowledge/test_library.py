"""Documents, versions and their chunks, as readers and the ingestion see them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import DocumentNotFoundError, IndexMismatchError, KnowledgeError
from assistant.knowledge.opening import open_library
from assistant.types import OPERATOR, Line, Readable

EVERYONE = Readable()


def test_a_published_document_is_found_by_meaning_by_word_and_by_address(shelf: Any) -> None:
    document_id = shelf.put("file:///bail", "le loyer", "la cantine", title="Bail", source="s")
    assert shelf.near("la cantine")[0] == "la cantine"
    assert shelf.matching("loyers") == ["le loyer"]
    published = shelf.library.find("file:///bail", "default")
    assert published.document_id == document_id
    assert published.groups == {"everyone"}
    assert published.recipe == "test-1"
    assert shelf.library.find("file:///bail", "other") is None
    assert shelf.library.find("file:///other", "default") is None
    assert shelf.library.count(EVERYONE) == (1, 2)


def test_a_chunk_comes_back_as_it_was_put_in(shelf: Any) -> None:
    document_id = shelf.put(
        "file:///t",
        "début",
        "| 1 | 2 |",
        title="Tableau",
        heading=("Partie é", "Sous-partie"),
        table_header="| a | b |",
        language=None,
    )
    first, second = shelf.library.document_chunks(document_id, EVERYONE)
    assert (first.text, second.text) == ("début", "| 1 | 2 |")
    assert second.chunk_id == f"{second.version_id}:00001"
    assert (second.ordinal, second.start, second.end) == (1, 6, 15)
    assert second.lines == (Line(6, 2, (10.0, 20.5, 300.25, 32.0)), Line(10, 2))
    assert (second.page, second.pages) == (2, 2)
    assert second.heading == ("Partie é", "Sous-partie")
    assert second.table_header == "| a | b |"
    assert (second.uri, second.title) == ("file:///t", "Tableau")
    assert (second.collection, second.language) == ("default", None)
    assert second.document_id == document_id
    assert shelf.library.chunks([second.chunk_id, "unknown"], EVERYONE) == {second.chunk_id: second}
    assert shelf.matching("a") == shelf.matching("sous-parties") != []


def test_a_new_version_replaces_the_old_one_whole(shelf: Any) -> None:
    draft = shelf.draft("file:///a", "nouveau loyer")
    options = {"collection": "default", "groups": frozenset({"hr"})}
    first = shelf.put("file:///a", "ancien loyer", "ancienne cantine")
    old = shelf.library.document_chunks(first, OPERATOR)
    assert shelf.library.publish(draft, shelf.embed("nouveau loyer"), **options) == "updated"
    assert shelf.library.find("file:///a", "default").document_id == first
    assert shelf.near("ancien loyer") == ["nouveau loyer"]
    assert shelf.matching("ancien cantine loyer") == ["nouveau loyer"]
    assert shelf.library.chunks([chunk.chunk_id for chunk in old], OPERATOR) == {}
    assert shelf.library.document(first, OPERATOR).groups == ["hr"]
    assert shelf.is_in_step()


def test_the_first_version_is_added(shelf: Any) -> None:
    outcome = shelf.library.publish(
        shelf.draft("file:///a", "x"),
        shelf.embed("x"),
        collection="default",
        groups=frozenset({"everyone"}),
    )
    assert outcome == "added"


def test_the_same_address_in_two_collections_is_two_documents(shelf: Any) -> None:
    one = shelf.put("file:///a", "loyer du bureau", collection="law")
    two = shelf.put("file:///a", "loyer du bureau", collection="rent")
    assert one != two
    law = Readable(collection="law")
    assert [document.id for document in shelf.library.documents(law)] == [one]
    assert len(shelf.near("loyer", law)) == len(shelf.matching("loyer", law)) == 1
    assert shelf.library.count(law) == (1, 1)
    assert shelf.library.count(EVERYONE) == (2, 2)


def test_a_document_without_text_can_be_published_and_retired(shelf: Any) -> None:
    document_id = shelf.put("file:///scan")
    assert shelf.library.document(document_id, EVERYONE).chunks == 0
    assert shelf.library.document_chunks(document_id, EVERYONE) == []
    shelf.library.retire(document_id)
    assert shelf.library.count(OPERATOR) == (0, 0)


def test_a_retired_document_is_gone_from_everything(shelf: Any) -> None:
    document_id = shelf.put("file:///a", "le loyer secret", source="s")
    shelf.put("file:///b", "le loyer connu", source="s")
    [chunk] = shelf.library.document_chunks(document_id, OPERATOR)
    shelf.library.retire(document_id)
    assert shelf.near("le loyer secret") == ["le loyer connu"]
    assert shelf.matching("loyer secret") == ["le loyer connu"]
    assert shelf.library.find("file:///a", "default") is None
    assert shelf.library.chunks([chunk.chunk_id], OPERATOR) == {}
    assert shelf.library.uris_of_source("s", "default").keys() == {"file:///b"}
    assert shelf.is_in_step()
    with pytest.raises(DocumentNotFoundError):
        shelf.library.document(document_id, OPERATOR)
    with pytest.raises(DocumentNotFoundError):
        shelf.library.retire(document_id)


def test_a_retired_document_can_come_back(shelf: Any) -> None:
    shelf.library.retire(shelf.put("file:///a", "le loyer"))
    shelf.put("file:///a", "le loyer")
    assert shelf.near("loyer") == ["le loyer"]


def test_the_words_of_a_retired_document_are_gone_from_the_database_file(shelf: Any) -> None:
    document_id = shelf.put("file:///a", "mot-de-passe-unique", title="titre-tout-aussi-unique")
    shelf.put("file:///b", "autre chose")
    shelf.library.retire(document_id)
    if shelf.database.engine.name == "postgresql":  # whose files are not Philo's
        return
    left = b"".join(path.read_bytes() for path in shelf.directory.glob("philo.db*"))
    assert b"autre chose" in left
    assert b"mot-de-passe-unique" not in left
    assert b"titre-tout-aussi-unique" not in left


def test_a_source_knows_what_came_from_it(shelf: Any) -> None:
    a = shelf.put("file:///a", "un", source="folder")
    b = shelf.put("file:///b", "deux")
    shelf.put("file:///c", "trois", source="folder", collection="other")
    assert shelf.library.uris_of_source("folder", "default") == {"file:///a": a}
    shelf.library.touch(b, source="folder")
    assert shelf.library.uris_of_source("folder", "default") == {"file:///a": a, "file:///b": b}
    shelf.put("file:///a", "un, revu")
    assert "file:///a" in shelf.library.uris_of_source("folder", "default")
    with pytest.raises(DocumentNotFoundError):
        shelf.library.touch("unknown", source="folder")


def test_documents_are_listed_newest_first_page_by_page(shelf: Any) -> None:
    for name in "abcd":
        shelf.put(f"file:///{name}", "un", "deux")
    shelf.put("file:///b", "revu")
    listed = shelf.library.documents(EVERYONE)
    assert [info.uri[-1] for info in listed] == ["b", "d", "c", "a"]
    assert [info.chunks for info in listed] == [1, 2, 2, 2]
    page = shelf.library.documents(EVERYONE, offset=1, limit=2)
    assert [info.uri[-1] for info in page] == ["d", "c"]
    assert listed[0].empty_pages == [7]
    assert listed[0].published_at.endswith("+00:00")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("congés", True),
        ("CONGES pay", True),
        ("œuvres", True),
        ("rh/manuel", True),
        ("100%", True),
        ("100_", False),
        ("absent", False),
        ("\ud83d", True),
        ("\0", True),
    ],
)
def test_documents_are_found_by_a_part_of_title_or_address(
    shelf: Any, query: str, expected: bool
) -> None:
    shelf.put("file:///RH/Manuel.pdf", "texte", title="Congés payés et Oeuvres à 100%")
    assert bool(shelf.library.documents(EVERYONE, query=query)) == expected


def test_search_asks_again_when_sql_refused_the_first_hits(shelf: Any) -> None:
    """Chunks that only the indexes hold must not crowd out those that are published."""
    from assistant.knowledge.lexicon.base import LexiconEntry
    from assistant.knowledge.vectors.base import VectorEntry

    shelf.put("file:///a", "loyer du bureau de Lyon")
    groups = frozenset({"everyone"})
    vector = shelf.embed("loyer")[0]
    orphans = [f"orphan:{number:05d}" for number in range(40)]
    shelf.vectors.add([VectorEntry(i, vector, "orphan", "default", groups) for i in orphans])
    shelf.lexicon.add(
        [LexiconEntry(i, "loyer", "", "loyer", "orphan", "default", groups) for i in orphans]
    )
    assert shelf.near("loyer", EVERYONE, k=1) == ["loyer du bureau de Lyon"]
    assert shelf.matching("loyer", EVERYONE, k=1) == ["loyer du bureau de Lyon"]
    assert shelf.library.reconcile().orphans_removed == 40
    assert shelf.is_in_step()


def test_searching_nothing_finds_nothing(shelf: Any) -> None:
    assert shelf.near("loyer") == []
    assert shelf.matching("loyer") == []
    shelf.put("file:///a", "loyer")
    assert shelf.near("loyer", k=0) == []
    assert shelf.matching("loyer", k=0) == []
    assert shelf.matching("") == []


def test_vectors_and_chunks_must_be_as_many(shelf: Any) -> None:
    with pytest.raises(KnowledgeError, match="2 chunks with 1 vectors"):
        shelf.library.publish(
            shelf.draft("file:///a", "un", "deux"),
            shelf.embed("un"),
            collection="default",
            groups=frozenset({"everyone"}),
        )


def test_text_with_half_a_character_is_refused_with_a_reason(shelf: Any) -> None:
    with pytest.raises(KnowledgeError, match="half a character"):
        shelf.library.publish(
            shelf.draft("file:///a", "x", title="\ud83d"),
            shelf.embed("x"),
            collection="default",
            groups=frozenset({"everyone"}),
        )
    assert shelf.is_in_step()


def test_readers_see_whole_versions_while_a_writer_replaces_them(shelf: Any) -> None:
    versions = [{f"version {n} partie {part}" for part in range(4)} for n in range(8)]
    shelf.put("file:///a", *sorted(versions[0]))
    finished = threading.Event()
    seen: list[set[str]] = []

    def read() -> None:
        while not finished.is_set():
            [info] = shelf.library.documents(EVERYONE)
            chunks = shelf.library.document_chunks(info.id, EVERYONE)
            seen.append({chunk.text for chunk in chunks})
            found = shelf.library.search_text("partie", k=50, readable=EVERYONE, language="fr")
            assert len({hit.id.partition(":")[0] for hit in found}) <= 1

    failures: list[BaseException] = []

    def read_and_report() -> None:
        try:
            read()
        except BaseException as exc:  # noqa: BLE001 # handed to the test's own thread
            failures.append(exc)

    readers = [threading.Thread(target=read_and_report) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in versions[1:]:
        shelf.put("file:///a", *sorted(version))
    finished.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert seen
    assert all(texts in versions for texts in seen)


def test_open_library_keeps_what_was_published(tmp_path: Path, open_shelf: Callable) -> None:
    shelf = open_shelf(tmp_path)
    shelf.put("file:///a", "le loyer")
    shelf.close()
    library = open_library(tmp_path, embedder_id="test-embedder", dimension=8)
    assert library.count(OPERATOR) == (1, 1)
    [hit] = library.search_text("loyers", k=5, readable=EVERYONE, language="fr")
    assert library.chunks([hit.id], EVERYONE)[hit.id].text == "le loyer"
    library.close()


def test_vectors_of_another_embedder_are_refused_until_the_documents_are_gone(
    tmp_path: Path, open_shelf: Callable
) -> None:
    shelf = open_shelf(tmp_path)
    document_id = shelf.put("file:///a", "le loyer")
    shelf.close()
    with pytest.raises(IndexMismatchError, match=r"'test-embedder', not of 'other'.*philo\.toml"):
        open_library(tmp_path, embedder_id="other", dimension=8)
    shelf = open_shelf(tmp_path)
    assert shelf.near("le loyer") == ["le loyer"]
    shelf.library.retire(document_id)
    shelf.close()
    library = open_library(tmp_path, embedder_id="other", dimension=4)
    assert library.count(OPERATOR) == (0, 0)
    library.close()


def test_vectors_are_made_ready_before_the_first_search(shelf: Any) -> None:
    shelf.put("a", "le préavis de démission", "the notice period")
    assert shelf.vectors.memory_bytes == 0
    shelf.library.prepare_search()
    until = time.monotonic() + 10
    while not shelf.vectors.memory_bytes and time.monotonic() < until:
        time.sleep(0.01)
    assert shelf.vectors.memory_bytes > 0
    assert len(shelf.near("the notice period")) == 2
