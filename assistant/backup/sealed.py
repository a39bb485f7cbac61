"""A stream that is compressed, encrypted and authenticated, frame by frame.

    PHILOBK1 | length of header (4) | header, JSON | frame | frame | ... | last frame
    frame: length (4) | AES-256-GCM of a piece of the zlib stream | tag (16)

The key comes from a passphrase (scrypt, RFC 7914) and a salt of the file's own, so a key is used
for one file and the frame's number can be its nonce. The nonce also says whether a frame is the
last one, and the header is authenticated with each frame: a flipped byte, frames that are missing,
in another order, or of another file are refused (the construction is STREAM: Hoang et al., CRYPTO
2015, doi:10.1007/978-3-662-47989-6_24). Numbers are big-endian.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import struct
import zlib
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from assistant.errors import BackupDamagedError, BackupPassphraseError

MAGIC = b"PHILOBK1"
FRAME_BYTES = 2**20
TAG_BYTES = 16
SALT_BYTES = 16
LENGTH = struct.Struct(">I")
MOST_HEADER_BYTES = 4096
LEAST_CHARACTERS = 12

SCRYPT_N = 2**17
SCRYPT_R = 8
"""128 MiB of memory for one guess."""
MOST_SCRYPT_N = 2**20
LEAST_SCRYPT_N = 2**14


class SealedWriter:
    """Write, then `finish`: without it, the file is not whole and is refused."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        """
        Raises:
            BackupPassphraseError: it is too short.
        """
        if len(passphrase) < LEAST_CHARACTERS:
            raise BackupPassphraseError(
                f"the passphrase has {len(passphrase)} characters, at least {LEAST_CHARACTERS} are "
                "needed; take several words, or the output of: openssl rand -base64 32"
            )
        salt = secrets.token_bytes(SALT_BYTES)
        key = _derive(passphrase, salt, SCRYPT_N)
        told = {
            "cipher": "AES-256-GCM",
            "compression": "zlib",
            "kdf": "scrypt",
            "n": SCRYPT_N,
            "r": SCRYPT_R,
            "p": 1,
            "salt": base64.b64encode(salt).decode(),
            "check": _check_value(key),
        }
        header = json.dumps(told, sort_keys=True).encode()
        target.write(MAGIC + LENGTH.pack(len(header)) + header)
        self._target = target
        self._cipher = AESGCM(key)
        self._bound = hashlib.sha256(header).digest()
        self._packer = zlib.compressobj(level=1)
        self._waiting = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        self._waiting += self._packer.compress(data)
        while len(self._waiting) > FRAME_BYTES:  # what stays is the last frame, never empty
            self._frame(bytes(self._waiting[:FRAME_BYTES]), last=False)
            del self._waiting[:FRAME_BYTES]

    def finish(self) -> None:
        self._waiting += self._packer.flush()
        while len(self._waiting) > FRAME_BYTES:
            self._frame(bytes(self._waiting[:FRAME_BYTES]), last=False)
            del self._waiting[:FRAME_BYTES]
        self._frame(bytes(self._waiting), last=True)

    def _frame(self, piece: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), piece, self._bound)
        self._target.write(LENGTH.pack(len(sealed)))
        self._target.write(sealed)
        self._number += 1


class SealedReader:
    """Gives back nothing that was not authenticated first."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        """
        Raises:
            BackupDamagedError: the file is no backup, or its beginning is damaged.
            BackupPassphraseError: the passphrase is another one.
        """
        if source.read(len(MAGIC)) != MAGIC:
            raise BackupDamagedError("that is no backup of Philo; name a file of philo backup")
        self._source = source
        self._number = 0
        header = self._exactly(self._length(MOST_HEADER_BYTES))
        salt, n, check = _read_header(header)
        key = _derive(passphrase, salt, n)
        if not hmac.compare_digest(_check_value(key), check):
            raise BackupPassphraseError(
                "the passphrase is not the one that this backup was made with, or its first bytes "
                "are damaged; try the passphrase of the time when it was made"
            )
        self._cipher = AESGCM(key)
        self._bound = hashlib.sha256(header).digest()
        self._unpacker = zlib.decompressobj()
        self._next = self._read_length()
        self._packed = b""

    def read(self, size: int) -> bytes:
        """Exactly so many bytes.

        Raises:
            BackupDamagedError: a frame is damaged or missing, or the stream ends before.
        """
        parts = []
        while size > 0:
            part = self._some(size)
            if not part:
                raise self._damaged("ends too early")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def expect_end(self) -> None:
        """
        Raises:
            BackupDamagedError: more comes.
        """
        if self._some(1):
            raise self._damaged("goes on behind its end")

    def _some(self, most: int) -> bytes:
        """At most so many bytes; none at the end."""
        while True:
            try:
                part = self._unpacker.decompress(self._packed, most)
            except zlib.error as exc:
                raise self._damaged("cannot be unpacked") from exc
            self._packed = self._unpacker.unconsumed_tail
            if part:
                return part
            if self._packed:
                continue
            if self._next is None:
                return b""
            self._packed = self._open_frame(self._next)

    def _open_frame(self, length: int) -> bytes:
        sealed = self._exactly(length)
        self._next = self._read_length()
        nonce = _nonce(self._number, last=self._next is None)
        try:
            piece = self._cipher.decrypt(nonce, sealed, self._bound)
        except InvalidTag as exc:
            raise self._damaged("is damaged or cut short") from exc
        self._number += 1
        return piece

    def _read_length(self) -> int | None:
        """Of the next frame; None behind the last one."""
        first = self._source.read(1)
        if not first:
            return None
        (length,) = LENGTH.unpack(first + self._exactly(LENGTH.size - 1))
        if not TAG_BYTES < length <= FRAME_BYTES + TAG_BYTES:
            raise self._damaged("is damaged")
        return int(length)

    def _length(self, most: int) -> int:
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        if length > most:
            raise self._damaged("is damaged")
        return int(length)

    def _exactly(self, size: int) -> bytes:
        data = self._source.read(size)
        if len(data) != size:
            raise self._damaged("is cut short")
        return data

    def _damaged(self, how: str) -> BackupDamagedError:
        return BackupDamagedError(
            f"the backup {how} (frame {self._number}); nothing was changed. Take another copy of "
            "it, or an older backup"
        )


def _derive(passphrase: str, salt: bytes, n: int) -> bytes:
    """(32 bytes)"""
    return Scrypt(salt=salt, length=32, n=n, r=SCRYPT_R, p=1).derive(passphrase.encode())


def _check_value(key: bytes) -> str:
    """Tells a wrong passphrase from a damaged file; nothing of the key follows from it."""
    return hmac.new(key, b"philo backup check", hashlib.sha256).hexdigest()[:32]


def _nonce(number: int, *, last: bool) -> bytes:
    """(12 bytes)"""
    return struct.pack(">QI", number, int(last))


def _read_header(header: bytes) -> tuple[bytes, int, str]:
    """(salt, scrypt's n, check value)"""
    try:
        told = json.loads(header)
        kinds = (told["cipher"], told["compression"], told["kdf"], told["r"], told["p"])
        salt, n, check = base64.b64decode(told["salt"]), int(told["n"]), str(told["check"])
    except (ValueError, KeyError, TypeError) as exc:
        raise BackupDamagedError("the beginning of the backup is damaged") from exc
    known = kinds == ("AES-256-GCM", "zlib", "scrypt", SCRYPT_R, 1)
    if not known or not LEAST_SCRYPT_N <= n <= MOST_SCRYPT_N or n & (n - 1):
        raise BackupDamagedError(
            "the backup is encrypted in a way that this Philo does not know; update Philo, or take "
            "another copy if it was damaged"
        )
    return salt, n, check
