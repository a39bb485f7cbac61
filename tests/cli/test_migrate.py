"""`philo migrate`: the command, its JSON, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

REPORT = {
    "data", "settings", "source", "target", "tables", "indexes", "documents", "chunks",
    "audit_entries", "audit_problem", "left", "stated_outside", "seconds",
}  # fmt: skip
QUESTION = "How many days of annual leave do employees in Dublin have?"


@pytest.fixture
def settings_file(tmp_path: Path, postgres_url: str) -> Path:
    path = tmp_path / "there.toml"
    path.write_text(f'[storage]\nvectors = "pgvector"\ndatabase = "{postgres_url}"\n')
    return path


def test_an_installation_answers_the_same_where_it_was_moved_to(
    philo, handbook, data, settings_file, postgres_url
):
    philo("ingest", handbook)
    before = philo("ask", QUESTION, "--json").json
    moved = philo("migrate", "--to", settings_file, "--json")
    assert moved.json.keys() >= REPORT
    assert (moved.json["documents"], moved.json["left"][0]) == (2, str(data / "philo.db"))
    assert "esame" not in moved.out  # of the password
    (data / "philo.db").unlink()
    (data / "philo.toml").write_text(settings_file.read_text())
    after = philo("ask", QUESTION, "--json").json
    assert [after[key] for key in ("answer", "citations")] == [
        before[key] for key in ("answer", "citations")
    ]
    assert philo("audit", "verify").code == 0
    settings_file.write_text("[storage]\n")
    back = philo("migrate", "--to", settings_file)
    assert back.code == 0
    assert f"of {settings_file}" in back.out
    assert "delete once all is well" in back.out
    assert "Do not start Philo before that" in back.out
    assert "with --replace-database" in back.out


def test_beside_a_running_service_nothing_is_moved(service, philo, settings_file):
    refused = philo("migrate", "--to", settings_file)
    assert refused.code == 1
    assert "stop the service" in refused.err


def test_a_file_without_the_section_is_refused(philo, tmp_path):
    (tmp_path / "there.toml").write_text("[retrieval]\npassages = 3\n")
    assert "no [storage] section" in philo("migrate", "--to", tmp_path / "there.toml").err
    (tmp_path / "there.toml").write_text('[storage]\ndatabase = "mysql://x/y"\n')
    assert "postgresql://USER" in philo("migrate", "--to", tmp_path / "there.toml").err
    assert philo("migrate").code == 2


def test_the_tables_are_taken_back_for_an_older_philo(philo, handbook):
    philo("ingest", handbook)
    refused = philo("migrate", "--down", "0009")
    assert (refused.code, "before any release" in refused.err) == (1, True)
    down = philo("migrate", "--down", "0028", "--json")
    assert (down.json["to"], down.json["undone"][-1]["revision"]) == ("0028", "0030")
    told = philo("migrate", "--down", "0026", "--yes")
    assert "0028  Lists of documents in their order" in told.out
    assert philo("search", "hôtel", "--json").json["hits"]  # of this one, which brings it up again


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--down", "0026", "--to", "there.toml"], "a revision with --down"),
        (["--dropped", "x", "--yes"], "goes with --down"),
        (["--down", "0026", "--replace-database", "philo"], "goes with --to"),
        (["--to", "there.toml", "--yes"], "goes with --down"),
    ],
)
def test_options_that_would_be_passed_over_are_wrong_usage(philo, options, said):
    refused = philo("migrate", *options)
    assert refused.code == 2
    assert said in " ".join(refused.err.replace("│", " ").split())
