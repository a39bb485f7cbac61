"""The hashes of the chain, its key, and the note of its end."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from assistant.errors import AuditError
from assistant.knowledge.tables import AuditRow

KEY_FILE = "audit.key"
HEAD_FILE = "audit.head"
FIRST = "0" * 64
VERSION = 2


class ChainFiles:
    """The key and the head, beside the database and readable by their owner alone."""

    def __init__(self, directory: Path) -> None:
        self.key_path = directory / KEY_FILE
        self.head_path = directory / HEAD_FILE
        self._key: bytes | None = None

    def load_key(self, *, has_rows: Callable[[], bool]) -> bytes:
        """
        Args:
            has_rows: whether there are rows; then, a missing key is not made anew.
        Raises:
            AuditError: it is missing or damaged.
        """
        if self._key is None:
            try:
                self._key = bytes.fromhex(self.key_path.read_text(encoding="ascii").strip())
            except FileNotFoundError:
                if has_rows():
                    raise AuditError(
                        f"{self.key_path} is missing, so the audit log cannot be continued; "
                        "restore it from a backup"
                    ) from None
                self._key = self._make_key()
            except ValueError as exc:
                raise AuditError(f"{self.key_path} is damaged; restore it from a backup") from exc
        return self._key

    def _make_key(self) -> bytes:
        """Whole or not at all, and the same for processes that begin together."""
        fresh = self.key_path.with_suffix(f".{secrets.token_hex(4)}.new")
        _write_private(fresh, secrets.token_bytes(32).hex() + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(fresh, self.key_path)
        fresh.unlink()
        return bytes.fromhex(self.key_path.read_text(encoding="ascii").strip())

    def write_head(self, number: int, digest: str) -> None:
        """Unless another process, which wrote after this one, has noted a later row."""
        with self.key_path.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # nobody writes between the look and the change
            noted = self.read_head()
            if noted is not None and noted[0] > number:
                return
            fresh = self.head_path.with_suffix(f".{secrets.token_hex(4)}.new")
            _write_private(fresh, f"{number} {digest}\n", durable=False)
            fresh.replace(self.head_path)

    def read_head(self) -> tuple[int, str] | None:
        with contextlib.suppress(OSError, ValueError):
            number, digest = self.head_path.read_text(encoding="ascii").split()
            return int(number), digest
        return None


def row_hash(key: bytes, row: AuditRow) -> str:
    """Of a row of this version."""
    told = [VERSION, row.number, row.at, row.who, row.action, row.details, row.previous]
    return _keyed(key, told)


def first_row_hash(key: bytes, row: AuditRow, *, who: str, details: str) -> str:
    """Of a row of version 1, which covered name and content."""
    return _keyed(key, [row.number, row.at, who, row.action, details, row.previous])


def row_seal(key: bytes, row: AuditRow) -> str:
    """Of a row of version 1 as it is without its content."""
    told = ["seal", row.number, row.at, row.who, row.action, row.details, row.previous, row.hash]
    return _keyed(key, told)


def same(one: str, other: str | None) -> bool:
    return hmac.compare_digest(one.encode(), (other or "").encode())


def _keyed(key: bytes, told: list[object]) -> str:
    return hmac.new(key, json.dumps(told).encode(), hashlib.sha256).hexdigest()


def _write_private(path: Path, text: str, *, durable: bool = True) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        if durable:
            file.flush()
            os.fsync(file.fileno())
