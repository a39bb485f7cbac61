"""Pages of the web: one page, or those of a site's sitemap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator

from assistant.errors import (
    IngestError,
    ParseError,
    SourceItemGoneError,
    SourceRefusedError,
    SourceUnavailableError,
)
from assistant.settings import Settings
from assistant.types import Failure
from ingestion.parsers.base import FORMATS, format_of, known_extensions
from ingestion.sources.addresses import AddressPolicy
from ingestion.sources.base import Source, SourceItem
from ingestion.sources.download import write_file
from ingestion.sources.options import Options, Surroundings
from ingestion.sources.sitemap import list_pages
from ingestion.sources.web_client import WebClient, WebPage, check_url

_EXTENSIONS = {fmt.media_type: fmt.extensions[0] for fmt in FORMATS} | {
    "application/xhtml+xml": ".html",
    "text/x-markdown": ".md",
}
_UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream"})


class WebOptions(Options):
    """One page, or all pages that a sitemap lists."""

    url: str = Field(description="of the page or of the sitemap")
    sitemap: bool = Field(False, description="url is a sitemap, or an index of sitemaps")

    @field_validator("url")
    @classmethod
    def _check(cls, url: str) -> str:
        return check_url(url)


OPTIONS = WebOptions


class WebSource:
    """Addresses without their fragments; the content type decides the format.

    A page that no sitemap dates is fetched at each run and compared by its content.
    """

    def __init__(
        self, options: WebOptions, client: WebClient, *, max_pages: int, limit_bytes: int
    ) -> None:
        self._url = options.url
        self._sitemap = options.sitemap
        self._client = client
        self._max_pages = max_pages
        self._limit_bytes = limit_bytes
        self._page: WebPage | IngestError | None = None
        self.failures: list[Failure] = []

    @property
    def address(self) -> str:
        return self._url

    def items(self) -> Iterator[SourceItem]:
        self.failures = []
        if not self._sitemap:
            yield from self._the_page()
            return
        try:
            for page in list_pages(self._url, self._get, max_pages=self._max_pages):
                if self._client.may_get(page.url):
                    yield SourceItem(page.url, _guessed_name(page.url), fingerprint=page.changed)
        except SourceItemGoneError as exc:  # a sitemap, not a page: what it lists is unknown
            raise SourceUnavailableError(str(exc)) from exc

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        page, self._page = self._page, None
        if isinstance(page, IngestError):
            raise page
        if page is None:
            page = self._get(item.uri, self._limit_bytes)
        name = _name(item.uri, page)
        return write_file(folder, name, [page.content], limit_bytes=self._limit_bytes)

    def _the_page(self) -> Iterator[SourceItem]:
        """Read at once, because only then it is known of what kind it is."""
        try:
            page = self._get(self._url, self._limit_bytes)
            name = _name(self._url, page)
        except SourceItemGoneError as exc:
            self.failures.append(Failure(uri=self._url, reason=str(exc)))
        except (SourceUnavailableError, SourceRefusedError, ParseError) as exc:
            self._page = exc  # told when it is fetched, as this document's own failure
            yield SourceItem(self._url, _guessed_name(self._url), fingerprint="")
        else:
            self._page = page
            yield SourceItem(self._url, name, fingerprint="")

    def close(self) -> None:
        self._client.close()

    def _get(self, url: str, limit_bytes: int) -> WebPage:
        return self._client.get(url, limit_bytes=limit_bytes)


def open_source(options: WebOptions, surroundings: Surroundings) -> Source:
    """Raises SourceUnavailableError: the settings do not allow it."""
    settings = surroundings.settings
    if not settings.web:
        raise SourceUnavailableError(
            "Pages of the web are not fetched unless the settings allow it; set web = true under "
            "[sources] in philo.toml, or PHILO_SOURCES__WEB=true"
        )
    client = WebClient(
        AddressPolicy(settings.web_allow),
        delay_s=settings.web_delay_s,
        timeout_s=settings.web_timeout_s,
    )
    return WebSource(
        options,
        client,
        max_pages=settings.web_max_pages,
        limit_bytes=surroundings.max_file_bytes,
    )


def is_web_address(path: str) -> bool:
    return path.lower().startswith(("http://", "https://"))


@contextmanager
def opened_pages(urls: Sequence[str], settings: Settings) -> Iterator[list[Source]]:
    """Single pages as sources of their own, open within the block.

    Raises:
        SourceRefusedError: one is no address of the web.
        SourceUnavailableError: the settings do not allow it.
    """
    surroundings = Surroundings(
        settings.sources,
        max_file_bytes=settings.ingest.max_file_bytes,
        cache=settings.data / "sources" / "pages",
    )
    with ExitStack() as opened:
        pages = []
        for url in dict.fromkeys(urls):
            page = open_source(WebOptions(url=url), surroundings)
            opened.callback(page.close)
            pages.append(page)
        yield pages


def _guessed_name(url: str) -> str:
    """By the address alone."""
    name = _last_part(url)
    return name if format_of(name) else f"{name}.html"


def _name(url: str, page: WebPage) -> str:
    """By the content's type.

    Raises:
        ParseError: it is of a kind that Philo does not read.
    """
    name = _last_part(url)
    kind = page.content_type.partition(";")[0].strip().lower()
    if kind in _UNTOLD and format_of(name):
        return name
    extension = _EXTENSIONS.get(kind)
    if extension is None:
        raise ParseError(
            f"it is of the type {kind[:100] or 'unknown'}; Philo reads {known_extensions()}"
        )
    fmt = format_of(name)
    return name if fmt and extension in fmt.extensions else name + extension


def _last_part(url: str) -> str:
    path = unquote(urlsplit(url).path).rstrip("/")
    return path.rsplit("/", 1)[-1] or "index"
