"""A document that was read too badly is kept with its reason, and found by nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import DocumentNotFoundError
from assistant.types import OPERATOR, Readable


def held_uris(shelf: Any, readable: Readable = OPERATOR) -> list[str]:
    return [info.uri for info in shelf.library.documents(readable, state="quarantined")]


def test_it_is_listed_with_its_reason_and_in_no_search(shelf: Any) -> None:
    document_id = shelf.hold("file:///scan", "texte douteux", reason="1 of 9 pages")
    assert shelf.near("texte douteux") == shelf.matching("douteux") == []
    assert shelf.library.count(OPERATOR) == (0, 0)
    assert shelf.library.documents(OPERATOR) == []
    info = shelf.library.document(document_id, OPERATOR)
    assert (info.state, info.reason, info.chunks) == ("quarantined", "1 of 9 pages", 1)
    assert held_uris(shelf) == ["file:///scan"]
    with pytest.raises(DocumentNotFoundError):
        shelf.library.document_chunks(document_id, OPERATOR)


def test_it_survives_a_start(shelf: Any) -> None:
    shelf.hold("file:///scan", "texte douteux")
    shelf.library.reconcile()
    shelf.library.reconcile()
    assert held_uris(shelf) == ["file:///scan"]
    assert shelf.near("texte douteux") == []


def test_released_it_is_searched(shelf: Any) -> None:
    document_id = shelf.hold("file:///scan", "texte douteux", groups=("hr",))
    assert shelf.library.release(document_id).state == "published"
    assert shelf.near("texte douteux") == shelf.matching("douteux") == ["texte douteux"]
    assert shelf.near("texte douteux", Readable()) == []
    assert held_uris(shelf) == []
    assert shelf.is_in_step()
    with pytest.raises(DocumentNotFoundError, match="state quarantined"):
        shelf.library.release(document_id)


def test_a_bad_new_version_leaves_the_good_one_and_takes_its_place_when_released(
    shelf: Any,
) -> None:
    document_id = shelf.put("file:///a", "bonne version")
    shelf.hold("file:///a", "mauvaise version")
    assert shelf.near("version") == ["bonne version"]
    assert held_uris(shelf) == ["file:///a"]
    assert shelf.library.document(document_id, OPERATOR).state == "published"
    shelf.library.release(document_id)
    assert shelf.near("version") == ["mauvaise version"]
    assert shelf.is_in_step()


def test_a_good_new_version_ends_the_quarantine(shelf: Any) -> None:
    shelf.hold("file:///a", "mauvaise version")
    shelf.put("file:///a", "bonne version")
    assert held_uris(shelf) == []
    assert shelf.near("version") == ["bonne version"]
    assert shelf.is_in_step()


def test_only_its_groups_see_that_it_is_there(shelf: Any) -> None:
    document_id = shelf.hold("file:///a", "secret", groups=("hr",))
    assert held_uris(shelf, Readable()) == []
    assert held_uris(shelf, Readable(frozenset({"hr"}))) == ["file:///a"]
    with pytest.raises(DocumentNotFoundError):
        shelf.library.document(document_id, Readable())


def test_new_groups_of_a_held_version_hold_for_the_published_one(shelf: Any) -> None:
    shelf.put("file:///a", "bonne version")
    shelf.hold("file:///a", "mauvaise version", groups=("hr",))
    assert shelf.near("version", Readable()) == shelf.matching("version", Readable()) == []
    assert shelf.near("version", Readable(frozenset({"hr"}))) == ["bonne version"]


def test_it_can_be_removed(shelf: Any) -> None:
    shelf.library.retire(shelf.hold("file:///a", "mauvaise version"))
    assert held_uris(shelf) == []
    assert shelf.is_in_step()


def test_a_release_that_died_half_way_is_undone_by_the_next_start(
    open_shelf: Callable[..., Any], tmp_path: Path
) -> None:
    class CrashError(Exception):
        pass

    armed: list[str] = []

    def failpoint(step: str) -> None:
        if step in armed:
            raise CrashError

    shelf = open_shelf(tmp_path, failpoint=failpoint)
    document_id = shelf.hold("file:///a", "texte douteux")
    armed.append("lexicon written")
    with pytest.raises(CrashError):
        shelf.library.release(document_id)
    assert shelf.near("texte douteux") == shelf.matching("douteux") == []
    armed.clear()
    shelf.library.reconcile()
    assert shelf.near("texte douteux") == []
    shelf.library.release(document_id)
    assert shelf.is_in_step()
