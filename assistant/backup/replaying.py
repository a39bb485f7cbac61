"""Erasures that happened after a backup, done again on what is restored from it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, inspect, select

from assistant.backup.types import BackupProgress, Listener, Opening
from assistant.erasure.erasures import (
    Erasures,
    is_subject,
    load_receipt,
    write_receipt,
)
from assistant.erasure.subjects import address_digest
from assistant.erasure.types import RECEIPTS, Receipt, receipt_path
from assistant.errors import BackupError, ReceiptError
from assistant.knowledge.database import Database
from assistant.knowledge.library import Library
from assistant.knowledge.schema import revision_of
from assistant.knowledge.tables import AuditPersonRow, DocumentRow, ErasureRow, UserRow


@dataclass(frozen=True, slots=True)
class Replayed:
    """Ids of receipts: those that were followed, and of these the ones of an earlier Philo, which
    know documents by their ids alone."""

    followed: tuple[str, ...]
    by_id_alone: tuple[str, ...]


def replay(
    library: Library, receipts: Sequence[Receipt], opening: Opening, tell: Listener
) -> Replayed:
    """Erase again what the receipts say was erased after the backup was made, and keep them: an
    older backup may be restored after this one.

    Raises:
        ReceiptError: a receipt is not genuine, or of another data directory; nothing of the
            restore takes place.
        LegalHoldError: what is to be erased was under hold when the backup was made.
    """
    made = datetime.fromisoformat(opening.created_at)
    erasures = Erasures(library)
    wanted = {one.id: one for one in receipts if datetime.fromisoformat(one.finished_at) >= made}
    for one in wanted.values():
        found = erasures.check(one)
        if not (found.authentic and found.own):
            raise ReceiptError(
                f"the receipt {one.id} was not signed by the Philo of this backup; leave it out, "
                "or find the receipt of that erasure in receipts/ of its data directory"
            )
    followed = []
    for one in receipts:
        found = erasures.check(one)
        there = receipt_path(library.database.directory, one.id).exists()
        if found.authentic and found.own and not there:
            write_receipt(library.database.directory, one)
    for number, one in enumerate(sorted(wanted.values(), key=lambda each: each.finished_at)):
        tell(BackupProgress(step="erasing", done=number, total=len(wanted)))
        if _done(library, one.id):
            continue
        if one.kind == "document":
            if documents := _known_documents(library, one):
                erasures.erase_documents(documents)
        else:
            for name in _known_people(library):
                if is_subject(name, one):
                    erasures.erase_user(name)
        followed.append(one)
    by_id = [one.id for one in followed if one.kind == "document" and not one.addresses]
    return Replayed(tuple(one.id for one in followed), tuple(by_id))


def receipts_in(data: Path) -> Iterator[Receipt]:
    """Of the directory that makes room. One that cannot be read is nobody's proof."""
    for path in sorted((data / RECEIPTS).glob("*.json")):
        with contextlib.suppress(OSError, ValueError):
            yield Receipt.model_validate_json(path.read_bytes())


def receipts_of(database: Database) -> Iterator[Receipt]:
    """Of the database that makes room, of whatever Philo it is."""
    for receipt in _read_erasures(database, select(ErasureRow.receipt)):
        with contextlib.suppress(ValueError):
            yield Receipt.model_validate_json(receipt or "")


def require_no_open_erasure(database: Database) -> None:
    """
    Raises:
        BackupError: one that was begun in the database is not finished, so that no receipt says
            yet what is to be erased from what is restored.
    """
    begun = select(ErasureRow.asked_at).where(ErasureRow.receipt.is_(None))
    for asked_at in _read_erasures(database, begun):
        raise BackupError(
            f"an erasure that was asked for at {asked_at:%Y-%m-%d %H:%M} UTC is not finished in "
            f"{database.label}, and a restore would lose it. Start Philo there, which finishes "
            "it, and run the command again"
        )


def _read_erasures(database: Database, wanted: Select[Any]) -> Sequence[Any]:
    if not revision_of(database):
        return []
    with database.reading() as session:
        if not inspect(session.connection()).has_table(ErasureRow.__tablename__):
            return []
        return session.scalars(wanted).all()


def read_receipts(paths: Sequence[Path]) -> Iterator[Receipt]:
    """
    Args:
        paths: of receipts, or of folders with them.
    Raises:
        ReceiptError: one of them is none, or there is none.
    """
    for path in paths:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not files:
            raise ReceiptError(f"{path} holds no receipts (*.json); name those of the erasures")
        for each in files:
            try:
                yield load_receipt(each.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as exc:
                raise ReceiptError(f"{each} cannot be read ({exc}); name a receipt") from exc


def _done(library: Library, erasure_id: str) -> bool:
    """Whether the backup knows of it: then it was made behind it after all."""
    with library.database.reading() as session:
        row = session.get(ErasureRow, erasure_id)
        return row is not None and row.receipt is not None


def _known_documents(library: Library, receipt: Receipt) -> list[str]:
    """By their ids, or by where they came from: whoever brought one in again gave it another id."""
    ids, addresses = set(receipt.subject), set(receipt.addresses)
    query = select(DocumentRow.id, DocumentRow.uri, DocumentRow.collection)
    with library.database.reading() as session:
        return [
            document
            for document, uri, collection in session.execute(query)
            if document in ids
            or (addresses and address_digest(uri, collection, receipt.salt) in addresses)
        ]


def _known_people(library: Library) -> list[str]:
    """Everybody who has an account, or stands in the audit log."""
    with library.database.reading() as session:
        names = {*session.scalars(select(UserRow.name))}
        names |= {*session.scalars(select(AuditPersonRow.name))}
    return sorted(names)
