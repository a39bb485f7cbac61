"""A model hub on this machine: the routes and headers that huggingface_hub relies on.

Written after https://huggingface.co/docs/hub/api and the client's own requests: the revision,
the recursive tree with its pages, and `resolve` with ETag, X-Repo-Commit, X-Linked-Etag,
X-Linked-Size and Range. Large files are redirected to another host, as the hub does with LFS.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE_BYTES = 100_000
"""From this size on a file is in LFS."""

MIB = 2**20
PAGE = 3
"""Files a page of the tree."""


@dataclass
class Hub:
    """One repository, and how the hub misbehaves.

    `cut_after` maps a path to how many bytes are sent before the connection is cut, each of
    the next times. `wrong` maps a path to
    other bytes, `lies_about` to another name in the listing, `claims` to another size there.
    `pause_s` passes before each MiB of a large file. `seen` are the requests: method, path,
    Range, whether a token came along, and whether it was the storage host that was asked.
    """

    repository: str
    files: dict[str, bytes | Path]
    token: str | None = None
    gated: bool = False
    status: int | None = None
    cut_after: dict[str, list[int]] = field(default_factory=dict)
    wrong: dict[str, bytes] = field(default_factory=dict)
    lies_about: dict[str, str] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)
    pause_s: float = 0.0
    _digests: dict[tuple[str, str, int], str] = field(default_factory=dict)
    seen: list[tuple[str, str, str | None, bool, bool]] = field(default_factory=list)
    url: str = ""
    storage_url: str = ""

    def content(self, path: str) -> bytes:
        held = self.files[path]
        return held.read_bytes() if isinstance(held, Path) else held

    def digest(self, path: str, algorithm: str, prefix: bytes = b"") -> str:
        content = self.content(path)
        held = (path, algorithm, len(content))
        if held not in self._digests:
            self._digests[held] = hashlib.new(algorithm, prefix + content).hexdigest()
        return self._digests[held]

    def ranges(self, path: str) -> list[str | None]:
        """The Range of each request for a file's bytes, in order."""
        return [
            asked
            for method, url, asked, _, storage in self.seen
            if method == "GET" and url.endswith(path) and (storage or not self._is_large(path))
        ]

    def _is_large(self, path: str) -> bool:
        return len(self.content(path)) >= LARGE_BYTES

    def tree(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = []
        folders = {str(Path(path).parent) for path in self.files} - {"."}
        listed += [{"type": "directory", "oid": "0" * 40, "size": 0, "path": f} for f in folders]
        for path in self.files:
            content = self.content(path)
            row: dict[str, Any] = {
                "type": "file",
                "oid": self.digest(path, "sha1", f"blob {len(content)}\0".encode()),
                "size": len(content),
                "path": self.lies_about.get(path, path),
            }
            if self._is_large(path):
                sha256 = self.digest(path, "sha256")
                size = self.claims.get(path, len(content))
                row["lfs"] = {"oid": sha256, "size": size, "pointerSize": 134}
            listed.append(row)
        return listed


@contextmanager
def serve_hub(hub: Hub) -> Iterator[Hub]:
    """Run it on two ports: the hub, and the storage of its large files."""
    servers = [
        ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub, storage=storage))
        for storage in (False, True)
    ]
    hub.url, hub.storage_url = (f"http://127.0.0.1:{s.server_address[1]}" for s in servers)
    threads = [threading.Thread(target=s.serve_forever, args=(0.02,)) for s in servers]
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(hub: Hub, *, storage: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None: ...

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            authorization = self.headers.get("Authorization")
            hub.seen.append(
                (self.command, path, self.headers.get("Range"), authorization is not None, storage)
            )
            if storage:
                self._send_file(path.lstrip("/"), body=body)
                return
            if hub.status is not None:
                self._refuse(hub.status, "")
                return
            if hub.token is not None and authorization != f"Bearer {hub.token}":
                self._refuse(403 if hub.gated else 401, "GatedRepo" if hub.gated else "")
                return
            api = f"/api/models/{hub.repository}"
            if path in {f"{api}/revision/main", f"{api}/revision/{COMMIT}"}:
                self._send_json({"_id": "1", "id": hub.repository, "sha": COMMIT, "siblings": []})
            elif path.startswith(f"{api}/revision/"):
                self._refuse(404, "RevisionNotFound")
            elif path == f"{api}/tree/{COMMIT}":
                self._send_tree()
            elif path.startswith(f"/{hub.repository}/resolve/{COMMIT}/"):
                self._resolve(path.removeprefix(f"/{hub.repository}/resolve/{COMMIT}/"), body=body)
            else:
                self._refuse(404, "RepoNotFound")

        def _send_tree(self) -> None:
            query = urlsplit(self.path).query
            start = int(query.rpartition("cursor=")[2]) if "cursor=" in query else 0
            tree = hub.tree()
            more = {}
            if start + PAGE < len(tree):
                place = f"{hub.url}{urlsplit(self.path).path}?recursive=true&cursor={start + PAGE}"
                more["Link"] = f'<{place}>; rel="next"'
            self._send_json(tree[start : start + PAGE], more)

        def _resolve(self, path: str, *, body: bool) -> None:
            if path not in hub.files:
                self._refuse(404, "EntryNotFound")
                return
            content = hub.content(path)
            if len(content) < LARGE_BYTES:
                self._send_file(path, body=body)
                return
            self.send_response(302)
            self.send_header("Location", f"{hub.storage_url}/{path}")
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("X-Linked-Size", str(len(content)))
            self.send_header("X-Linked-Etag", f'"{hub.digest(path, "sha256")}"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send_file(self, path: str, *, body: bool) -> None:
            content = hub.wrong.get(path, hub.content(path))
            begin = 0
            asked = self.headers.get("Range")
            if asked:
                begin = int(asked.removeprefix("bytes=").rstrip("-"))
            self.send_response(206 if asked else 200)
            if asked:
                place = f"bytes {begin}-{len(content) - 1}/{len(content)}"
                self.send_header("Content-Range", place)
            self.send_header("ETag", f'"{hub.digest(path, "sha256")}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(content) - begin))
            self.end_headers()
            if not body:
                return
            cuts = hub.cut_after.get(path, [])
            if cuts:
                self.wfile.write(content[begin : begin + cuts.pop(0)])
                self.wfile.flush()
                self.close_connection = True
                return
            try:
                for start in range(begin, len(content), MIB):
                    time.sleep(hub.pause_s if storage else 0)
                    self.wfile.write(content[start : start + MIB])
            except ConnectionError:
                self.close_connection = True  # the client has gone

        def _send_json(self, value: Any, more: dict[str, str] | None = None) -> None:
            text = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            for name, content in (more or {}).items():
                self.send_header(name, content)
            self.end_headers()
            self.wfile.write(text)

        def _refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            if code:
                self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler
