"""Pages that are pictures of text: recognised characters become printed lines."""

from __future__ import annotations

import itertools
import queue
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from types import TracebackType

import numpy as np
import numpy.typing as npt

from assistant.errors import ModelMissingError
from assistant.models.tesseract import MOST_PIXELS_A_SIDE, RecognisedWord, Tesseract, find_turn
from ingestion.parsers.pace import Pace
from ingestion.parsers.pdf_characters import Word
from ingestion.parsers.pdf_text import PageText, PrintedLine, join_words

DPI = 300
LONG_SIDE = 3000
"""Pixels: smaller pages are enlarged, at most to twice the dpi."""
MOST_PIXELS = 25_000_000
"""Of a page put before the recogniser: A4 has 8.7 million at 300 dpi."""
LONGEST_PAGE_S = 45.0

LEAST_WORD, LEAST_SIGN, LEAST_LINE, LEAST_PAGE = 0.25, 0.6, 0.45, 0.4
"""Confidence below which a word, a word without letters and digits, a line, a page is noise."""
DOUBTFUL_PAGE = 0.7
"""Below this confidence the page is looked at for text that is turned."""
EM_OF_WORD = 1.25
"""Font sizes in the usual height of a word's ink."""
FONT = "recognised"
_BULLETS = frozenset("¢©®°»·*+●•")
"""What a bullet is recognised as."""

Greys = npt.NDArray[np.uint8]
"""(height, width), 255 is white."""


def is_blank(image: Greys) -> bool:
    """Whether there is nothing on it, or one colour only."""
    return min(image.shape) < 8 or int(np.ptp(image)) < 32


@dataclass(frozen=True, slots=True)
class RecognisedPage:
    """`confidence` is the mean of its words in [0, 1]."""

    text: PageText
    confidence: float

    @property
    def letters(self) -> int:
        return self.text.letters


Recognised = Callable[[], RecognisedPage | None]


