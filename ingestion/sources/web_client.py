"""Pages of the web, fetched with distrust: checked addresses, few redirects, little of all."""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import httpcore
from protego import Protego

from assistant.errors import SourceItemGoneError, SourceRefusedError, SourceUnavailableError
from ingestion.sources.addresses import AddressPolicy, CheckedNetwork

AGENT = "Philo"
MAX_REDIRECTS = 5
MAX_URL_CHARS = 2000
MAX_ROBOTS_BYTES = 512 * 2**10
LONGEST_DELAY_S = 60.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class WebPage:
    """What an address gave. `content` may be one byte longer than the limit asked for, never
    more: it is too large then."""

    url: str
    content_type: str
    content: bytes


class WebClient:
    """Gets pages as a polite robot: robots.txt obeyed, one request at a time, with a pause
    between two requests to one host."""

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        delay_s: float,
        timeout_s: float,
        trust: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._delay_s = delay_s
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._network = CheckedNetwork(policy)
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust or ssl.create_default_context(),
            network_backend=self._network,
            max_keepalive_connections=4,
        )
        self._rules: dict[str, Protego] = {}
        self._asked_at: dict[str, float] = {}

    def get(self, url: str, *, limit_bytes: int) -> WebPage:
        """A page, at the end of its redirects.

        Raises:
            SourceItemGoneError: 404 or 410.
            SourceRefusedError: no such address may be read, or robots.txt forbids it.
            SourceUnavailableError: it could not be read, or not in time.
        """
        for _ in range(MAX_REDIRECTS + 1):
            if not self.may_get(url):
                raise SourceRefusedError(f"{url}: robots.txt of that host forbids it")
            self._pause(url)
            with self._asked(url) as response:
                if response.status in _REDIRECTS:
                    url = _redirected(url, _header(response, b"location"))
                    continue
                _raise_for_status(response.status, url)
                content = _body(response, limit_bytes)
                return WebPage(url, _header(response, b"content-type"), content)
        raise SourceUnavailableError(f"{url}: more than {MAX_REDIRECTS} redirects")

    def may_get(self, url: str) -> bool:
        """Whether robots.txt of the page's host allows it (RFC 9309).

        Raises:
            SourceUnavailableError: robots.txt cannot be had, which forbids everything.
        """
        return bool(self._rules_of(url).can_fetch(url, AGENT))

    def close(self) -> None:
        self._pool.close()

    def _rules_of(self, url: str) -> Protego:
        parts = urlsplit(check_url(url))
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = Protego.parse(self._read_robots(f"{origin}/robots.txt"))
        return self._rules[origin]

    def _read_robots(self, url: str) -> str:
        for _ in range(MAX_REDIRECTS + 1):
            with self._asked(url) as response:
                if response.status in _REDIRECTS:
                    url = _redirected(url, _header(response, b"location"))
                    continue
                if 400 <= response.status < 500:
                    return ""
                _raise_for_status(response.status, url)
                return _body(response, MAX_ROBOTS_BYTES).decode(errors="replace")
        return ""  # RFC 9309, section 2.3.1.2: too many redirects count as no file

    def _pause(self, url: str) -> None:
        """Wait until the host may be asked again."""
        host = urlsplit(url).netloc
        stated_s = self._rules_of(url).crawl_delay(AGENT) or 0.0
        delay_s = max(self._delay_s, min(float(stated_s), LONGEST_DELAY_S))
        wait_s = self._asked_at.get(host, -LONGEST_DELAY_S) + delay_s - time.monotonic()
        if wait_s > 0:
            self._sleep(wait_s)
        self._asked_at[host] = time.monotonic()

    @contextmanager
    def _asked(self, url: str) -> Iterator[httpcore.Response]:
        """A response that is open within the block."""
        url = check_url(url)
        self._network.latest_s = time.monotonic() + self._timeout_s
        headers = [
            ("Host", urlsplit(url).netloc),
            ("User-Agent", f"{AGENT}/1 (documents for an assistant)"),
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip"),
        ]
        try:
            with self._pool.stream("GET", url, headers=headers) as response:
                yield response
        except httpcore.TimeoutException as exc:
            raise SourceUnavailableError(f"{url} took more than {self._timeout_s:.0f} s") from exc
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, zlib.error) as exc:
            reason = str(exc)[:200] or type(exc).__name__
            raise SourceUnavailableError(f"{url} cannot be read ({reason})") from exc


def check_url(url: str) -> str:
    """The address itself without its fragment.

    Raises:
        SourceRefusedError: it is not http(s), names no host, or holds a user or password.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        encoded = parts.netloc.encode("idna" if not parts.netloc.isascii() else "ascii").decode()
    except (ValueError, UnicodeError) as exc:
        raise SourceRefusedError(f"{url[:200]!r} is no address of the web ({exc})") from exc
    plain = all(33 <= ord(char) != 127 for char in url)
    if parts.scheme not in {"http", "https"} or not host or not plain or len(url) > MAX_URL_CHARS:
        raise SourceRefusedError(
            f"{url[:200]!r} is no address of the web; give one like https://host/page"
        )
    if "@" in parts.netloc:
        raise SourceRefusedError(
            f"an address on {host} holds a user or password; pages of the web are read without"
        )
    path = parts.path or "/"
    if not (path + parts.query).isascii():
        path, query = (_quoted(part) for part in (path, parts.query))
        return urlunsplit((parts.scheme, encoded, path, query, ""))
    return urlunsplit((parts.scheme, encoded, path, parts.query, ""))


def inflate(pieces: Iterable[bytes], limit_bytes: int) -> bytes:
    """Unpack gzip as it comes; at most one byte more than the limit is ever made.

    Raises:
        zlib.error: it is none, or not whole.
    """
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    content = bytearray()
    for piece in pieces:
        content += unpacker.decompress(piece, limit_bytes + 1 - len(content))
        if len(content) > limit_bytes or unpacker.eof:
            return bytes(content)
    raise zlib.error("it ends in the middle")


def _body(response: httpcore.Response, limit_bytes: int) -> bytes:
    encoding = _header(response, b"content-encoding").lower()
    if encoding in {"gzip", "x-gzip"}:
        return inflate(response.iter_stream(), limit_bytes)
    if encoding not in {"", "identity"}:
        raise zlib.error(f"it is packed as {encoding[:20]}, which was not asked for")
    content = bytearray()
    for piece in response.iter_stream():
        content += piece[: limit_bytes + 1 - len(content)]
        if len(content) > limit_bytes:
            break
    return bytes(content)


def _redirected(url: str, location: str) -> str:
    target = check_url(urljoin(url, location))
    if url.startswith("https:") and not target.startswith("https:"):
        raise SourceRefusedError(f"{url} leads from https to http: {target[:200]}")
    return target


def _raise_for_status(status: int, url: str) -> None:
    if status in {404, 410}:
        raise SourceItemGoneError(f"{url} does not exist any more ({status})")
    if status in {401, 403}:
        raise SourceUnavailableError(f"{url} may not be read by everyone ({status})")
    if status != 200:
        raise SourceUnavailableError(f"{url} answers {status}")


def _header(response: httpcore.Response, name: bytes) -> str:
    return next(
        (value.decode("latin-1") for key, value in response.headers if key.lower() == name), ""
    ).strip()


def _quoted(part: str) -> str:
    return quote(part, safe="/%:=&?~#+!$,;'@()*[]")
