"""XML of a file that nobody vouches for: no entities, no network, no great depth."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Set
from typing import Any

from lxml import etree

from assistant.errors import ParseError


def parse_xml(data: bytes, *, place: str) -> Any:
    """The root element of a document.

    Args:
        place: what is read, for the message.
    Raises:
        ParseError: no well-formed XML, or elements nested more than 256 deep.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        reason = " ".join(str(exc).split())[:160]
        if "Excessive depth" in reason:
            raise ParseError(f"unsafe: {place} nests its elements too deeply") from exc
        raise ParseError(
            f"damaged: {place} is not well-formed ({reason}); open the file in its program and "
            "save it again"
        ) from exc


def read_entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """An entry of an archive that `check_zip` has seen.

    Raises:
        ParseError: there is none of that name.
    """
    try:
        return archive.read(name)
    except KeyError as exc:
        raise ParseError(
            f"damaged: {name!r} is missing in it; open the file in its program and save it again"
        ) from exc


def outermost(element: Any, tag: str, *, beside: Set[str]) -> Iterator[Any]:
    """Descendants with a tag that lie neither in another one of it nor in one of `beside`."""
    for child in element:
        if child.tag == tag:
            yield child
        elif isinstance(child.tag, str) and child.tag not in beside:
            yield from outermost(child, tag, beside=beside)
