"""Nearest neighbours on a Chroma server, which several processes share.

Chroma has no authentication of its own: its address must be private.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from assistant.errors import (
    IndexMismatchError,
    KnowledgeError,
    PhiloError,
    StorageFullError,
    StoreUnavailableError,
    VectorsLostError,
)
from assistant.knowledge.renewal import Alone, Fill
from assistant.knowledge.vectors.base import VectorEntry
from assistant.knowledge.vectors.chroma_collection import FIELDS, HNSW, CollectionVectors
from assistant.storage_settings import ChromaSettings

if TYPE_CHECKING:
    from chromadb.api.fastapi import FastAPI
    from chromadb.api.models.Collection import Collection as ChromaCollection

Result = TypeVar("Result")

CONNECT_TIMEOUT_S = 3.0
LISTED_IDS = 10_000
"""Asked for at a time."""
EXCHANGE_S = 2.0
"""How long a collection may have no name while another process puts a fresh one in its place."""
FRESH, FORMER = "-fresh", "-former"


class ChromaServer:
    """A Chroma server with a collection for each index. Nothing is asked of it before it is used,
    so that one that is away stops nobody; once it is back, everything goes on by itself."""

    shared = True
    approximate = True

    def __init__(self, settings: ChromaSettings) -> None:
        self.address = settings.address
        self._settings = settings
        self._api: FastAPI | None = None
        self._opening = threading.Lock()

    def open(
        self, folder: Path, *, number: int, embedder_id: str, dimension: int
    ) -> ChromaServerVectors:
        del folder
        return ChromaServerVectors(
            self, self._name(number), embedder_id=embedder_id, dimension=dimension
        )

    def counts(self) -> dict[int, int]:
        own = re.compile(rf"{re.escape(self._settings.collection)}-(\d+)")
        found: dict[int, int] = {}
        with self.translated():
            for one in self.api().list_collections():
                if named := own.fullmatch(one.name):
                    found[int(named[1])] = self.collection(one).count()
        return found

    def keep_only(self, numbers: Collection[int]) -> None:
        """Delete the collections of indexes that were dropped, and what an exchange that was cut
        short has left of those before. A fresh one may be another process's at work: whoever makes
        one next deletes it first."""
        kept = {self._name(number) for number in numbers}
        kept |= {name + FRESH for name in kept}
        own = re.compile(rf"{re.escape(self._settings.collection)}-\d+({FRESH}|{FORMER})?")
        with self.translated():
            for one in self.api().list_collections():
                if own.fullmatch(one.name) and one.name not in kept:
                    self.api().delete_collection(one.name)

    def check(self) -> str:
        with self.translated():
            return f"Chroma {self.api().get_version()} at {self.address}"

    def api(self) -> FastAPI:
        """Chroma's client. Its own constructor waits for ever for a server that is silent, so it
        is put together here."""
        with self._opening:
            if self._api is None:
                from chromadb.api.fastapi import FastAPI
                from chromadb.config import Settings, System

                token = self._settings.token
                headers = (
                    None
                    if token is None
                    else {"Authorization": f"Bearer {token.get_secret_value()}"}
                )
                system = System(
                    Settings(
                        chroma_api_impl="chromadb.api.fastapi.FastAPI",
                        chroma_server_host=self._settings.host,
                        chroma_server_http_port=self._settings.port,
                        chroma_server_ssl_enabled=self._settings.ssl,
                        chroma_server_headers=headers,
                        anonymized_telemetry=False,
                    )
                )
                api = system.instance(FastAPI)
                # Its only way to a time limit.
                api._session.timeout = httpx.Timeout(
                    self._settings.timeout_s,
                    connect=min(CONNECT_TIMEOUT_S, self._settings.timeout_s),
                )
                self._api = api
            return self._api

    def collection(self, model: Any) -> ChromaCollection:
        from chromadb.api.models.Collection import Collection as ChromaCollection

        return ChromaCollection(self.api(), model, embedding_function=None)

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        from chromadb.errors import ChromaError, InternalError, NotFoundError, RateLimitError

        try:
            yield
        except (PhiloError, NotFoundError):
            raise
        except httpx.TimeoutException as exc:
            raise StoreUnavailableError(
                f"the Chroma server at {self.address} did not answer within "
                f"{self._settings.timeout_s:g} s; look at its log and its load"
            ) from exc
        except httpx.HTTPError as exc:
            raise StoreUnavailableError(
                f"the Chroma server at {self.address} cannot be reached ({exc}); start it with: "
                "chroma run, or correct [storage.chroma]"
            ) from exc
        except (InternalError, RateLimitError) as exc:
            message = str(exc)
            if "disk is full" in message or "No space left" in message:
                raise StorageFullError(
                    f"no space is left where the Chroma server at {self.address} keeps its files; "
                    "free some and try again"
                ) from exc
            raise StoreUnavailableError(
                f"the Chroma server at {self.address} failed ({message}); look at its log"
            ) from exc
        except ChromaError as exc:
            raise KnowledgeError(f"the vector index refused a call: {exc}") from exc
        except Exception as exc:
            # Its client raises bare ones for answers that are not of Chroma: a proxy's, or halves.
            raise StoreUnavailableError(
                f"{self.address} does not answer as a Chroma server does "
                f"({type(exc).__name__}: {str(exc)[:200]}); look at what runs there"
            ) from exc

    def close(self) -> None:
        with self._opening:
            if self._api is not None:
                self._api._session.close()
                self._api = None

    def _name(self, number: int) -> str:
        return f"{self._settings.collection}-{number}"


class ChromaServerVectors(CollectionVectors):
    """One collection of the server.

    Raises, from whatever is asked of it:
        StoreUnavailableError: the server is away, silent or failing.
        VectorsLostError: it has lost the collection.
        IndexMismatchError: the collection holds vectors of another embedder.
    """

    rows_a_call = 1_000  # so that no call takes longer than the time limit

    def __init__(
        self, server: ChromaServer, name: str, *, embedder_id: str, dimension: int
    ) -> None:
        super().__init__(embedder_id=embedder_id, dimension=dimension)
        self._server = server
        self._name = name
        self._held: ChromaCollection | None = None
        self._met = False
        self._missed_s = 0.0
        self._resolving = threading.Lock()

    def ids(self) -> set[str]:
        found: set[str] = set()
        while True:
            some = self._call(
                lambda collection: collection.get(include=[], limit=LISTED_IDS, offset=len(found))
            )["ids"]
            found.update(some)
            if len(some) < LISTED_IDS:
                return found

    def count(self) -> int:
        from chromadb.errors import NotFoundError

        with self._server.translated():
            try:
                self._held = self._look_up()
                self._met = True
                return self._held.count()
            except NotFoundError as exc:
                raise self._lost() from exc

    def clear(self) -> None:
        with self._server.translated():
            self._drop(self._name)
            self._held = None
            self._create(self._name)

    def renew(self, fill: Fill[VectorEntry], alone: Alone) -> None:
        from chromadb.errors import NotFoundError

        fresh, former = self._name + FRESH, self._name + FORMER
        with self._server.translated():
            self._drop(fresh)
            self._drop(former)
        filled = ChromaServerVectors(
            self._server, fresh, embedder_id=self._embedder_id, dimension=self.dimension
        )
        fill(filled.add)
        with alone(), self._server.translated():
            # Other processes look for the name again when what they held is gone.
            with contextlib.suppress(NotFoundError):
                self._server.collection(self._server.api().get_collection(self._name)).modify(
                    name=former
                )
            self._held = None
            filled._call(lambda collection: collection.modify(name=self._name))
            self._met = True
        with self._server.translated():
            self._drop(former)

    def close(self) -> None:
        self._held = None

    def _call(self, ask: Callable[[ChromaCollection], Result]) -> Result:
        from chromadb.errors import NotFoundError

        with self._server.translated():
            try:
                return ask(self._resolve())
            except NotFoundError:
                self._held = None  # another process has put a fresh one in its place
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                pass  # a connection of before the server was started again
            try:
                return ask(self._resolve())
            except NotFoundError as exc:
                raise self._lost() from exc

    def _resolve(self) -> ChromaCollection:
        began_s = time.monotonic()
        with self._resolving:
            if self._held is None:
                if began_s < self._missed_s:  # another thread has waited for it meanwhile
                    raise self._lost()
                self._held = self._find() if self._met else self._create(self._name)
                self._met = True
            return self._held

    def _find(self) -> ChromaCollection:
        from chromadb.errors import NotFoundError

        until = time.monotonic() + EXCHANGE_S
        while True:
            try:
                return self._look_up()
            except NotFoundError as exc:
                if time.monotonic() > until:
                    self._missed_s = time.monotonic()
                    raise self._lost() from exc
                time.sleep(0.05)

    def _look_up(self) -> ChromaCollection:
        """
        Raises:
            NotFoundError: there is none of that name, or one that somebody else made.
        """
        from chromadb.errors import NotFoundError

        found = self._server.collection(self._server.api().get_collection(self._name))
        if not self._is_mine(found):
            raise NotFoundError(self._name)
        return found

    def _create(self, name: str) -> ChromaCollection:
        made = self._made(name)
        if not self._is_mine(made):
            self._drop(name)
            made = self._made(name)
        return made

    def _is_mine(self, found: ChromaCollection) -> bool:
        """Whether it is as this index makes it; an empty one of another embedder is not."""
        about = found.metadata or {}
        held = about.get("embedder")
        if held != self._embedder_id and found.count():
            raise IndexMismatchError(
                f"the collection {found.name!r} of {self._server.address} holds vectors of the "
                f"embedder {held!r}, not of {self._embedder_id!r}; give each installation a name "
                "of its own ([storage.chroma] collection), or delete the collection: it is rebuilt"
            )
        return held == self._embedder_id and about.get("fields") == FIELDS

    def _made(self, name: str) -> ChromaCollection:
        return self._server.collection(
            self._server.api().get_or_create_collection(
                name, configuration={"hnsw": HNSW}, metadata=self._described()
            )
        )

    def _drop(self, name: str) -> None:
        from chromadb.errors import NotFoundError

        with contextlib.suppress(NotFoundError):
            self._server.api().delete_collection(name)

    def _lost(self) -> VectorsLostError:
        return VectorsLostError(
            f"the Chroma server at {self._server.address} has no collection {self._name!r} any "
            "more; it is being filled again from the database, try again in a minute"
        )
