"""Microsoft Graph and its login, as documented: OAuth 2.0 client credentials, delta pages,
JSON batches, throttling, tokens that expire, downloads from another host."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from fastapi import FastAPI, HTTPException, Request, Response

TENANT, CLIENT, SECRET = "contoso", "app-1", "the application's secret"


@dataclass
class DriveFile:
    id: str
    name: str
    content: bytes = b""
    tag: int = 1
    readers: list[dict] = field(default_factory=list)


def granted(kind: str, identity: str, roles: tuple[str, ...] = ("read",), **more) -> dict:
    """A permission for one."""
    return {"roles": [*roles], "grantedToV2": {kind: {"id": identity}}, **more}


class Graph:
    """`store` is the address of the host that has the bytes; requests there are noted in
    `store_headers`. Tokens hold for `token_uses` requests."""

    def __init__(self) -> None:
        self.address = self.store = ""
        self.files: dict[str, DriveFile] = {}
        self.page_size = 2
        self.token_uses = 10_000
        self.tokens_given = 0
        self.throttled = self.throttled_in_batch = 0
        self.cut_at: int | None = None
        self.next_host = ""
        self.vanished = ""
        self.batches = 0
        self.batch_status = 200
        self.store_headers: list[dict[str, str]] = []
        self._uses: dict[str, int] = {}
        self._numbers = itertools.count()
        self.app = FastAPI()
        self.app.middleware("http")(self._guard)
        add = self.app.get
        add("/{tenant}/v2.0/.well-known/openid-configuration")(self.discover)
        self.app.post("/{tenant}/oauth2/v2.0/token")(self.token)
        add("/v1.0/sites/{host}:/sites/{name}")(self.site)
        add("/v1.0/sites/{site}/drives")(self.drives)
        add("/v1.0/users/{user}/drive")(self.drive)
        add("/v1.0/drives/{drive}/root/delta")(self.delta)
        add("/v1.0/drives/{drive}/items/{item}/content")(self.content)
        self.app.post("/v1.0/$batch")(self.batch)
        self.store_app = FastAPI()
        self.store_app.get("/bytes/{item}")(self.bytes)

    async def _guard(self, request: Request, go_on) -> Response:
        if not request.url.path.startswith("/v1.0/"):
            return await go_on(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._uses.get(token, 0) < 1:
            return Response(status_code=401)
        self._uses[token] -= 1
        if self.throttled:
            self.throttled -= 1
            return Response(status_code=429, headers={"Retry-After": "2"})
        return await go_on(request)

    def discover(self, tenant: str) -> dict:
        if tenant != TENANT:
            raise HTTPException(400)
        base = f"{self.address}/{tenant}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "issuer": f"{base}/v2.0",
        }

    async def token(self, tenant: str, request: Request, response: Response) -> dict:
        form = {key: value[0] for key, value in parse_qs((await request.body()).decode()).items()}
        assert form["grant_type"] == "client_credentials"
        assert form["scope"] == f"{self.address}/.default"
        if (form["client_id"], form["client_secret"]) != (CLIENT, SECRET):
            response.status_code = 401
            return {
                "error": "invalid_client",
                "error_description": f"AADSTS7000215: Invalid secret {form['client_secret']}",
            }
        token = f"token-{next(self._numbers)}"
        self._uses[token] = self.token_uses
        self.tokens_given += 1
        return {"access_token": token, "token_type": "Bearer", "expires_in": 3599}

    def site(self, host: str, name: str) -> dict:
        if (host, name) != ("contoso.sharepoint.com", "hr"):
            raise HTTPException(404)
        return {"id": "contoso.sharepoint.com,1,2"}

    def drives(self, site: str) -> dict:
        assert site == "contoso.sharepoint.com,1,2"
        return {"value": [{"id": "d!1"}]}

    def drive(self, user: str) -> dict:
        if user != "amelie@contoso.com":
            raise HTTPException(404)
        return {"id": "d!1"}

    def delta(self, drive: str, skip: int = 0) -> dict:
        """Folders and deleted items are among them, and one file comes twice."""
        if self.cut_at == skip:
            raise HTTPException(500)
        entries = [{"id": "root", "name": "root", "folder": {}}]
        entries += [self._entry(file, tag=0) for file in list(self.files.values())[:1]]
        entries += [self._entry(file) for file in self.files.values()]
        entries.append({"id": "x", "name": "x.pdf", "file": {}, "deleted": {"state": "deleted"}})
        answer: dict = {"value": entries[skip : skip + self.page_size]}
        if skip + self.page_size < len(entries):
            root = self.next_host or self.address
            answer["@odata.nextLink"] = (
                f"{root}/v1.0/drives/{drive}/root/delta?skip={skip + self.page_size}"
            )
        elif self.cut_at != -1:
            answer["@odata.deltaLink"] = f"{self.address}/v1.0/drives/{drive}/root/delta?token=1"
        return answer

    def _entry(self, file: DriveFile, tag: int | None = None) -> dict:
        return {
            "id": file.id,
            "name": file.name,
            "size": len(file.content),
            "cTag": f"c:{file.id},{file.tag if tag is None else tag}",
            "file": {"mimeType": "application/octet-stream"},
            "webUrl": f"https://contoso.sharepoint.com/sites/hr/{file.name}",
        }

    async def batch(self, request: Request) -> dict:
        requests = (await request.json())["requests"]
        assert 1 <= len(requests) <= 20
        self.batches += 1
        answers = []
        for one in requests:
            item = one["url"].split("/")[4]
            if self.throttled_in_batch:
                self.throttled_in_batch -= 1
                answer = {"status": 429, "headers": {"Retry-After": "3"}, "body": {}}
            elif item == self.vanished:
                answer = {"status": 404, "body": {}}
            elif self.batch_status != 200:
                answer = {"status": self.batch_status, "body": {}}
            else:
                answer = {"status": 200, "body": {"value": self.files[item].readers}}
            answers.insert(0, {"id": one["id"], **answer})  # in any order
        return {"responses": answers}

    def content(self, item: str) -> Response:
        if item not in self.files or item == self.vanished:
            raise HTTPException(404)
        return Response(
            status_code=302, headers={"Location": f"{self.store}/bytes/{item}?tempauth=x"}
        )

    def bytes(self, item: str, request: Request) -> Response:
        self.store_headers.append(dict(request.headers))
        return Response(self.files[item].content)
