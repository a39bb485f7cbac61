"""One of several processes over one database and one vector server: a library that is told what
to do, line by line.

python -m tests.knowledge.shared_library DIRECTORY STORAGE, which is the settings' JSON
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from assistant.knowledge.database import open_database
from assistant.knowledge.indexes import (
    load_indexes,
    note_index_in_use,
    read_vector_entries,
)
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.library import Library, Publication
from assistant.knowledge.vector_feed import VectorFeed
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.knowledge.vectors.mirrored import MirroredVectors
from assistant.service import choose_vectors
from assistant.storage_settings import StorageSettings
from assistant.types import Access, Readable
from tests.knowledge.conftest import DIMENSION, EMBEDDER, build_draft, embed


class SharedLibrary:
    """The library of one process."""

    def __init__(self, directory: Path, storage: StorageSettings) -> None:
        database = open_database(directory / "philo.db", storage)
        with database.writing() as session:
            note_index_in_use(
                session,
                embedder=EMBEDDER,
                embedder_id=EMBEDDER,
                dimension=DIMENSION,
                chunk_tokens=220,
            )
            [record] = load_indexes(session)
        home = choose_vectors(directory, storage)
        self.vectors = MirroredVectors(
            home.open(directory, number=record.id, embedder_id=EMBEDDER, dimension=DIMENSION),
            ExactVectors(DIMENSION),
            partial(read_vector_entries, database),
            feed=VectorFeed(database, record.id),
            most_bytes=storage.copy_bytes,
        )
        self.library = Library(
            database, self.vectors, TantivyLexicon(), embedder_id=EMBEDDER, home=home
        )

    def publish(self, uri: str, *texts: str, groups: Sequence[str] = ("everyone",)) -> str:
        draft = build_draft(uri, *texts)
        publication = Publication(draft, embed(*texts), "default", groups=frozenset(groups))
        self.library.publish_all([publication])
        return self.library.known([uri], "default")[uri].document_id

    def share(self, document_id: str, *groups: str) -> None:
        self.library.sharing.share(document_id, Access(groups=list(groups), users=[]))

    def retire(self, document_id: str) -> None:
        self.library.retire(document_id)

    def find(self, text: str, *keys: str) -> list[str]:
        """Documents, best first."""
        hits = self.library.search_dense(
            embed(text)[0], k=50, readable=Readable(frozenset(keys or ("everyone",)))
        )
        return [hit.document_id for hit in hits]

    def reconcile(self) -> dict[str, int]:
        report = self.library.reconcile()
        return {"orphans": report.orphans_removed, "versions": report.versions_purged}

    def stamp(self) -> int:
        return self.library.changes.stamp(Readable())


class OtherProcess:
    """A `SharedLibrary` in a process of its own; its methods are called by name."""

    def __init__(self, directory: Path, storage: StorageSettings) -> None:
        stated = storage.model_dump(exclude={"database"}, mode="json")
        if storage.database is not None:
            stated["database"] = storage.database.get_secret_value()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.knowledge.shared_library", directory, json.dumps(stated)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, name: str, *arguments: Any, **options: Any) -> Any:
        asked, said = self._process.stdin, self._process.stdout
        assert asked is not None
        assert said is not None
        print(json.dumps([name, arguments, options]), file=asked, flush=True)
        return json.loads(said.readline())

    def end(self) -> None:
        self._process.communicate(timeout=30)


def _serve(library: SharedLibrary, asked: IO[str]) -> None:
    for line in asked:
        name, arguments, options = json.loads(line)
        print(json.dumps(getattr(library, name)(*arguments, **options)), flush=True)
    library.library.close()


if __name__ == "__main__":
    directory, stated = sys.argv[1:]
    storage = StorageSettings.model_validate(json.loads(stated))
    _serve(SharedLibrary(Path(directory), storage), sys.stdin)
