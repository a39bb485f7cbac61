"""The conversations in the database.

Whoever reads one gets of its answers what they may read at that moment, its owner too: rights
change, and documents go.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assistant.access.types import Principal
from assistant.conversations.stored import (
    find_row,
    fold_name,
    is_own,
    is_visible,
    key_of,
    load_exchanges,
    load_infos,
    load_readable,
    to_exchange,
    unpack_answer,
)
from assistant.conversations.types import MOST_TITLE_CHARS, Conversation, ConversationInfo
from assistant.conversations.withholding import cut_answer, documents_of
from assistant.errors import AccessDeniedError
from assistant.knowledge.bulk import all_of, in_batches
from assistant.knowledge.database import Database
from assistant.knowledge.tables import (
    ConversationGroupRow,
    ConversationRow,
    ExchangeDocumentRow,
    ExchangeRow,
)
from assistant.types import EVERYONE, OPERATOR, Answer, Readable
from assistant.words import fold

TITLE_CHARS = 80
MOST_SHOWN = 200
"""Exchanges of one conversation, the last ones."""


class Conversations:
    """From any thread. `principal` None is the operator, who may read what is shared as well.

    Raises (all that take an id): ConversationNotFoundError, also for those of others.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock

    def start(self, question: str, principal: Principal | None) -> ConversationInfo:
        """An empty conversation, named after the question that it will begin with."""
        now = self._clock()
        title = _title_of(question)
        row = ConversationRow(
            id=uuid.uuid4().hex,
            owner_key=key_of(principal),
            title=title,
            search_key=fold(title),
            created_at=now,
            updated_at=now,
        )
        with self._database.writing() as session:
            session.add(row)
            session.flush()
            return load_infos(session, [row], principal)[0]

    def all(
        self, principal: Principal | None, *, query: str = "", offset: int = 0, limit: int = 50
    ) -> tuple[list[ConversationInfo], int]:
        """One page of one's own and those shared with one, newest first, and how many there are.

        Args:
            query: a part of title or questions, whatever its case and accents. Answers are not
                searched: that would tell what stands in those that are withheld.
        """
        condition = is_visible(principal)
        if query.strip():
            condition &= ConversationRow.search_key.contains(fold(query.strip()), autoescape=True)
        newest = (
            select(ConversationRow)
            .where(condition)
            .order_by(ConversationRow.updated_at.desc(), ConversationRow.id)
        )
        with self._database.reading() as session:
            rows = [*session.scalars(newest.offset(offset).limit(limit))]
            total = session.scalar(
                select(func.count()).select_from(ConversationRow).where(condition)
            )
            return load_infos(session, rows, principal), total or 0

    def read(
        self, conversation_id: str, principal: Principal | None, readable: Readable
    ) -> Conversation:
        """One conversation with its last exchanges.

        Args:
            readable: of the one who reads: an answer that rests on anything else is withheld.
        """
        last = (
            select(ExchangeRow)
            .where(ExchangeRow.conversation_id == conversation_id)
            .order_by(ExchangeRow.ordinal.desc())
            .limit(MOST_SHOWN)
        )
        with self._database.reading() as session:
            row = find_row(session, conversation_id, is_visible(principal))
            [info] = load_infos(session, [row], principal)
            rows = [*session.scalars(last)][::-1]
            told = load_exchanges(session, rows, readable)
        return Conversation(**info.model_dump(), conversation=told)

    def begin_exchange(
        self, conversation_id: str, question: str, principal: Principal | None
    ) -> str:
        """Add a question that has no answer yet; its id."""
        row = ExchangeRow(
            id=uuid.uuid4().hex,
            conversation_id=conversation_id,
            question=question,
            answer=None,
            forgotten=False,
            asked_at=self._clock(),
        )
        with self._database.writing() as session:
            conversation = find_row(session, conversation_id, is_own(principal))
            query = select(func.max(ExchangeRow.ordinal)).where(
                ExchangeRow.conversation_id == conversation_id
            )
            row.ordinal = (session.scalar(query) or 0) + 1
            conversation.updated_at = row.asked_at
            conversation.search_key += f"\n{fold(question)}"
            session.add(row)
            return row.id

    def finish_exchange(self, exchange_id: str, answer: Answer) -> None:
        """Keep the answer, unless its question was removed meanwhile, or one of its documents."""
        with self._database.writing() as session:
            row = session.get(ExchangeRow, exchange_id)
            if row is None:
                return
            named = documents_of(answer)
            left = cut_answer(answer, load_readable(session, named, OPERATOR))
            if left is None:
                row.forgotten = True
                return
            row.answer = left.model_dump_json()
            for document_id in sorted(documents_of(left)):
                session.add(ExchangeDocumentRow(exchange_id=row.id, document_id=document_id))

    def remove_exchange(
        self, conversation_id: str, exchange_id: str, principal: Principal | None
    ) -> None:
        """For good. One that is not there is passed over."""
        with self._database.writing() as session:
            conversation = find_row(session, conversation_id, is_own(principal))
            of_it = ExchangeRow.conversation_id == conversation_id
            session.execute(delete(ExchangeRow).where(of_it, ExchangeRow.id == exchange_id))
            questions = session.scalars(select(ExchangeRow.question).where(of_it))
            conversation.search_key = "\n".join(map(fold, [conversation.title, *questions]))
        self._database.truncate_log()

    def change(
        self,
        conversation_id: str,
        principal: Principal | None,
        *,
        title: str | None = None,
        groups: Sequence[str] | None = None,
    ) -> ConversationInfo:
        """Rename one's own conversation, or share it. None: as it is.

        Raises:
            AccessDeniedError: one of the groups is not one's own.
        """
        with self._database.writing() as session:
            row = find_row(session, conversation_id, is_own(principal))
            if title is not None and (shown := " ".join(title.split())[:MOST_TITLE_CHARS]):
                row.title = shown
                questions = select(ExchangeRow.question).where(
                    ExchangeRow.conversation_id == row.id
                )
                row.search_key = "\n".join(map(fold, [shown, *session.scalars(questions)]))
            if groups is not None:
                _check_groups(groups, principal)
                session.execute(
                    delete(ConversationGroupRow).where(
                        ConversationGroupRow.conversation_id == row.id
                    )
                )
                for name in dict.fromkeys(groups):
                    session.add(ConversationGroupRow(conversation_id=row.id, group_name=name))
            session.flush()
            return load_infos(session, [row], principal)[0]

    def remove(self, conversation_id: str, principal: Principal | None) -> None:
        """Delete one's own conversation; nothing of it is left in the database's files."""
        with self._database.writing() as session:
            session.delete(find_row(session, conversation_id, is_own(principal)))
        self._database.truncate_log()

    def forget_document(self, document_id: str) -> int:
        """Take out of all conversations what was drawn from a document; from how many answers."""
        with self._database.writing() as session:
            changed = forget_documents(session, [document_id])
        self._database.truncate_log()
        return changed

    def forget_user(self, name: str) -> int:
        """Delete all conversations of a user; how many there were."""
        own = ConversationRow.owner_key == fold_name(name)
        with self._database.writing() as session:
            found = [*session.scalars(select(ConversationRow).where(own))]
            for row in found:
                session.delete(row)
        self._database.truncate_log()
        return len(found)

    def export_user(self, name: str) -> list[Conversation]:
        """All conversations of a user as they are kept, oldest first, whatever they may read now:
        who hands them out looks at that."""
        own = ConversationRow.owner_key == fold_name(name)
        with self._database.reading() as session:
            rows = session.scalars(
                select(ConversationRow).where(own).order_by(ConversationRow.created_at)
            ).all()
            infos = load_infos(session, rows, None)
            exported = []
            for info in infos:
                exchanges = session.scalars(
                    select(ExchangeRow)
                    .where(ExchangeRow.conversation_id == info.id)
                    .order_by(ExchangeRow.ordinal)
                ).all()
                told = [to_exchange(one, unpack_answer(one)) for one in exchanges]
                exported.append(Conversation(**info.model_dump(), conversation=told))
            return exported


