"""Sitemaps (sitemaps.org): the pages that a site lists about itself."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError as XmlError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from assistant.errors import SourceRefusedError, SourceUnavailableError
from ingestion.sources.web_client import WebPage, check_url, inflate

MAX_SITEMAP_BYTES = 50 * 2**20
"""What the protocol allows one file, unpacked."""
MAX_SITEMAPS = 1000
MAX_DEPTH = 3
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class ListedPage:
    """`changed` is the site's own word for when it changed; empty where it says nothing."""

    url: str
    changed: str


def list_pages(
    url: str, get: Callable[[str, int], WebPage], *, max_pages: int
) -> Iterator[ListedPage]:
    """All pages of a sitemap and of those that it lists, each once, on its own host only.

    Args:
        get: fetches an address, with a limit in bytes.
    Raises:
        SourceUnavailableError: one of the sitemaps cannot be had or is none, or there are more
            than `max_pages` pages.
    """
    host = urlsplit(check_url(url)).netloc
    seen: set[str] = set()
    waiting, sitemaps = [(url, 1)], {url}
    while waiting:
        place, depth = waiting.pop(0)
        for kind, listed, changed in _entries(_unpacked(get(place, MAX_SITEMAP_BYTES)), place):
            try:
                address = check_url(listed)
            except SourceRefusedError:  # mailto: and the like are no pages
                continue
            if urlsplit(address).netloc != host or address in seen or address in sitemaps:
                continue
            if kind == "sitemap":
                sitemaps.add(address)
                if depth == MAX_DEPTH or len(sitemaps) > MAX_SITEMAPS:
                    raise SourceUnavailableError(
                        f"{url} lists sitemaps more than {MAX_DEPTH} deep, or more than "
                        f"{MAX_SITEMAPS}; name one of them instead"
                    )
                waiting.append((address, depth + 1))
                continue
            seen.add(address)
            if len(seen) > max_pages:
                raise SourceUnavailableError(
                    f"{url} lists more than {max_pages} pages; raise sources.web_max_pages, or "
                    "name one of its parts"
                )
            yield ListedPage(address, changed)


def _unpacked(page: WebPage) -> bytes:
    content = page.content
    if content.startswith(_GZIP):
        try:
            content = inflate([content], MAX_SITEMAP_BYTES)
        except zlib.error as exc:
            raise SourceUnavailableError(f"{page.url} cannot be unpacked ({exc})") from exc
    if len(content) > MAX_SITEMAP_BYTES:
        raise SourceUnavailableError(
            f"{page.url} is larger than {MAX_SITEMAP_BYTES // 2**20} MiB, which no sitemap may be"
        )
    return content


def _entries(content: bytes, url: str) -> Iterator[tuple[str, str, str]]:
    """(kind, address, time of change) of each entry."""
    root = ""
    try:
        for event, element in iterparse(
            io.BytesIO(content), events=("start", "end"), forbid_dtd=True
        ):
            name = element.tag.rpartition("}")[2]
            if not root:
                root = name
                if root not in {"urlset", "sitemapindex"}:
                    break
            if event == "end" and name in {"url", "sitemap"}:
                texts = {
                    child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element
                }
                if texts.get("loc"):
                    yield name, texts["loc"], texts.get("lastmod", "")
                element.clear()
    except (XmlError, DefusedXmlException, ValueError, LookupError) as exc:
        reason = str(exc)[:200] or type(exc).__name__
        raise SourceUnavailableError(f"{url} is no sitemap that can be read ({reason})") from exc
    if root not in {"urlset", "sitemapindex"}:
        raise SourceUnavailableError(f"{url} is no sitemap; its first element is <{root[:50]}>")
