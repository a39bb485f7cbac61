"""MSG: a message that Outlook saved, turned into a mail and read as one."""

from __future__ import annotations

import datetime
import re
import struct
from collections.abc import Iterator
from email.encoders import encode_base64
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from pathlib import Path
from typing import Any, cast

import olefile

from assistant.errors import ParseError
from assistant.types import ParsedDocument
from ingestion.parsers.blocks import clean_line, clean_text
from ingestion.parsers.damage import damage_as_reason
from ingestion.parsers.encoding import decode_text
from ingestion.parsers.mail import MOST_ATTACHMENT_BYTES, Part, read_message
from ingestion.parsers.rtf import read_rtf
from ingestion.parsers.rtf_packed import unpack_rtf

MOST_DEPTH = 5
"""Messages in messages."""

# Property tags of [MS-OXPROPS].
_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_TO, _CC, _SUBMITTED, _DELIVERED = 0x0E04, 0x0E03, 0x0039, 0x0E06
_CLASS, _CODE_PAGE, _HTML_CODE_PAGE = 0x001A, 0x3FFD, 0x3FDE
_FILE_NAME, _SHORT_NAME, _MEDIA_TYPE, _CONTENT_ID = 0x3707, 0x3704, 0x370E, 0x3712
_DATA = 0x3701
_UNICODE, _STRING8, _BINARY, _OBJECT, _TIME, _NUMBER = 0x1F, 0x1E, 0x102, 0x0D, 0x40, 0x03
_MEDIA_TYPE_FORM = re.compile(r"[a-z0-9.+-]{1,100}/[a-z0-9.+-]{1,100}")
_ANY_BYTES = "application/octet-stream"
_EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)


def parse(path: Path, *, max_pages: int) -> ParsedDocument:  # noqa: ARG001 - the protocol
    """Read a message with its attachments.

    Raises:
        ParseError: no message, encrypted, damaged, nested too deeply, too much attached.
    """
    with damage_as_reason("Outlook message"), olefile.OleFileIO(path) as ole:
        root = _Storage(ole, [], header_bytes=32)
        if not ole.exists("__properties_version1.0"):
            raise ParseError("not an Outlook message: it is an old Office file")
        message = _read_storage(root, 0)
    return read_message(message, path)


