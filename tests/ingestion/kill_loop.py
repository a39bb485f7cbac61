"""Run by test_kill_loop.py: ingestion that is killed again and again on one data directory.

    python kill_loop.py ROOT ROUNDS SEED

Each round forks a process that uploads, replaces, deletes, shares and keeps a folder in step,
and is killed at a named step or at a random instant. What it had acknowledged is then looked
for by a process that lives. Ends with status 1 and what is wrong, or prints a summary.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import chromadb  # noqa: F401 # imported before the forks

from assistant.ingest_settings import IngestSettings
from assistant.knowledge.database import open_database
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.library import Library
from assistant.knowledge.tables import JobRow, VersionRow
from assistant.knowledge.vectors.chroma import ChromaVectors
from assistant.models.embedders.base import Vectors
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.settings import Settings
from assistant.types import OPERATOR, Attachment, ParsedDocument
from ingestion.parsers import markdown, text  # noqa: F401 # imported before the forks
from ingestion.parsers.base import parse_file
from ingestion.pipeline import LocalIngestor

STEPS = (
    "original kept",
    "job queued",
    "job claimed",
    "parsed",
    "embedded",
    "staged",
    "vectors written",
    "lexicon written",
    "attachments kept",
    "shown",
    "job finished",
    "groups set",
    "vectors regrouped",
    "lexicon regrouped",
    "hidden",
    "vectors purged",
    "lexicon purged",
    "purged",
    "originals purged",
)
NAMES = 6
FILES = 6
LONGEST_ROUND_S = 0.5
VERIFIED_EVERY = 3
MAIL = "mail"
"""Uploads of this name bring an attachment along."""


class ThreadStages:
    """The real parsers and a real embedder in threads: a start costs nothing, and the forked
    process has nobody else to take down with it."""

    parse_ahead = embed_ahead = 2

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2)
        self._embedder = HashingEmbedder()

    def parse(self, path: Path) -> Future[ParsedDocument]:
        return self._threads.submit(self._parse, path)

    def _parse(self, path: Path) -> ParsedDocument:
        parsed = parse_file(path, max_pages=100, max_file_bytes=2**20)
        if not path.name.startswith(MAIL):
            return parsed
        content = b"Attached to " + path.read_bytes().split()[1]
        return replace(parsed, attachments=(Attachment("note.txt", content),))

    def embed(self, texts: Sequence[str]) -> Future[Vectors]:
        return self._threads.submit(self._embedder.encode_passages, texts)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)


@dataclass
class Desk:
    """An open library with its ingestion, in the process that may be killed."""

    root: Path
    failpoint: Callable[[str], None] = lambda _step: None
    library: Library = field(init=False)
    ingestor: LocalIngestor = field(init=False)

    def __post_init__(self) -> None:
        data, embedder = self.root / "data", HashingEmbedder()
        self.library = Library(
            open_database(data / "philo.db"),
            ChromaVectors(data / "vectors", embedder_id=embedder.id, dimension=embedder.dimension),
            TantivyLexicon(data / "lexicon"),
            embedder_id=embedder.id,
            failpoint=self.failpoint,
        )
        self.library.reconcile()
        self.library.jobs.reclaim()
        settings = Settings(data=data, ingest=IngestSettings(chunk_tokens=50))
        self.ingestor = LocalIngestor(self.library, embedder, settings, open_stages=ThreadStages)

    def found(self, token: str) -> dict[str, int]:
        """Document address -> chunks that hold a word."""
        hits = self.library.search_text(token, k=100, readable=OPERATOR, language="en")
        chunks = self.library.chunks([hit.id for hit in hits], OPERATOR)
        addresses: dict[str, int] = {}
        for chunk in chunks.values():
            addresses[chunk.uri] = addresses.get(chunk.uri, 0) + 1
        return addresses


def content(token: str) -> str:
    """Three sections that hold the word, and one that all documents share."""
    parts = [f"# {token}", "The same words stand in every document. " * 5]
    for number in range(3):
        filler = " ".join(f"{token} word{number}x{index}" for index in range(25))
        parts.append(f"## Part {number}\n\n{filler}")
    return "\n\n".join(parts)


PARTS = 3


def put(root: Path, name: str, content: str) -> None:
    """Into the folder, whole: a kill must not leave a file of the source itself half written."""
    (root / "coming.md").write_text(content)
    (root / "coming.md").replace(root / "folder" / name)


def upload_name(number: int) -> str:
    return f"{MAIL if number < 2 else 'paper'}{number}.md"


def address(name: str) -> str:
    return f"upload://default/{name}"


def work(root: Path, seed: int, round_: int, say: Callable[..., None], step: str | None) -> None:
    """Change things until there is nothing left to change."""
    chance = random.Random(seed * 1_000_003 + round_)  # noqa: S311 - to be repeated
    countdown = [chance.choice((1, 1, 2, 5)) if step else 0]

    def failpoint(reached: str) -> None:
        if reached == step:
            countdown[0] -= 1
            if countdown[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    desk = Desk(root, failpoint)
    folder = root / "folder"
    for number in range(10):
        token = f"r{round_}n{number}"
        name = upload_name(chance.randrange(NAMES))
        match chance.choice(("accept", "upload", "sync", "sync", "delete", "share")):
            case "accept" | "upload" as how:
                file = root / "incoming.md"
                file.write_text(content(token))
                say("try", name, token)
                if how == "accept":
                    desk.ingestor.accept_upload(str(file), name=name)
                    say("accepted", name, token)
                else:
                    report = desk.ingestor.ingest_upload(str(file), name=name)
                    assert not report.failed, report
                    say("done", name, token)
            case "sync":
                for file_number in chance.sample(range(FILES), 2):
                    put(root, f"{file_number}.md", content(f"f{file_number}{token}"))
                (folder / f"{chance.randrange(FILES)}.md").unlink(missing_ok=True)
                put(root, "always.md", content("always"))
                desk.ingestor.ingest([str(folder)])
            case "delete":
                known = desk.library.find(address(name), "default")
                if known is not None:
                    say("try", name, None)
                    desk.library.retire(known.document_id)
                    say("deleted", name, None)
            case "share":
                known = desk.library.find(address(name), "default")
                if known is not None:
                    desk.library.set_groups(known.document_id, frozenset({"everyone", token}))


def verify(root: Path, expected: dict[str, list[str | None]]) -> None:
    """Finish what is left, and hold everything to the invariants."""
    desk = Desk(root)
    folder = root / "folder"
    put(root, "always.md", content("always"))
    report = desk.ingestor.ingest([str(folder)])
    assert not report.failed, report
    for name, allowed in expected.items():
        found = [token for token in allowed if token and desk.found(token)]
        assert found or None in allowed, f"{name}: none of {allowed} is found"
        assert len(found) <= 1, f"{name}: {found} are found at once"
        if not found:
            continue
        places = desk.found(found[0])
        uri = address(name)
        attached = f"{uri}#attachment=note.txt"
        wanted = {uri: places.get(uri), attached: 1} if MAIL in name else {uri: places.get(uri)}
        assert places == wanted, f"{name}: {found[0]} is found in {places}"
        assert (places[uri] or 0) >= PARTS, f"{name}: half of it, {places}"
    documents = desk.library.documents(OPERATOR, limit=1000)
    files = {path.as_uri() for path in folder.iterdir()}
    listed = {one.uri for one in documents if one.uri.startswith("file:")}
    assert listed == files, f"folder {files}, listed {listed}"
    for path in folder.iterdir():
        token = path.read_text().split()[1]
        assert desk.found(token).keys() == {path.as_uri()}, f"{path.name}: {desk.found(token)}"
    check_stores(desk, {one.id for one in documents})
    desk.ingestor.close()
    desk.library.close()


def check_stores(desk: Desk, document_ids: set[str]) -> None:
    """Indexes and SQL agree, and nothing is left over."""
    library = desk.library
    published = {
        chunk.chunk_id
        for document_id in document_ids
        for chunk in library.document_chunks(document_id, OPERATOR)
    }
    assert library._vectors.ids() == published, "vectors and SQL differ"
    assert library._lexicon.ids() == published, "full text and SQL differ"
    with library._database.reading() as session:
        stuck = session.query(JobRow).filter(JobRow.state.not_in(["done", "cancelled"])).all()
        assert not stuck, [(job.uri, job.state, job.reason) for job in stuck]
        kept = {row.original for row in session.query(VersionRow) if row.original}
        connection = session.connection()
        counts = {
            table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()  # noqa: S608
            for table in ("documents", "versions", "chunks")
        }
        unused = connection.exec_driver_sql(
            "SELECT count(*) FROM pieces WHERE key NOT IN (SELECT piece_key FROM chunks)"
        ).scalar()
    assert counts == {
        "documents": len(document_ids),
        "versions": len(document_ids),
        "chunks": len(published),
    }, counts
    assert unused == 0, f"{unused} pieces are left over"
    library.reconcile()
    assert set(library.originals.names()) == kept, "originals and versions differ"


def in_child(work: Callable[[Callable[..., None]], None], kill_after_s: float | None) -> tuple:
    """(status, what was said, what went wrong) of a forked process, killed after so long."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work(lambda *words: os.write(writing, json.dumps(words).encode() + b"\n"))
            status = 0
        except BaseException:  # noqa: BLE001 # told to the parent
            os.write(writing, json.dumps(["wrong", traceback.format_exc()[-3000:]]).encode())
        finally:
            os._exit(status)
    os.close(writing)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with os.fdopen(reading) as pipe:
        lines = [json.loads(line) for line in pipe if line.endswith(("\n", "]"))]
    wrong = [words[1] for words in lines if words[0] == "wrong"]
    return status, lines, wrong


