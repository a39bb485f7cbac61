"""Rows of conversations, and who they are shown to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlalchemy.orm import Session

from assistant.access.types import Principal
from assistant.conversations.types import ConversationInfo, Exchange
from assistant.conversations.withholding import cut_answer, documents_of
from assistant.errors import ConversationNotFoundError
from assistant.knowledge.bulk import all_of
from assistant.knowledge.tables import (
    ConversationGroupRow,
    ConversationRow,
    DocumentRow,
    ExchangeRow,
    UserRow,
)
from assistant.knowledge.visibility import is_readable
from assistant.types import EVERYONE, Answer, Readable


def fold_name(name: str) -> str:
    return name.strip().casefold()


def key_of(principal: Principal | None) -> str | None:
    return None if principal is None else fold_name(principal.name)


def is_own(principal: Principal | None) -> ColumnElement[bool]:
    key = key_of(principal)
    return ConversationRow.owner_key.is_(None) if key is None else ConversationRow.owner_key == key


def is_visible(principal: Principal | None) -> ColumnElement[bool]:
    shared = ConversationGroupRow.conversation_id == ConversationRow.id
    groups: ColumnElement[bool] = true()
    if principal is not None:
        groups = ConversationGroupRow.group_name.in_(all_of(principal.groups | {EVERYONE}))
    return or_(is_own(principal), exists().where(shared, groups))


def find_row(
    session: Session, conversation_id: str, condition: ColumnElement[bool]
) -> ConversationRow:
    row = session.scalar(
        select(ConversationRow).where(ConversationRow.id == conversation_id, condition)
    )
    if row is None:
        raise ConversationNotFoundError(
            f"there is no conversation '{conversation_id[:40]}' of yours; it may have been deleted"
        )
    return row


def load_infos(
    session: Session, rows: Sequence[ConversationRow], principal: Principal | None
) -> list[ConversationInfo]:
    ids = [row.id for row in rows]
    counts = dict(
        session.execute(
            select(ExchangeRow.conversation_id, func.count())
            .where(ExchangeRow.conversation_id.in_(all_of(ids)))
            .group_by(ExchangeRow.conversation_id)
        ).all()
    )
    groups: dict[str, list[str]] = {}
    shared = select(ConversationGroupRow).where(
        ConversationGroupRow.conversation_id.in_(all_of(ids))
    )
    for one in session.scalars(shared.order_by(ConversationGroupRow.group_name)):
        groups.setdefault(one.conversation_id, []).append(one.group_name)
    keys = {row.owner_key for row in rows if row.owner_key is not None}
    named = select(UserRow.key, UserRow.name).where(UserRow.key.in_(all_of(keys)))
    names = dict(session.execute(named).all())
    own = key_of(principal)
    return [
        ConversationInfo(
            id=row.id,
            title=row.title,
            owner=None if row.owner_key is None else names.get(row.owner_key, row.owner_key),
            mine=row.owner_key == own,
            groups=_known_groups(groups.get(row.id, []), principal, mine=row.owner_key == own),
            exchanges=counts.get(row.id, 0),
            created_at=row.created_at.isoformat(),
            updated_at=row.updated_at.isoformat(),
        )
        for row in rows
    ]


def _known_groups(groups: list[str], principal: Principal | None, *, mine: bool) -> list[str]:
    if mine or principal is None:
        return groups
    return [group for group in groups if group in principal.groups | {EVERYONE}]


def load_exchanges(
    session: Session, rows: Sequence[ExchangeRow], readable: Readable
) -> list[Exchange]:
    answers = [unpack_answer(row) for row in rows]
    named = frozenset[str]().union(*(documents_of(one) for one in answers if one is not None))
    known = load_readable(session, named, readable)
    told = []
    for row, answer in zip(rows, answers, strict=True):
        left = None if answer is None else cut_answer(answer, known)
        told.append(to_exchange(row, left, withheld=answer is not None and left is None))
    return told


def load_readable(
    session: Session, document_ids: frozenset[str], readable: Readable
) -> frozenset[str]:
    query = select(DocumentRow.id).where(
        DocumentRow.id.in_(all_of(document_ids)), is_readable(readable)
    )
    return frozenset(session.scalars(query))


def unpack_answer(row: ExchangeRow) -> Answer | None:
    return None if row.answer is None else Answer.model_validate_json(row.answer)


def to_exchange(row: ExchangeRow, answer: Answer | None, *, withheld: bool = False) -> Exchange:
    return Exchange(
        id=row.id,
        question=row.question,
        asked_at=row.asked_at.isoformat(),
        answer=answer,
        withheld=withheld,
        forgotten=row.forgotten,
    )