class PageReader:
    """Reads page after page until its time is used up.

    `reason` says for people why pages stayed unread, "" while none did.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._ends = time.monotonic() + pace.ocr_timeout_s
        self._begun: list[Tesseract] = []
        self._idle: queue.SimpleQueue[Tesseract] = queue.SimpleQueue()
        self._places = threading.Semaphore(pace.helpers.count if pace.helpers else 0)
        self.reason = ""
        if not pace.ocr_timeout_s:
            self.reason = "character recognition is switched off (setting ingest.ocr_timeout_s)"

    def has_time(self) -> bool:
        """Whether another page may be read; loads the recogniser the first time."""
        if self.reason:
            return False
        if time.monotonic() > self._ends:
            self._stop()
            return False
        if not self._begun:
            try:
                self._idle.put(self._begin())
            except ModelMissingError as exc:
                self.reason = str(exc)
                return False
        self._pace.tell(recognising=True)
        return True

    def read_beside(self, image: Greys, number: int, width: float, height: float) -> Recognised:
        """As `read`, by a helper where there is one: waits for a free one, not for the page.

        Returns:
            what waits for the page and gives it.
        """
        if self._pace.helpers is None:
            page = self.read(image, number, width, height)
            return lambda: page
        self._places.acquire()
        try:
            reading = self._pace.helpers.threads.submit(
                self._read_and_leave, image, number, width, height
            )
        except BaseException:
            self._places.release()
            raise
        return lambda: self._await(reading)

    def _read_and_leave(
        self, image: Greys, number: int, width: float, height: float
    ) -> RecognisedPage | None:
        try:
            return self.read(image, number, width, height)
        finally:
            self._places.release()

    def _await(self, reading: Future[RecognisedPage | None]) -> RecognisedPage | None:
        if not reading.done():
            self._pace.tell(recognising=True)
        return reading.result()

    def read(self, image: Greys, number: int, width: float, height: float) -> RecognisedPage | None:
        """Recognise page `number`, whose size is `width` x `height` points.

        Returns:
            None where it holds no text, or nothing that can be told from noise.
        """
        if is_blank(image):
            return None
        points = width / image.shape[1]
        turn, words = 0, self._recognise(image, points)
        if _confidence(words) < DOUBTFUL_PAGE or len(words) < 3:
            dpi = round(72 / points)
            turn = find_turn(image.tobytes(), image.shape[1], image.shape[0], dpi=dpi)
            if turn:
                upright = self._recognise(np.ascontiguousarray(np.rot90(image, -turn)), points)
                if _weight(upright) > _weight(words):
                    words = upright
                else:
                    turn = 0
        words = _without_noise(words)
        confidence = _confidence(words)
        if confidence < LEAST_PAGE or sum(map(_count_letters, words)) < 3:
            return None
        frame = (height, width) if turn % 2 else (width, height)
        return RecognisedPage(
            PageText(number, *frame, turn, _print_lines(words, number, points), []), confidence
        )

    def _recognise(self, image: Greys, points: float) -> list[RecognisedWord]:
        rest = min(LONGEST_PAGE_S, self._ends - time.monotonic())
        try:
            tesseract = self._idle.get_nowait()
        except queue.Empty:
            try:
                tesseract = self._begin()
            except ModelMissingError as exc:  # the first one had its languages
                raise MemoryError("no room for another recogniser") from exc
        try:
            words = tesseract.read(
                image.tobytes(),
                image.shape[1],
                image.shape[0],
                dpi=min(2400, max(70, round(72 / points))),
                timeout_s=rest,
            )
        finally:
            self._idle.put(tesseract)
        if words is None and rest < LONGEST_PAGE_S:
            self._stop()
        return words or []

    def _begin(self) -> Tesseract:
        tesseract = Tesseract()
        self._begun.append(tesseract)
        return tesseract

    def _stop(self) -> None:
        self.reason = (
            f"character recognition stopped after {self._pace.ocr_timeout_s:g} s "
            "(setting ingest.ocr_timeout_s)"
        )

    def __enter__(self) -> PageReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _ in range(self._pace.helpers.count if self._pace.helpers else 0):
            if not self._places.acquire(
                blocking=False
            ):  # a helper still reads, after an error here
                self._pace.tell(recognising=True)
                self._places.acquire()
        for tesseract in self._begun:
            tesseract.close()


def even_out_sizes(pages: Sequence[PageText]) -> None:
    """Give the usual text of all recognised pages one font size, in place: what is measured
    differs from page to page, and larger text would be taken for headings."""
    usual = [_usual_size(page) for page in pages]
    if not usual:
        return
    size = statistics.median_low(usual)
    for page, own in zip(pages, usual, strict=True):
        if 0.75 < own / size < 1.33:
            for line in page.lines:
                for word in line.words:
                    word.size = size if word.size == own else word.size
                line.size = size if line.size == own else line.size


def _usual_size(page: PageText) -> float:
    sizes: Counter[float] = Counter()
    for line in page.lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0]


def rendering_scale(width: float, height: float) -> float:
    """Pixels a point at which a page of `width` x `height` points is put before the
    recogniser; 0 where it would be a line."""
    if min(width, height) < 1:
        return 0.0
    longest = max(width, height)
    scale = min(
        max(DPI / 72, min(2 * DPI / 72, LONG_SIDE / longest)),
        (MOST_PIXELS / (width * height)) ** 0.5,
        MOST_PIXELS_A_SIDE / longest,
    )
    return scale if scale * min(width, height) >= 8 else 0.0


def _count_letters(word: RecognisedWord) -> int:
    return sum(letter.isalnum() for letter in word.text)


def _weight(words: list[RecognisedWord]) -> float:
    return sum(len(word.text) * word.confidence for word in words)


def _confidence(words: list[RecognisedWord]) -> float:
    return sum(word.confidence for word in words) / len(words) if words else 0.0


def _without_noise(words: list[RecognisedWord]) -> list[RecognisedWord]:
    kept = []
    for _, line in itertools.groupby(words, key=lambda word: word.line):
        sure = [
            word
            for word in line
            if word.confidence >= (LEAST_WORD if _count_letters(word) else LEAST_SIGN)
        ]
        if _confidence(sure) >= LEAST_LINE and any(map(_count_letters, sure)):
            kept.extend(sure)
    return kept


def _print_lines(words: list[RecognisedWord], number: int, points: float) -> list[PrintedLine]:
    usual = statistics.median(word.height for word in words for _ in word.text)
    lines = []
    for _, group in itertools.groupby(words, key=lambda word: word.line):
        line = list(group)
        if len(line) > 1 and (
            line[0].text in _BULLETS or (line[0].text == "e" and line[1].text[0].isupper())
        ):
            line[0] = replace(line[0], text="•")
        printed = [
            Word(
                word.text,
                x0=word.x0 * points,
                y0=word.y0 * points,
                x1=word.x1 * points,
                y1=word.y1 * points,
                size=_font_size(word.height, usual, points),
                font=FONT,
                bold=False,
                typed=False,
            )
            for word in line
        ]
        lines.extend(join_words(printed, number))
    return lines


def _font_size(height: float, usual: float, points: float) -> float:
    """Points. Heights of words tell sizes apart only where they differ much."""
    if 0.8 < height / usual < 1.25:
        height = usual
    return max(1.0, round(2 * EM_OF_WORD * height * points) / 2)
