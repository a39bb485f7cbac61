"""The tables of the truth.

A document has versions; the one that `published_version_id` names is the only one that
anybody finds. The one that `held_version_id` names is in quarantine. Either may have a
counterpart in the second index. Every other version, and
every document without one, is a remainder: of a publication that never finished, or of a
removal that has yet to. Times are UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

EMPTY = text("''")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC also where the database knows no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class CollectionRow(Table):
    """`readers` are the keys of those who may read by default what is in it; None: not said."""

    __tablename__ = "collections"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    readers: Mapped[str | None] = mapped_column(Text, doc="JSON: keys")


class IndexRow(Table):
    """One set of chunks with their vectors: one is in use, a second one may stand beside it.

    `embedder` is what the settings call it, `embedder_id` its vector space. `folder` is where its
    files lie in the data directory.
    """

    __tablename__ = "indexes"

    id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(Text)
    embedder: Mapped[str] = mapped_column(Text)
    embedder_id: Mapped[str] = mapped_column(Text)
    dimension: Mapped[int]
    chunk_tokens: Mapped[int]
    in_use: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DocumentRow(Table):
    """`indexes_stale` is set while the indexes may still hold the groups of before.

    `published_version_id` and `held_version_id` have no foreign key: it would close a circle
    with `versions.document_id`. `held_reason` says why the held version is in quarantine.
    `fingerprint` is what its source said of the content when it was last read, and
    `parent_id` the document that it was attached to. `stated` are the keys that it came in with
    (`access.share_keys`), None: as its collection. With `own_access`, somebody has shared
    it otherwise since, and `document_groups` holds that.
    """

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("uri", "collection"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    uri: Mapped[str] = mapped_column(Text)
    collection: Mapped[str] = mapped_column(ForeignKey("collections.name"), index=True)
    source: Mapped[str | None] = mapped_column(Text, index=True)
    published_version_id: Mapped[str | None] = mapped_column(String(32), index=True)
    indexes_stale: Mapped[bool] = mapped_column(default=False)
    held_version_id: Mapped[str | None] = mapped_column(String(32), index=True)
    held_reason: Mapped[str | None] = mapped_column(Text)
    fingerprint: Mapped[str | None] = mapped_column(Text)
    parent_id: Mapped[str | None] = mapped_column(String(32), index=True)
    stated: Mapped[str | None] = mapped_column(Text, doc="JSON: keys")
    own_access: Mapped[bool] = mapped_column(default=False, server_default=text("0"))


class DocumentGroupRow(Table):
    """The keys that readers are compared with: names of groups, and others."""

    __tablename__ = "document_groups"

    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    group_name: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)


class VersionRow(Table):
    """`search_key` is title and address without case and accents, `author_key` the author
    likewise. `date` is YYYY, YYYY-MM or YYYY-MM-DD, "" where none is known. `original` is the
    SHA-256 under which the bytes are kept in the data directory, where they are.

    `counterpart_of` is set on versions of the second index: they hold what that version of the
    index in use holds, cut and embedded otherwise. `layout` is None where it is not known.
    """

    __tablename__ = "versions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, deferred=True)
    author: Mapped[str] = mapped_column(Text)
    author_key: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    date: Mapped[str] = mapped_column(Text)
    date_basis: Mapped[str] = mapped_column(Text, server_default=EMPTY, doc="as `DateBasis`")
    language: Mapped[str | None] = mapped_column(String(8))
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int]
    pages: Mapped[int]
    empty_pages: Mapped[str] = mapped_column(Text, doc="JSON: page numbers")
    recognised: Mapped[str] = mapped_column(
        Text, server_default="[]", doc="JSON: [page, confidence of its characters in [0, 1]]"
    )
    content_sha256: Mapped[str] = mapped_column(String(64))
    recipe: Mapped[str] = mapped_column(Text)
    embedder: Mapped[str] = mapped_column(Text)
    original: Mapped[str | None] = mapped_column(String(64), index=True)
    staged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    layout: Mapped[str | None] = mapped_column(
        Text, deferred=True, doc="JSON: [kind, level, start, end] of each block"
    )
    counterpart_of: Mapped[str | None] = mapped_column(String(32), unique=True, index=True)
    findings: Mapped[str] = mapped_column(
        Text, server_default="{}", doc="JSON: kind of personal data or secret -> how often"
    )


class PieceRow(Table):
    """A text and its embedding, once for all chunks that hold it. `key` is `piece_key` of
    them. `embedding` is D little-endian float32. `injection` and `toxicity` are the detectors'
    scores; None: it came in before there were any."""

    __tablename__ = "pieces"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    embedding: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    injection: Mapped[float | None]
    toxicity: Mapped[float | None]


class ChunkRow(Table):
    """Where a piece stands in a version. `id` is "<version id>:<ordinal>"."""

    __tablename__ = "chunks"

    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    version_id: Mapped[str] = mapped_column(
        ForeignKey("versions.id", ondelete="CASCADE"), index=True
    )
    piece_key: Mapped[str] = mapped_column(ForeignKey("pieces.key"), index=True)
    ordinal: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    heading: Mapped[str] = mapped_column(Text, doc="JSON: headings, outermost first")
    table_header: Mapped[str] = mapped_column(Text)
    lines: Mapped[str] = mapped_column(Text, doc="JSON: [offset, page] or [offset, page, box]")


class JobRow(Table):
    """A document to bring in or to remove (see `jobs.py`).

    `groups` is JSON, or None: as before. `original` is as in `versions`. `worker` has it until
    `lease_until`. `run_id` names the call that asked for it. `document_id` is the document that
    came of it, or that is to be removed.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_uri", "uri", "collection"),
        Index("ix_jobs_claim", "state", "priority", "not_before"),
        Index("ix_jobs_run", "run_id", "finished_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    uri: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    collection: Mapped[str] = mapped_column(String(200))
    groups: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    fingerprint: Mapped[str | None] = mapped_column(Text)
    size_bytes: Mapped[int | None]
    original: Mapped[str | None] = mapped_column(String(64), index=True)
    parent_id: Mapped[str | None] = mapped_column(String(32), index=True)
    depth: Mapped[int]
    priority: Mapped[int]
    run_id: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    cancel_wanted: Mapped[bool]
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    worker: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(16))
    document_id: Mapped[str | None] = mapped_column(String(32))
    pages: Mapped[int]
    chunks: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class RatingRow(Table):
    """`sentences` are those of the rated answer, each with the documents that it cites."""

    __tablename__ = "ratings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    question: Mapped[str] = mapped_column(Text)
    good: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    correction: Mapped[str] = mapped_column(Text)
    refused: Mapped[bool]
    sentences: Mapped[str] = mapped_column(Text, doc='JSON: [{"text", "document_ids"}]')
    rater: Mapped[str | None] = mapped_column(String(120), index=True, doc="without case")


