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


def test_search_is_measured_in_libraries_made_of_files(philo, handbook, data, tmp_path):
    kept = tmp_path / "kept"
    options = ("--chunks", "100", "--groups", "20", "--questions", "10", "--keep", kept, "--json")
    speed = philo("bench", "search", handbook, "--chunks", "200", *options).json
    small, large = speed["sizes"]
    assert (small["chunks"], large["chunks"]) == (100, 200)
    for size in speed["sizes"]:
        shares = [reader["share"] for reader in size["readers"]]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        assert all(reader["recall_at_10"] >= 0.98 for reader in size["readers"])
        assert all(reader["search"]["p95_ms"] > 0 for reader in size["readers"])
    assert not data.exists()
    [again] = philo("bench", "search", handbook, *options).json["sizes"]
    assert (again["build_s"], again["chunks"]) == (0.0, 100)


def test_without_documents_a_search_cannot_be_measured(philo):
    outcome = philo("bench", "search", "--chunks", "100")
    assert outcome.code == 1
    assert "philo bench search PATH" in outcome.err


def test_a_missing_path_is_said(philo):
    outcome = philo("bench", "ingest", "/no/such/file.pdf")
    assert outcome.code == 1
    assert "cannot be found" in outcome.err
