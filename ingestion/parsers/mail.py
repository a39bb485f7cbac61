"""Mail (RFC 5322, MIME): who wrote what to whom; what is attached goes along as files."""

from __future__ import annotations

import email
import email.policy
import mimetypes
import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeAlias, cast

from assistant.errors import ParseError
from assistant.types import Attachment, BlockKind, ParsedDocument
from ingestion.parsers.blocks import BlockList, clean_line, title_from_name
from ingestion.parsers.encoding import decode_text
from ingestion.parsers.html import parse_markup
from ingestion.parsers.html_blocks import read_markup

MOST_DEPTH = 50
"""Parts in parts. Mails in mails count as attachments, each read by itself."""
MOST_PARTS = 2000
MOST_ATTACHMENT_BYTES = 64 * 2**20
_TOO_DEEP = "unsafe: parts of the mail are nested too deeply"
_NAMED = ("From", "To", "Cc", "Date")

Part: TypeAlias = "Message[Any, Any]"


def parse(path: Path, *, max_pages: int) -> ParsedDocument:  # noqa: ARG001 - the protocol
    """Read a mail with its attachments.

    Raises:
        ParseError: no mail, encrypted, nested too deeply, too much attached.
    """
    try:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32)
    except RecursionError as exc:
        raise ParseError(_TOO_DEEP) from exc
    if not any(message.get(name) for name in ("From", "To", "Subject", "Date", "Received")):
        raise ParseError("not a mail: it has neither sender nor subject nor date")
    return read_message(message, path)


def read_message(message: Part, path: Path) -> ParsedDocument:
    """A mail that some parser has taken apart.

    Args:
        path: whose name is the title where there is no subject.
    """
    try:
        bodies, attached = _sort_parts(message)
    except RecursionError as exc:
        raise ParseError(_TOO_DEEP) from exc
    attachments = _take_along(attached)
    subject = _header(message, "Subject")
    blocks = BlockList()
    blocks.add_heading(subject, 1)
    head = [f"{name}: {value}" for name in _NAMED if (value := _header(message, name))]
    if attachments:
        head.append("Attachments: " + ", ".join(one.name for one in attachments))
    blocks.add(BlockKind.PARAGRAPH, "\n".join(head))
    for body in bodies:
        _read_body(body, blocks)
    sender = _header(message, "From")
    return ParsedDocument(
        title=subject or title_from_name(path.name),
        blocks=tuple(blocks.blocks),
        attachments=attachments,
        author=clean_line(re.sub(r"<[^<>]*>", "", sender).strip(' "')) or sender,
        date=_date(message),
    )


def _sort_parts(message: Part) -> tuple[list[Part], list[Part]]:
    """The parts that make the text, and those that are files."""
    bodies: list[Part] = []
    attached: list[Part] = []
    waiting = [(message, 0)]
    written: dict[int, int] = {}
    parts = 0
    while waiting:
        part, depth = waiting.pop()
        parts += 1
        if depth > MOST_DEPTH or parts > MOST_PARTS:
            raise ParseError(_TOO_DEEP if depth > MOST_DEPTH else "unsafe: too many parts in it")
        kind = part.get_content_type()
        if kind in ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"):
            if "signed" not in str(part.get_param("smime-type") or ""):
                raise ParseError("encrypted: save it decrypted from your mail program")
            attached.append(part)
        elif part.is_multipart() and part.get_content_maintype() == "multipart":
            children = [one for one in part.get_payload() if isinstance(one, Message)]
            if kind == "multipart/alternative":
                children = _choose_alternative(children, written)
            waiting.extend((child, depth + 1) for child in reversed(children))
        elif _is_body(part):
            bodies.append(part)
        elif not _is_picture_of_text(part):
            attached.append(part)
    return bodies, attached


def _choose_alternative(children: list[Part], written: dict[int, int]) -> list[Part]:
    """The richest form that holds no less text than the plain one.

    Args:
        written: remembers how much text each part holds.
    """
    plain = [child for child in children if child.get_content_type() == "text/plain"]
    rich = [child for child in children if child.get_content_type() != "text/plain"]
    stated = sum(_written_chars(child, written) for child in plain)
    for child in reversed(rich):
        pages = [one for one in child.walk() if one.get_content_type() == "text/html"]
        shown = sum(_written_chars(page, written) for page in pages)
        if pages and shown >= 0.6 * stated:
            return [child]
    return plain[:1] or rich[-1:]


