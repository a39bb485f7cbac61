"""Fonts that do not say what their characters mean: a cipher, which recognition solves.

Such a file draws its letters and has for each a code without a meaning. What recognition reads on
some lines, laid beside the codes that stand there, says what they mean on all the others: those
are then read as exactly, and nearly as fast, as any other text.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from assistant.models.tesseract import MOST_PIXELS_A_SIDE
from ingestion.parsers.ocr import MOST_PIXELS, Greys, PageReader
from ingestion.parsers.pdf_characters import Glyph, PageGlyphs, Sign
from ingestion.parsers.pdf_text import PageText

SURE_VOTES, SURE_SHARE = 3, 0.8
"""A meaning is sure that so many words have given, and this share of all that hold the glyph."""
LEAST_AGREEMENT = 0.85
"""Of the recognised words that have to be spelled the same: recognition is wrong in some."""
LEAST_WORDS = 5
"""Recognised words without which nothing can be said of a page."""
CHECKED_LINES = 4
"""Of each page that are recognised even where all glyphs are known."""
INK = 192
"""Greys below it are drawn, not paper: a thin stroke between two rows of pixels is pale in both."""
GAP = 24
"""Pixels between lines that are put before the recogniser together."""

Spelling = tuple[str, list[Sign]]
"""A recognised word, and the signs that stand there from left to right."""


class Cipher:
    """Learns page by page what the glyphs of a document's fonts mean."""

    def __init__(self) -> None:
        self._votes: dict[Glyph, Counter[str]] = defaultdict(Counter)

    @property
    def meanings(self) -> dict[Glyph, str]:
        return {glyph: votes.most_common(1)[0][0] for glyph, votes in self._votes.items()}

    def solve(self, page: PageGlyphs, image: Greys, width: float, reader: PageReader) -> float:
        """Recognise the lines of a page that hold what is not known for sure, and a few more.

        Args:
            image: of the page, which is `width` points wide.
        Returns:
            The share in (0, 1] of the recognised words that the meanings spell too; 0 where it
            is too small for the page to be read by them.
        """
        scale = image.shape[1] / width
        boxes = page.boxes * scale
        inside = (boxes[:, :2] >= 0).all(axis=1) & (boxes[:, :2] <= boxes[:, 2:]).all(axis=1)
        inside &= (boxes[:, 2:] <= [image.shape[1], image.shape[0]]).all(axis=1)
        drawn = page.where(inside)
        if not any(isinstance(sign, tuple) for sign in drawn.signs):
            return 0.0
        excerpt, picture = _cut_out(drawn, self._choose_lines(drawn), image, scale)
        if picture.size > MOST_PIXELS or len(picture) > MOST_PIXELS_A_SIDE:
            return 0.0
        recognised = reader.read(picture, 1, width, picture.shape[0] / scale)
        if recognised is None or recognised.text.turn:
            return 0.0
        inked = _find_ink(excerpt.boxes * scale, picture)
        words = list(_words(excerpt.where(inked), recognised.text))
        meanings = self.meanings
        known = [(text, signs) for text, signs in words if _is_known(signs, meanings)]
        if len(known) >= LEAST_WORDS and _agreement(known, meanings) < LEAST_AGREEMENT:
            return 0.0  # another font of the same name: nothing is learned from it
        self._learn(words, excerpt.where(~inked).signs)
        agreement = _agreement(words, self.meanings)
        return agreement if agreement >= LEAST_AGREEMENT else 0.0

    def _choose_lines(self, page: PageGlyphs) -> list[tuple[int, int]]:
        """(top, bottom) in points of those that are worth recognising."""
        sure = {
            glyph
            for glyph, votes in self._votes.items()
            if votes.most_common(1)[0][1] >= max(SURE_VOTES, SURE_SHARE * votes.total())
        }
        lines = _find_lines(page.boxes)
        held = np.searchsorted([top for top, _ in lines], page.boxes[:, 1], side="right") - 1
        nameless: Counter[int] = Counter()
        wanted = set()
        for line, sign in zip(held.tolist(), page.signs, strict=True):
            if isinstance(sign, tuple):
                nameless[line] += 1
                if sign not in sure:
                    wanted.add(line)
        for line, _ in nameless.most_common():
            if len(wanted) >= CHECKED_LINES:
                break
            wanted.add(line)
        return [lines[line] for line in sorted(wanted)]

    def _learn(self, words: Sequence[Spelling], blank: Sequence[Sign]) -> None:
        """What leaves no ink is a space. A word of as many letters as signs gives each glyph its
        meaning; in another one that is still unknown gets the letters that the known signs leave
        over: a ligature."""
        for sign in blank:
            if isinstance(sign, tuple):
                self._votes[sign][" "] += 1
        for text, signs in words:
            if len(text) == len(signs):
                for sign, letter in zip(signs, text, strict=True):
                    if isinstance(sign, tuple):
                        self._votes[sign][letter] += 1
        meanings = self.meanings
        for text, signs in words:
            unknown = [sign for sign in signs if isinstance(sign, tuple) and sign not in meanings]
            if len(unknown) == 1 and len(text) != len(signs):
                place = signs.index(unknown[0])
                before = _spell(signs[:place], meanings)
                after = _spell(signs[place + 1 :], meanings)
                left = text.removeprefix(before).removesuffix(after)
                if left and before + left + after == text:
                    self._votes[unknown[0]][left] += 1


