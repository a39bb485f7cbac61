"""The chain of the audit log, and what breaks it."""

import random
import sqlite3

import pytest

from assistant.audit import HEAD_FILE, KEY_FILE, Audit
from assistant.errors import AuditError
from assistant.knowledge.database import open_database

ROWS = 40


@pytest.fixture
def audit(tmp_path):
    database = open_database(tmp_path / "philo.db")
    log = Audit(database, tmp_path)
    for number in range(ROWS):
        log.record("anne", "ask", {"question": f"Où est le n° {number} ? \ud83d", "n": number})
    yield log
    database.close()


def change(path, statement, *values):
    connection = sqlite3.connect(path / "philo.db")
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_an_untouched_log_verifies_and_goes_on_after_a_restart(audit, tmp_path):
    assert audit.verify().ok
    database = open_database(tmp_path / "philo.db")
    again = Audit(database, tmp_path)
    again.record("ben", "delete", {})
    assert again.verify().entries == ROWS + 1
    assert [entry.who for entry in again.every()][-2:] == ["anne", "ben"]
    database.close()


@pytest.mark.parametrize("column", ["at", "who", "action", "details", "previous", "hash"])
def test_any_changed_value_is_found(audit, tmp_path, column):
    number = random.Random(column).randint(1, ROWS)  # noqa: S311 - which row does not matter
    value = '{"question": "another"}' if column == "details" else "another"
    change(tmp_path, f"UPDATE audit SET {column} = ? WHERE number = ?", value, number)  # noqa: S608
    found = audit.verify()
    assert not found.ok
    assert str(number) in found.problem


@pytest.mark.parametrize("number", [1, 17, ROWS])
def test_a_removed_row_is_missed(audit, tmp_path, number):
    change(tmp_path, "DELETE FROM audit WHERE number = ?", number)
    assert not audit.verify().ok
    # Closing the gap does not help.
    change(tmp_path, "UPDATE audit SET number = number - 1 WHERE number > ?", number)
    assert not audit.verify().ok


def test_swapped_rows_are_found(audit, tmp_path):
    for old, new in ((3, -1), (9, 3), (-1, 9)):
        change(tmp_path, "UPDATE audit SET number = ? WHERE number = ?", new, old)
    assert audit.verify().problem.startswith("row 3 ")


def test_an_emptied_log_is_missed(audit, tmp_path):
    change(tmp_path, "DELETE FROM audit")
    assert audit.verify().problem == f"rows 1 to {ROWS} are cut off"


def test_a_chain_made_without_the_key_does_not_hold(audit, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / KEY_FILE).write_text("00" * 32)
    database = open_database(tmp_path / "philo.db")
    Audit(database, other).record("eve", "forged", {})
    assert audit.verify().problem == f"row {ROWS + 1} was changed"
    database.close()


def test_lost_files_are_named(audit, tmp_path):
    (tmp_path / HEAD_FILE).unlink()
    assert HEAD_FILE in audit.verify().problem
    (tmp_path / KEY_FILE).unlink()
    database = open_database(tmp_path / "philo.db")
    fresh = Audit(database, tmp_path)
    assert "missing" in fresh.verify().problem
    with pytest.raises(AuditError, match="backup"):
        fresh.record("anne", "ask", {})
    database.close()


def test_files_are_for_their_owner_alone(audit, tmp_path):
    for name in (KEY_FILE, HEAD_FILE):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
