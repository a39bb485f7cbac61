"""How answers, hits and documents look on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from assistant.answering.events import UNSUPPORTED, AskEvent, SentenceWritten
from assistant.language import detect_language
from assistant.types import (
    Answer,
    Citation,
    DocumentInfo,
    Flag,
    IndexComparison,
    IndexListener,
    IndexProgress,
    IngestProgress,
    IngestReport,
    Language,
    Passage,
    ProgressListener,
    Sentence,
)

NEAREST = 3
QUOTE_CHARS = 300
_NEAREST: dict[Language, str] = {
    "en": "The nearest passages:",
    "fr": "Les passages les plus proches :",
}


def print_answer(events: Iterable[AskEvent]) -> Answer:
    """Write each sentence as it comes, then what is cited."""
    answer: Answer | None = None
    for event in events:
        if isinstance(event, SentenceWritten):
            marks = "".join(f" [{marker}]" for marker in event.sentence.citations)
            print(f"{event.sentence.text}{marks}{_doubt(event.sentence)}", flush=True)
        elif isinstance(event, Answer):
            answer = event
    assert answer is not None  # noqa: S101 - every question ends with an answer
    if answer.refused:
        print(answer.answer)
        if answer.passages:
            print(f"\n{_NEAREST[answer.language]}")
        for passage in answer.passages[:NEAREST]:
            print(f"  - {place_of(passage)}: {passage.uri}")
    else:
        print()
        for citation in answer.citations:
            print(f"[{citation.marker}] {place_of(citation)}")
            print(f"    “{shorten(citation.quote)}”")
            print(f"    {citation.uri}{_flags(citation.flags)}")
    if answer.flags:
        print(f"\nThe answer itself is flagged:{_flags(answer.flags)}")
    return answer


_FLAGS: dict[Flag, str] = {
    "injection": "seems to give orders to the model",
    "toxicity": "may insult, threaten or degrade",
}


def _flags(flags: Iterable[Flag]) -> str:
    return "".join(f"  (! {_FLAGS[flag]})" for flag in flags)


def _doubt(sentence: Sentence) -> str:
    if sentence.doubt is None:
        return ""
    reason = sentence.doubt.fr if detect_language(sentence.text) == "fr" else sentence.doubt.en
    return f" {UNSUPPORTED} {reason}"


def print_hits(hits: Iterable[Passage]) -> None:
    for hit in hits:
        print(f"{hit.rank:>3}. {hit.score:.3f}  {place_of(hit)}")
        print(f"     {shorten(hit.text)}")
        print(f"     {hit.uri}{_flags(hit.flags)}")


def print_documents(documents: Iterable[DocumentInfo], total: int) -> None:
    shown = list(documents)
    for one in shown:
        print(f"{one.id}  {one.language or '--'}  {one.pages:>4} p.  {one.title}")
        print(f"    {one.uri}  ({one.collection}; {', '.join(one.groups)})")
        if one.empty_pages:
            print(f"    no text on {_pages(one.empty_pages)} of {one.pages}")
        if one.ocr_confidence is not None:
            recognised = _pages(one.recognised_pages)
            print(f"    {recognised} by character recognition ({one.ocr_confidence:.0%} sure)")
        if one.suspicious_chunks:
            print(f"    {one.suspicious_chunks} of {one.chunks} passages: {_FLAGS['injection']}")
        if one.reason:
            print(f"    in quarantine: {one.reason}")
    print(f"{len(shown)} of {total} documents")


def print_report(report: IngestReport) -> None:
    print_failures(report)
    for one in report.incomplete:
        print(f"no text on {_pages(one.pages)} of {unquote(urlsplit(one.uri).path)}")
    if report.quarantined:
        print("read them in all the same with: philo documents release ID")
    print(
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, "
        f"{report.removed} removed, {len(report.failed)} failed; "
        f"{report.pages} pages, {report.chunks} chunks in {report.seconds:.1f} s"
    )


def print_change(progress: IngestProgress) -> None:
    """One line for each document that is not as before; failures are told with their reasons."""
    if progress.outcome not in ("unchanged", "failed", "quarantined"):
        place = unquote(urlsplit(progress.uri).path) or progress.uri
        print(f"{progress.outcome:<11} {place}", flush=True)


def print_failures(report: IngestReport) -> None:
    for failure in report.failed:
        print(f"not read: {unquote(urlsplit(failure.uri).path)}: {failure.reason}", flush=True)
    for held in report.quarantined:
        print(f"in quarantine: {unquote(urlsplit(held.uri).path)}: {held.reason}", flush=True)


@contextmanager
def progress_bar() -> Iterator[ProgressListener]:
    """A bar on standard error with rate and time left; plain lines where it is no terminal."""
    console = Console(file=sys.stderr)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None, rate="")

        def show(progress: IngestProgress) -> None:
            name = unquote(progress.uri.rstrip("/").rpartition("/")[2])
            rate = ""
            if progress.chunks_per_s is not None:
                rate = f"{progress.chunks_per_s:.1f} chunks/s"
            if progress.seconds_left is not None:
                rate += f", {progress.seconds_left:.0f} s left"
            bar.update(
                task,
                total=progress.total,
                completed=progress.done,
                description=f"{progress.outcome} {name}"[:50],
                rate=rate,
            )

        yield show


@contextmanager
def index_bar(name: str) -> Iterator[IndexListener]:
    """A bar on standard error, shown only on a terminal."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task(name, total=None, left="")

        def show(progress: IndexProgress) -> None:
            left = "" if progress.seconds_left is None else f"{progress.seconds_left:.0f} s left"
            bar.update(task, completed=progress.done, total=progress.total, left=left)

        yield show


