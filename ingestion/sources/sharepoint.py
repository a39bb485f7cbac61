"""SharePoint sites and OneDrive, through Microsoft Graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, model_validator

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.parsers.base import format_of
from ingestion.sources.base import Source, SourceItem
from ingestion.sources.connection import Connection
from ingestion.sources.graph import ASKED_AT_ONCE, Graph, GraphToken, TokenClient, understood
from ingestion.sources.options import Options, ServiceAddress, Surroundings, read_secret

_READING = frozenset({"read", "write", "owner", "sp.full control"})
_FIELDS = "id,name,size,cTag,eTag,file,deleted,webUrl"


class SharePointOptions(Options):
    """The document libraries of a site, or one person's OneDrive, or one drive."""

    tenant: str = Field(pattern=r"^[A-Za-z0-9.\-]{1,100}$", description="its id or domain")
    client_id: str = Field(pattern=r"^[A-Za-z0-9\-]{1,100}$", description="of the app registration")
    client_secret_env: str = Field("", description="environment variable with its secret")
    client_secret_file: str = Field("", description="file with its secret, and nothing else")
    site: str = Field("", max_length=500, description="contoso.sharepoint.com:/sites/hr")
    user: str = Field("", max_length=320, description="whose OneDrive: name@contoso.com")
    drive: str = Field("", max_length=200, description="id of one drive")
    permissions: bool = Field(True, description="take along who may read each file")
    login: ServiceAddress = Field(
        "https://login.microsoftonline.com", description="national clouds"
    )
    graph: ServiceAddress = Field("https://graph.microsoft.com", description="national clouds")
    ca_file: str = Field("", description="certificates to trust (PEM) besides the public ones")

    @property
    def is_private(self) -> bool:
        return not self.permissions

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum(map(bool, (self.site, self.user, self.drive))) != 1:
            raise ValueError("give one of site, user and drive")
        if bool(self.client_secret_env) == bool(self.client_secret_file):
            raise ValueError("give client_secret_env or client_secret_file")
        if not (self.login.startswith("https:") and self.graph.startswith("https:")):
            raise ValueError("login and graph must be https:// addresses")
        return self


OPTIONS = SharePointOptions