def forget_documents(session: Session, document_ids: Sequence[str]) -> int:
    """See `Conversations.forget_document`; part of a transaction of the library's."""
    changed = 0
    for ids in in_batches(document_ids):
        of_these = select(ExchangeDocumentRow.exchange_id).where(
            ExchangeDocumentRow.document_id.in_(all_of(ids))
        )
        for row in session.scalars(select(ExchangeRow).where(ExchangeRow.id.in_(of_these))):
            answer = unpack_answer(row)
            if answer is None:
                continue
            left = cut_answer(answer, documents_of(answer) - set(ids))
            row.answer = None if left is None else left.model_dump_json()
            row.forgotten = left is None
            changed += 1
        session.flush()
        session.execute(
            delete(ExchangeDocumentRow).where(ExchangeDocumentRow.document_id.in_(all_of(ids)))
        )
    return changed


def _title_of(question: str) -> str:
    """The question on one line, cut at a word."""
    line = " ".join(question.split())
    if len(line) <= TITLE_CHARS:
        return line
    return line[:TITLE_CHARS].rpartition(" ")[0].rstrip(",;:") + "…" if " " in line else line[:80]


def _check_groups(groups: Sequence[str], principal: Principal | None) -> None:
    if principal is None:
        return
    own = principal.groups | {EVERYONE}
    if foreign := [group for group in groups if group not in own]:
        raise AccessDeniedError(
            f"{principal.name} is not in {', '.join(map(repr, foreign))}; share with "
            f"{', '.join(sorted(own))}"
        )