class RatingDocumentRow(Table):
    """A document that a rated answer cites, or (`holds_answer`) that the rater says holds the
    answer."""

    __tablename__ = "rating_documents"

    rating_id: Mapped[str] = mapped_column(
        ForeignKey("ratings.id", ondelete="CASCADE"), primary_key=True
    )
    document_id: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)
    holds_answer: Mapped[bool]


class SourceRow(Table):
    """`started_at` is of the last run that was begun, `ended_at` of the last that ended, and
    `completed_at` of the last that listed everything. `error` is why the last one failed."""

    __tablename__ = "sources"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(64), unique=True)
    options: Mapped[str] = mapped_column(Text, doc="JSON")
    schedule: Mapped[str | None] = mapped_column(String(64))
    collection: Mapped[str] = mapped_column(String(200))
    groups: Mapped[str | None] = mapped_column(Text, doc="JSON: names")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    counts: Mapped[str] = mapped_column(Text, doc="JSON: of the last complete run")


class NotesRow(Table):
    """Notes of a version for its summaries. `writer` names the generator and the embedder."""

    __tablename__ = "notes"

    version_id: Mapped[str] = mapped_column(
        ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True
    )
    writer: Mapped[str] = mapped_column(String(200), primary_key=True)
    payload: Mapped[str] = mapped_column(Text, doc="JSON: places and scores of sentences")
    vectors: Mapped[bytes] = mapped_column(LargeBinary, doc="(N, D) float16")
    size_bytes: Mapped[int]
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class UserRow(Table):
    """`key` is the name without case."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(16))
    disabled: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MemberRow(Table):
    """Who is in which group; everybody is in `everyone` without a row."""

    __tablename__ = "members"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    group_name: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)


class TokenRow(Table):
    """`sha256` is of the secret, which is kept nowhere."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    scope: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked: Mapped[bool]