class _Storage:
    """The properties of one object (message, attachment) in the file."""

    def __init__(self, ole: Any, place: list[str], *, header_bytes: int) -> None:
        self._ole = ole
        self._place = place
        self._fixed: dict[tuple[int, int], bytes] = {}
        table = self._stream("__properties_version1.0")
        for start in range(header_bytes, len(table) - 15, 16):
            kind, tag = struct.unpack_from("<HH", table, start)
            self._fixed[tag, kind] = table[start + 8 : start + 16]
        number = self._fixed.get((_CODE_PAGE, _NUMBER), b"")
        self._encoding = _encoding(number)

    def text(self, *tags: int) -> str:
        """The first of the properties that is there."""
        for tag in tags:
            if data := self._property(tag, _UNICODE):
                return data.decode("utf-16-le", "replace").rstrip("\0")
            if data := self._property(tag, _STRING8):
                return decode_text(data.rstrip(b"\0"), declared=self._encoding)
        return ""

    def binary(self, tag: int) -> bytes:
        return self._property(tag, _BINARY)

    def html(self) -> str:
        if data := self.binary(_HTML):
            number = self._fixed.get((_HTML_CODE_PAGE, _NUMBER), b"")
            return decode_text(data.rstrip(b"\0"), declared=_encoding(number))
        return self.text(_HTML)

    def time(self, *tags: int) -> datetime.datetime | None:
        for tag in tags:
            if data := self._fixed.get((tag, _TIME)):
                ticks = struct.unpack("<Q", data)[0]  # of 100 ns
                if 0 < ticks < 2**61:
                    return _EPOCH + datetime.timedelta(microseconds=ticks // 10)
        return None

    def attachments(self) -> Iterator[_Storage]:
        depth = len(self._place)
        names = {
            entry[depth]
            for entry in self._ole.listdir(streams=False, storages=True)
            if len(entry) > depth
            and entry[:depth] == self._place
            and entry[depth].startswith("__attach_version1.0_#")
        }
        for name in sorted(names):
            yield _Storage(self._ole, [*self._place, name], header_bytes=8)

    def embedded(self) -> _Storage | None:
        """The message that this attachment is, if it is one."""
        place = [*self._place, f"__substg1.0_{_DATA:04X}{_OBJECT:04X}"]
        if not self._ole.exists([*place, "__properties_version1.0"]):
            return None
        return _Storage(self._ole, place, header_bytes=24)

    def _property(self, tag: int, kind: int) -> bytes:
        return self._stream(f"__substg1.0_{tag:04X}{kind:04X}")

    def _stream(self, name: str) -> bytes:
        place = [*self._place, name]
        if not self._ole.exists(place):
            return b""
        with self._ole.openstream(place) as stream:
            return bytes(stream.read())


def _encoding(code_page: bytes) -> str:
    if len(code_page) < 4:
        return "cp1252"
    number = struct.unpack_from("<I", code_page)[0]
    return {65001: "utf-8", 20127: "ascii", 28591: "latin-1"}.get(number, f"cp{number}")


def _read_storage(storage: _Storage, depth: int) -> Part:
    if depth > MOST_DEPTH:
        raise ParseError("unsafe: messages nested too deeply")
    kind = storage.text(_CLASS).upper()
    if "SMIME" in kind and "SIGNED" not in kind:
        raise ParseError("encrypted: save it decrypted from your mail program")
    message: Part = MIMEMultipart("mixed")
    for name, value in _headers(storage):
        if value:
            message[name] = value
    message.attach(_body(storage))
    left = MOST_ATTACHMENT_BYTES
    for attached in storage.attachments():
        inner = attached.embedded()
        if inner is not None:
            message.attach(MIMEMessage(cast("Message[str, str]", _read_storage(inner, depth + 1))))
            continue
        content = attached.binary(_DATA)
        left -= len(content)
        if left < 0:
            raise ParseError(
                f"more than {MOST_ATTACHMENT_BYTES >> 20} MiB are attached: save the "
                "attachments as files of their own"
            )
        message.attach(_attachment(attached, content))
    return message


def _headers(storage: _Storage) -> Iterator[tuple[str, str]]:
    sender = clean_line(storage.text(_SENDER))
    address = clean_line(storage.text(_SENDER_SMTP) or storage.text(_SENDER_ADDRESS))
    if "@" in address and address != sender:
        sender = f"{sender} <{address}>".strip()
    yield "Subject", clean_line(storage.text(_SUBJECT))
    yield "From", sender
    yield "To", clean_line(storage.text(_TO))
    yield "Cc", clean_line(storage.text(_CC))
    sent = storage.time(_SUBMITTED, _DELIVERED)
    yield "Date", format_datetime(sent) if sent else ""


def _body(storage: _Storage) -> Part:
    plain, html = clean_text(storage.text(_BODY)), clean_text(storage.html())
    if not plain and not html and (packed := storage.binary(_RTF)):
        blocks = read_rtf(unpack_rtf(packed)).blocks.blocks
        plain = "\n\n".join(block.text for block in blocks)
    alternative: Part = MIMEMultipart("alternative")
    for text, subtype in ((plain, "plain"), (html, "html")):
        if text.strip():
            alternative.attach(MIMEText(text, subtype, "utf-8"))
    return alternative


def _attachment(attached: _Storage, content: bytes) -> Part:
    stated = clean_line(attached.text(_MEDIA_TYPE)).lower()
    main, _, sub = (stated if _MEDIA_TYPE_FORM.fullmatch(stated) else _ANY_BYTES).partition("/")
    part: Part = MIMEBase("application" if main in ("multipart", "message") else main, sub)
    part.set_payload(content)
    encode_base64(part)
    name = clean_line(attached.text(_FILE_NAME, _SHORT_NAME))
    if content_id := clean_line(attached.text(_CONTENT_ID)):
        part["Content-ID"] = content_id
    shown = "inline" if content_id and main == "image" else "attachment"
    part.add_header("Content-Disposition", shown, filename=("utf-8", "", name))
    return part
