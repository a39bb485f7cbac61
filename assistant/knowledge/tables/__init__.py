"""The tables of the truth.

A document has versions; the one that `published_version_id` names is the only one that
anybody finds. The one that `held_version_id` names is in quarantine. Either may have a
counterpart in the second index. Every other version, and
every document without one, is a remainder: of a publication that never finished, or of a
removal that has yet to. Times are UTC.

This package imports all of its modules: a table is known to `Table.metadata` once it is defined.
"""

from __future__ import annotations

from assistant.knowledge.tables.audit import (
    AuditCheckpointRow,
    AuditContentRow,
    AuditPersonRow,
    AuditRow,
)
from assistant.knowledge.tables.base import Table, UtcDateTime
from assistant.knowledge.tables.chunks import ChunkRow, IndexRow, PieceRow
from assistant.knowledge.tables.conversations import (
    ConversationGroupRow,
    ConversationRow,
    ExchangeDocumentRow,
    ExchangeRow,
    RatingDocumentRow,
    RatingRow,
)
from assistant.knowledge.tables.documents import (
    CollectionRow,
    DocumentGroupRow,
    DocumentRow,
    NotesRow,
    VersionRow,
)
from assistant.knowledge.tables.erasure import ErasureRow, ExportRow, HoldRow, PseudonymRow
from assistant.knowledge.tables.jobs import JobRow, SourceRow
from assistant.knowledge.tables.people import (
    AttemptRow,
    CredentialRow,
    IdentityRow,
    MemberRow,
    RecoveryCodeRow,
    SessionRow,
    TokenRow,
    UserRow,
)
from assistant.knowledge.tables.signals import ChangeRow, StopRow

__all__ = [
    "AttemptRow",
    "AuditCheckpointRow",
    "AuditContentRow",
    "AuditPersonRow",
    "AuditRow",
    "ChangeRow",
    "ChunkRow",
    "CollectionRow",
    "ConversationGroupRow",
    "ConversationRow",
    "CredentialRow",
    "DocumentGroupRow",
    "DocumentRow",
    "ErasureRow",
    "ExchangeDocumentRow",
    "ExchangeRow",
    "ExportRow",
    "HoldRow",
    "IdentityRow",
    "IndexRow",
    "JobRow",
    "MemberRow",
    "NotesRow",
    "PieceRow",
    "PseudonymRow",
    "RatingDocumentRow",
    "RatingRow",
    "RecoveryCodeRow",
    "SessionRow",
    "SourceRow",
    "StopRow",
    "Table",
    "TokenRow",
    "UserRow",
    "UtcDateTime",
    "VersionRow",
]
