"""Which pseudonym stands for what, the same one throughout an installation.

The table holds a keyed digest of each value (HMAC-SHA-256), and the value itself, sealed
(AES-256-GCM), only of what was masked in documents: from nothing else could it be restored.
The key lies beside the database: whoever has only one of the two learns nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, func, insert, select, update

from assistant.errors import SafetyError
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.database import Database
from assistant.knowledge.tables import PseudonymRow, VersionRow
from assistant.safety.finding import Kind
from assistant.safety.personal.folding import fold_alike

KEY_FILE = "pseudonyms.key"
PSEUDONYM = re.compile(
    rf"\[({'|'.join(kind.upper() for kind in Kind if kind != Kind.SECRET)})(?:_|\\_)(\d{{1,9}})\]"
)
"""A model that writes Markdown may put a backslash before the underscore."""
SECRET = "[SECRET]"  # noqa: S105 - what is shown instead of one
NONCE_BYTES = 12

Value = tuple[Kind, str]


class Pseudonyms:
    """Those of one data directory. Thread-safe."""

    def __init__(self, database: Database, directory: Path) -> None:
        self._database = database
        self._path = directory / KEY_FILE
        self._lock = threading.Lock()
        self._keys: tuple[bytes, bytes] | None = None
        self._known: dict[Value, str] = {}

    def of(self, values: Iterable[Value], *, keep: bool = False) -> dict[Value, str]:
        """Value -> pseudonym, such as [PERSON_1]; new ones are made in the order given.

        Args:
            keep: seal the values too, so that `restore` can find them.
        Raises:
            SafetyError: the key is missing or damaged.
        """
        wanted = list(dict.fromkeys(values))
        with self._lock:
            if keep or any(one not in self._known for one in wanted):
                self._look_up(wanted, keep=keep)
            found = {one: self._known[one] for one in wanted}
            if len(self._known) > 100_000:
                self._known.clear()
            return found

    def restore(self, pseudonyms: Iterable[str]) -> dict[str, str]:
        """Pseudonym -> value, of those whose value was kept."""
        wanted = {}
        for name in pseudonyms:
            match = PSEUDONYM.fullmatch(name)
            if match is not None:
                wanted[match[1].lower(), int(match[2])] = name
        if not wanted:
            return {}
        numbers = {number for _, number in wanted}
        query = select(PseudonymRow).where(
            PseudonymRow.number.in_(numbers), PseudonymRow.sealed.is_not(None)
        )
        found = {}
        with self._database.reading() as session:
            for row in session.scalars(query):
                known = wanted.get((row.kind, row.number))
                if known is not None and row.sealed is not None:
                    found[known] = self._open(row.sealed)
        return found

    def forget(self, values: Sequence[Value]) -> int:
        """Remove values and their pseudonyms; how many there were. Whoever comes later gets
        another number."""
        digests = [self._digest(one) for one in values]
        with self._lock, self._database.writing() as session:
            self._known.clear()
            query = delete(PseudonymRow).where(PseudonymRow.digest.in_(digests))
            return len(session.execute(query.returning(PseudonymRow.digest)).all())

    def forget_unused(self, *, besides: str) -> int:
        """Remove the values that stand in no document but this one; how many there were."""
        texts = select(VersionRow.text).where(VersionRow.document_id != besides)
        with self._lock, self._database.writing() as session:
            sealed = select(PseudonymRow.digest, PseudonymRow.kind, PseudonymRow.number)
            kept = session.execute(sealed.where(PseudonymRow.sealed.is_not(None))).all()
            if not kept:
                return 0
            used = {
                (match[1].lower(), int(match[2]))
                for text in session.scalars(texts.execution_options(yield_per=100))
                for match in PSEUDONYM.finditer(text)
            }
            unused = [digest for digest, kind, number in kept if (kind, number) not in used]
            self._known.clear()
            for some in in_batches(unused):
                session.execute(delete(PseudonymRow).where(PseudonymRow.digest.in_(some)))
            return len(unused)

    def _look_up(self, wanted: Sequence[Value], *, keep: bool) -> None:
        digests = {one: self._digest(one) for one in wanted}
        with self._database.writing() as session:
            query = select(PseudonymRow).where(PseudonymRow.digest.in_(set(digests.values())))
            rows = {row.digest: row for row in session.scalars(query)}
            for one, digest in digests.items():
                kind, text = one
                row = rows.get(digest)
                if row is None:
                    highest = select(func.max(PseudonymRow.number)).where(
                        PseudonymRow.kind == kind.value
                    )
                    row = PseudonymRow(
                        digest=digest,
                        kind=kind.value,
                        number=(session.scalar(highest) or 0) + 1,
                        sealed=self._seal(text) if keep else None,
                    )
                    session.execute(
                        insert(PseudonymRow).values(
                            digest=row.digest, kind=row.kind, number=row.number, sealed=row.sealed
                        )
                    )
                    rows[digest] = row
                elif keep and row.sealed is None:
                    session.execute(
                        update(PseudonymRow)
                        .where(PseudonymRow.digest == digest)
                        .values(sealed=self._seal(text))
                    )
                self._known[one] = f"[{kind.upper()}_{row.number}]"

    def _digest(self, value: Value) -> str:
        kind, text = value
        told = f"{kind.value}\0{_plain(kind, text)}".encode("utf-8", "surrogatepass")
        return hmac.new(self._load_keys()[0], told, hashlib.sha256).hexdigest()

    def _seal(self, text: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        told = text.encode("utf-8", "surrogatepass")
        return nonce + AESGCM(self._load_keys()[1]).encrypt(nonce, told, None)

    def _open(self, sealed: bytes) -> str:
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            told = AESGCM(self._load_keys()[1]).decrypt(nonce, rest, None)
        except InvalidTag as exc:
            raise SafetyError(
                f"{self._path} does not fit the sealed values; restore it from a backup"
            ) from exc
        return told.decode("utf-8", "surrogatepass")

    def _load_keys(self) -> tuple[bytes, bytes]:
        if self._keys is None:
            try:
                key = bytes.fromhex(self._path.read_text(encoding="ascii").strip())
            except FileNotFoundError:
                key = self._make_key()
            except ValueError as exc:
                raise SafetyError(f"{self._path} is damaged; restore it from a backup") from exc
            self._keys = (
                hmac.new(key, b"digest", hashlib.sha256).digest(),
                hmac.new(key, b"seal", hashlib.sha256).digest(),
            )
        return self._keys

    def _make_key(self) -> bytes:
        with self._database.reading() as session:
            if session.scalar(select(PseudonymRow.digest).limit(1)) is not None:
                raise SafetyError(
                    f"{self._path} is missing, so pseudonyms would change; restore it from a backup"
                )
        key = secrets.token_bytes(32)
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        return key


def _plain(kind: Kind, text: str) -> str:
    """So that one number or name has one pseudonym however it is written."""
    folded = fold_alike(text).text.casefold()
    if kind in (Kind.PERSON, Kind.ADDRESS):
        return " ".join(re.findall(r"\w+", folded))
    if kind in (Kind.EMAIL, Kind.IP):
        return re.sub(r"\s", "", folded)
    digits = re.sub(r"[^0-9a-z]", "", folded)
    if kind == Kind.PHONE:  # 06 12 ... and +33 6 12 ...
        return re.sub(r"^(?:00)?330?(?=\d{9}$)", "0", digits)
    return digits
