"""A data directory of the first Philo opens in this one, with all that is in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from assistant.knowledge.schema import MIGRATIONS
from assistant.types import OPERATOR, Line

NOW = "2026-01-02 03:04:05.000000"
EMBEDDER = "test-embedder"


def make_old_directory(directory: Path, embed: Callable[..., Any]) -> None:
    """As revision 0001 wrote it: two documents with one text in common."""
    directory.mkdir()
    engine = create_engine(f"sqlite:///{directory / 'philo.db'}")
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO collections VALUES ('default', :now)"), {"now": NOW})
        for name, texts in {"a": ["commun", "propre à a"], "b": ["commun"]}.items():
            add_document(connection, name, texts, embed)
    engine.dispose()


def add_document(connection: Any, name: str, texts: list[str], embed: Callable[..., Any]) -> None:
    document, version = name * 32, f"{name}1" * 16
    connection.execute(
        text(
            "INSERT INTO documents VALUES "
            "(:document, :uri, 'default', 'file:///folder', :version, 0)"
        ),
        {"document": document, "uri": f"file:///{name}", "version": version},
    )
    connection.execute(
        text("INSERT INTO document_groups VALUES (:document, 'hr')"), {"document": document}
    )
    connection.execute(
        text(
            "INSERT INTO versions VALUES (:version, :document, 'Titre', 'titre', :text, 'Anne', "
            "'2025', 'fr', 'text/plain', 5, 3, '[2]', :sha, 'recipe', :embedder, :now, :now)"
        ),
        {
            "version": version,
            "document": document,
            "text": "\n".join(texts),
            "sha": name * 64,
            "embedder": EMBEDDER,
            "now": NOW,
        },
    )
    start = 0
    for ordinal, piece in enumerate(texts):
        connection.execute(
            text(
                "INSERT INTO chunks VALUES (:id, :version, :ordinal, :start, :end, :text, :heading,"
                " '| h |', :lines, :embedding)"
            ),
            {
                "id": f"{version}:{ordinal:05d}",
                "version": version,
                "ordinal": ordinal,
                "start": start,
                "end": start + len(piece),
                "text": piece,
                "heading": json.dumps(["Partie"]),
                "lines": json.dumps([[start, ordinal + 1]]),
                "embedding": embed(piece)[0].astype("<f4").tobytes(),
            },
        )
        start += len(piece) + 1


def test_documents_of_the_first_schema_are_found_as_before(
    open_shelf: Callable[..., Any], shelf: Any, tmp_path: Path
) -> None:
    make_old_directory(tmp_path / "old", shelf.embed)
    migrated = open_shelf(tmp_path / "old")
    migrated.library.reconcile()
    assert migrated.is_in_step()
    infos = {info.uri[-1]: info for info in migrated.library.documents(OPERATOR)}
    assert sorted(infos) == ["a", "b"]
    info = infos["a"]
    assert (info.title, info.groups, info.pages, info.empty_pages) == ("Titre", ["hr"], 3, [2])
    assert (info.pages_read, info.recognised_pages, info.ocr_confidence) == (2, [], None)
    assert (info.author, info.date, info.date_basis) == ("Anne", "2025", "document")
    assert info.state == "published"
    first, second = migrated.library.document_chunks(info.id, OPERATOR)
    assert (first.text, second.text) == ("commun", "propre à a")
    assert second.lines == (Line(7, 2),)
    assert second.heading == ("Partie",)
    assert second.table_header == "| h |"
    assert migrated.near("propre à a")[0] == "propre à a"
    assert migrated.matching("propre") == ["propre à a"]
    assert migrated.library.find("file:///b", "default").content_sha256 == "b" * 64
    assert migrated.library.uris_of_source("file:///folder", "default").keys() == {
        "file:///a",
        "file:///b",
    }


def test_what_two_old_documents_have_in_common_is_kept_once(
    open_shelf: Callable[..., Any], shelf: Any, tmp_path: Path
) -> None:
    make_old_directory(tmp_path / "old", shelf.embed)
    migrated = open_shelf(tmp_path / "old")
    assert migrated.count("pieces") == 2
    assert migrated.count("chunks") == 3
    # A new version is given the piece that the migration has made: the key is the same.
    migrated.put("file:///c", "commun", title="Titre", heading=("Partie",), table_header="| h |")
    assert migrated.count("pieces") == 2