def _find_lines(boxes: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """(top, bottom) of the bands that boxes fill, with nothing between them."""
    tops, bottoms = np.floor(boxes[:, 1]).astype(int), np.ceil(boxes[:, 3]).astype(int) + 1
    changes = np.zeros(bottoms.max() + 1, dtype=int)
    np.add.at(changes, tops, 1)
    np.add.at(changes, bottoms, -1)
    filled = np.concatenate([[0], (np.cumsum(changes) > 0).astype(int), [0]])
    edges = np.diff(filled)
    return list(zip(*(np.flatnonzero(edges == step).tolist() for step in (1, -1)), strict=True))


def _cut_out(
    page: PageGlyphs, lines: Sequence[tuple[int, int]], image: Greys, scale: float
) -> tuple[PageGlyphs, Greys]:
    """Some lines of a page below each other, with the boxes as they stand then."""
    gap = np.full((GAP, image.shape[1]), 255, dtype=image.dtype)
    strips, boxes = [gap], page.boxes.copy()
    held = np.zeros(len(boxes), dtype=bool)
    for top, bottom in lines:
        strip = image[round(top * scale) : round(bottom * scale)]
        within = (page.boxes[:, 1] >= top) & (page.boxes[:, 1] < bottom)
        boxes[within] += np.array([0, 1, 0, 1]) * (sum(map(len, strips)) / scale - top)
        held |= within
        strips += [strip, gap]
    return PageGlyphs(page.signs, boxes).where(held), np.ascontiguousarray(np.concatenate(strips))


def _find_ink(boxes: npt.NDArray[np.float64], image: Greys) -> npt.NDArray[np.bool_]:
    """Whether something is drawn in the middle of each box: the letters beside may reach in."""
    inset = 0.2 * (boxes[:, 2] - boxes[:, 0])
    edges = np.stack([boxes[:, 0] + inset, boxes[:, 1], boxes[:, 2] - inset, boxes[:, 3]], axis=1)
    first = np.floor(edges[:, :2]).astype(int)
    last = np.maximum(np.ceil(edges[:, 2:]).astype(int), first + 1)
    return np.array(
        [
            image[y0:y1, x0:x1].min(initial=255) < INK
            for (x0, y0), (x1, y1) in zip(first.tolist(), last.tolist(), strict=True)
        ],
        dtype=bool,
    )


def _words(page: PageGlyphs, recognised: PageText) -> Iterator[Spelling]:
    """Those in which a glyph stands."""
    x = (page.boxes[:, 0] + page.boxes[:, 2]) / 2
    y = (page.boxes[:, 1] + page.boxes[:, 3]) / 2
    for line in recognised.lines:
        for word in line.words:
            slack = 0.2 * (word.y1 - word.y0)
            within = (x > word.x0) & (x < word.x1) & (y > word.y0 - slack) & (y < word.y1 + slack)
            places = np.flatnonzero(within)
            places = places[np.argsort(x[places], kind="stable")]
            signs = [page.signs[place] for place in places]
            if any(isinstance(sign, tuple) for sign in signs):
                yield word.text, signs


def _is_known(signs: Sequence[Sign], meanings: Mapping[Glyph, str]) -> bool:
    return all(isinstance(sign, str) or sign in meanings for sign in signs)


def _agreement(words: Sequence[Spelling], meanings: Mapping[Glyph, str]) -> float:
    """Share in [0, 1] of the words that are spelled as they were recognised."""
    same = [_letters(_spell(signs, meanings)) == _letters(text) for text, signs in words]
    return sum(same) / len(same) if len(same) >= LEAST_WORDS else 0.0


def _spell(signs: Sequence[Sign], meanings: Mapping[Glyph, str]) -> str:
    return "".join(
        sign if isinstance(sign, str) else meanings.get(sign, "\N{REPLACEMENT CHARACTER}")
        for sign in signs
    )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
