"""The chain of the audit log, and what breaks it."""

import hashlib
import hmac
import json
import random
import sqlite3
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.audit import AuditFilter, HoldKind, Pruned, chain
from assistant.audit.chain import HEAD_FILE, KEY_FILE, ChainFiles
from assistant.audit.content import Content
from assistant.audit.log import Audit
from assistant.audit.retention import prune
from assistant.errors import AuditError, HoldError
from assistant.knowledge.database import open_database
from assistant.storage_settings import StorageSettings

ROWS = 40


@pytest.fixture
def database(tmp_path, storage):
    opened = open_database(tmp_path / "philo.db", storage)
    yield opened
    opened.close()


@pytest.fixture
def audit(tmp_path, database):
    log = Audit(database, tmp_path)
    for number in range(ROWS):
        log.record("anne", "ask", {"question": f"Où est le n° {number} ? \ud83d", "n": number})
    return log


def change(database, statement, *values):
    """As somebody does who has the database and not the key."""
    if database.engine.name == "postgresql":
        statement = statement.replace("?", "%s")
    with database.writing() as session:
        session.connection().exec_driver_sql(statement, values)


def test_an_untouched_log_verifies_and_goes_on_after_a_restart(audit, tmp_path, storage):
    assert audit.verify().ok
    database = open_database(tmp_path / "philo.db", storage)
    again = Audit(database, tmp_path)
    again.record("ben", "delete", {})
    assert again.verify().entries == ROWS + 1
    assert [entry.who for entry in again.every()][-2:] == ["anne", "ben"]
    database.close()


@pytest.mark.parametrize("column", ["at", "who", "action", "details", "previous", "hash"])
def test_any_changed_value_is_found(audit, database, column):
    number = random.Random(column).randint(1, ROWS)  # noqa: S311 - which row does not matter
    value = '{"question": "another"}' if column == "details" else "another"
    change(database, f"UPDATE audit SET {column} = ? WHERE number = ?", value, number)  # noqa: S608
    found = audit.verify()
    assert not found.ok
    assert str(number) in found.problem


@pytest.mark.parametrize("number", [1, 17, ROWS])
def test_a_removed_row_is_missed(audit, database, number):
    change(database, "DELETE FROM audit WHERE number = ?", number)
    assert not audit.verify().ok
    # Closing the gap does not help.
    change(database, "UPDATE audit SET number = number - 1 WHERE number > ?", number)
    assert not audit.verify().ok


def test_swapped_rows_are_found(audit, database):
    for old, new in ((3, -1), (9, 3), (-1, 9)):
        change(database, "UPDATE audit SET number = ? WHERE number = ?", new, old)
    assert audit.verify().problem.startswith("row 3 ")


def test_an_emptied_log_is_missed(audit, database):
    change(database, "DELETE FROM audit")
    assert audit.verify().problem == f"rows 1 to {ROWS} are cut off"


def test_a_chain_made_without_the_key_does_not_hold(audit, tmp_path, database):
    other = tmp_path / "other"
    other.mkdir()
    (other / KEY_FILE).write_text("00" * 32)
    Audit(database, other).record("eve", "forged", {})
    assert audit.verify().problem == f"row {ROWS + 1} was changed"


def test_lost_files_are_named(audit, tmp_path, database):
    (tmp_path / HEAD_FILE).unlink()
    assert HEAD_FILE in audit.verify().problem
    (tmp_path / KEY_FILE).unlink()
    fresh = Audit(database, tmp_path)
    assert "missing" in fresh.verify().problem
    with pytest.raises(AuditError, match="backup"):
        fresh.record("anne", "ask", {})


