"""`philo bench`: figures of this machine, and nobody's data touched."""

from __future__ import annotations


def test_ingestion_is_measured_beside_the_data(philo, handbook, data):
    speed = philo("bench", "ingest", handbook, "--json").json
    assert speed["files"] == 2
    assert speed["chunks"] >= 2
    assert speed["tokens"] > 40
    assert speed["chunks_per_s"] > 0
    assert speed["again_seconds"] < speed["seconds"]
    assert not data.exists()


def test_a_missing_path_is_said(philo):
    outcome = philo("bench", "ingest", "/no/such/file.pdf")
    assert outcome.code == 1
    assert "cannot be found" in outcome.err
