"""An installation is the same wherever it lies, and what it was moved from stays as it was."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import sqlite3
import subprocess
import sys
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

import pytest
from pg8000.native import Connection
from pydantic import SecretStr
from sqlalchemy import text

from assistant import sole_use
from assistant.data_directory import share_directory
from assistant.erasure.erasures import Erasures
from assistant.errors import DataDirectoryBusyError, MigrationError
from assistant.knowledge.database import open_as_it_is, open_database
from assistant.knowledge.exports import Exports
from assistant.knowledge.indexes import IndexRecord
from assistant.knowledge.schema import revision_of
from assistant.knowledge.second_room import SecondRoom
from assistant.knowledge.vacancy import holds_any
from assistant.knowledge.vectors.base import VectorEntry
from assistant.knowledge.vectors.chroma import EmbeddedVectors
from assistant.knowledge.vectors.pgvector import PgVectors
from assistant.service import choose_vectors
from assistant.storage_settings import ChromaSettings, StorageSettings
from assistant.transfer.dropping import note_dropped
from assistant.transfer.indexes import DEPTH, SEARCHES, fill_index
from assistant.transfer.places import find_places
from assistant.transfer.transferring import transfer
from assistant.types import OPERATOR
from tests.knowledge.conftest import DIMENSION, EMBEDDER, Shelf, embed
from tests.transfer.conftest import GARDEN, Place

EMBEDDED = StorageSettings()


@pytest.fixture
def place(furnished: Path, tmp_path: Path) -> Place:
    shutil.copytree(furnished, tmp_path / "data")
    return Place(tmp_path / "data")


@pytest.fixture
def chroma(chroma_server) -> StorageSettings:
    settings = ChromaSettings(port=chroma_server.port, collection=f"t{secrets.token_hex(4)}")
    return StorageSettings(vectors="chroma", chroma=settings)


def told(library) -> dict[str, object]:
    """What readers and auditors see of an installation."""
    found = library.search_dense(embed(GARDEN)[0], k=50, readable=OPERATOR)
    words = library.search_text("géraniums", k=50, readable=OPERATOR, language="fr")
    second = SecondRoom(library.database, library.stores[1])
    return {
        "documents": [one.model_dump() for one in library.documents(OPERATOR)],
        "near": [(hit.id, round(hit.score, 3)) for hit in found],
        "matching": [hit.id for hit in words],
        "second": sorted(
            hit.id for hit in second.search_text("arrose", k=9, readable=OPERATOR, language="fr")
        ),
        "held": [sorted(one.vectors.ids()) == sorted(one.lexicon.ids()) for one in library.stores],
        "people": [one.model_dump() for one in library.people.users()],
        "audit": library.audit.verify(),
        "found": library.found_at_start,
    }


def files_of(data: Path) -> dict[str, str]:
    """Content of what is the source's alone; SQLite's two files beside the database come and go."""
    return {
        str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(data.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock"))
    }


def test_into_postgresql_and_back(place, make_storage):
    """SQLite and embedded vectors, to PostgreSQL with pgvector, and back over what was left."""
    there = make_storage(vectors="pgvector")
    with closing(place.open(EMBEDDED)) as library:
        before = told(library)
        # As after a move from there to here.
        library.exports.note("former store", find_places(place.data, there).vectors)
    files = files_of(place.data)
    report = transfer(place.settings(EMBEDDED), there)
    assert files_of(place.data) == files
    assert (report.documents, report.tables["documents"].rows) == (4, 5)
    assert report.indexes[0].chunks == report.chunks == 5
    assert [one.index for one in report.indexes] == [1, 2]
    assert all(one.agreeing == one.searches > 0 for one in report.indexes)
    assert report.left == tuple(
        str(place.data / name)
        for name in ("philo.db", "lexicon", "indexes/2/lexicon", "vectors", "indexes/2/vectors")
    )
    assert all(Path(one).exists() for one in report.left)
    with closing(place.open(there)) as library:
        texts = [one for one in report.left if one.endswith("lexicon")]
        assert library.exports.paths("former store") == sorted(texts)
        assert told(library) == before
        with library.database.writing() as session:
            assert session.scalar(text("SELECT nextval('indexes_id_seq')")) == 3
        garden = library.known(["file:///garden"], "default")["file:///garden"].document_id
        library.sharing.state(garden, frozenset({"elsewhere"}))
        after = told(library)
    with pytest.raises(
        MigrationError, match=r"holds an installation.*--replace-database philo\.db"
    ):
        transfer(place.settings(there), EMBEDDED)
    back = transfer(place.settings(there), EMBEDDED, replace_database="philo.db")
    assert back.source == report.target
    with closing(place.open(EMBEDDED)) as library:
        assert told(library) == {**after, "found": before["found"]}
        assert library.exports.paths("former store") == [*back.left]
        receipt = Erasures(library).erase_documents([library.documents(OPERATOR)[0].id])
        assert receipt.complete
        assert any(back.left[0] in one.what for one in receipt.stays)


def test_only_the_vectors_go_to_a_chroma_server(place, chroma):
    with closing(place.open(EMBEDDED)) as library:
        before = told(library)
    files = files_of(place.data)
    report = transfer(place.settings(EMBEDDED), chroma)
    assert files_of(place.data) == files
    assert (report.tables, report.left) == (
        {},
        tuple(str(place.data / name) for name in ("vectors", "indexes/2/vectors")),
    )
    assert [(one.full_text, one.agreeing) for one in report.indexes] == [(None, 5), (None, 48)]
    with closing(place.open(chroma)) as library:
        assert told(library) == before
    with pytest.raises(MigrationError, match="lies there already"):
        transfer(place.settings(chroma), chroma)
    back = transfer(place.settings(chroma), EMBEDDED)
    with closing(place.open(EMBEDDED)) as library:
        assert library.exports.paths("former store") == [*back.left]
    transfer(place.settings(EMBEDDED), chroma)
    with closing(place.open(chroma)) as library:
        assert library.exports.paths("former store") == []


def test_a_former_store_is_named_until_it_is_said_that_it_was_dropped(place, chroma):
    there = place.settings(chroma)
    transfer(place.settings(EMBEDDED), chroma)
    transfer(there, EMBEDDED)
    back = place.settings(EMBEDDED)
    with closing(place.open(EMBEDDED)) as library:
        [store] = library.exports.paths("former store")
        library.exports.note("former store", str(place.data / "lexicon"))
    with pytest.raises(MigrationError, match=r"no former store; name one.*collections"):
        note_dropped(back, "elsewhere")
    with pytest.raises(MigrationError, match="still there"):
        note_dropped(back, str(place.data / "lexicon"))
    note_dropped(back, store)
    with closing(place.open(EMBEDDED)) as library:
        assert store not in library.exports.paths("former store")
        last = [*library.audit.every()][-1]
        assert (last.action, last.details["store"]) == ("store.drop", store)
        assert library.audit.verify().ok


def test_vectors_of_another_installation_are_left_alone(place, chroma, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(place.data, other)
    with closing(Place(other).open(chroma)) as library:
        library.retire_all([one.id for one in library.documents(OPERATOR)])
        library.stores[0].vectors.add([VectorEntry("theirs", embed("x")[0], "d", "c", frozenset())])
        with pytest.raises(MigrationError, match=r"1 of another installation.*collection"):
            transfer(place.settings(EMBEDDED), chroma)
        assert library.stores[0].vectors.ids() == {"theirs"}


@pytest.mark.parametrize("kind", ["chroma", "pgvector"])
def test_no_index_of_another_installation_is_left_to_be_deleted(place, kind, chroma, make_storage):
    """The next start deletes what is of no index of its own."""
    there = chroma if kind == "chroma" else make_storage(vectors="pgvector")
    number = 7
    with closing(choose_vectors(place.data, there)) as home:
        theirs = home.open(place.data, number=number, embedder_id=EMBEDDER, dimension=DIMENSION)
        theirs.add([VectorEntry("theirs", embed("x")[0], "d", "c", frozenset())])
        with pytest.raises(MigrationError, match="1 of an index 7 lie already"):
            transfer(place.settings(EMBEDDED), there)
        assert home.counts() == {number: 1}
        theirs.clear()
    transfer(place.settings(EMBEDDED), there)


@pytest.mark.parametrize("kind", ["chroma", "pgvector"])
def test_the_server_in_use_by_another_name_is_not_emptied(place, kind, chroma, make_storage):
    if kind == "chroma":
        there = chroma
        named = chroma.chroma.model_copy(update={"host": "localhost"})
        same = there.model_copy(update={"chroma": named})
    else:
        there = make_storage(vectors="pgvector")
        address = there.database.get_secret_value().replace("127.0.0.1", "localhost")
        named = there.pgvector.model_copy(update={"database": SecretStr(address)})
        same = there.model_copy(update={"pgvector": named})
    transfer(place.settings(EMBEDDED), there)
    with closing(place.open(there)) as library:
        before = told(library)
    with pytest.raises(MigrationError, match="lie there already"):
        transfer(place.settings(there), same)
    with closing(place.open(there)) as library:
        assert told(library) == before


def test_an_exact_store_finds_every_neighbour(place, make_storage, monkeypatch):
    there = make_storage(vectors="pgvector")
    search = PgVectors.search
    missed = []

    def search_and_miss_one(self, vector, **options):
        found = search(self, vector, **options)
        return found if missed else (missed.append(1) or [])

    monkeypatch.setattr(PgVectors, "search", search_and_miss_one)
    monkeypatch.setattr("assistant.transfer.indexes.LEAST_AGREEING", 0.5)
    with pytest.raises(MigrationError, match="1 did not find what the database has"):
        transfer(place.settings(EMBEDDED), there)


def test_who_works_on_the_source_or_the_target_keeps_it(
    place, make_storage, postgres_server, monkeypatch
):
    monkeypatch.setattr(sole_use, "LEAVING_S", 0.5)
    there = make_storage(vectors="pgvector")
    lock = share_directory(place.data)
    with pytest.raises(DataDirectoryBusyError, match="stop the service and the workers"):
        transfer(place.settings(EMBEDDED), there)
    lock.release()
    # A process on another machine, with another data directory.
    at_work = (
        "from assistant.knowledge.database import open_database; from pathlib import Path; "
        "from assistant.storage_settings import StorageSettings; import sys; "
        "d = open_database(Path('x'), StorageSettings(database=sys.argv[1])); print(); input()"
    )
    address = there.database.get_secret_value()
    with subprocess.Popen(
        [sys.executable, "-c", at_work, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        with pytest.raises(DataDirectoryBusyError, match="another process of Philo works on"):
            transfer(place.settings(EMBEDDED), there)
        process.communicate(b"\n")
    transfer(place.settings(EMBEDDED), there)
    same = there.model_copy(
        update={"database": SecretStr(address.replace("127.0.0.1", "localhost"))}
    )
    with pytest.raises(DataDirectoryBusyError, match="source and the target at once"):
        transfer(place.settings(there), same, replace_database=address.rpartition("/")[2])
    with closing(place.open(there)) as library:
        assert library.count(OPERATOR)[0] == 4
    with ExitStack() as begun:

        def begin(progress) -> None:
            if progress.step == "comparing":
                begun.enter_context(connected(postgres_server, address))

        with pytest.raises(DataDirectoryBusyError, match=r"has begun to work on postgresql:"):
            transfer(place.settings(there), EMBEDDED, replace_database="philo.db", listener=begin)
    with closing(open_as_it_is(place.data / "philo.db")) as database:
        assert Exports(database).paths("former store") == []  # of before the move


def connected(server, address) -> AbstractContextManager[Connection]:
    """As a process of a Philo that does not say its schema."""
    return closing(server.connect(address.rpartition("/")[2], name="philo"))


def test_a_database_in_use_is_not_brought_up_to_be_replaced(
    place, make_storage, postgres_server, monkeypatch
):
    monkeypatch.setattr(sole_use, "LEAVING_S", 0.5)
    there = make_storage()
    address = there.database.get_secret_value()
    open_database(place.data / "philo.db", there, revision="0030").close()
    with (
        connected(postgres_server, address),
        pytest.raises(DataDirectoryBusyError, match="another process of Philo works on"),
    ):
        transfer(place.settings(EMBEDDED), there, replace_database=address.rpartition("/")[2])
    with closing(open_as_it_is(place.data / "philo.db", there)) as database:
        assert revision_of(database) == "0030"


def test_pages_that_share_their_words_are_found_by_them(tmp_path):
    """A log: more of them than are looked at, in one document."""
    with closing(Shelf(tmp_path)) as shelf:
        texts = [f"commande enregistrée puis livrée sans réserve {n}" for n in range(2 * DEPTH)]
        shelf.put("file:///log", *texts)
        record = IndexRecord(1, "", EMBEDDER, EMBEDDER, DIMENSION, 99, in_use=True)
        with ExitStack() as opened:
            filled = fill_index(
                shelf.database,
                record,
                tmp_path / "again",
                former=EmbeddedVectors(),
                vectors=None,
                full_text=shelf.database,
                may_empty=True,
                opened=opened,
                undo=[],
                tell=lambda _done, _total: None,
            )
    assert (filled.chunks, filled.agreeing) == (2 * DEPTH, SEARCHES)


def test_a_row_that_is_changed_meanwhile_is_named(place, make_storage):
    there = make_storage()
    place.settings(EMBEDDED)

    def interfere(progress) -> None:
        if progress.step == "comparing" and progress.done == 0:
            with closing(sqlite3.connect(place.data / "philo.db")) as connection:
                connection.execute("UPDATE users SET role = 'admin' WHERE name = 'Anne'")
                connection.commit()

    with pytest.raises(MigrationError, match=r"row of users with id '.*' differs in role"):
        transfer(place.settings(EMBEDDED), there, listener=interfere)
    assert is_empty(place, there)


def test_a_row_that_the_target_changes_is_named(place, make_storage):
    there = make_storage()
    with (
        closing(open_database(place.data / "philo.db", there)) as database,
        database.writing() as session,
    ):
        session.execute(
            text(
                "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN NEW.title = upper(NEW.title); RETURN NEW; END'"
            )
        )
        session.execute(
            text(
                "CREATE TRIGGER shouting BEFORE INSERT ON versions "
                "FOR EACH ROW EXECUTE FUNCTION shout()"
            )
        )
    with pytest.raises(MigrationError, match=r"row of versions with id '.*' differs in title"):
        transfer(place.settings(EMBEDDED), there)
    assert is_empty(place, there)


def test_an_audit_log_that_does_not_verify_in_the_target_moves_nothing(place, make_storage):
    there = make_storage()

    def interfere(progress) -> None:
        if progress.step == "comparing":
            (place.data / "audit.head").unlink(missing_ok=True)

    with pytest.raises(MigrationError, match=r"does not verify in .*audit\.head is missing"):
        transfer(place.settings(EMBEDDED), there, listener=interfere)
    assert is_empty(place, there)


def is_empty(place, storage) -> bool:
    """Of documents, people and texts."""
    with closing(open_as_it_is(place.data / "philo.db", storage)) as database:
        with database.reading() as session:
            texts = session.scalar(text("SELECT count(*) FROM lexicon_1.chunks"))
        return texts == 0 and not holds_any(database)


def test_what_is_too_long_for_a_column_is_named(place, make_storage):
    with closing(sqlite3.connect(place.data / "philo.db")) as connection:
        connection.execute("UPDATE users SET role = ? WHERE name = 'Anne'", ["x" * 5000])
        connection.commit()
    there = make_storage()
    with pytest.raises(MigrationError, match="a value of users does not fit"):
        transfer(place.settings(EMBEDDED), there)
    assert is_empty(place, there)


def test_other_versions_and_unfinished_erasures_are_refused(place, make_storage):
    there = make_storage()
    with closing(sqlite3.connect(place.data / "philo.db")) as connection:
        connection.execute(
            "INSERT INTO erasures VALUES ('e', 'user', 'x', '2026-01-01', 'asked', "
            "'{}', '{}', NULL)"
        )
        connection.commit()
    with pytest.raises(MigrationError, match="an erasure is not finished"):
        transfer(place.settings(EMBEDDED), there)
    with closing(sqlite3.connect(place.data / "philo.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0020'")
        connection.commit()
    with pytest.raises(MigrationError, match="has schema 0020"):
        transfer(place.settings(EMBEDDED), there)


def test_an_empty_directory_has_nothing_to_move(tmp_path, make_storage):
    with pytest.raises(MigrationError, match="holds nothing yet"):
        transfer(Place(tmp_path).settings(EMBEDDED), make_storage())
