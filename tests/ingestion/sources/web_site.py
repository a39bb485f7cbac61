"""A site on this machine, with all that sites do wrong."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response


@dataclass
class Site:
    """`pages` are answers by path; `asked` the paths in their order, robots.txt left out."""

    pages: dict[str, Response | Callable[[Request], Response]] = field(default_factory=dict)
    robots: Response = field(default_factory=lambda: Response(status_code=404))
    asked: list[str] = field(default_factory=list)
    robots_asked: int = 0

    async def __call__(self, scope, receive, send) -> None:
        request = Request(scope, receive)
        path = request.url.path
        if path == "/robots.txt":
            self.robots_asked += 1
            answer: Response | Callable[[Request], Response] = self.robots
        else:
            self.asked.append(path)
            answer = self.pages.get(path, Response(status_code=404))
        if not isinstance(answer, Response):
            answer = answer(request)
        await answer(scope, receive, send)


def html(text: str) -> Response:
    return Response(f"<html><body><p>{text}</p></body></html>", media_type="text/html")


def redirect(target: str, status: int = 302) -> Response:
    return Response(status_code=status, headers={"Location": target})


def sitemap(*entries: str, kind: str = "urlset") -> bytes:
    """Entries like 'http://host/page 2026-01-02'."""
    name = "url" if kind == "urlset" else "sitemap"
    rows = ""
    for entry in entries:
        url, _, date = entry.partition(" ")
        rows += f"<{name}><loc>{url}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</{name}>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{kind}>'
    ).encode()


def bomb(unpacked_bytes: int) -> bytes:
    """So much of nothing, in a thousandth of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    zeros = bytes(2**20)
    packed = b"".join(packer.compress(zeros) for _ in range(unpacked_bytes // 2**20))
    return packed + packer.flush()


def zipped(content: bytes) -> bytes:
    return gzip.compress(content)


class Trickle(Response):
    """Sends a byte now and then, and never ends."""

    async def __call__(self, scope, receive, send) -> None:
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b".", "more_body": True})
            await asyncio.sleep(0.05)
