"""People and the audit log on the command line."""

import json
import sqlite3

import pytest


@pytest.fixture
def shared(philo, tmp_path):
    for group, secret in {"rh": "Mareva", "legal": "Tibidabo"}.items():
        path = tmp_path / f"{group}.md"
        path.write_text(f"# Leave of {group}\n\nThe code word for leave in {group} is {secret}.\n")
        assert philo("ingest", path, "--groups", group).code == 0
    assert philo("users", "add", "Anne", "--groups", "rh").code == 0
    return philo


def test_somebody_reads_what_their_groups_may(shared):
    question = "What is the code word for leave?"
    for command in (("ask",), ("search", "-k", "50")):
        told = shared(*command, question, "--as", "anne", "--json")
        assert told.code == 0
        assert "Mareva" in told.out
        assert "Tibidabo" not in told.out
    assert shared("documents", "list", "--as", "Anne", "--json").json["total"] == 1
    assert shared("documents", "list", "--json").json["total"] == 2
    unknown = shared("ask", question, "--as", "ann")
    assert unknown.code == 1
    assert "did you mean 'Anne'" in unknown.err


def test_the_log_says_who_asked_what_under_which_permission(shared, tmp_path):
    shared("ask", "What is the code word for leave?", "--as", "anne")
    shared("ask", "Où est passée la fusée ?")
    file = tmp_path / "log.jsonl"
    assert shared("audit", "export", file).code == 0
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    assert [entry["action"] for entry in entries] == [
        *["ingest", "ingest", "user.add", "ask", "ask", "audit.read"]
    ]
    ask = entries[3]
    assert ask["who"] == "Anne"
    assert ask["details"]["groups"] == ["everyone", "rh"]
    assert "Mareva" in ask["details"]["answer"]["text"]
    assert len(ask["details"]["passages"]) == 1
    assert entries[4]["details"]["refused"]
    assert entries[4]["details"]["everything"]
    assert ask["details"]["from"] == {"interface": "command line"}
    verified = shared("audit", "verify", "--json").json
    assert (verified["ok"], verified["entries"], verified["problem"]) == (True, 6, "")


def test_the_log_may_hold_hashes_only_and_shows_a_change(shared, data, monkeypatch):
    monkeypatch.setenv("PHILO_AUDIT__CONTENT", "0")
    shared("ask", "What is the code word for leave?")
    told = shared("audit", "export").out
    assert "code word" not in told
    assert "Mareva" not in told
    connection = sqlite3.connect(data / "philo.db")
    with connection:
        connection.execute("UPDATE audit SET who = 'Bob' WHERE action = 'ask'")
    connection.close()
    broken = shared("audit", "verify")
    assert broken.code == 1
    assert "row 4 was changed" in broken.out
