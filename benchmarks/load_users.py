"""People who search, ask and bring documents in, all at once: the load generator.

    python benchmarks/load_users.py http://127.0.0.1:PORT < ORDER.json > RECORDS.jsonl

A process of its own, since gevent, which locust runs on, replaces Python's sockets and threads. It
talks to this machine alone, makes as many requests as the order says and no more, and ends by
itself. Each line is a record as benchmarks/load_order.py describes it.
"""

from __future__ import annotations

from locust import FastHttpUser, task  # first: it patches the library
from locust.env import Environment
from locust.exception import StopUser

# isort: split

import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import gevent

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.load_order import Order, require_loopback

MOST_SECONDS = 4 * 3600
SILENCE_S = 900.0
"""A stream that says nothing for so long is broken off, and counted as dropped."""
MOST_UPLOADS = 10_000
MOST_PEOPLE = 160
STRIDE = 7_919
"""So far apart in the list of texts are those with which two people begin."""
NAMES = 50

write_record: Callable[[dict[str, Any]], None]
order: Order
turn = itertools.count()
uploads = itertools.count()
begun = 0.0
answers_read = 0


class Person(FastHttpUser):
    """Somebody with a token, who does something at random moments: together they arrive as a
    Poisson process. Who is late, because the last answer was, counts from when it was due."""

    abstract = True
    connection_timeout = 30.0
    network_timeout = SILENCE_S
    each_per_s: ClassVar[float] = 0.0

    def on_start(self) -> None:
        self.number = next(turn)
        self.chance = random.Random(self.number)  # noqa: S311 - the same each time
        self.due = begun + self.pause() if self.each_per_s else time.perf_counter()
        gevent.sleep(max(0.0, self.due - time.perf_counter()))
        self.who = self.number % len(order.tokens)
        first = (order.first + STRIDE * self.number) % len(self.texts())
        self.words = itertools.islice(itertools.cycle(self.texts()), first, None)

    def pause(self) -> float:
        return self.chance.expovariate(self.each_per_s) if self.each_per_s else 0.0

    def wait_time(self) -> float:
        self.due += self.pause()
        return max(0.0, self.due - time.perf_counter())

    def texts(self) -> list[str]:
        return order.searches

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {order.tokens[self.who]}"}

    def note(self, kind: str, status: int, **more: Any) -> None:
        now = time.perf_counter()
        write_record(
            {
                "kind": kind,
                "who": self.who,
                "at_s": round(self.due - begun, 3),
                "status": status,
                "ms": round((now - self.due) * 1000, 2),
                **more,
            }
        )


class Searching(Person):
    @task
    def search(self) -> None:
        answer = self.client.get(
            f"/api/search?q={quote(next(self.words))}&k=10", headers=self.headers(), name="search"
        )
        self.note("search", answer.status_code)


class Asking(Person):
    """Asks one question after the other, and reads each answer to its end."""

    once = False

    def texts(self) -> list[str]:
        return order.questions

    @task
    def ask(self) -> None:
        global answers_read
        answer = self.client.post(
            "/api/ask/stream",
            json={"question": next(self.words)},
            headers=self.headers(),
            name="ask",
            stream=True,
        )
        told: dict[str, Any] = {"retry_after_s": (answer.headers or {}).get("retry-after")}
        if answer.status_code == 200:
            for name, data in read_events(answer):
                ms = round((time.perf_counter() - self.due) * 1000, 2)
                told.setdefault("first", name)
                told.setdefault("first_ms", ms)
                if name != "waiting":
                    told.setdefault("passages_ms", ms)
                if name in ("sentence", "answer"):
                    told.setdefault("begun_ms", ms)
                told["last"] = name
                if name == "answer":
                    told["writer"] = json.loads(data)["writer"]
                if name == "error":
                    told["error"] = json.loads(data)["error"]["type"]
        self.note("ask", answer.status_code, **told)
        answers_read += 1
        if self.once:
            raise StopUser


class AskingOnce(Asking):
    once = True


class Uploading(Person):
    """Brings small documents in, under names that come again and again."""

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {order.writer}"}

    @task
    def upload(self) -> None:
        number = next(uploads)
        if number >= MOST_UPLOADS:
            raise StopUser
        text = f"# Note {number}\n\n{next(self.words)}. Number {number}.\n"
        body = (
            '--boundary\r\nContent-Disposition: form-data; name="file"; '
            f'filename="load-{number % NAMES}.md"\r\n\r\n{text}\r\n--boundary--\r\n'
        )
        answer = self.client.post(
            "/api/documents",
            data=body.encode(),
            headers={
                **self.headers(),
                "Content-Type": "multipart/form-data; boundary=boundary",
            },
            name="upload",
        )
        self.note("upload", answer.status_code)


def read_events(answer: Any) -> Iterator[tuple[str, str]]:
    """Name and data of each server-sent event, as soon as it is there."""
    name = ""
    while line := answer._response.readline(b"\n"):
        text = bytes(line).decode().rstrip("\n")
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            yield name, text.removeprefix("data: ")


def run(url: str) -> None:
    """Follow the order, and end."""
    global begun
    kinds: list[type[Person]] = []
    for kind, per_s in (
        (Searching, order.searches_per_s),
        (Asking, order.asks_per_s),
        (Uploading, order.uploads_per_s),
    ):
        if per_s:
            kind.fixed_count = max(1, min(MOST_PEOPLE, round(4 * per_s)))
            kind.each_per_s = per_s / kind.fixed_count
            kinds.append(kind)
    if order.streams:
        AskingOnce.fixed_count = order.streams
        kinds.append(AskingOnce)
    total = sum(kind.fixed_count for kind in kinds)
    environment = Environment(user_classes=kinds, host=url)
    runner = environment.create_local_runner()
    begun = time.perf_counter()
    runner.start(total, spawn_rate=total)
    until = begun + min(order.seconds, MOST_SECONDS)
    while time.perf_counter() < until:
        if kinds == [AskingOnce] and answers_read == order.streams:
            break
        gevent.sleep(0.1)
    runner.quit()


def main() -> None:
    global order, write_record
    url = sys.argv[1]
    require_loopback(url)
    order = Order(**json.load(sys.stdin))

    def write(record: dict[str, Any]) -> None:
        print(json.dumps(record), flush=False)

    write_record = write
    run(url)


if __name__ == "__main__":
    main()