def test_files_are_for_their_owner_alone(audit, tmp_path):
    for name in (KEY_FILE, HEAD_FILE):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def insert_first_version(database, rows):
    """As Philo wrote rows before contents were kept apart; the key."""
    key, previous = bytes(range(32)), "0" * 64
    (database.directory / KEY_FILE).write_text(key.hex() + "\n")
    for number, (who, action, details) in enumerate(rows, start=1):
        content = json.dumps(details, sort_keys=True)
        told = [number, f"2024-05-{number:02d}T10:00:00.000+00:00", who, action, content, previous]
        digest = hmac.new(key, json.dumps(told).encode(), hashlib.sha256).hexdigest()
        change(
            database,
            "INSERT INTO audit (number, at, who, action, details, previous, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            *told,
            digest,
        )
        previous = digest
    (database.directory / HEAD_FILE).write_text(f"{len(rows)} {previous}\n")
    return previous


@pytest.fixture
def first_version(tmp_path, database):
    """A log of the version before, with a question of Anne's."""
    question = {
        "sha256": hashlib.sha256(b"secret?").hexdigest(),
        "text": "Où est le secret ? \ud83d",
    }
    rows = [
        ("(operator)", "user.add", {"name": "Anne", "role": "reader"}),
        ("Anne", "ask", {"question": question, "groups": ["everyone"], "refused": True}),
        ("Ben", "search", {"question": {"sha256": "a" * 64}}),
    ]
    insert_first_version(database, rows)
    return Audit(database, tmp_path), rows


def test_rows_of_the_version_before_verify_before_and_after_their_contents_moved(first_version):
    log, rows = first_version
    assert log.verify().ok
    hashes = [entry.hash for entry in log.every()]
    assert log.adopt_first_rows() == 3
    assert log.adopt_first_rows() == 0
    assert log.verify().ok
    entries = list(log.every())
    assert [entry.hash for entry in entries] == hashes  # earlier exports still match
    assert [(one.who, one.action, one.details) for one in entries] == rows
    log.record("Anne", "ask", {})
    assert log.verify().entries == 4


@pytest.mark.parametrize("storage", [StorageSettings()])  # whose file is looked at
def test_their_contents_and_names_can_be_erased_too(first_version, tmp_path, database):
    log, _ = first_version
    log.adopt_first_rows()
    contents = log.find_contents(lambda place: place.entry.number <= 2)
    assert log.redact(contents, names=["anne"], who="(operator)", reason="erasure") == 2
    log.truncate_log()
    found = log.verify()
    assert (found.ok, found.redacted) == (True, 2)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Anne" not in kept
    assert b"le secret" not in kept
    change(database, "UPDATE audit SET details = '{}' WHERE number = 2")
    assert log.verify().problem == "row 2 was changed"


@pytest.mark.parametrize("statement", [
    "UPDATE audit SET who = 'Eve' WHERE number = 2",
    "UPDATE audit SET seal = 'x' WHERE number = 2",
    "UPDATE audit SET seal = NULL WHERE number = 2",
    "UPDATE audit SET version = 2 WHERE number = 2",
    "UPDATE audit_contents SET value = '\"x\"' WHERE number = 2",
])  # fmt: skip
def test_what_is_changed_in_them_afterwards_is_found(first_version, database, statement):
    log, _ = first_version
    log.adopt_first_rows()
    change(database, statement)
    assert "row 2" in log.verify().problem


def test_a_row_that_was_changed_before_its_contents_moved_is_still_found(first_version, database):
    log, _ = first_version
    change(database, 'UPDATE audit SET details = \'{"question": "x"}\' WHERE number = 2')
    assert log.adopt_first_rows() == 2
    assert log.verify().problem == "row 2 was changed"


@pytest.fixture
def told(tmp_path, database):
    """A log with contents: one row a day, of three people in turn."""
    days = (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(500))
    log = Audit(database, tmp_path, clock=lambda: next(days))
    for number in range(12):
        who = ("Anne", "Ben", "Chloé")[number % 3]
        details = {"question": Content(f"question {number}"), "document": f"d{number}"}
        log.record(who, "ask" if number % 2 else "ask.stream", details)
    return log