def print_comparison(found: IndexComparison) -> None:
    print(
        f"{found.questions} questions; index {found.index} is in use, {found.second} beside it\n"
        f"the ten best documents agree to {found.overlap_at_10:.0%}, the best one for "
        f"{found.same_first} questions"
    )
    if found.ndcg_at_10 is None or found.ndcg_at_10_second is None:
        print("no judgements: nobody says which one is right")
    else:
        print(
            f"nDCG@10 over {found.judged} judged questions: {found.ndcg_at_10:.4f} with "
            f"{found.index}, {found.ndcg_at_10_second:.4f} with {found.second} "
            f"(better for {found.better}, worse for {found.worse})"
        )
    print(f"median time: {found.median_ms:.0f} ms and {found.median_ms_second:.0f} ms")
    for one in found.most_different:
        if one.overlap < 1:
            print(f"  {one.overlap:>4.0%}  {shorten(one.question)}")
            print(f"        {found.index}: {'; '.join(one.titles)}")
            print(f"        {found.second}: {'; '.join(one.titles_second)}")


def _pages(pages: list[int]) -> str:
    """'page 3', 'pages 1-4, 7'."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    shown = ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
    return f"page{'s' if len(pages) > 1 else ''} {shown}"


@contextmanager
def byte_bar(name: str) -> Iterator[tuple[Callable[[str], None], Callable[[int, int], None]]]:
    """For long copies: what prints a line, and what moves a bar (bytes so far, in all).

    Both go to standard error; the bar is shown only on a terminal.
    """
    console = Console(file=sys.stderr, soft_wrap=True, highlight=False, markup=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=None, visible=False)
        yield (
            console.print,
            lambda done, total: bar.update(task, completed=done, total=total, visible=True),
        )


def place_of(source: Citation | Passage) -> str:
    """Title, innermost heading, and the page where the document has more than one."""
    section = next((part for part in reversed(source.heading) if part != source.title), "")
    page = f"p. {source.page}" if source.pages > 1 else ""
    return ", ".join(part for part in (source.title, section, page) if part)


def shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTE_CHARS else f"{line[:QUOTE_CHARS].rstrip()}…"


@contextmanager
def count_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """For many small steps, on standard error: what moves it (steps done so far)."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(file=sys.stderr)
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def print_evaluation(told: dict[str, Any]) -> None:
    """The figures of `philo eval` with their 95% intervals."""
    counts = f"{told['queries']} questions, {told['documents']} documents, {told['chunks']} chunks"
    print(f"{told['dataset']}: {counts}")
    for warning in told["warnings"]:
        print(f"note: {warning}")
    _print_figures(told)
    if told["answers"] is not None:
        _print_answer_figures(told["answers"])
    if "comparison" in told:
        _print_comparison(told["comparison"])
    if "report" in told:
        print(f"\nreport: {told['report'][0]} (with {len(told['report']) - 1} files beside it)")


def _print_answer_figures(answers: dict[str, Any]) -> None:
    unanswerable = answers["questions"] - answers["answerable"]
    print(
        f"\n{answers['questions']} answers ({answers['answerable']} answerable, {unanswerable} not)"
        f", {answers['refused']} refused, {answers['by_model']} written by {answers['generator']}"
    )
    _print_figures(answers)
    times = answers["latency_ms"]
    if times["median"] is not None:
        print(f"{'latency':<28} median {times['median']:.0f} ms, p95 {times['p95']:.0f} ms")
    if (reliability := answers["reliability"]) is not None:
        print(
            f"{'reliability of the gate':<28} calibration error "
            f"{reliability['calibration_error']:.3f}, Brier {reliability['brier']:.3f}"
        )


def _print_comparison(compared: dict[str, Any]) -> None:
    print("\nwith these settings changed:" if compared["changed"] else "\nwith the same settings:")
    for one in compared["changed"]:
        print(f"  {one['setting']}: {one['first']} -> {one['second']}")
    for name, one in (compared["retrieval"] | (compared["answers"] or {})).items():
        low, high = one["interval"]
        print(
            f"{name:<28} {one['first']:.3f} -> {one['second']:.3f}  {one['difference']:+.3f}  "
            f"[{low:+.3f}, {high:+.3f}]  p {one['p']:.4f}"
        )
    for name, lost in compared["lost"].items():
        if lost:
            print(f"lost most {name}:")
        for one in lost:
            print(f"  {one['first']:.2f} -> {one['second']:.2f}  {shorten(one['question'])}")


def _print_figures(told: dict[str, Any]) -> None:
    for name, interval in told["intervals"].items():
        if interval is None:
            print(f"{name:<28} -")
        else:
            print(f"{name:<28} {told[name]:.3f}  [{interval[0]:.3f}, {interval[1]:.3f}]")
