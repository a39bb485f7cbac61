"""How the assistant is used, out of the audit log: what administrators look at, day by day.

No row is kept for it beside the log, so what was erased there is gone here too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from assistant.audit import AuditEntry, AuditFilter
from assistant.audit.content import Content
from assistant.audit.log import Audit
from assistant.errors import DocumentNotFoundError, QuestionError
from assistant.knowledge.library import Library
from assistant.types import PublicModel, Readable
from assistant.words import WORD

MOST_DAYS = 366
MOST_LISTED = 50
SETTLED = "question.settle"


class UsageDay(PublicModel):
    """`answered` and `refused` add up to `questions` less those that were broken off."""

    day: str
    questions: int = 0
    answered: int = 0
    refused: int = 0
    searches: int = 0
    summaries: int = 0
    people: int = 0


class Latency(PublicModel):
    """Milliseconds from the question to the whole answer, cached ones left out."""

    median_ms: float
    p95_ms: float


class UsedDocument(PublicModel):
    """In how many answers' passages a document stood."""

    document_id: str
    title: str
    answers: int


class OpenQuestion(PublicModel):
    """A question that was refused and not answered to anybody since."""

    question: str
    times: int
    last_asked_at: str


class Usage(PublicModel):
    """`unreadable_documents`: used ones that whoever looks may not read, nor learn the title of.
    `untold_questions`: refused ones of which the log keeps a hash only."""

    since: str
    days: list[UsageDay]
    refused_share: float | None
    latency: Latency | None
    documents: list[UsedDocument]
    unreadable_documents: int
    open_questions: list[OpenQuestion]
    untold_questions: int


class UsageReader:
    """Reads the log again each time: it is the one place where use is recorded."""

    def __init__(
        self,
        audit: Audit,
        library: Library,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._audit = audit
        self._library = library
        self._clock = clock

    def measure(self, readable: Readable, *, who: str, days: int = 30) -> Usage:
        """The last `days` days, today included (UTC). That it was read is logged.

        Args:
            readable: of whoever looks: titles of other documents are not told.
            days: 1 to 366.
        """
        days = min(max(days, 1), MOST_DAYS)
        now = self._clock()
        first = now.date() - timedelta(days=days - 1)
        since = datetime.combine(first, datetime.min.time(), UTC)
        entries = list(self._audit.every(wanted=AuditFilter(since=since)))
        self._audit.record(who, "audit.read", {"usage_since": first.isoformat()})
        asked = [one for one in entries if one.action == "ask"]
        documents, unreadable = self._documents(asked, readable)
        open_questions, untold = _open_questions(entries)
        ended = [one for one in asked if "refused" in one.details]
        return Usage(
            since=first.isoformat(),
            days=_by_day(entries, first, days),
            refused_share=_share(sum(one.details["refused"] for one in ended), len(ended)),
            latency=_latency(ended),
            documents=documents,
            unreadable_documents=unreadable,
            open_questions=open_questions,
            untold_questions=untold,
        )

    def settle(self, question: str, *, who: str) -> None:
        """Take a question off the list of open ones, until it is refused again.

        Raises:
            QuestionError: there is nothing in it.
        """
        if not _plain(question):
            raise QuestionError("there is no question to settle; name it as the list shows it")
        self._audit.record(who, SETTLED, {"question": Content(question)})

    def _documents(
        self, asked: Sequence[AuditEntry], readable: Readable
    ) -> tuple[list[UsedDocument], int]:
        used: Counter[str] = Counter()
        for one in asked:
            if not one.details.get("refused", True):
                used.update({passage["document"] for passage in one.details["passages"]})
        told: list[UsedDocument] = []
        unreadable = 0
        for document_id, answers in used.most_common():
            if len(told) == MOST_LISTED:
                break
            try:
                title = self._library.document(document_id, readable).title
            except DocumentNotFoundError:
                unreadable += 1
                continue
            told.append(UsedDocument(document_id=document_id, title=title, answers=answers))
        return told, unreadable


def _by_day(entries: Sequence[AuditEntry], first: date, days: int) -> list[UsageDay]:
    counts = {
        (first + timedelta(days=number)).isoformat(): Counter[str]() for number in range(days)
    }
    people: dict[str, set[str]] = {day: set() for day in counts}
    for one in entries:
        day = one.at[:10]
        if day not in counts or one.action not in ("ask", "search", "summarize"):
            continue
        counts[day][one.action] += 1
        people[day].add(one.who)
        if "refused" in one.details:
            counts[day]["refused" if one.details["refused"] else "answered"] += 1
    return [
        UsageDay(
            day=day,
            questions=count["ask"],
            answered=count["answered"],
            refused=count["refused"],
            searches=count["search"],
            summaries=count["summarize"],
            people=len(people[day]),
        )
        for day, count in counts.items()
    ]


def _latency(ended: Sequence[AuditEntry]) -> Latency | None:
    times = [
        one.details["total_ms"]
        for one in ended
        if one.details.get("total_ms") is not None and not one.details.get("cached")
    ]
    if not times:
        return None
    median, p95 = np.percentile(times, [50, 95])
    return Latency(median_ms=round(float(median), 1), p95_ms=round(float(p95), 1))


def _open_questions(entries: Sequence[AuditEntry]) -> tuple[list[OpenQuestion], int]:
    open_: dict[str, OpenQuestion] = {}
    untold = 0
    for one in entries:
        refused = one.details.get("refused")
        if one.action not in ("ask", SETTLED) or (one.action == "ask" and refused is None):
            continue
        text = _text(one.details.get("question"))
        if text is None:
            untold += bool(refused)
            continue
        key = _plain(text)
        if not refused:
            open_.pop(key, None)
            continue
        times = open_[key].times + 1 if key in open_ else 1
        open_[key] = OpenQuestion(question=text, times=times, last_asked_at=one.at)
    newest = sorted(open_.values(), key=lambda one: one.last_asked_at, reverse=True)
    return sorted(newest, key=lambda one: -one.times)[:MOST_LISTED], untold


def _text(content: Any) -> str | None:
    return content.get("text") if isinstance(content, dict) else None


def _plain(question: str) -> str:
    return " ".join(WORD.findall(question.casefold()))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
