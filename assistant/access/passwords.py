"""Passwords: which are good enough, and how they are kept (argon2id, RFC 9106)."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from zxcvbn import zxcvbn

from assistant.errors import WeakPasswordError

MOST_CHARS = 512
JUDGED_CHARS = 72
"""Judging takes time that grows with the square of the length; what is longer is good enough."""

FEWEST_GUESSES_LOG10 = 8
SHORTEST_INSIDE = 5
"""A shorter name counts as a word only: Eve may use the word seven."""

_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_AT_ONCE = threading.BoundedSemaphore(4)  # each takes 64 MiB for its moment


def check_password(password: str, *, name: str, min_chars: int) -> None:
    """The rules of NIST SP 800-63B, 3.1.1.2: length, no rules of composition, none that stands in
    the lists that are tried first, none made of the user's own name.

    Raises:
        WeakPasswordError: `reason` is short, long, name or common.
    """
    plain = _normal(password)
    if len(plain) < min_chars:
        raise WeakPasswordError(
            f"a password needs {min_chars} characters or more; a few words in a row are easy to "
            "remember",
            reason="short",
        )
    if len(plain) > MOST_CHARS:
        raise WeakPasswordError(
            f"a password may have at most {MOST_CHARS} characters", reason="long"
        )
    folded, own = plain.casefold(), name.strip().casefold()
    if _holds_name(folded, own):
        raise WeakPasswordError("the password holds the user's own name", reason="name")
    judged = zxcvbn(plain[:JUDGED_CHARS], user_inputs=[own, "philo"], max_length=JUDGED_CHARS)
    if judged["guesses_log10"] < FEWEST_GUESSES_LOG10:
        raise WeakPasswordError(
            "that password is among the first that are tried; take a few words that do not belong "
            "together",
            reason="common",
        )


def hash_password(password: str) -> str:
    """argon2id with a salt, as one text that names its parameters."""
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def password_matches(password_hash: str | None, password: str) -> bool:
    """Takes as long where there is no hash, and is False then."""
    plain = _normal(password[: MOST_CHARS + 1])
    nobodys = _nobodys()
    with _AT_ONCE:
        try:
            return _HASHER.verify(password_hash or nobodys, plain) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("of nobody, so that an unknown name takes as long as one that is known")


def wants_new_hash(password_hash: str) -> bool:
    """Whether it was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def _holds_name(folded: str, own: str) -> bool:
    if len(own) >= SHORTEST_INSIDE:
        return own in folded
    return bool(own) and re.search(rf"(?<!\w){re.escape(own)}(?!\w)", folded) is not None


def _normal(password: str) -> str:
    """The same on every keyboard: é is typed as one character or as two."""
    return unicodedata.normalize("NFKC", password)
