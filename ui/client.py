"""The service, over HTTP: the only way the page learns or changes anything."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Literal
from urllib.parse import quote

import httpx

from ui.replies import (
    DocumentList,
    Health,
    JobList,
    Me,
    Passage,
    Scope,
    Summary,
    Turn,
)

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
SESSION_COOKIES = ("__Host-philo_session", "philo_session")


class ServiceError(Exception):
    """The service refused or could not be reached.

    `kind` is the service's own name of the error, or `Unreachable`, or `SignedOut`.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Connection:
    """To the service, shared by all who use the page; it remembers no cookie of anybody."""

    def __init__(self, url: str, *, token: str = "") -> None:
        headers = {"X-Philo-Interface": "page"}  # for the audit log
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.http = httpx.Client(
            base_url=url,
            headers=headers,
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            trust_env=False,  # a proxy has no business between the page and its service
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        )


class Service:
    """The service as one person uses it. Every method raises ServiceError. Thread-safe.

    Args:
        cookies: of the browser; the service says whose they are.
        address: of the browser, for the service's log.
    """

    def __init__(
        self, connection: Connection, cookies: Mapping[str, str], *, address: str = ""
    ) -> None:
        self._http = connection.http
        self._headers = {}
        shown = "; ".join(f"{key}={cookies[key]}" for key in SESSION_COOKIES if key in cookies)
        if shown:
            self._headers["Cookie"] = shown
        if shown and address:
            self._headers["X-Forwarded-For"] = address

    def me(self) -> Me:
        """Who this is; from here on, changes are made in their name."""
        me: Me = self._call("GET", "/me")
        self._headers["X-Philo-CSRF"] = me["csrf"]
        return me

    def sign_out(self) -> None:
        self._call("DELETE", "/me/session")

    def health(self) -> Health:
        return self._call("GET", "/health")

    def ask(
        self, question: str, *, history: Sequence[Turn], scope: Scope, conversation: str
    ) -> Generator[tuple[str, Any], None, None]:
        """`("exchange", {"id"})`, `("sentence", {"sentence", "citations"})` for each, then
        `("answer", Answer)`. Both are kept in the conversation.

        Closing the iterator stops the writing.
        """
        body = {
            "question": question,
            "history": list(history),
            "scope": scope,
            "conversation": conversation,
        }
        yield from self.stream("/ask/stream", body)

    def summarise(
        self, documents: Sequence[str], *, form: str, language: str
    ) -> Generator[tuple[str, Any], None, None]:
        """`("progress", {"done", "total"})`, `("statement", {"statement", "citations"})` for
        each, then `("summary", Summary)`. Closing the iterator stops the work."""
        body = {"documents": list(documents), "form": form, "language": language}
        yield from self.stream("/summaries/stream", body)

    def export_summary(self, summary: Summary, kind: str) -> bytes:
        """A summary as a file: `kind` is md, docx or pdf."""
        body = {"summary": summary, "format": kind}
        return self.fetch("POST", "/summaries/export", json=body).content

    def documents(
        self,
        *,
        query: str,
        offset: int,
        limit: int,
        state: Literal["published", "quarantined"] = "published",
    ) -> DocumentList:
        """One page of the list, newest first; `total` counts all that match."""
        parameters = {"q": query, "state": state, "offset": offset, "limit": limit}
        return self._call("GET", "/documents", params=parameters)

    def collections(self) -> list[str]:
        """The names of all collections that hold a document, in alphabetical order."""
        listed = self._call("GET", "/collections")["collections"]
        return [one["name"] for one in listed if one["documents"]]

    def chunks(self, document_id: str) -> list[Passage]:
        """A document's text in its pieces, in order."""
        found = self._call("GET", f"/documents/{quote(document_id, safe='')}/chunks")
        return found["chunks"]

    def jobs(self, *, state: str, limit: int) -> JobList:
        """The newest jobs in a state, and how many there are in each."""
        return self._call("GET", "/jobs", params={"state": state, "limit": limit})

    def retry_job(self, job_id: str) -> None:
        self._call("POST", f"/jobs/{quote(job_id, safe='')}/retry")

    def cancel_job(self, job_id: str) -> None:
        self._call("POST", f"/jobs/{quote(job_id, safe='')}/cancel")

    def rate(
        self,
        question: str,
        *,
        good: bool,
        reason: str,
        correction: str,
        refused: bool,
        sentences: Sequence[dict[str, object]],
    ) -> None:
        """Say of an answer whether it is good. `sentences`: `text` and `document_ids` of each."""
        rating = {
            "question": question,
            "good": good,
            "reason": reason,
            "correction": correction,
            "refused": refused,
            "sentences": list(sentences),
        }
        self._call("POST", "/ratings", json=rating)

    def stream(self, path: str, body: dict[str, Any]) -> Generator[tuple[str, Any], None, None]:
        """One POST that is answered with events."""
        # The first sentence may take a small machine minutes: no limit on reading.
        timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S)
        try:
            with self._http.stream(
                "POST", path, json=body, timeout=timeout, headers=self._headers
            ) as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                yield from _read_events(response.iter_lines())
        except httpx.HTTPError as exc:
            raise _unreachable(exc) from exc

    def fetch(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One request; for the parts of the API that have a file of their own here."""
        try:
            response = self._http.request(method, path, headers=self._headers, **arguments)
        except httpx.HTTPError as exc:
            raise _unreachable(exc) from exc
        if response.is_error:
            raise _refusal(response)
        return response

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        response = self.fetch(method, path, **arguments)
        return response.json() if response.content else None


def _read_events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Server-sent events (WHATWG HTML, section 9.2) with one line of data each."""
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            data = json.loads(value)
            if name == "error":
                raise ServiceError(data["error"]["type"], data["error"]["message"])
            yield name, data


def _refusal(response: httpx.Response) -> ServiceError:
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return ServiceError("SignedOut", "")
    try:
        error = response.json()["error"]
        return ServiceError(error["type"], error["message"])
    except (ValueError, KeyError, TypeError):
        return ServiceError("HttpError", f"HTTP {response.status_code}")


def _unreachable(exc: Exception) -> ServiceError:
    return ServiceError("Unreachable", str(exc))