@pytest.mark.parametrize("storage", [StorageSettings()])  # whose file is looked at
def test_contents_are_recognised_though_they_are_not_kept(tmp_path, database):
    log = Audit(database, tmp_path)
    for _ in range(2):
        log.record("Anne", "ask", {"question": Content("Tibidabo", kept=False)})
    assert b"Tibidabo" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    hashes = {entry.details["question"]["hash"] for entry in log.every()}
    assert len(hashes) == 2  # salted: equal questions do not show as such
    assert log.verify().ok


def test_rows_are_found_by_who_what_and_when(told):
    def numbers(**wanted):
        return [entry.number for entry in told.every(wanted=AuditFilter(**wanted))]

    assert numbers(who="ANNE") == [1, 4, 7, 10]
    assert numbers(action="ask") == list(range(1, 13))
    assert numbers(action="ask.stream") == [1, 3, 5, 7, 9, 11]
    assert numbers(action="as") == numbers(who="nobody") == []
    since = datetime(2025, 1, 3, tzinfo=UTC)
    assert numbers(since=since, until=since + timedelta(days=2)) == [3, 4]
    assert numbers(who="Anne", since=since) == [4, 7, 10]


def test_reading_is_logged_with_what_was_asked_for(told):
    read = [*told.read("Chloé", wanted=AuditFilter(who="Anne"))]
    assert [entry.number for entry in read] == [1, 4, 7, 10]
    last = list(told.every())[-1]
    assert (last.who, last.action, last.details) == (
        "Chloé",
        "audit.read",
        {"after": 0, "who": "Anne"},
    )


@pytest.mark.parametrize("statement", [
    "DELETE FROM audit_contents WHERE number = 5",
    "UPDATE audit_contents SET value = '\"other\"' WHERE number = 5",
    "UPDATE audit_contents SET value = NULL WHERE number = 5",
    "UPDATE audit_contents SET salt = 'ab' WHERE number = 5",
    "INSERT INTO audit_contents VALUES (5, 9, 'ab', '\"more\"')",
])  # fmt: skip
def test_contents_that_somebody_else_touched_are_found(told, database, statement):
    change(database, statement)
    assert "row 5" in told.verify().problem


def test_names_that_somebody_else_touched_are_found(told, database):
    change(database, "UPDATE audit_people SET name = 'Zoé' WHERE name = 'Ben'")
    assert "name" in told.verify().problem
    change(database, "DELETE FROM audit_people WHERE name = 'Zoé'")
    assert "who wrote row 2 is missing" in told.verify().problem


def test_retention_erases_contents_and_cuts_rows_off_at_a_signed_checkpoint(told, database):
    now = datetime(2025, 1, 11, tzinfo=UTC)
    done = prune(told, keep_days=7, keep_rows_days=9, now=now)
    assert (done.contents, done.rows, done.held) == (3, 1, 0)
    assert prune(told, keep_days=7, keep_rows_days=9, now=now) == Pruned()
    found = told.verify()
    assert (found.ok, found.from_checkpoint, found.redacted) == (True, 1, 2)
    entries = list(told.every())
    assert entries[0].number == 2
    assert "text" not in entries[1].details["question"]
    assert entries[2].details["question"]["text"] == "question 3"
    told.record("Anne", "ask", {})
    assert told.verify().ok
    change(database, "DELETE FROM audit WHERE number <= 4")
    assert told.verify().problem == "row 2 is missing"
    change(database, "UPDATE audit_checkpoints SET number = 4, hash = ?", entries[2].hash)
    assert "checkpoint" in told.verify().problem


def test_what_is_held_is_not_pruned_and_no_row_behind_it_is_cut_off(told):
    later = datetime(2026, 1, 1, tzinfo=UTC)
    user = told.holds.add(HoldKind.USER, subject="ben", reason="case 1")
    day = told.holds.add(HoldKind.PERIOD, since="2025-01-09", until="2025-01-10", reason="case 2")
    document = told.holds.add(HoldKind.DOCUMENT, subject="d11", reason="case 3")
    done = prune(told, keep_days=0, keep_rows_days=0, now=later)
    assert done.held == 7  # of Ben 4, of the ninth day 1, about the document 1 and its own hold
    texts = [entry.number for entry in told.every() if "text" in entry.details.get("question", {})]
    assert texts == [2, 5, 8, 9, 11, 12]
    assert done.rows == 1
    for hold in (user, day, document):
        told.holds.release(hold.id)
    assert prune(told, keep_days=0, keep_rows_days=0, now=later).rows > 12
    assert told.verify().ok
    with pytest.raises(HoldError, match="list them"):
        told.holds.release(user.id)


