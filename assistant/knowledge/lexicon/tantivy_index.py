"""Full text on tantivy: on disk, or in memory when no directory is given."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import tantivy

from assistant.errors import DataDirectoryBusyError, DataDirectoryError, StorageFullError
from assistant.knowledge.lexicon.analysis import REVISION, index_terms, query_terms
from assistant.knowledge.lexicon.base import LexiconEntry
from assistant.knowledge.lexicon.segments import mend_segments
from assistant.knowledge.lexicon.weights import HEADING_TIMES, TITLE_TIMES
from assistant.knowledge.renewal import Alone, Fill, exchange, fresh_folder
from assistant.types import Language, Readable, ScoredId

MANY_GROUPS = 64
"""From here on a set of terms is quicker than a clause each: 6 instead of 10 ms for 450 groups
of 100,000 chunks, but 3 instead of 2 for five groups."""

WRITER_HEAP_BYTES = 64_000_000
MIN_FREE_BYTES = 2**20
LANGUAGES: tuple[Language, ...] = ("fr", "en")


class TantivyLexicon:
    """Each chunk is held in French and in English; the question's language chooses.

    An index that cannot be opened, that has a damaged file, or whose terms were made by
    another revision of the analysis, is emptied: the library fills it again from SQL.

    Raises:
        DataDirectoryError: the directory cannot be written.
        DataDirectoryBusyError: another process writes to the index (at the first change).
        StorageFullError: no space is left (at a change; nothing of it is kept).
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._schema = _build_schema()
        self._lock = threading.Lock()
        self._writer: tantivy.IndexWriter | None = None
        self._index = self._open()

    def add(self, entries: Sequence[LexiconEntry]) -> None:
        documents = [_to_document(entry) for entry in entries]
        with self._change() as writer:
            for entry, document in zip(entries, documents, strict=True):
                writer.delete_documents_by_term("chunk_id", entry.chunk_id)
                writer.add_document(document)

    def remove(self, chunk_ids: Sequence[str]) -> None:
        with self._change() as writer:
            for chunk_id in chunk_ids:
                writer.delete_documents_by_term("chunk_id", chunk_id)

    def search(
        self,
        query: str,
        *,
        k: int,
        readable: Readable,
        language: Language,
        documents: Collection[str] | None = None,
    ) -> list[ScoredId]:
        words = query_terms(query, language)
        if k < 1 or not words or not (readable.everything or readable.keys):
            return []
        should, must = tantivy.Occur.Should, tantivy.Occur.Must
        clauses = [(must, self._any_word(words, language))]
        if not readable.everything:
            groups = sorted(readable.keys)
            if len(groups) > MANY_GROUPS:
                shared = tantivy.Query.term_set_query(self._schema, "groups", groups)
            else:
                terms = [(should, self._term("groups", group)) for group in groups]
                shared = tantivy.Query.boolean_query(terms)
            clauses.append((must, _unscored(shared)))
        if readable.collection is not None:
            clauses.append((must, _unscored(self._term("collection", readable.collection))))
        if documents is not None:
            among = tantivy.Query.term_set_query(self._schema, "document_id", [*documents])
            clauses.append((must, _unscored(among)))
        searcher = self._index.searcher()
        found = searcher.search(tantivy.Query.boolean_query(clauses), limit=k, count=False)
        return [
            ScoredId(id=str(searcher.doc(address)["chunk_id"][0]), score=float(score))
            for score, address in found.hits
        ]

    def ids(self) -> set[str]:
        # Without the filter, the terms of deleted chunks would be counted too.
        everything = tantivy.Query.all_query()
        terms = self._index.searcher().terms_with_prefix("chunk_id", "", filter_query=everything)
        return {term for term, _count in terms}

    def clear(self) -> None:
        with self._lock:
            self._release_writer()
            if self._directory is not None:
                self._empty_directory(self._directory)
            self._index = self._open()

    def renew(self, fill: Fill[LexiconEntry], alone: Alone) -> None:
        if self._directory is None:
            with alone():
                self.clear()
                fill(self.add)
            return
        folder = fresh_folder(self._directory)
        fresh = TantivyLexicon(folder)
        try:
            fill(fresh.add)
        finally:
            fresh.close()
        with alone(), self._lock:
            self._release_writer()
            former = exchange(self._directory, folder)
            self._index = self._open()
        shutil.rmtree(former)

    def close(self) -> None:
        with self._lock:
            self._release_writer()

    def _any_word(self, words: Sequence[tuple[str, ...]], language: Language) -> tantivy.Query:
        """A word scores once, by its best form."""
        clauses = []
        for forms in words:
            terms = [self._term(f"words_{language}", form) for form in forms]
            best = terms[0] if len(terms) == 1 else tantivy.Query.disjunction_max_query(terms)
            clauses.append((tantivy.Occur.Should, best))
        return tantivy.Query.boolean_query(clauses)

    def _term(self, field: str, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, term, index_option="freq")

    @contextlib.contextmanager
    def _change(self) -> Iterator[tantivy.IndexWriter]:
        """The writer; what is done with it is searchable after the block, or undone."""
        with self._lock:
            try:
                if self._writer is None:
                    self._writer = self._index.writer(WRITER_HEAP_BYTES, num_threads=1)
                yield self._writer
                self._writer.commit()
                self._index.reload()
            except BaseException as exc:
                # A writer that has failed stays broken, and one that was interrupted would
                # commit its half with the next change: let go of it either way.
                with contextlib.suppress(ValueError, OSError):
                    self._release_writer()
                if isinstance(exc, (ValueError, OSError)):  # tantivy knows no kinds of errors
                    raise self._translate(exc) from exc
                raise

    def _release_writer(self) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.wait_merging_threads()

    def _open(self) -> tantivy.Index:
        if self._directory is None:
            return self._index_in(None)
        stamp = self._directory / "revision"
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            current = stamp.is_file() and stamp.read_bytes() == str(REVISION).encode()
            if current and mend_segments(self._directory):
                with contextlib.suppress(ValueError):  # a file is missing, or another schema
                    index = self._index_in(self._directory)
                    # A lost file of positions is missed by nobody before it is read.
                    index.searcher().terms_with_prefix("chunk_id", "")
                    return index
            self._empty_directory(self._directory)
            stamp.write_text(str(REVISION))
            return self._index_in(self._directory)
        except (ValueError, OSError) as exc:
            raise self._translate(exc) from exc

    def _index_in(self, directory: Path | None) -> tantivy.Index:
        index = tantivy.Index(self._schema, str(directory) if directory else None)
        # Only changes made here are to be seen. A reader that watches for them in a thread of
        # its own puts its lock into the folder, also while that is being removed.
        index.config_reader(reload_policy="Manual")
        return index

    def _empty_directory(self, directory: Path) -> None:
        shutil.rmtree(directory)
        directory.mkdir()

    def _is_full(self) -> bool:
        # When its thread meets a full disk, tantivy says no more than that the thread died.
        try:
            return shutil.disk_usage(self._directory or ".").free < MIN_FREE_BYTES
        except OSError:
            return False

    def _translate(self, exc: Exception) -> DataDirectoryError:
        message = str(exc)
        if "No space left" in message or self._is_full():
            return StorageFullError(f"no space is left for {self._directory}; free some")
        if "LockBusy" in message:
            return DataDirectoryBusyError(
                f"{self._directory} is being written by another process; stop that one first"
            )
        return DataDirectoryError(
            f"the full-text index in {self._directory} cannot be used ({message}); "
            "delete that directory, it is rebuilt at the next start"
        )


def _build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("chunk_id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("groups", "collection", "document_id"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for language in LANGUAGES:
        builder.add_text_field(
            f"words_{language}", tokenizer_name="whitespace", index_option="freq"
        )
    return builder.build()


def _to_document(entry: LexiconEntry) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("chunk_id", entry.chunk_id)
    document.add_text("collection", entry.collection)
    document.add_text("document_id", entry.document_id)
    for group in sorted(entry.groups):
        document.add_text("groups", group)
    for language in LANGUAGES:
        terms = TITLE_TIMES * index_terms(entry.title, language)
        terms += HEADING_TIMES * index_terms(entry.heading, language)
        terms += index_terms(entry.text, language)
        document.add_text(f"words_{language}", " ".join(terms))
    return document


def _unscored(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.const_score_query(query, 0.0)