class CredentialRow(Table):
    """How a user shows at the sign-in who they are. `password_hash` is argon2id's own text.
    `totp_secret` is sealed with the secret key; codes of `totp_step` and before are used up."""

    __tablename__ = "credentials"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    password_hash: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    totp_secret: Mapped[str | None] = mapped_column(Text)
    totp_step: Mapped[int] = mapped_column(server_default=text("0"))


class RecoveryCodeRow(Table):
    """Instead of a code of the second factor, once. Only its hash is kept."""

    __tablename__ = "recovery_codes"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class IdentityRow(Table):
    """Who a user is at a provider of OpenID Connect."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(String(500), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SessionRow(Table):
    """A browser in which somebody is signed in. `sha256` is of its cookie."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    method: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AttemptRow(Table):
    """Failed sign-ins in a row, of an account or from an address. `key` is a hash of which:
    people type passwords into the field for names."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PseudonymRow(Table):
    """See `assistant/safety/personal/pseudonyms.py`. `sealed` is the value, encrypted, where it
    was masked in a document."""

    __tablename__ = "pseudonyms"
    __table_args__ = (UniqueConstraint("kind", "number"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    number: Mapped[int]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditRow(Table):
    """See `assistant/audit/`. Rows are only ever added, and cut off at the beginning by retention.

    `details` is JSON in which a mark stands for each content; `version` says what `hash` covers.
    `seal` is set on rows of version 1: their hash covers content as well, the seal does not.
    """

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(40))
    who: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(40))
    details: Mapped[str] = mapped_column(Text, doc="JSON")
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(server_default="1")
    seal: Mapped[str | None] = mapped_column(String(64))


class AuditContentRow(Table):
    """A text of an audit row, whose hash is keyed with `salt`. `value` is None where only that it
    can be recognised was wanted."""

    __tablename__ = "audit_contents"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    salt: Mapped[str] = mapped_column(String(32))
    value: Mapped[str | None] = mapped_column(Text, doc="JSON")


class AuditPersonRow(Table):
    """Who a pseudonym of the audit log is. `key` is the name without case."""

    __tablename__ = "audit_people"

    pseudonym: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    key: Mapped[str] = mapped_column(String(120), index=True)
    salt: Mapped[str] = mapped_column(String(32))


class AuditCheckpointRow(Table):
    """The rows up to `number` were cut off; the last of them had `hash`."""

    __tablename__ = "audit_checkpoints"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[str] = mapped_column(String(40))
    signature: Mapped[str] = mapped_column(Text)


class HoldRow(Table):
    """Nothing of what it covers is erased until it is released. `subject` is a user's name or a
    document's id; of a period it is empty."""

    __tablename__ = "holds"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(120))
    since: Mapped[str] = mapped_column(String(40))
    until: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    placed_by: Mapped[str] = mapped_column(String(120))
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ErasureRow(Table):
    """What is to be erased, and how far that is. `plan` names ids and no content; `receipt` is
    set with the end."""

    __tablename__ = "erasures"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[str] = mapped_column(String(120))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    step: Mapped[str] = mapped_column(String(16))
    plan: Mapped[str] = mapped_column(Text, doc="JSON")
    removed: Mapped[str] = mapped_column(Text, doc="JSON: what, how many")
    receipt: Mapped[str | None] = mapped_column(Text, doc="JSON")


class ExportRow(Table):
    """A file or folder that holds what was taken out of the knowledge, so that erasing can reach
    it, or tell of it."""

    __tablename__ = "exports"

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConversationRow(Table):
    """`owner_key` is a user's key, None the operator. `search_key` is the title and the
    questions without case and accents."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_owner", "owner_key", "updated_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_key: Mapped[str | None] = mapped_column(ForeignKey("users.key", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConversationGroupRow(Table):
    """A group that a conversation is shared with."""

    __tablename__ = "conversation_groups"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    group_name: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)


class ExchangeRow(Table):
    """A question and its answer: None while there is none, or once it is `forgotten`."""

    __tablename__ = "exchanges"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    ordinal: Mapped[int]
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text, doc="JSON: as `Answer`")
    forgotten: Mapped[bool]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExchangeDocumentRow(Table):
    """A document that an answer names in any way: cited, found near, or of the same text."""

    __tablename__ = "exchange_documents"

    exchange_id: Mapped[str] = mapped_column(
        ForeignKey("exchanges.id", ondelete="CASCADE"), primary_key=True
    )
    document_id: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)
