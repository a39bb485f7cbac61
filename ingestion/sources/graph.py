"""Microsoft Graph: tokens, lists that go on, and many questions in one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from assistant.errors import SourceUnavailableError
from ingestion.sources.connection import LONGEST_WAIT_S, Connection, place

if TYPE_CHECKING:
    from msal import ConfidentialClientApplication

ASKED_AT_ONCE = 20
"""What Graph takes in one batch."""
ATTEMPTS = 5
TOKEN_TIMEOUT_S = 30
_CODE = re.compile(r"AADSTS\d+")


class TokenClient:
    """What msal asks for tokens with. Like all other connections it takes nothing from the
    environment: no proxy, no ~/.netrc, no certificates that nobody named here."""

    def __init__(self, ca_file: str) -> None:
        import requests

        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file or True

    def get(self, url: str, **arguments: Any) -> Any:
        return self._session.get(url, **{"timeout": TOKEN_TIMEOUT_S, **arguments})

    def post(self, url: str, **arguments: Any) -> Any:
        return self._session.post(url, **{"timeout": TOKEN_TIMEOUT_S, **arguments})

    def close(self) -> None:
        self._session.close()


class GraphToken(httpx.Auth):
    """Signs requests as an application; asks for a new token when the service wants one."""

    def __init__(
        self, application: ConfidentialClientApplication, client: TokenClient, *, scope: str
    ) -> None:
        self._application = application
        self._client = client
        self._scope = scope

    def close(self) -> None:
        self._client.close()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token()}"
        response = yield request
        if response.status_code == 401:
            self._application.remove_tokens_for_client()
            request.headers["Authorization"] = f"Bearer {self._token()}"
            yield request

    def _token(self) -> str:
        import requests

        try:
            answer = self._application.acquire_token_for_client([self._scope])
        except (requests.RequestException, ValueError) as exc:
            raise SourceUnavailableError(
                f"No token can be had: {self._application.authority.token_endpoint} cannot be "
                f"reached ({type(exc).__name__})"
            ) from exc
        if "access_token" not in answer:
            code = _CODE.search(str(answer.get("error_description", "")))
            raise SourceUnavailableError(
                f"No token is given to the application ({answer.get('error', 'no reason given')}"
                f"{f', {code[0]}' if code else ''}); correct tenant, client_id and the secret that "
                "client_secret_env or client_secret_file names"
            )
        return str(answer["access_token"])


class Graph:
    """Questions to Microsoft Graph."""

    def __init__(
        self,
        url: str,
        connection: Connection,
        token: GraphToken,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self.connection = connection
        self._token = token
        self._sleep = sleep

    def close(self) -> None:
        self.connection.close()
        self._token.close()

    def read(self, path: str) -> dict[str, Any]:
        return self.connection.read_json(self._address(path))

    def listed(self, path: str) -> Iterator[dict[str, Any]]:
        """All values, page by page; from /delta, only ended by its deltaLink."""
        following: str | None = path
        while following is not None:
            answer = self.connection.read_json(self._address(following))
            with understood(path):
                yield from answer["value"]
                following = answer.get("@odata.nextLink")
                if following is None and "/delta" in path and "@odata.deltaLink" not in answer:
                    raise SourceUnavailableError(
                        f"{self.url} broke its list off; it is tried again at the next run"
                    )

    def ask_many(self, paths: Sequence[str]) -> Iterator[dict[str, Any] | None]:
        """The answers in order; None for what does not exist any more.

        Args:
            paths: at most 20, like /drives/1/items/2/permissions.
        """
        answers: dict[str, dict[str, Any] | None] = {}
        waiting = {str(number): path for number, path in enumerate(paths)}
        for attempt in range(ATTEMPTS):
            requests = [
                {"id": number, "method": "GET", "url": path} for number, path in waiting.items()
            ]
            batch = self.connection.read_json(f"{self.url}/$batch", post={"requests": requests})
            wait_s = 2.0**attempt
            with understood("/$batch"):
                for one in batch["responses"]:
                    status, number = int(one["status"]), str(one["id"])
                    if status in {429, 503, 504}:
                        stated = (one.get("headers") or {}).get("Retry-After", "")
                        wait_s = max(wait_s, float(stated) if str(stated).isdecimal() else 0.0)
                        continue
                    if status not in {200, 404, 410}:
                        raise _refusal(waiting[number], status)
                    answers[number] = one["body"] if status == 200 else None
                    waiting.pop(number)
            if not waiting:
                yield from (answers[str(number)] for number in range(len(paths)))
                return
            self._sleep(min(wait_s, LONGEST_WAIT_S))
        raise SourceUnavailableError(f"{self.url} is too busy; it is tried again at the next run")

    def _address(self, path: str) -> str:
        """Of a path, or of a link to what follows, which must not lead elsewhere: the token
        would go along."""
        address = path if "://" in path else self.url + path
        if urlsplit(address)[:2] != urlsplit(self.url)[:2]:
            raise SourceUnavailableError(
                f"{self.url} continues its list on another host ({place(address)[:200]}), which "
                "is refused"
            )
        return address


@contextmanager
def understood(path: str) -> Iterator[None]:
    """Raises SourceUnavailableError: an answer lacks what Graph documents."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as exc:
        raise SourceUnavailableError(
            f"{path.partition('?')[0]} is not answered like Microsoft Graph does "
            f"({type(exc).__name__}: {str(exc)[:100]})"
        ) from exc


def _refusal(path: str, status: int) -> SourceUnavailableError:
    if status == 403:
        reason = "does not allow this; give the application the permission Sites.Read.All"
    else:
        reason = f"answers {status}"
    return SourceUnavailableError(f"Microsoft Graph {reason} ({path.partition('?')[0]})")
