"""This data directory's own signature, for receipts and checkpoints (Ed25519, RFC 8032)."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.errors import KeyFileError
from assistant.models.signatures import is_signed, load_key, make_key, parse_public, public_text

KEY_FILE = "signing.key"


class Signer:
    """`key` is made when it is first wanted and is readable by its owner alone."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / KEY_FILE

    @property
    def public(self) -> str:
        """As text, to be written down elsewhere: whoever has it can check what was signed here."""
        if not self.path.exists():
            fresh = self.path.with_suffix(f".{os.getpid()}")
            fresh.unlink(missing_ok=True)
            make_key(fresh)  # aside first: a kill in between leaves no half of a key
            fresh.replace(self.path)
        return public_text(load_key(self.path).public_key())

    def sign(self, content: Mapping[str, Any]) -> str:
        """The signature of a JSON object, as base64.

        Raises:
            KeyFileError: the key cannot be made or read.
        """
        assert self.public  # noqa: S101 - makes the key
        return base64.b64encode(load_key(self.path).sign(_canonical(content))).decode()


def is_authentic(public: str, signature: str, content: Mapping[str, Any]) -> bool:
    """Whether this key signed exactly that."""
    try:
        key, raw = parse_public(public), base64.b64decode(signature, validate=True)
    except (KeyFileError, binascii.Error, ValueError):
        return False
    return is_signed(key, raw, _canonical(content))


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
