"""Who or what a receipt is of, without saying it: salted hashes (HMAC-SHA256, RFC 2104)."""

from __future__ import annotations

import hashlib
import hmac


def name_digest(name: str, salt: str) -> str:
    """64 hex digits; how the name is written does not matter. `salt`: hex digits, in pairs."""
    return _digest(name.strip().casefold(), salt)


def address_digest(uri: str, collection: str, salt: str) -> str:
    """Of a document, whatever id it came in under: 64 hex digits."""
    return _digest(f"{collection}\0{uri}", salt)


def _digest(text: str, salt: str) -> str:
    key = bytes.fromhex(salt)
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
