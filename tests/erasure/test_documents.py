"""An erased document is nowhere any more, and what is not its own stays."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from assistant.audit import HoldKind
from assistant.erasure.erasures import Erasures, load_receipt
from assistant.erasure.planning import plan_documents
from assistant.erasure.residue import search_everywhere
from assistant.erasure.types import receipt_path
from assistant.errors import DocumentNotFoundError, LegalHoldError, ReceiptError
from assistant.turnstile import Turnstile
from tests.erasure.conftest import BONUS, CANTEEN, SALARY, put_secret
from tests.knowledge.second_index import begin, catch_up, open_first


def everything_under(directory: Path) -> bytes:
    kept = (path for path in directory.rglob("*") if path.is_file())
    return b"\0".join(path.read_bytes() for path in sorted(kept))


def places_of(shelf: Any, traces: Any) -> set[str]:
    _, residue = search_everywhere(shelf.library, traces, [], lambda _done, _all: None)
    return {f"{one.place.rpartition('/')[2]}: {one.what}" for one in residue}


def test_removing_leaves_vectors_on_the_disk_and_erasing_leaves_nothing(open_shelf, tmp_path):
    shelf = open_shelf()
    secret = put_secret(shelf)
    _, traces = plan_documents(shelf.library, [secret])
    before = places_of(shelf, traces)
    assert {"table pieces: text", "table pieces: vector", "chroma.sqlite3: vector"} <= before
    shelf.library.retire(secret)
    removed = places_of(shelf, traces)
    assert "table pieces: text" not in removed
    assert {"chroma.sqlite3: vector", "table audit_contents: text"} <= removed  # hence `erase`
    secret = put_secret(shelf)
    erasures = Erasures(shelf.library)
    steps = []
    receipt = erasures.erase_documents([secret], listener=lambda one: steps.append(one.step))
    assert receipt.complete
    assert receipt.searched.texts >= 4
    assert receipt.searched.vectors >= 4
    assert receipt.removed["texts with their vectors"] == 2
    assert receipt.removed["contents of audit rows"] >= 2
    # While it is open, Chroma may write memory that it has not cleared: what this process held.
    files, traced = ("data_level0.bin", "length.bin"), ("vector", "id", "text")
    uncleared = {f"{name}: {what}" for name in files for what in traced}
    assert places_of(shelf, traces) <= uncleared
    assert shelf.near("x") == shelf.matching("tickets salaire prime") == [CANTEEN]
    assert shelf.is_in_step()
    shelf.close()
    kept = everything_under(tmp_path)
    for text in (SALARY, BONUS, "salaire annuel de la directrice"):
        assert text.encode() not in kept
        assert text.encode("utf-16-le") not in kept
    for vector in (shelf.embed(SALARY), shelf.embed(BONUS)):
        assert vector.astype("<f4").tobytes() not in kept
    assert list(dict.fromkeys(steps)) == [
        *["hidden", "forgotten", "renewed", "compacted", "searching"]
    ]


def test_the_audit_still_verifies_and_others_questions_stay_in_it(open_shelf, storage):
    shelf = open_shelf(storage=storage)
    secret = put_secret(shelf)
    receipt = Erasures(shelf.library).erase_documents([secret])
    assert receipt.complete, receipt.residue
    on_a_server = shelf.database.engine.name == "postgresql"
    assert any("write-ahead log" in one.what for one in receipt.stays) == on_a_server
    audit = shelf.library.audit
    found = audit.verify()
    assert (found.ok, found.redacted) == (True, 2)
    anne, ben = (entry for entry in audit.every() if entry.action == "ask")
    assert "directrice" in anne.details["question"]["text"]
    assert anne.details["answer"] == {"hash": anne.details["answer"]["hash"], "erased": True}
    assert "text" not in ben.details["question"]  # it quoted the document
    assert anne.who == "Anne"


def test_a_text_that_another_document_has_stays_with_it(open_shelf):
    shelf = open_shelf()
    shelf.put("file:///handbook/copy.txt", CANTEEN, title="Tickets")
    gone = shelf.put("file:///handbook/mine.txt", CANTEEN, BONUS, title="Tickets")
    receipt = Erasures(shelf.library).erase_documents([gone])
    assert receipt.complete
    stays = {one.what: one.count for one in receipt.stays}
    assert stays["texts that other documents have as well"] == 1
    assert shelf.matching("tickets prime") == [CANTEEN]


def test_what_is_attached_goes_along_and_so_do_kept_bytes_that_nobody_else_has(open_shelf):
    shelf = open_shelf()
    originals = shelf.library.originals
    shared, own = originals.keep_bytes(b"shared bytes"), originals.keep_bytes(b"own bytes")
    shelf.put("upload://a", CANTEEN, original=shared)
    mail = shelf.put("upload://mail", SALARY, original=shared)
    shelf.put("upload://mail/attached", BONUS, original=own)
    with shelf.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE documents SET parent_id = ? WHERE uri = 'upload://mail/attached'", (mail,)
        )
    receipt = Erasures(shelf.library).erase_documents([mail])
    assert receipt.complete
    assert receipt.removed["documents"] == len(receipt.subject) == 2
    assert originals.names() == [shared]
    assert {"kept files"} <= {one.what for one in receipt.stays}


def test_the_second_index_is_emptied_as_well(open_shelf, tmp_path):
    shelf = open_shelf()
    secret = put_secret(shelf)
    shelf.close()
    library = open_first(tmp_path)
    begin(library)
    catch_up(library)
    receipt = Erasures(library).erase_documents([secret])
    assert receipt.complete
    assert receipt.removed["versions"] == 2
    used, second = library.stores
    assert used.vectors.ids() == used.lexicon.ids()
    assert len(second.vectors.ids()) == len(CANTEEN.split())
    library.close()


def test_stores_of_before_a_move_are_named_and_not_gone_through_twice(
    open_shelf, postgres_storage, tmp_path, monkeypatch
):
    """Words lie in a full text one by one, so that no search of its files would see them."""
    former = open_shelf()
    put_secret(former)
    former.close()
    shelf = open_shelf(storage=postgres_storage)
    renewals = []
    renew = shelf.library.renew
    monkeypatch.setattr(shelf.library, "renew", lambda *a: (renewals.append(1), renew(*a)))

    def erase(uri: str) -> Any:
        shelf.put(uri, BONUS)
        shelf.library.exports.note("former store", str(tmp_path / "lexicon"))
        return Erasures(shelf.library).erase_documents([shelf.id_of(uri)])

    first = erase("file:///first")
    assert not first.complete
    assert {one.place for one in first.residue} == {"philo.db", "lexicon"}
    assert [one.count for one in first.residue if one.place == "lexicon"] >= [1]
    assert any(str(tmp_path / "lexicon") in one.what for one in first.stays)
    assert len(renewals) == 1
    for path in tmp_path.glob("philo.db*"):
        path.unlink()
    shutil.rmtree(tmp_path / "lexicon")
    second = erase("file:///second")
    assert second.complete, second.residue
    assert not any(str(tmp_path / "lexicon") in one.what for one in second.stays)


def test_searches_beside_an_erasure_find_what_they_should(open_shelf):
    shelf = open_shelf()
    secret = put_secret(shelf)
    for number in range(9):
        shelf.put(f"file:///handbook/{number}.txt", f"dossier numéro {number} du conseil")
    turnstile = Turnstile()
    wrong: list[object] = []
    rounds = 0
    done = threading.Event()

    def search() -> None:
        nonlocal rounds
        try:
            while not done.is_set():
                try:
                    with turnstile.shared():
                        texts = set(shelf.near("x")), set(shelf.matching("dossier tickets salaire"))
                except KeyError:  # hidden after it was found, before its text was read
                    continue
                for found in texts:
                    if len(found - {SALARY, BONUS}) != 10:
                        wrong.append(found)
                rounds += 1
        except Exception as exc:  # noqa: BLE001 - told by the test's own thread
            wrong.append(exc)

    searching = threading.Thread(target=search)
    searching.start()
    receipt = Erasures(shelf.library, alone=turnstile.alone).erase_documents([secret])
    done.set()
    searching.join()
    assert receipt.complete
    assert wrong == []
    assert rounds > 5


def test_a_receipt_shows_any_change_and_whose_it_is(open_shelf, tmp_path):
    shelf = open_shelf(tmp_path / "one")
    receipt = Erasures(shelf.library).erase_documents([put_secret(shelf)])
    path = receipt_path(tmp_path / "one", receipt.id)
    assert path.stat().st_mode & 0o077 == 0
    erasures = Erasures(shelf.library)
    assert load_receipt(path.read_text()) == receipt
    assert erasures.check(receipt).model_dump() == {
        **{"authentic": True, "own": True, "complete": True, "of_user": None}
    }
    for change in (
        {"subject": ["another"]},
        {"removed": {"documents": 2}},
        {"residue": [{"place": "a", "what": "b", "count": 1}]},
        {"complete": False},
        {"finished_at": "2020-01-01"},
    ):
        forged = load_receipt(json.dumps(receipt.model_dump(mode="json") | change))
        assert not erasures.check(forged).authentic, change
    other = Erasures(open_shelf(tmp_path / "other").library)
    assert other.check(receipt).authentic
    assert not other.check(receipt).own
    with pytest.raises(ReceiptError):
        load_receipt('{"id": "x"}')


def test_what_is_under_legal_hold_is_not_erased(open_shelf):
    shelf = open_shelf()
    secret = put_secret(shelf)
    erasures, holds = Erasures(shelf.library), shelf.library.audit.holds
    for kind, subject in ((HoldKind.DOCUMENT, secret), (HoldKind.USER, "anne")):
        hold = holds.add(kind, subject=subject, reason="case 7")
        with pytest.raises(LegalHoldError, match=hold.id):
            erasures.erase_documents([secret])
        holds.release(hold.id)
    period = holds.add(HoldKind.PERIOD, since="2020-01-01", until="2999-01-01", reason="audit")
    with pytest.raises(LegalHoldError, match=r"case 7|audit"):
        erasures.erase_documents([secret])
    assert SALARY in shelf.near("x")
    holds.release(period.id)
    assert erasures.erase_documents([secret]).complete


def test_a_document_that_is_not_there_is_not_erased(open_shelf):
    erasures = Erasures(open_shelf().library)
    with pytest.raises(DocumentNotFoundError):
        erasures.erase_documents(["f" * 32])
    assert erasures.all() == []


def test_what_killed_work_left_behind_goes_too(open_shelf, temporary):
    shelf = open_shelf()
    secret = put_secret(shelf)
    for name, text in (("philo-fetch-a", SALARY), ("philo-parse-b", CANTEEN), ("other", SALARY)):
        (temporary / name).mkdir()
        (temporary / name / "file.txt").write_text(text)
    (shelf.directory / "evaluation" / "set").mkdir(parents=True)
    (shelf.directory / "evaluation" / "set" / "philo.db").write_text(BONUS)
    receipt = Erasures(shelf.library).erase_documents([secret])
    assert receipt.complete
    assert {path.name for path in temporary.iterdir()} == {"philo-parse-b", "other"}
    assert receipt.removed["indexed question sets"] == 1
    assert list((shelf.directory / "evaluation").iterdir()) == []


def test_what_came_while_the_erasure_was_at_work_goes_too(open_shelf, temporary):
    def write_late(step: str) -> None:
        if step == "erasure compacted":
            (temporary / "philo-fetch-late").mkdir()
            (temporary / "philo-fetch-late" / "file.txt").write_text(SALARY)

    shelf = open_shelf(failpoint=write_late)
    receipt = Erasures(shelf.library).erase_documents([put_secret(shelf)])
    assert (receipt.complete, receipt.residue) == (True, [])
    assert list(temporary.iterdir()) == []


def test_residue_is_told_and_the_receipt_is_not_complete(open_shelf, tmp_path):
    shelf = open_shelf()
    secret = put_secret(shelf)
    (tmp_path / "notes.txt").write_text(f"copied: {SALARY}", encoding="utf-16")
    receipt = Erasures(shelf.library).erase_documents([secret])
    assert not receipt.complete
    assert {(one.place, one.what) for one in receipt.residue} == {("notes.txt", "text")}
