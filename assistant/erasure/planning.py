"""What is to be erased, and by what it will be recognised."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, undefer

from assistant.audit.redaction import Place
from assistant.erasure.scanning import Needles
from assistant.erasure.subjects import address_digest
from assistant.erasure.traces import Traces, phrases_of, samples_of, without_known
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.library import Library
from assistant.knowledge.tables import (
    AuditContentRow,
    ChunkRow,
    DocumentRow,
    NotesRow,
    PieceRow,
    VersionRow,
)

BLOCK_BYTES = 2**20
QUOTING = ("answer", "summary", "uri")
"""Contents of an audit row that say what its documents say."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`documents` are those asked for with all that is attached to them; `counts` what there is
    of them. `addresses` are salted hashes of where the documents came from."""

    documents: tuple[str, ...]
    originals: tuple[str, ...]
    counts: dict[str, int]
    salt: str = ""
    addresses: tuple[str, ...] = ()

    def pack(self) -> str:
        return json.dumps(asdict(self))


def unpack_plan(packed: str) -> Plan:
    tree = json.loads(packed)
    return Plan(
        tuple(tree["documents"]),
        tuple(tree["originals"]),
        tree["counts"],
        tree.get("salt", ""),
        tuple(tree.get("addresses", ())),
    )


def plan_documents(library: Library, document_ids: Sequence[str]) -> tuple[Plan, Traces]:
    """
    Raises:
        DocumentNotFoundError: there is none of that id.
    """
    family = library.family(document_ids)
    with library.database.reading() as session:
        versions = _versions_of(session, family)
        ids = [one.id for one in versions]
        chunks = _chunks_of(session, ids)
        keys = {one.piece_key for one in chunks}
        own_keys = keys - _used_elsewhere(session, keys, ids)
        embeddings = _embeddings(session, own_keys)
        phrases = [phrase for one in versions for phrase in phrases_of(one.text)]
        phrases += [one.title for one in versions if len(one.title) >= 20]
        originals = tuple(dict.fromkeys(one.original for one in versions if one.original))
        addresses = _addresses(session, family)
        traces = Traces(
            phrases=_distinct(phrases, _texts_elsewhere(session, ids)),
            vectors=_unshared(samples_of(embeddings), _embeddings_elsewhere(session, own_keys)),
            ids=(*family, *ids),
            chunks=tuple(one.id for one in chunks),
            addresses=addresses,
        )
        counts = {
            "documents": len(family),
            "versions": len(ids),
            "chunks": len(chunks),
            "texts with their vectors": len(own_keys),
            "texts shared with other documents": len(keys) - len(own_keys),
            "kept files": len(originals),
            "notes for summaries": session.scalar(
                select(func.count()).select_from(NotesRow).where(NotesRow.version_id.in_(ids))
            )
            or 0,
        }
        salt = secrets.token_hex(16)
        digests = _address_digests(session, family, salt)
    return Plan(tuple(family), originals, counts, salt, digests), traces


def plan_user(library: Library, name: str) -> tuple[Plan, Traces]:
    """Of somebody who is known, or was once."""
    contents = library.audit.find_contents(of_user(name))
    asked = [one.details.get("question") for one in library.audit.entries_of(contents)]
    theirs = {_text_of(one) for one in asked} - {""}
    questions = {*theirs, *(one.question for one in library.ratings.of_user(name))}
    phrases = [phrase for one in sorted(questions) for phrase in phrases_of(one)]
    with library.database.reading() as session:
        elsewhere = _texts_elsewhere(session, ())
        others = (
            one.value.encode()
            for one in session.scalars(select(AuditContentRow))
            if one.value and one.ordinal not in contents.get(one.number, ())
        )
        known = [*elsewhere, *others]
        traces = Traces(phrases=_distinct(phrases, known), names=(name,))
    return Plan((), (), {}), traces


def _text_of(content: Any) -> str:
    """Of a content as entries show it; of rows of version 1 likewise."""
    return str(content.get("text", "")) if isinstance(content, dict) else ""


def of_documents(documents: Collection[str], traces: Traces) -> Any:
    """Which contents of the audit log are of these documents: what was answered from them, and
    whatever has their words."""
    from assistant.audit.holds import documents_of

    def wanted(place: Place) -> bool:
        about = bool(documents_of(place.entry) & set(documents))
        if about and place.path[:1] and place.path[0] in QUOTING:
            return True
        return bool(place.value) and traces.holds_phrase(json.dumps(json.loads(place.value)))

    return wanted


def of_user(name: str) -> Any:
    """All contents of somebody's rows and of holds on them, and their name in other rows."""
    key = name.strip().casefold()

    def wanted(place: Place) -> bool:
        held = place.entry.details.get("user") if place.entry.action.startswith("hold.") else None
        if place.entry.who.casefold() == key or str(held).casefold() == key:
            return True
        return bool(place.value) and str(json.loads(place.value)).casefold() == key

    return wanted