@pytest.mark.parametrize("wrong", [
    {"kind": HoldKind.USER, "reason": "x"},
    {"kind": HoldKind.USER, "subject": "a", "reason": " "},
    {"kind": HoldKind.PERIOD, "since": "2025-01-02", "until": "2025-01-01", "reason": "x"},
    {"kind": HoldKind.PERIOD, "since": "soon", "until": "2025-01-01", "reason": "x"},
])  # fmt: skip
def test_a_hold_says_what_it_covers_and_why(told, wrong):
    with pytest.raises(HoldError):
        told.holds.add(**wrong)


COLUMNS = ["at", "who", "action", "details", "previous", "hash"]
NUMBERS = st.integers(1, 12)
TAMPERING = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(COLUMNS), NUMBERS),
    st.tuples(st.just("content"), st.sampled_from(["value", "salt"]), NUMBERS),
    st.tuples(st.just("remove"), st.sampled_from(["audit", "audit_contents"]), NUMBERS),
    st.tuples(st.just("swap"), NUMBERS, NUMBERS).filter(lambda one: one[1] != one[2]),
    st.tuples(st.just("cut"), st.just(""), NUMBERS),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(TAMPERING, min_size=1, max_size=3), st.text(max_size=20))
@pytest.mark.parametrize("storage", [StorageSettings()])  # whose file is put back each time
def test_whatever_is_tampered_with_is_found(told, tmp_path, database, tampering, text):
    saved = sqlite3.connect(":memory:")
    with sqlite3.connect(tmp_path / "philo.db") as source:
        source.backup(saved)
    try:
        before = dump(tmp_path)
        for kind, what, number in tampering:
            tamper(database, kind, what, number, text)
        changed = dump(tmp_path) != before
        assert told.verify().ok != changed
    finally:
        with sqlite3.connect(tmp_path / "philo.db") as target:
            saved.backup(target)
    assert told.verify().ok


def tamper(database, kind, what, number, text):
    if kind == "edit":
        change(database, f"UPDATE audit SET {what} = ? WHERE number = ?", text, number)  # noqa: S608
    elif kind == "content":
        change(database, f"UPDATE audit_contents SET {what} = ? WHERE number = ?", text, number)  # noqa: S608
    elif kind == "remove":
        change(database, f"DELETE FROM {what} WHERE number = ?", number)  # noqa: S608
    elif kind == "swap":
        for old, new in ((what, -1), (number, what), (-1, number)):
            change(database, "UPDATE audit SET number = ? WHERE number = ?", new, old)
    else:
        change(database, "DELETE FROM audit WHERE number >= ?", number)


def dump(path):
    connection = sqlite3.connect(path / "philo.db")
    rows = [
        connection.execute(f"SELECT * FROM {table} ORDER BY number").fetchall()  # noqa: S608
        for table in ("audit", "audit_contents")
    ]
    connection.close()
    return rows


def test_the_head_never_steps_back(tmp_path, monkeypatch):
    """Where another process notes a later row between the look and the change of this one."""
    here, there = ChainFiles(tmp_path), ChainFiles(tmp_path)
    here.load_key(has_rows=lambda: False)
    later = threading.Thread(target=there.write_head, args=(2, "b" * 64))

    def slowly(*arguments, **options):
        if not later.ident:
            later.start()
            later.join(0.2)
        write(*arguments, **options)

    write = chain._write_private
    monkeypatch.setattr(chain, "_write_private", slowly)
    here.write_head(1, "a" * 64)
    later.join()
    assert here.read_head() == (2, "b" * 64)
