"""A Confluence that speaks the documented JSON of both editions, page by page."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request, Response

TOKEN, USER = "a personal token", "amelie@example.org"


@dataclass
class WikiPage:
    id: str
    title: str
    body: str = ""
    version: int = 1
    parent: str | None = None
    parent_kind: str = "page"
    users: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    kind: str = "page"


class Wiki:
    """`throttled` answers are 429 before any other, `cut_at` is where the list breaks off, and
    `vanished` a page that is listed, but not there any more."""

    def __init__(self) -> None:
        self.pages: dict[str, WikiPage] = {}
        self.page_size = 2
        self.throttled = 0
        self.retry_after = "1"
        self.cut_at: int | None = None
        self.next_link = ""
        self.vanished = ""
        self.app = FastAPI()
        self.app.middleware("http")(self._guard)
        for path, answer in {
            "/rest/api/content": self.content,
            "/rest/api/content/{page_id}": self.one,
            "/rest/api/content/{page_id}/child/attachment": self.children,
            "/download/attachments/{page_id}/{name}": self.download,
            "/wiki/api/v2/spaces": self.spaces,
            "/wiki/api/v2/spaces/{space}/{kind}": self.cloud_pages,
            "/wiki/api/v2/pages/{page_id}": self.cloud_page,
            "/wiki/api/v2/folders/{page_id}": self.cloud_page,
            "/wiki/api/v2/pages/{page_id}/attachments": self.cloud_attachments,
            "/wiki/rest/api/content/{page_id}/restriction/byOperation/read": self.restriction,
            "/wiki/download/attachments/{page_id}/{name}": self.download,
        }.items():
            self.app.get(path)(answer)

    async def _guard(self, request: Request, go_on) -> Response:
        basic = b64encode(f"{USER}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") not in {f"Bearer {TOKEN}", f"Basic {basic}"}:
            return Response(status_code=401)
        if self.throttled:
            self.throttled -= 1
            return Response(status_code=429, headers={"Retry-After": self.retry_after})
        return await go_on(request)

    def _found(self, page_id: str) -> WikiPage:
        if page_id not in self.pages or page_id == self.vanished:
            raise HTTPException(404)
        return self.pages[page_id]

    def _restrictions(self, page: WikiPage, key: str) -> dict:
        users = [{"type": "known", key: user} for user in page.users]
        groups = [{"type": "group", "name": name} for name in page.groups]
        return {
            "user": {"results": users, "size": len(users)},
            "group": {"results": groups, "size": len(groups)},
        }

    def content(
        self,
        type: str,
        expand: str,
        limit: int,
        space: Annotated[str, Query(alias="spaceKey")],
        start: int = 0,
    ) -> dict:
        """GET /rest/api/content: list of content, expanded."""
        if space != "HR":
            raise HTTPException(404)
        assert {"version", "ancestors"} <= set(expand.split(","))
        if self.cut_at == start:
            raise HTTPException(500)
        size = min(limit, self.page_size)
        of_kind = [page for page in self.pages.values() if page.kind == type]
        shown = of_kind[start : start + size]
        links = {"base": "http://wiki", "context": ""}
        if start + size < len(of_kind):
            links["next"] = self.next_link or (
                f"/rest/api/content?spaceKey=HR&type={type}&expand={expand}"
                f"&limit={limit}&start={start + size}"
            )
        results = [
            {
                "id": page.id,
                "type": page.kind,
                "title": page.title,
                "version": {"number": page.version},
                "ancestors": [{"id": one} for one in self._above(page)],
                "restrictions": {"read": {"restrictions": self._restrictions(page, "username")}},
            }
            for page in shown
        ]
        return {"results": results, "start": start, "size": len(shown), "_links": links}

    def _above(self, page: WikiPage) -> list[str]:
        found: list[str] = []
        while page.parent:
            found.insert(0, page.parent)
            if page.parent not in self.pages:
                break
            page = self.pages[page.parent]
        return found

    def one(self, page_id: str, expand: str) -> dict:
        assert expand == "body.export_view"
        page = self._found(page_id)
        return {"id": page.id, "title": page.title, "body": {"export_view": {"value": page.body}}}

    def children(self, page_id: str, limit: int, expand: str) -> dict:
        page = self._found(page_id)
        results = [
            {
                "id": f"att{name}",
                "title": name,
                "version": {"number": 1},
                "extensions": {"fileSize": len(content)},
                "_links": {"download": f"/download/attachments/{page_id}/{name}?version=1&api=v2"},
            }
            for name, content in page.files.items()
        ]
        return {"results": results, "_links": {}}

    def download(self, page_id: str, name: str) -> Response:
        return Response(self._found(page_id).files[name])

    def spaces(self, keys: str) -> dict:
        return {"results": [{"id": 77, "key": "HR"}] if keys == "HR" else []}

    def cloud_pages(self, space: int, kind: str, limit: int, cursor: int = 0) -> dict:
        assert space == 77
        if self.cut_at == cursor:
            raise HTTPException(500)
        size = min(limit, self.page_size)
        of_kind = [page for page in self.pages.values() if f"{page.kind}s" == kind]
        links = {}
        if cursor + size < len(of_kind):
            links["next"] = f"/wiki/api/v2/spaces/77/{kind}?limit={limit}&cursor={cursor + size}"
        results = [self._cloud(page) for page in of_kind[cursor : cursor + size]]
        return {"results": results, "_links": links}

    def _cloud(self, page: WikiPage) -> dict:
        return {
            "id": page.id,
            "status": "current",
            "title": page.title,
            "parentId": page.parent,
            "parentType": page.parent_kind if page.parent else None,
            "version": {"number": page.version},
        }

    def cloud_page(self, request: Request, page_id: str) -> dict:
        page = self._found(page_id)
        body = {"export_view": {"value": page.body}}
        return self._cloud(page) | ({"body": body} if "body-format" in request.query_params else {})

    def cloud_attachments(self, page_id: str, limit: int) -> dict:
        results = [
            {
                "id": f"att{name}",
                "title": name,
                "version": {"number": 1},
                "fileSize": len(content),
                "downloadLink": f"/download/attachments/{page_id}/{name}?version=1",
            }
            for name, content in self._found(page_id).files.items()
        ]
        return {"results": results, "_links": {}}

    def restriction(self, page_id: str, expand: str) -> dict:
        restrictions = self._restrictions(self._found(page_id), "accountId")
        return {"operation": "read", "restrictions": restrictions}