def _written_chars(part: Part, written: dict[int, int]) -> int:
    if id(part) not in written:
        blocks = BlockList()
        _read_body(part, blocks)
        written[id(part)] = sum(len(block.text) for block in blocks.blocks)
    return written[id(part)]


def _is_body(part: Part) -> bool:
    return (
        part.get_content_type() in ("text/plain", "text/html")
        and part.get_content_disposition() != "attachment"
        and not part.get_filename()
    )


def _is_picture_of_text(part: Part) -> bool:
    """Logos and pictures that a page shows, no files that somebody attached."""
    return (
        part.get_content_maintype() == "image"
        and part.get("Content-ID") is not None
        and part.get_content_disposition() != "attachment"
    )


def _read_body(part: Part, blocks: BlockList) -> None:
    payload = cast("bytes | None", part.get_payload(decode=True))
    if not payload or not payload.strip():
        return
    text = decode_text(payload, declared=part.get_content_charset() or "")
    if part.get_content_type() == "text/html":
        tree = parse_markup(text)
        if tree.body is not None:
            read_markup(tree.body, blocks)
        return
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for paragraph in re.split(r"\n[ \t]*\n\s*", text):
        blocks.add(BlockKind.PARAGRAPH, paragraph)


def _take_along(parts: list[Part]) -> tuple[Attachment, ...]:
    taken: list[Attachment] = []
    names: set[str] = set()
    left = MOST_ATTACHMENT_BYTES
    for number, part in enumerate(parts, 1):
        content = _content(part)
        left -= len(content)
        if left < 0:
            raise ParseError(
                f"more than {MOST_ATTACHMENT_BYTES >> 20} MiB are attached: save the "
                "attachments as files of their own"
            )
        if content:
            taken.append(Attachment(_name(part, number, names), content))
    return tuple(taken)


def _content(part: Part) -> bytes:
    if part.get_content_maintype() == "message" and part.is_multipart():
        inner = part.get_payload(0)
        try:
            return cast(Part, inner).as_bytes()
        except (MessageError, LookupError, ValueError, TypeError, AttributeError) as exc:
            raise ParseError(f"damaged: a mail inside of it cannot be read ({exc})") from exc
    return cast("bytes | None", part.get_payload(decode=True)) or b""


def _name(part: Part, number: int, taken: set[str]) -> str:
    """The file's own name without any folder, never twice in a mail."""
    name = re.split(r"[/\\]", _decode(part.get_filename() or ""))[-1]
    if part.get_content_maintype() == "message" and not name.lower().endswith(".eml"):
        inner = part.get_payload(0) if part.is_multipart() else None
        subject = _header(cast(Part, inner), "Subject") if inner is not None else ""
        name = f"{name or subject or f'mail {number}'}.eml"
    name = clean_line(re.sub(r"[/\\:*?\"<>|]+", " ", name)).lstrip(".")
    if not name:
        name = f"attachment {number}{mimetypes.guess_extension(part.get_content_type()) or ''}"
    stem, dot, extension = name.rpartition(".")
    stem, extension = (stem, dot + extension) if stem else (name, "")
    stem, extension = stem[:120], extension[:20]
    unique, times = f"{stem}{extension}", 1
    while unique in taken:
        times += 1
        unique = f"{stem} ({times}){extension}"
    taken.add(unique)
    return unique


def _header(message: Part, name: str) -> str:
    raw = (value for key, value in message.raw_items() if key.lower() == name.lower())
    return _decode(str(next(raw, "")))[:1000]


def _decode(value: str) -> str:
    """Encoded words (RFC 2047), and bytes that are none of ASCII, as text."""
    try:
        text = str(make_header(decode_header(value)))
    except (ValueError, LookupError, UnicodeError, MessageError):
        text = value
    if any("\udc80" <= letter <= "\udcff" for letter in text):
        text = decode_text(text.encode("utf-8", "surrogateescape"))
    return clean_line(text)


def _date(message: Part) -> str:
    try:
        return parsedate_to_datetime(str(message.get("Date") or "")).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
