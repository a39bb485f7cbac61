"""Nobody gets anything of a document that they may not read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import DocumentNotFoundError
from assistant.types import OPERATOR, Readable

EVERYONE = Readable()
HR = Readable(frozenset({"hr"}))
HR_TOO = Readable(frozenset({"everyone", "hr"}))
NOBODY = Readable(frozenset())


def nothing_of(shelf: Any, document_id: str, chunk_ids: list[str], readable: Readable) -> bool:
    """Whether no way of reading tells anything of the document."""
    library = shelf.library
    listed = [info.id for info in library.documents(readable)]
    listed += [info.id for info in library.documents(readable, query="licenciements")]
    with pytest.raises(DocumentNotFoundError) as by_id:
        library.document(document_id, readable)
    with pytest.raises(DocumentNotFoundError) as by_chunks:
        library.document_chunks(document_id, readable)
    with pytest.raises(DocumentNotFoundError) as unknown:
        library.document("f" * 32, readable)
    alike = str(unknown.value).replace("f" * 32, document_id)
    texts = shelf.near("plan de licenciements", readable) + shelf.matching("plan", readable)
    return (
        document_id not in listed
        and library.chunks(chunk_ids, readable) == {}
        and not any("licenciements" in text for text in texts)
        and str(by_id.value) == str(by_chunks.value) == alike
    )


def test_an_unreadable_document_is_in_no_result_count_title_or_message(shelf: Any) -> None:
    open_id = shelf.put("file:///open", "plan de la cantine")
    secret = shelf.put(
        "file:///secret", "plan de licenciements", "plan", groups=("hr",), title="Licenciements"
    )
    chunk_ids = [chunk.chunk_id for chunk in shelf.library.document_chunks(secret, OPERATOR)]
    for stranger in (EVERYONE, NOBODY, Readable(frozenset({"h", "hrx", "HR"}))):
        assert nothing_of(shelf, secret, chunk_ids, stranger)
    assert shelf.library.count(EVERYONE) == (1, 1)
    assert shelf.library.count(NOBODY) == (0, 0)
    assert shelf.library.documents(NOBODY) == []
    assert shelf.near("plan", NOBODY) == shelf.matching("plan", NOBODY) == []
    assert shelf.library.count(HR) == (1, 2)
    assert shelf.library.count(HR_TOO) == (2, 3)
    assert [info.id for info in shelf.library.documents(EVERYONE)] == [open_id]
    assert "plan de licenciements" in shelf.near("plan de licenciements", HR)


def test_the_operator_reads_everything(shelf: Any) -> None:
    document_id = shelf.put("file:///a", "plan", groups=())
    assert shelf.near("plan") == shelf.matching("plan") == ["plan"]
    assert shelf.library.document(document_id, OPERATOR).groups == []
    assert shelf.library.count(EVERYONE) == (0, 0)


def test_a_collection_is_no_way_around_the_groups(shelf: Any) -> None:
    secret = shelf.put("file:///s", "plan de licenciements", groups=("hr",), collection="law")
    chunk_ids = [chunk.chunk_id for chunk in shelf.library.document_chunks(secret, OPERATOR)]
    assert nothing_of(shelf, secret, chunk_ids, Readable(collection="law"))
    outside = Readable(everything=True, collection="default")
    assert nothing_of(shelf, secret, chunk_ids, outside)


def test_a_withdrawn_group_loses_the_document_at_once(shelf: Any) -> None:
    document_id = shelf.put("file:///a", "plan de licenciements", groups=("everyone", "hr"))
    chunk_ids = [chunk.chunk_id for chunk in shelf.library.document_chunks(document_id, OPERATOR)]
    shelf.library.set_groups(document_id, frozenset({"hr"}))
    assert nothing_of(shelf, document_id, chunk_ids, EVERYONE)
    assert shelf.near("plan", HR) == shelf.matching("plan", HR) == ["plan de licenciements"]
    assert shelf.library.find("file:///a", "default").groups == {"hr"}


def test_a_new_group_gains_the_document_at_once(shelf: Any) -> None:
    document_id = shelf.put("file:///a", "plan", groups=("board",))
    shelf.library.set_groups(document_id, frozenset({"board", "hr"}))
    assert shelf.near("plan", HR) == shelf.matching("plan", HR) == ["plan"]
    with pytest.raises(DocumentNotFoundError):
        shelf.library.set_groups("unknown", frozenset({"hr"}))


def test_a_new_version_for_fewer_groups_leaves_nothing_to_the_others(shelf: Any) -> None:
    shelf.put("file:///a", "plan de licenciements", groups=("everyone",))
    document_id = shelf.put("file:///a", "plan de licenciements", groups=("hr",))
    chunk_ids = [chunk.chunk_id for chunk in shelf.library.document_chunks(document_id, OPERATOR)]
    assert nothing_of(shelf, document_id, chunk_ids, EVERYONE)
    assert shelf.library.count(HR) == (1, 1)


def test_an_index_that_tells_too_much_is_not_believed(
    open_shelf: Callable[..., Any], tmp_path: Path
) -> None:
    """An index whose groups are of yesterday must not decide what is read today."""
    shelf = open_shelf(tmp_path, failpoint=lambda step: None)
    document_id = shelf.put("file:///a", "plan de licenciements", groups=("everyone",))
    chunk_ids = [chunk.chunk_id for chunk in shelf.library.document_chunks(document_id, OPERATOR)]
    with shelf.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE document_groups SET group_name = 'hr'")
    assert nothing_of(shelf, document_id, chunk_ids, EVERYONE)
