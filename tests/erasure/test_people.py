"""An erased person is nobody any more; their own data can be had before."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from assistant.access.own_data import export_own_data
from assistant.access.types import TokenScope
from assistant.audit import HoldKind
from assistant.erasure.erasures import Erasures
from assistant.erasure.types import receipt_path
from assistant.errors import LegalHoldError, UnknownUserError
from tests.erasure.conftest import put_secret

QUESTION = b"Combien gagne la directrice g"


@pytest.fixture
def shelf(open_shelf, storage):
    shelf = open_shelf(storage=storage)
    put_secret(shelf)
    shelf.library.people.add_user("Anne", groups=["rh"])
    shelf.library.people.create_token("Anne", scope=TokenScope.READ, days=9)
    return shelf


def test_account_tokens_ratings_and_questions_go_and_the_chain_holds(shelf, tmp_path):
    library = shelf.library
    erasures = Erasures(library)
    receipt = erasures.erase_user("anne")
    assert receipt.complete, receipt.residue
    assert receipt.removed["ratings"] == 1
    assert receipt.removed["contents of audit rows"] == 2
    with pytest.raises(UnknownUserError):
        library.people.user("Anne")
    assert library.ratings.all()[1] == 0
    assert library.people.tokens() == []
    found = library.audit.verify()
    assert found.ok, found
    first = next(iter(library.audit.every()))
    assert first.who.startswith("person:")
    assert "text" not in first.details["question"]
    assert "Anne" not in receipt_path(tmp_path, receipt.id).read_text()
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for trace in (b"Anne", b"anne", QUESTION):
        assert not any(trace in content for content in kept), trace
    assert erasures.check(receipt, user="ANNE").of_user
    assert not erasures.check(receipt, user="Ben").of_user
    with pytest.raises(UnknownUserError):
        erasures.erase_user("Anne")


def test_a_released_hold_does_not_keep_the_name(shelf, tmp_path):
    holds = shelf.library.audit.holds
    holds.release(holds.add(HoldKind.USER, subject="Anne", reason="case of Anne").id)
    assert Erasures(shelf.library).erase_user("Anne").complete
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"Anne" in content for content in kept)


def test_others_keep_what_is_theirs(shelf):
    Erasures(shelf.library).erase_user("Anne")
    (ben,) = (one for one in shelf.library.audit.every() if one.who == "Ben")
    assert ben.details["question"]["text"].startswith("Est-ce que")


def test_a_new_user_of_the_same_name_is_another_one(shelf):
    audit = shelf.library.audit
    (before,) = audit.pseudonyms("Anne")
    Erasures(shelf.library).erase_user("Anne")
    audit.record("Anne", "ask", {})
    assert audit.pseudonyms("anne") != [before]
    assert audit.verify().ok


def test_a_held_person_is_not_erased(shelf):
    hold = shelf.library.audit.holds.add(HoldKind.USER, subject="ANNE", reason="case 8")
    with pytest.raises(LegalHoldError, match=rf"case 8.*release {hold.id}"):
        Erasures(shelf.library).erase_user("Anne")
    assert shelf.library.people.user("Anne").groups == ["rh"]


def test_ones_own_data_is_whole_and_holds_no_secret(shelf):
    token = shelf.library.people.create_token("Anne", name="bot")
    packed = export_own_data(shelf.library, "anne", who="Anne")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    assert files["account.json"]["groups"] == ["rh"]
    assert len(files["tokens.json"]) == 2
    assert token.secret not in str(files)
    assert files["questions.json"][0]["question"].startswith("Combien gagne")
    assert files["ratings.json"][0]["question"] == "Combien gagne la directrice ?"
    assert {row["who"] for row in files["audit.json"]["by_you"]} == {"Anne"}
    assert "Ben" not in str(files)
    last = list(shelf.library.audit.every())[-1]
    assert (last.action, last.details["user"]) == ("user.export", "anne")
    with pytest.raises(UnknownUserError):
        export_own_data(shelf.library, "Nobody", who="Anne")
