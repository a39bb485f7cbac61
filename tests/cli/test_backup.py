"""`philo backup` and `philo restore`, beside a running service and without one."""

import pytest

from assistant.backup import sealed

BACKUP = {
    "path", "size_bytes", "created_at", "schema_revision", "documents", "chunks", "originals",
    "lost_originals", "outside", "seconds",
}  # fmt: skip
PASSPHRASE = "four words that nobody guesses"


@pytest.fixture(autouse=True)
def passphrase(monkeypatch):
    monkeypatch.setenv("PHILO_BACKUP_PASSPHRASE", PASSPHRASE)
    monkeypatch.setattr(sealed, "SCRYPT_N", sealed.LEAST_SCRYPT_N)


def test_an_installation_answers_the_same_from_its_backup(philo, handbook, tmp_path, data):
    philo("ingest", handbook)
    question = "How many days of annual leave do employees in Dublin have?"
    answers = ("answer", "citations", "sentences")
    before = philo("ask", question, "--json").json
    taken = philo("backup", tmp_path / "b", "--json")
    assert taken.json.keys() >= BACKUP
    assert (taken.json["documents"], taken.json["chunks"]) == (2, 2)
    assert philo("backup", tmp_path / "b").code == 1
    refused = philo("restore", tmp_path / "b")
    assert refused.code == 1
    assert "--force" in refused.err
    target = tmp_path / "elsewhere"
    assert philo("restore", tmp_path / "b", "--data", target, "--json").json["documents"] == 2
    after = philo("ask", question, "--data", target, "--json").json
    assert [after[key] for key in answers] == [before[key] for key in answers]
    assert philo("audit", "verify", "--data", target).code == 0


def test_a_running_service_makes_the_backup(service, philo, handbook, tmp_path):
    philo("ingest", handbook)
    assert philo("backup", tmp_path / "b", "--json").json["documents"] == 2
    assert "in use" in philo("restore", tmp_path / "b", "--force").err
    (tmp_path / "secret").write_text("short\n")
    short = philo("backup", tmp_path / "c", "--passphrase-file", tmp_path / "secret")
    assert short.code == 1
    assert "12" in short.err
    nowhere = philo("backup", tmp_path / "nowhere" / "b")
    assert nowhere.code == 1
    assert "cannot be written" in nowhere.err
    target = tmp_path / "elsewhere"
    assert philo("restore", tmp_path / "b", "--data", target).code == 0
    assert philo("search", "hôtel", "--data", target, "--json").json["hits"]


def test_without_a_passphrase_it_says_where_one_may_stand(philo, handbook, tmp_path, monkeypatch):
    monkeypatch.delenv("PHILO_BACKUP_PASSPHRASE")
    philo("ingest", handbook)
    outcome = philo("backup", tmp_path / "b")
    assert outcome.code == 1
    assert "--passphrase-file" in outcome.err
    assert not (tmp_path / "b").exists()


def test_nothing_to_back_up(philo, tmp_path):
    outcome = philo("backup", tmp_path / "b")
    assert outcome.code == 1
    assert "holds nothing yet" in outcome.err
