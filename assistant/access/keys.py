"""The secret key: what it signs and seals, and whether it is worth anything."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from assistant.access.settings import AccessSettings
from assistant.errors import SettingsError

KEY_BYTES = 32
FEWEST_DIFFERENT = 20
"""Of 32 random bytes, fewer than 20 different ones come once in 10^10 keys."""

_HEX = re.compile(r"[0-9a-fA-F]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_HOW_TO_MAKE = (
    "make one with: openssl rand -hex 32, and give it as PHILO_ACCESS__SECRET_KEY or in a file "
    "named by access.secret_key_file"
)


class SecretKey:
    """Each purpose has a key of its own (HKDF-SHA-256, RFC 5869)."""

    def __init__(self, material: bytes) -> None:
        self._material = material
        self._derived: dict[str, bytes] = {}

    def sign(self, purpose: str, text: str) -> str:
        """HMAC-SHA-256, in hex."""
        return hmac.new(self._derive(purpose), text.encode(), hashlib.sha256).hexdigest()

    def agrees(self, purpose: str, text: str, signature: str) -> bool:
        return hmac.compare_digest(self.sign(purpose, text).encode(), signature.encode())

    def seal(self, purpose: str, content: dict[str, Any], *, at: datetime) -> str:
        """Encrypted and signed; for a cookie or a column."""
        moment = int(at.timestamp())
        return self._fernet(purpose).encrypt_at_time(json.dumps(content).encode(), moment).decode()

    def unseal(
        self, purpose: str, sealed: str, *, at: datetime | None = None, most_s: int = 0
    ) -> dict[str, Any] | None:
        """None: not sealed by this key for this purpose, or longer than `most_s` before `at`."""
        fernet = self._fernet(purpose)
        try:
            if at is None:
                opened = fernet.decrypt(sealed.encode())
            else:
                opened = fernet.decrypt_at_time(sealed.encode(), most_s, int(at.timestamp()))
        except (InvalidToken, UnicodeEncodeError):
            return None
        content: dict[str, Any] = json.loads(opened)
        return content

    def _fernet(self, purpose: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._derive(purpose)))

    def _derive(self, purpose: str) -> bytes:
        if purpose not in self._derived:
            info = f"philo {purpose}".encode()
            kdf = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info)
            self._derived[purpose] = kdf.derive(self._material)
        return self._derived[purpose]


def load_secret_key(settings: AccessSettings) -> SecretKey:
    """
    Raises:
        SettingsError: there is none, its file cannot be read, or it could be guessed.
    """
    if settings.secret_key is not None:
        return parse_secret_key(settings.secret_key.get_secret_value())
    if settings.secret_key_file is None:
        raise SettingsError(f"a login needs a secret key, and there is none; {_HOW_TO_MAKE}")
    path = settings.secret_key_file.expanduser()
    try:
        return parse_secret_key(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"the secret key in {path} cannot be read ({exc})") from exc


def parse_secret_key(text: str) -> SecretKey:
    """
    Raises:
        SettingsError: it is not 32 or more random bytes in hex or base64.
    """
    material = _decode(text.strip())
    if material is None:
        raise SettingsError(f"the secret key is neither hex nor base64; {_HOW_TO_MAKE}")
    if len(material) < KEY_BYTES:
        raise SettingsError(
            f"the secret key has {len(material)} bytes, {KEY_BYTES} are needed; {_HOW_TO_MAKE}"
        )
    if len(set(material[:KEY_BYTES])) < FEWEST_DIFFERENT or _reads_like_words(text.strip()):
        raise SettingsError(f"the secret key does not look random; {_HOW_TO_MAKE}")
    return SecretKey(material)


def _decode(text: str) -> bytes | None:
    if _HEX.fullmatch(text) and len(text) % 2 == 0:
        return bytes.fromhex(text)
    if not _BASE64.fullmatch(text):
        return None
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return None


def _reads_like_words(text: str) -> bool:
    """Sentences without spaces are base64, too, but 43 random characters of it are of all kinds:
    digits alone are missing once in 1,500 times, any other kind less than once in a million."""
    if _HEX.fullmatch(text):
        return False
    kinds = (str.islower, str.isupper, lambda char: not char.isalpha())
    return not all(any(kind(char) for char in text) for kind in kinds)
