"""Philo with its vectors on a Chroma server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.chroma import ChromaProcess
from tests.servers.ports import free_port


@pytest.fixture
def on_server(chroma_server: ChromaProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = chroma_server.settings()
    monkeypatch.setenv("PHILO_STORAGE__VECTORS", "chroma")
    monkeypatch.setenv("PHILO_STORAGE__CHROMA__PORT", str(settings.port))
    monkeypatch.setenv("PHILO_STORAGE__CHROMA__COLLECTION", settings.collection)


def findings(philo) -> dict[str, tuple[bool, str]]:
    checks = philo("doctor", "--json").json["checks"]
    return {check["name"]: (check["ok"], check["finding"]) for check in checks}


def test_documents_are_brought_in_and_found(on_server, philo, data: Path, handbook: Path) -> None:
    assert philo("ingest", handbook, "--json").json["added"] == 2
    [first, *_] = philo("search", "days of annual leave", "--json").json["hits"]
    assert first["title"] == "Leave policy"
    assert not (data / "vectors").exists()
    assert findings(philo)["vector store"][0]


def test_a_server_that_is_away_is_named(on_server, philo, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("PHILO_STORAGE__CHROMA__PORT", str(port))
    outcome = philo("search", "leave")
    assert outcome.code == 1
    assert f"127.0.0.1:{port} cannot be reached" in outcome.err
    assert "chroma run" in outcome.err
    ok, finding = findings(philo)["vector store"]
    assert not ok
    assert f"127.0.0.1:{port}" in finding


@pytest.mark.parametrize(("host", "public"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_a_public_address_is_warned_of(
    on_server, philo, monkeypatch: pytest.MonkeyPatch, host: str, public: bool
) -> None:
    monkeypatch.setenv("PHILO_STORAGE__CHROMA__HOST", host)
    monkeypatch.setenv("PHILO_STORAGE__CHROMA__TIMEOUT_S", "0.3")
    assert ("vector store's address" in findings(philo)) == public