def _versions_of(session: Session, family: Sequence[str]) -> list[VersionRow]:
    found: list[VersionRow] = []
    for ids in in_batches(family):
        query = select(VersionRow).where(VersionRow.document_id.in_(ids))
        found += session.scalars(query.options(undefer(VersionRow.text)))
    return found


def _chunks_of(session: Session, versions: Sequence[str]) -> list[Row[str, str]]:
    found: list[Row[str, str]] = []
    for ids in in_batches(versions):
        query = select(ChunkRow.id, ChunkRow.piece_key).where(ChunkRow.version_id.in_(ids))
        found += session.execute(query).all()
    return found


def _used_elsewhere(session: Session, keys: Collection[str], versions: Sequence[str]) -> set[str]:
    used: set[str] = set()
    own = set(versions)
    for some in in_batches(sorted(keys)):
        query = select(ChunkRow.piece_key, ChunkRow.version_id).where(ChunkRow.piece_key.in_(some))
        used |= {key for key, version in session.execute(query) if version not in own}
    return used


def _embeddings(session: Session, keys: Collection[str]) -> list[bytes]:
    found: list[bytes] = []
    for some in in_batches(sorted(keys)):
        found += session.scalars(select(PieceRow.embedding).where(PieceRow.key.in_(some)))
    return found


def _embeddings_elsewhere(session: Session, own: Collection[str]) -> Iterator[bytes]:
    rows = session.execute(
        select(PieceRow.key, PieceRow.embedding).execution_options(yield_per=500)
    )
    return (embedding for key, embedding in rows if key not in own)


def _texts_elsewhere(session: Session, versions: Sequence[str]) -> Iterator[bytes]:
    own = set(versions)
    query = select(VersionRow.id, VersionRow.title, VersionRow.text)
    for version, title, text in session.execute(query.execution_options(yield_per=50)):
        if version not in own:
            yield f"{title}\n{text}".encode("utf-8", "surrogatepass")


def _addresses(session: Session, family: Sequence[str]) -> tuple[str, ...]:
    """Those that are not the beginning of another document's."""
    uris = [*session.scalars(select(DocumentRow.uri).where(DocumentRow.id.in_(family)))]
    others = session.scalars(select(DocumentRow.uri).where(DocumentRow.id.not_in(family)))
    rest = "\n".join(others)
    return tuple(uri for uri in uris if len(uri) >= 12 and uri not in rest)


def _address_digests(session: Session, family: Sequence[str], salt: str) -> tuple[str, ...]:
    query = select(DocumentRow.uri, DocumentRow.collection).where(DocumentRow.id.in_(family))
    return tuple(address_digest(uri, name, salt) for uri, name in session.execute(query))


def _distinct(phrases: Sequence[str], texts: Iterator[bytes] | Sequence[bytes]) -> tuple[str, ...]:
    coded = {one.encode("utf-8", "surrogatepass"): one for one in phrases}
    left = without_known(Needles(dict.fromkeys(coded, "text")), _blocks(texts))
    return tuple(phrase for raw, phrase in coded.items() if raw in left)


def _unshared(samples: Sequence[bytes], embeddings: Iterator[bytes]) -> tuple[bytes, ...]:
    left = without_known(Needles(dict.fromkeys(samples, "vector")), _blocks(embeddings))
    return tuple(one for one in samples if one in left)


def _blocks(parts: Iterator[bytes] | Sequence[bytes]) -> Iterator[bytes]:
    """Many small parts as few large ones."""
    some: list[bytes] = []
    size = 0
    for part in parts:
        some.append(part)
        size += len(part)
        if size >= BLOCK_BYTES:
            yield b"\0".join(some)
            some, size = [], 0
    yield b"\0".join(some)
