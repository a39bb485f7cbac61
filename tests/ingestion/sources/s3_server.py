"""A small S3: ListObjectsV2 and GetObject as the API reference has them, with signatures
(Signature Version 4) that are really checked."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from urllib.parse import quote
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ACCESS_KEY, SECRET_KEY = "PHILO-KEY", "a secret that signs"
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Bucket:
    """One bucket. `page_size` is how many keys one answer lists."""

    def __init__(self, name: str = "papers", page_size: int = 2) -> None:
        self.name = name
        self.page_size = page_size
        self.objects: dict[str, bytes] = {}
        self.cut_page: int | None = None
        self.busy_answers = 0
        self.listings = 0
        self.app = Starlette(routes=[Route("/{bucket}/{key:path}", self.answer),
                                     Route("/{bucket}", self.answer)])  # fmt: skip

    async def answer(self, request: Request) -> Response:
        if not _signed(request, await request.body()):
            return _error(403, "SignatureDoesNotMatch")
        if self.busy_answers:
            self.busy_answers -= 1
            return _error(503, "SlowDown")
        if request.path_params["bucket"] != self.name:
            return _error(404, "NoSuchBucket")
        key = request.path_params.get("key", "")
        if not key:
            return self._list(request)
        if key not in self.objects:
            return _error(404, "NoSuchKey")
        content = self.objects[key]
        return Response(content, headers={"ETag": f'"{_etag(content)}"'})

    def _list(self, request: Request) -> Response:
        assert request.query_params["list-type"] == "2"
        asked = request.query_params
        first = int(asked.get("continuation-token") or 0)
        found = sorted(key for key in self.objects if key.startswith(asked.get("prefix", "")))
        shown = found[first : first + self.page_size]
        more = first + self.page_size < len(found)
        self.listings += 1
        rows = "".join(
            f"<Contents><Key>{escape(quote(key))}</Key>"
            f"<LastModified>2026-01-02T03:04:05.000Z</LastModified>"
            f"<ETag>&quot;{_etag(self.objects[key])}&quot;</ETag>"
            f"<Size>{len(self.objects[key])}</Size></Contents>"
            for key in shown
        )
        token = f"<NextContinuationToken>{first + self.page_size}</NextContinuationToken>"
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="{_NAMESPACE}">'
            f"<Name>{self.name}</Name><EncodingType>url</EncodingType>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token if more else ''}{rows}"
            "</ListBucketResult>"
        )
        if self.cut_page is not None and first == self.cut_page * self.page_size:
            return Half(text.encode(), media_type="application/xml")
        return Response(text, media_type="application/xml")


class Half(Response):
    """Breaks off in the middle of its body."""

    async def __call__(self, scope, receive, send) -> None:
        headers = self.raw_headers
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await asyncio.sleep(0.02)  # so that the half is on its way
        raise ConnectionResetError


def _etag(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _error(status: int, code: str) -> Response:
    text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Response(text, status, media_type="application/xml")


def _signed(request: Request, body: bytes) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""
    method, _, rest = request.headers.get("Authorization", "").partition(" ")
    if method != "AWS4-HMAC-SHA256":
        return False
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    access_key, date, region, service, _ = parts["Credential"].split("/")
    names = parts["SignedHeaders"].split(";")
    query = "&".join(
        f"{quote(key, safe='')}={quote(value, safe='')}"
        for key, value in sorted(request.query_params.multi_items())
    )
    body_hash = request.headers["x-amz-content-sha256"]
    canonical = "\n".join(
        [
            request.method,
            request.scope["raw_path"].decode(),
            query,
            *(f"{name}:{' '.join(request.headers[name].split())}" for name in names),
            "",
            ";".join(names),
            body_hash,
        ]
    )
    scope = f"{date}/{region}/{service}/aws4_request"
    text = "\n".join(
        [
            method,
            request.headers["x-amz-date"],
            scope,
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = f"AWS4{SECRET_KEY}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    hash_holds = body_hash in {"UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()}
    return access_key == ACCESS_KEY and signature == parts["Signature"] and hash_holds
