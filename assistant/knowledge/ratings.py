"""What people said of answers.

A rating holds no quote but what the answer's own sentences say, each with the documents that it
cites: when one of them is removed, those sentences go with it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assistant.errors import DocumentNotFoundError, RatingNotFoundError
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.database import Database
from assistant.knowledge.tables import DocumentRow, RatingDocumentRow, RatingRow
from assistant.knowledge.visibility import is_readable
from assistant.types import NewRating, RatedSentence, Rating, Readable


class Ratings:
    """The ratings in a database, from any thread."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock

    def add(self, rating: NewRating, readable: Readable, *, rater: str = "") -> Rating:
        """Keep a rating.

        Args:
            readable: of the one who rates: an answer to them cites nothing else.
            rater: their name, where it is known.
        Raises:
            DocumentNotFoundError: it names a document that is gone or that they may not read.
        """
        cited = {one for sentence in rating.sentences for one in sentence.document_ids}
        named = cited | set(rating.document_ids)
        row = RatingRow(
            id=uuid.uuid4().hex,
            created_at=self._clock(),
            question=rating.question,
            good=rating.good,
            reason=rating.reason,
            correction=rating.correction,
            refused=rating.refused,
            sentences=_pack(rating.sentences),
            rater=rater.casefold() or None,
        )
        with self._database.writing() as session:
            query = select(DocumentRow.id).where(DocumentRow.id.in_(named), is_readable(readable))
            if missing := named - set(session.scalars(query)):
                raise DocumentNotFoundError(
                    f"the rating names {len(missing)} documents that are gone or that you may not "
                    "read; ask the question again and rate the new answer"
                )
            session.add(row)
            session.flush()
            for document_id in sorted(named):
                holds = document_id in rating.document_ids
                session.add(
                    RatingDocumentRow(rating_id=row.id, document_id=document_id, holds_answer=holds)
                )
            session.flush()
            return _rating(row, rating.document_ids)

    def all(self, *, offset: int = 0, limit: int = 100) -> tuple[list[Rating], int]:
        """One page, newest first, and how many there are."""
        query = select(RatingRow).order_by(RatingRow.created_at.desc(), RatingRow.id)
        with self._database.reading() as session:
            rows = [*session.scalars(query.offset(offset).limit(limit))]
            named: dict[str, list[str]] = {row.id: [] for row in rows}
            holding = select(RatingDocumentRow.rating_id, RatingDocumentRow.document_id).where(
                RatingDocumentRow.rating_id.in_(named), RatingDocumentRow.holds_answer
            )
            for rating_id, document_id in session.execute(holding):
                named[rating_id].append(document_id)
            total = session.scalar(select(func.count()).select_from(RatingRow)) or 0
            return [_rating(row, sorted(named[row.id])) for row in rows], total

    def of_user(self, name: str) -> list[Rating]:
        """What somebody said, oldest first."""
        theirs = select(RatingRow).where(RatingRow.rater == name.strip().casefold())
        with self._database.reading() as session:
            rows = session.scalars(theirs.order_by(RatingRow.created_at, RatingRow.id)).all()
            return [_rating(row, ()) for row in rows]

    def forget_user(self, name: str) -> int:
        """Delete what somebody said; how many."""
        gone = delete(RatingRow).where(RatingRow.rater == name.strip().casefold())
        with self._database.writing() as session:
            return len(session.scalars(gone.returning(RatingRow.id)).all())

    def remove(self, rating_id: str) -> None:
        """
        Raises:
            RatingNotFoundError: there is none.
        """
        with self._database.writing() as session:
            row = session.get(RatingRow, rating_id)
            if row is None:
                raise RatingNotFoundError(f"There is no rating '{rating_id[:40]}'.")
            session.delete(row)


def forget_documents(session: Session, document_ids: Sequence[str]) -> None:
    """Take out of all ratings what was said from these documents: sentences that cite one of
    them or nothing, and what the rater wrote about the answer, which may quote it."""
    for ids in in_batches(document_ids):
        of_these = select(RatingDocumentRow.rating_id).where(RatingDocumentRow.document_id.in_(ids))
        for row in session.scalars(select(RatingRow).where(RatingRow.id.in_(of_these))):
            kept = [
                one
                for one in _unpack(row.sentences)
                if one.document_ids and not set(one.document_ids) & set(ids)
            ]
            row.sentences = _pack(kept)
            row.reason = row.correction = ""
        session.flush()
        session.execute(delete(RatingDocumentRow).where(RatingDocumentRow.document_id.in_(ids)))


def _pack(sentences: Sequence[RatedSentence]) -> str:
    return json.dumps([one.model_dump() for one in sentences], ensure_ascii=False)


def _unpack(packed: str) -> list[RatedSentence]:
    return [RatedSentence.model_validate(one) for one in json.loads(packed)]


def _rating(row: RatingRow, document_ids: Sequence[str]) -> Rating:
    return Rating(
        id=row.id,
        created_at=row.created_at.astimezone(UTC).isoformat(),
        question=row.question,
        good=row.good,
        reason=row.reason,
        correction=row.correction,
        refused=row.refused,
        sentences=_unpack(row.sentences),
        document_ids=[*document_ids],
    )
