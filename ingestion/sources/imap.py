"""Mailboxes (IMAP4rev1, RFC 3501): each message a document."""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from pydantic import Field, model_validator

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.sources.base import Source, SourceItem
from ingestion.sources.download import write_file
from ingestion.sources.options import PasswordOptions, Surroundings

TIMEOUT_S = 60.0
LISTED_AT_ONCE = 1000
_FETCHED = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?:\\.|[^"])"|NIL) (?P<name>.+)', re.DOTALL)


class ImapOptions(PasswordOptions):
    """Folders of one mailbox, read only, over TLS."""

    host: str = Field(pattern=r"^[A-Za-z0-9.\-:]{1,253}$")
    port: int = Field(993, ge=1, le=65535, description="993: TLS; any other with starttls")
    starttls: bool = Field(False, description="begin without TLS and turn it on before login")
    folders: str = Field(
        "INBOX", max_length=4000, description="with commas between; * stands for all"
    )
    ca_file: str = Field("", description="certificates to trust (PEM), for a server of your own")

    @property
    def is_private(self) -> bool:
        return True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if any(ord(char) < 32 for char in self.user + self.folders):
            raise ValueError("user and folders must hold no control characters")
        if not self.user or not self.has_password:
            raise ValueError("give user, and password_env or password_file")
        return self


OPTIONS = ImapOptions


class ImapSource:
    """UIDVALIDITY and UID are a message's identity; messages never change.

    IMAP states no readers that servers agree on.
    """

    def __init__(self, options: ImapOptions, server: imaplib.IMAP4, *, limit_bytes: int) -> None:
        self._options = options
        self._server = server
        self._limit_bytes = limit_bytes
        self._selected: tuple[str, str] | None = None

    @property
    def address(self) -> str:
        options = self._options
        return f"imap://{quote(options.user, safe='')}@{options.host}:{options.port}/"

    def items(self) -> Iterator[SourceItem]:
        for folder in self._folders():
            with _translated(self._options):
                validity, messages = self._select(folder)
                listed = 0
                root = f"{self.address}{quote(folder, safe='')};UIDVALIDITY={validity}/;UID="
                for first in range(1, messages + 1, LISTED_AT_ONCE):
                    last = min(first + LISTED_AT_ONCE - 1, messages)
                    for line in self._ask("FETCH", f"{first}:{last}", "(UID RFC822.SIZE FLAGS)"):
                        uid, size = _FETCHED.search(line), _SIZE.search(line)
                        if uid is None or size is None:
                            continue
                        listed += 1
                        if b"\\Deleted" in line:
                            continue
                        number = uid[1].decode()
                        yield SourceItem(
                            uri=root + number,
                            name=f"{number}.eml",
                            fingerprint=f"{validity}.{number}",
                            size_bytes=int(size[1]),
                        )
            if listed < messages:
                raise SourceUnavailableError(
                    f"folder {folder} of {self._options.host} listed {listed} of {messages} "
                    "messages; it is tried again at the next run"
                )

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        """RFC 5092 addresses say where it is."""
        path = urlsplit(item.uri).path.lstrip("/")
        mailbox, _, rest = path.partition(";UIDVALIDITY=")
        stated, _, uid = rest.partition("/;UID=")
        gone = SourceItemGoneError(f"message {uid} is no longer in {unquote(mailbox)}")
        with _translated(self._options):
            if self._selected != (unquote(mailbox), stated):
                validity, _ = self._select(unquote(mailbox))
                if validity != stated:
                    raise gone
            answer = self._ask("UID", "FETCH", uid, f"(BODY.PEEK[]<0.{self._limit_bytes + 1}>)")
        # imaplib gives the octets of a literal as the second half of a pair
        content = next((part[1] for part in answer.pairs if b"BODY[]" in part[0]), None)
        if content is None:
            raise gone
        return write_file(folder, item.name, [content], limit_bytes=self._limit_bytes)

    def close(self) -> None:
        with suppress(OSError, imaplib.IMAP4.error):
            self._server.logout()
        with suppress(OSError):  # after a broken connection there is no logout
            self._server.shutdown()

    def _folders(self) -> list[str]:
        named = [name.strip() for name in self._options.folders.split(",") if name.strip()]
        if named != ["*"]:
            return list(dict.fromkeys(named))
        with _translated(self._options):
            _, found = self._server.list()
        folders = []
        for entry in found:
            line = b"".join(entry) if isinstance(entry, tuple) else entry or b""
            match = _LISTED.fullmatch(line)
            if match and b"\\noselect" not in match["flags"].lower():
                folders.append(decode_folder(_unquoted(match["name"])))
        return folders

    def _select(self, folder: str) -> tuple[str, int]:
        """Open a folder for reading: (UIDVALIDITY, how many messages)."""
        self._selected = None
        status, answer = self._server.select(_quoted(encode_folder(folder)), readonly=True)
        if status != "OK":
            raise SourceUnavailableError(
                f"{self._options.host} has no folder {folder} that can be opened; "
                "name folders as the mail program shows them, with / or . between"
            )
        _, stated = self._server.response("UIDVALIDITY")
        validity = (stated[0] or b"0").decode() if stated else "0"
        self._selected = (folder, validity)
        return validity, int(answer[0] or 0)

    def _ask(self, command: str, *arguments: str) -> _Reply:
        if command == "UID":
            status, parts = self._server.uid(*arguments)
        else:
            status, parts = self._server.fetch(*arguments)
        if status != "OK":
            raise SourceUnavailableError(
                f"{self._options.host} refuses to list or give messages ({status})"
            )
        return _Reply(parts)