def take_down(expected: dict[str, list[str | None]], lines: list[Any]) -> None:
    """What may and what must be there after what a process has said."""
    for what, *about in lines:
        if what == "wrong":
            continue
        name, token = about
        allowed = expected.setdefault(name, [None])
        if what == "try" and token not in allowed:
            allowed.append(token)
        elif what in ("accepted", "done"):
            expected[name] = [token]
        # A deletion may be followed by an upload that was accepted before and waits: both hold.


def main(root: Path, rounds: int, seed: int) -> None:
    shutil.rmtree(root, ignore_errors=True)
    (root / "folder").mkdir(parents=True)
    (root / "data").mkdir()
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    expected: dict[str, list[str | None]] = {}
    killed = 0
    reached: set[str] = set()
    for round_ in range(rounds):
        step = STEPS[(round_ // 2) % len(STEPS)] if round_ % 2 else None
        kill_after_s = None if step else chance.uniform(0.05, LONGEST_ROUND_S)
        status, lines, wrong = in_child(
            lambda say, r=round_, s=step: work(root, seed, r, say, s), kill_after_s
        )
        if wrong:
            sys.exit(f"round {round_} ({step or 'random'}), seed {seed}: {wrong[0]}")
        if status == -signal.SIGKILL:
            killed += 1
            reached |= {step} if step else set()
        take_down(expected, lines)
        if round_ % VERIFIED_EVERY == VERIFIED_EVERY - 1 or round_ == rounds - 1:
            status, _, wrong = in_child(lambda _say: verify(root, expected), None)
            if status != 0:
                sys.exit(f"after round {round_} ({step or 'random'}), seed {seed}: {wrong}")
    print(json.dumps({"rounds": rounds, "killed": killed, "steps": sorted(reached)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
