"""A few people who ask and upload all the time, and what they were answered."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

LIMIT_S = 20.0
"""A request may wait for the database and then for the vectors, more than once."""
PAUSE_S, UPLOAD_PAUSE_S = 0.5, 2.0
AWAY = 503
FIRST = "beacon"
"""The document that is always there."""


@dataclass
class Load:
    """`wrong` is what no fault may cause. `acknowledged` are jobs of accepted uploads by title; a
    title is a word that its document alone holds.

    Args:
        api: the service's address.
        limit_s: what takes longer hangs.
    """

    api: str
    limit_s: float = LIMIT_S
    acknowledged: dict[str, str] = field(default_factory=dict)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest_s: float = 0.0
    reachable: bool = True

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._numbers = itertools.count()
        self._threads = [
            threading.Thread(target=self._repeat, args=(work, pause_s), daemon=True)
            for work, pause_s in (
                (self.search, PAUSE_S),
                (self.search, PAUSE_S),
                (self.ask, PAUSE_S),
                (self.upload, UPLOAD_PAUSE_S),
            )
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(2 * self.limit_s)

    def search(self) -> bool:
        """Whether the document that is there was found."""
        answer = self._send("search", "GET", "/search", params={"q": f"Where is the {FIRST}?"})
        if answer is None:
            return False
        titles = [hit["title"] for hit in answer.json()["hits"]]
        if FIRST not in titles:
            self.wrong.append(f"a search found {titles}")
        return True

    def ask(self) -> bool:
        answer = self._send("ask", "POST", "/ask", json={"question": f"Where is the {FIRST}?"})
        if answer is None:
            return False
        if "hill" not in answer.json()["answer"]:
            self.wrong.append(f"the answer was {answer.json()['answer']!r}")
        return True

    def upload(self) -> bool:
        return self.bring_in(f"paper{next(self._numbers)}") is not None

    def bring_in(self, title: str, text: str | None = None) -> str | None:
        """The job's id, once the upload is acknowledged."""
        text = text or "\n\n".join(f"Part {n} of {title} is about {title}." for n in range(10))
        file = {"file": (f"{title}.txt", text.encode())}
        sent = self._send("upload", "POST", "/documents", files=file, params={"wait": False})
        if sent is None:
            return None
        self.acknowledged[title] = str(sent.json()["id"])
        return self.acknowledged[title]

    def _send(self, what: str, method: str, path: str, **fields: object) -> httpx.Response | None:
        """None: it was refused for now, or nobody was there."""
        began_s = time.monotonic()
        try:
            answer = httpx.request(method, self.api + path, timeout=self.limit_s, **fields)  # type: ignore[arg-type]
        except httpx.TimeoutException:
            self.wrong.append(f"{what} took longer than {self.limit_s:g} s")
            return None
        except httpx.TransportError as exc:
            if self.reachable:
                self.wrong.append(f"{what}: {exc!r}")
            return None
        finally:
            self.longest_s = max(self.longest_s, time.monotonic() - began_s)
        self.answers[what, answer.status_code] += 1
        if answer.status_code == AWAY and "Retry-After" in answer.headers:
            return None
        if not answer.is_success:
            self.wrong.append(f"{what}: {answer.status_code} {answer.text[:300]}")
            return None
        return answer

    def _repeat(self, work: Callable[[], bool], pause_s: float) -> None:
        while not self._ended.wait(pause_s):
            work()