class _Reply(list[bytes]):
    """The lines of an answer; `pairs` are those that carry a literal."""

    def __init__(self, parts: Sequence[object]) -> None:
        super().__init__(part for part in parts if isinstance(part, bytes))
        self.pairs = [part for part in parts if isinstance(part, tuple)]


def open_source(options: ImapOptions, surroundings: Surroundings) -> Source:
    """Connect and log in.

    Raises:
        SourceUnavailableError: the server cannot be reached or trusted, or refuses.
    """
    password = options.read_password()
    with _translated(options):
        trust = ssl.create_default_context(cafile=options.ca_file or None)
        if options.starttls:
            server = imaplib.IMAP4(options.host, options.port, timeout=TIMEOUT_S)
            server.starttls(trust)
        else:
            server = imaplib.IMAP4_SSL(
                options.host, options.port, ssl_context=trust, timeout=TIMEOUT_S
            )
        try:
            _log_in(server, options.user, password)
        except imaplib.IMAP4.error:
            server.shutdown()
            # Not what the server said: some repeat what they were told.
            raise SourceUnavailableError(
                f"{options.host} refuses the login of {options.user}; correct the password that "
                "password_env or password_file names"
            ) from None
        except BaseException:
            server.shutdown()
            raise
    return ImapSource(options, server, limit_bytes=surroundings.max_file_bytes)


def _log_in(server: imaplib.IMAP4, user: str, password: str) -> None:
    if "AUTH=PLAIN" in server.capabilities:
        server.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
    elif user.isascii() and password.isascii() and "\n" not in password and "\r" not in password:
        server.login(_quoted(user), password)
    else:
        raise imaplib.IMAP4.error("this server takes plain ASCII only")


def encode_folder(name: str) -> str:
    """A folder's name in modified UTF-7 (RFC 3501, section 5.1.3)."""

    def shift(match: re.Match[str]) -> str:
        if match[0] == "&":
            return "&-"
        packed = base64.b64encode(match[0].encode("utf-16-be")).decode()
        return f"&{packed.rstrip('=').replace('/', ',')}-"

    return re.sub(r"&|[^\x20-\x7e]+", shift, name)


def decode_folder(name: str) -> str:
    """The other way round; what is no such text stays as it is."""

    def unshift(match: re.Match[str]) -> str:
        if not match[1]:
            return "&"
        packed = match[1].replace(",", "/")
        try:
            return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be")
        except ValueError:
            return match[0]

    return re.sub(r"&([A-Za-z0-9+,]*)-", unshift, name)


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquoted(name: bytes) -> str:
    text = name.strip().decode("utf-8", "replace")
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


@contextmanager
def _translated(options: ImapOptions) -> Iterator[None]:
    where = f"{options.host}:{options.port}"
    try:
        yield
    except ssl.SSLCertVerificationError as exc:
        raise SourceUnavailableError(
            f"{where} shows a certificate that is not trusted ({exc.verify_message}); name its "
            "issuer's with ca_file"
        ) from exc
    except (OSError, imaplib.IMAP4.error) as exc:
        raise SourceUnavailableError(f"{where} cannot be read ({str(exc)[:200]})") from exc
