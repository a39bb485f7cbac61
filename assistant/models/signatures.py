"""Ed25519 keys and signatures (RFC 8032), as text and as files."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from assistant.errors import KeyFileError

PREFIX = "ed25519:"
LARGEST_KEY_BYTES = 10_000


def make_key(path: Path) -> str:
    """Write a new private key that only its owner may read; returns the public one as text.

    Raises:
        KeyFileError: the file exists or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        path.touch(0o600, exist_ok=False)
        path.write_bytes(pem)
    except FileExistsError as exc:
        raise KeyFileError(f"{path} exists and was left as it is; choose another name") from exc
    except OSError as exc:
        raise KeyFileError(f"{path} cannot be written: {exc}") from exc
    return public_text(key.public_key())


def load_key(path: Path) -> Ed25519PrivateKey:
    """Raises: KeyFileError: it holds no private Ed25519 key in PEM without a password."""
    expected = "expected a key as made by: philo models key FILE"
    try:
        if path.stat().st_size > LARGEST_KEY_BYTES:
            raise KeyFileError(f"{path} is too large for a key; {expected}")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as exc:
        raise KeyFileError(f"{path} cannot be read ({exc}); {expected}") from exc
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise KeyFileError(f"{path} holds no key that can be read; {expected}") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds a key of another kind; {expected}")
    return key


def public_text(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return PREFIX + base64.b64encode(raw).decode()


def parse_public(text: str) -> Ed25519PublicKey:
    """Raises: KeyFileError: it is no public key as `public_text` writes it."""
    try:
        if not text.startswith(PREFIX):
            raise ValueError
        raw = base64.b64decode(text.removeprefix(PREFIX), validate=True)
        return Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, binascii.Error) as exc:
        raise KeyFileError(
            f"'{text}' is no public key; expected '{PREFIX}' and 44 characters, as "
            "'philo models key' prints it, in models.trusted_keys"
        ) from exc


def is_signed(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True