class SharePointSource:
    """Content tags are fingerprints. An address is what SharePoint shows to people, followed by
    #DRIVE/ITEM, which is how the file is found again.

    Readers are user:ID and group:ID, the ids that Entra gives in its tokens too, and
    sitegroup:NAME. A link that was made for sharing adds nobody whom it does not name.
    """

    def __init__(self, options: SharePointOptions, graph: Graph, *, limit_bytes: int) -> None:
        self._options = options
        self._graph = graph
        self._limit_bytes = limit_bytes

    @property
    def address(self) -> str:
        options = self._options
        what = options.site or options.user or options.drive
        return f"{options.graph}/{quote(what, safe='@:/')}"

    def items(self) -> Iterator[SourceItem]:
        try:
            for drive in self._drives():
                files = self._files(drive)
                while some := list(islice(files, ASKED_AT_ONCE)):
                    yield from self._with_readers(drive, some)
        except SourceItemGoneError as exc:
            raise SourceUnavailableError(
                f"{exc}; are site, user or drive right, and may the application see them?"
            ) from exc

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        drive, _, file = urlsplit(item.uri).fragment.partition("/")
        address = f"{self._graph.url}/drives/{drive}/items/{file}/content"
        return self._graph.connection.download(
            address, folder, item.name, limit_bytes=self._limit_bytes, follow_redirects=True
        )

    def close(self) -> None:
        self._graph.close()

    def _drives(self) -> list[str]:
        """Their ids, as they stand in addresses."""
        options = self._options
        if options.drive:
            return [quote(options.drive, safe="")]
        if options.user:
            path = f"/users/{quote(options.user, safe='')}/drive?$select=id"
            with understood(path):
                return [quote(str(self._graph.read(path)["id"]), safe="")]
        path = f"/sites/{quote(options.site, safe=':/,')}"
        with understood(path):
            site = quote(str(self._graph.read(f"{path}?$select=id")["id"]), safe=",")
            listed = self._graph.listed(f"/sites/{site}/drives?$select=id")
            return [quote(str(drive["id"]), safe="") for drive in listed]

    def _files(self, drive: str) -> Iterator[dict[str, Any]]:
        """Of formats that Philo reads. Graph may list a file twice; its last word counts."""
        path = f"/drives/{drive}/root/delta?$select={_FIELDS}"
        found: dict[str, dict[str, Any]] = {}
        with understood(path):
            for entry in self._graph.listed(path):
                found.pop(entry["id"], None)
                if "file" in entry and "deleted" not in entry and format_of(entry["name"]):
                    found[entry["id"]] = entry
        return iter(found.values())

    def _with_readers(self, drive: str, files: list[dict[str, Any]]) -> Iterator[SourceItem]:
        ids = [quote(str(file["id"]), safe="") for file in files]
        readers: list[frozenset[str] | None] = [None] * len(files)
        gone: set[str] = set()
        if self._options.permissions:
            paths = [f"/drives/{drive}/items/{one}/permissions" for one in ids]
            for number, answer in enumerate(self._graph.ask_many(paths)):
                if answer is None:
                    gone.add(ids[number])
                else:
                    readers[number] = frozenset(self._readers(answer))
        with understood(f"/drives/{drive}"):
            for one, file, allowed in zip(ids, files, readers, strict=True):
                if one not in gone:
                    yield SourceItem(
                        uri=f"{str(file['webUrl']).partition('#')[0]}#{drive}/{one}",
                        name=str(file["name"]),
                        fingerprint=str(file.get("cTag") or file["eTag"]),
                        size_bytes=int(file["size"]),
                        groups=allowed,
                    )

    def _readers(self, answer: dict[str, Any]) -> Iterator[str]:
        """Whom one file's permissions let read it."""
        with understood("/permissions"):
            stated = list(answer["value"])
            if following := answer.get("@odata.nextLink"):
                stated.extend(self._graph.listed(following))
            for permission in stated:
                if _READING.intersection(permission.get("roles") or ()):
                    yield from _identities(permission)


def open_source(options: SharePointOptions, surroundings: Surroundings) -> Source:
    """Raises SourceUnavailableError: the secret is not there, or the login cannot be reached."""
    import msal
    import requests

    secret = read_secret(
        options.client_secret_env, options.client_secret_file, option="client_secret"
    )
    tokens = TokenClient(options.ca_file)
    try:
        application = msal.ConfidentialClientApplication(
            options.client_id,
            client_credential=secret,
            authority=f"{options.login}/{options.tenant}",
            instance_discovery=False,  # the operator names the login; nobody else is asked
            http_client=tokens,
        )
    except (requests.RequestException, ValueError, OSError) as exc:
        tokens.close()
        raise SourceUnavailableError(
            f"{options.login}/{options.tenant} cannot be used to log in ({type(exc).__name__}); "
            "correct tenant and login"
        ) from exc
    auth = GraphToken(application, tokens, scope=f"{options.graph}/.default")
    graph = Graph(f"{options.graph}/v1.0", Connection(auth=auth, ca_file=options.ca_file), auth)
    return SharePointSource(options, graph, limit_bytes=surroundings.max_file_bytes)


def _identities(permission: dict[str, Any]) -> Iterator[str]:
    granted: Iterable[dict[str, Any] | None] = (
        permission.get("grantedToV2") or permission.get("grantedTo"),
        *(permission.get("grantedToIdentitiesV2") or permission.get("grantedToIdentities") or ()),
    )
    for identity in granted:
        if not identity:
            continue
        if user := identity.get("user"):
            yield f"user:{user.get('id') or user['email']}"
        elif group := identity.get("group"):
            yield f"group:{group.get('id') or group['email']}"
        elif site_group := identity.get("siteGroup"):
            yield f"sitegroup:{site_group.get('displayName') or site_group['id']}"
        elif site_user := identity.get("siteUser"):
            yield f"siteuser:{site_user.get('loginName') or site_user['id']}"
