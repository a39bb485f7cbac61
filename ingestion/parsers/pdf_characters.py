"""The words of a PDF page: what PDFium knows of characters, grouped.

PDFium gives characters in stream order with boxes in the page's own space: origin at the
bottom left of its media box, before rotation.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium_c

from ingestion.parsers.blocks import RAISED, takes_exponent

Box = tuple[float, float, float, float]

HYPHEN_MARK = "\u2010"
"""Stands for a hyphen that PDFium takes for a break inside a word."""

WIDEST_GAP = 0.28
"""Between two letters of one word, in font sizes."""

_BOLD = re.compile(
    r"bold|black|heavy|semib|medi\b|-medi|cmbx|sfbx|cmssbx|tib\b|-b$|tb$", re.IGNORECASE
)
_TYPEWRITER = re.compile(r"mono|courier|consol|typewriter|cmtt|sftt|ectt", re.IGNORECASE)
_FIXED_PITCH, _FORCE_BOLD = 1 << 0, 1 << 18
_WHITE_SPACE = frozenset((9, 10, 13, 32, 0xA0))
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}


@dataclass(slots=True)
class Word:
    """`x0`..`y1` in the space of the displayed page, turned so that the text is upright.
    `typed` says that all letters of the font are equally wide."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    font: str
    bold: bool
    typed: bool


@dataclass(slots=True)
class PageWords:
    """Words in stream order by the quarter turns of their text on the displayed page
    (counter-clockwise, 0 to 3), each in its upright space. `nameless` counts, by font, the
    characters of which the file does not say what they mean."""

    by_turn: dict[int, list[Word]] = field(default_factory=dict)
    nameless: Counter[str] = field(default_factory=Counter)


Glyph = tuple[str, int]
"""(font, code in it) of a character of which the file does not say what it means."""
Sign = str | Glyph
"""A letter, or a glyph without a meaning."""


@dataclass(frozen=True, slots=True)
class PageGlyphs:
    """What fonts draw on a page, in stream order. `boxes` is (N, 4): x0, y0, x1, y1 on the
    displayed page."""

    signs: list[Sign]
    boxes: npt.NDArray[np.float64]

    def where(self, held: npt.NDArray[np.bool_]) -> PageGlyphs:
        """Those of the signs for which `held` (N,) is true."""
        places = np.flatnonzero(held)
        return PageGlyphs([self.signs[place] for place in places], self.boxes[places])


@dataclass(frozen=True, slots=True)
class Key:
    """What the glyphs of a file's fonts were found to mean. Of the `unreadable` fonts no character
    is taken for what the file says."""

    unreadable: Container[str]
    meanings: Mapping[Glyph, str]


def read_words(page: Any, key: Key | None = None) -> PageWords:
    """Read the characters of a loaded pypdfium2 page.

    Raises:
        pypdfium2.PdfiumError: the page's text cannot be loaded.
    """
    textpage = page.get_textpage()
    try:
        return _group_characters(_Characters(page, textpage.raw), key)
    finally:
        textpage.close()


def read_glyphs(page: Any, unreadable: Container[str]) -> PageGlyphs:
    """
    Args:
        unreadable: fonts of which no character is taken for what the file says.
    Raises:
        pypdfium2.PdfiumError: the page's text cannot be loaded.
    """
    textpage = page.get_textpage()
    try:
        characters = _Characters(page, textpage.raw)
        signs: list[Sign] = []
        boxes = []
        for index in range(characters.count):
            code = characters.code(index)
            if (glyph := characters.glyph(index, unreadable)) is not None:
                signs.append(glyph)
            elif code not in _WHITE_SPACE and (letter := characters.letter(index, code)):
                signs.append(letter)
            else:
                continue
            boxes.append(characters.box(index, 0))
        return PageGlyphs(signs, np.array(boxes).reshape(-1, 4))
    finally:
        textpage.close()


def _group_characters(characters: _Characters, key: Key | None) -> PageWords:
    words = PageWords()
    word: Word | None = None
    turn = 0
    last = 0
    base: Box = (0.0, 0.0, 0.0, 0.0)
    for index in range(characters.count):
        code = characters.code(index)
        meant = ""
        if key is not None and (glyph := characters.glyph(index, key.unreadable)) is not None:
            meant = key.meanings.get(glyph, "")
            code = ord(" ") if meant == " " else 0
        if code in _WHITE_SPACE:
            # PDFium makes up spaces inside of the words of typewriter fonts.
            if word is None or not (
                word.typed
                and characters.is_made_up(index)
                and characters.are_typed(last, index + 1)
            ):
                word = None
            continue
        # Spelled out what most characters need: this runs for every one.
        letter = chr(code) if 32 < code < 0xD800 else meant or characters.letter(index, code)
        if not letter:
            if not 0xD800 <= code < 0xDC00:
                words.nameless[characters.style(index)[1]] += 1
            continue
        box = characters.box(index, turn)
        if word is not None and _parts(word, box, characters, (last, index), turn):
            word = None
        last = index
        if word is not None:
            if letter in RAISED and _is_raised(base, box) and takes_exponent(word.text):
                letter = RAISED[letter]
            else:
                base = box
            word.text += letter
            word.x0, word.x1 = min(word.x0, box[0]), max(word.x1, box[2])
            word.y0, word.y1 = min(word.y0, box[1]), max(word.y1, box[3])
            continue
        turned = characters.turn(index)
        if turned is not None and turned != turn:
            turn = turned
            box = characters.box(index, turn)
        size, font, bold, typed = characters.style(index)
        if not 0.5 < size < 2000:
            size = max(1.0, (box[3] - box[1]) * 1.3)
        base = box
        word = Word(letter, *box, size, font, bold, typed)
        words.by_turn.setdefault(turn, []).append(word)
    return words


def _is_raised(base: Box, box: Box) -> bool:
    """Whether a digit or minus at `box` stands higher than the character at `base`."""
    height = base[3] - base[1]
    return box[3] < base[3] - 0.25 * height and box[1] + box[3] < 2 * base[1] + 0.7 * height


def _parts(word: Word, box: Box, characters: _Characters, pair: tuple[int, int], turn: int) -> bool:
    """Whether the character at `box` begins another word."""
    gap = box[0] - word.x1
    if (
        gap < -1.5 * word.size
        or box[1] > word.y1 + 0.6 * word.size
        or box[3] < word.y0 - 0.6 * word.size
    ):
        return True
    if gap <= WIDEST_GAP * word.size:
        return False
    # The ink of narrow letters ("1", "l") stands apart though the letters do not.
    before, after = (characters.box(index, turn, loose=True) for index in pair)
    typed = word.typed and characters.are_typed(*pair)
    return after[0] - before[2] > (0.5 if typed else WIDEST_GAP) * word.size


class _Characters:
    """One page's characters by index. Buffers are shared by all calls: they are many."""

    def __init__(self, page: Any, raw: Any) -> None:
        self._raw = raw
        self._unicode: Callable[[Any, int], int] = pdfium_c.FPDFText_GetUnicode
        self._char_box: Callable[..., int] = pdfium_c.FPDFText_GetCharBox
        self._rotation = page.get_rotation() // 90
        self._width, self._height = page.get_size()
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._edges = (ctypes.c_double * 4)()
        first, size = ctypes.addressof(self._edges), ctypes.sizeof(ctypes.c_double)
        self._edge_pointers = tuple(
            ctypes.cast(first + side * size, ctypes.POINTER(ctypes.c_double)) for side in range(4)
        )
        self._rectangle = pdfium_c.FS_RECTF()
        self._matrix = pdfium_c.FS_MATRIX()
        self._flags = ctypes.c_int()
        self._name = ctypes.create_string_buffer(256)
        self._fonts: dict[tuple[str, int], tuple[bool, bool]] = {}
        self.count: int = pdfium_c.FPDFText_CountChars(raw)

    def code(self, index: int) -> int:
        return self._unicode(self._raw, index)

    def is_made_up(self, index: int) -> bool:
        """Whether the character is not in the file but concluded by PDFium."""
        return bool(pdfium_c.FPDFText_IsGenerated(self._raw, index) == 1)

    def glyph(self, index: int, unreadable: Container[str]) -> Glyph | None:
        """None of a character of which the file says what it means, and of what is made up: the
        code is a letter then."""
        if self.is_made_up(index):
            return None
        font = self.style(index)[1]
        nameless = pdfium_c.FPDFText_HasUnicodeMapError(self._raw, index) == 1
        return (font, self.code(index)) if nameless or font in unreadable else None

    def are_typed(self, *indices: int) -> bool:
        """Whether all these characters are of fonts whose letters are equally wide."""
        return all(index < self.count and self.style(index)[3] for index in indices)

    def letter(self, index: int, code: int) -> str:
        """The character as text; "" where it has none."""
        if code == 2:
            return HYPHEN_MARK
        if 0xDC00 <= code < 0xE000 and index > 0:  # UTF-16: the second half of a character
            first = self.code(index - 1)
            if 0xD800 <= first < 0xDC00:
                return chr(0x10000 + ((first - 0xD800) << 10) + (code - 0xDC00))
        if code < 32 or code in (0xFFFD, 0xFFFE) or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            return ""
        return _LIGATURES.get(code) or chr(code)

    def box(self, index: int, turn: int, *, loose: bool = False) -> Box:
        """Around the ink, or with `loose` around the place that the font gives it."""
        if loose:
            rectangle = self._rectangle
            pdfium_c.FPDFText_GetLooseCharBox(self._raw, index, ctypes.byref(rectangle))
            x0, x1 = rectangle.left, rectangle.right
            y0, y1 = rectangle.bottom, rectangle.top
        else:
            self._char_box(self._raw, index, *self._edge_pointers)
            x0, x1, y0, y1 = self._edges[:]
        if self._rotation == 0:
            box = (x0 - self._left, self._top - y1, x1 - self._left, self._top - y0)
        elif self._rotation == 1:
            box = (y0 - self._bottom, x0 - self._left, y1 - self._bottom, x1 - self._left)
        elif self._rotation == 2:
            box = (self._right - x1, y0 - self._bottom, self._right - x0, y1 - self._bottom)
        else:
            box = (self._top - y1, self._right - x1, self._top - y0, self._right - x0)
        return turn_upright(box, turn, self._width, self._height) if turn else box

    def turn(self, index: int) -> int | None:
        """Quarter turns of the character on the displayed page, None where not known."""
        angle = pdfium_c.FPDFText_GetCharAngle(self._raw, index)  # clockwise, own space
        if angle < 0:
            return None
        return int(-round(angle / (math.pi / 2)) - self._rotation) % 4

    def style(self, index: int) -> tuple[float, str, bool, bool]:
        """(size in points, font, bold, typed)."""
        pdfium_c.FPDFText_GetFontInfo(
            self._raw, index, self._name, len(self._name), ctypes.byref(self._flags)
        )
        font = self._name.value.decode("utf-8", "replace")
        key = (font, self._flags.value)
        if key not in self._fonts:
            self._fonts[key] = (
                bool(self._flags.value & _FORCE_BOLD or _BOLD.search(font)),
                bool(self._flags.value & _FIXED_PITCH or _TYPEWRITER.search(font)),
            )
        size = pdfium_c.FPDFText_GetFontSize(self._raw, index)
        if pdfium_c.FPDFText_GetMatrix(self._raw, index, ctypes.byref(self._matrix)):
            size *= math.hypot(self._matrix.c, self._matrix.d)
        return (float(size), font, *self._fonts[key])


def turn_upright(box: Box, turn: int, width: float, height: float) -> Box:
    """Displayed page (width x height) -> the space where text with `turn` is upright."""
    x0, y0, x1, y1 = box
    if turn == 1:  # it runs upwards
        return (height - y1, x0, height - y0, x1)
    if turn == 2:
        return (width - x1, height - y1, width - x0, height - y0)
    if turn == 3:  # it runs downwards
        return (y0, width - x1, y1, width - x0)
    return box


def turn_back(box: Box, turn: int, width: float, height: float) -> Box:
    """The inverse of `turn_upright`."""
    x0, y0, x1, y1 = box
    if turn == 1:
        return (y0, height - x1, y1, height - x0)
    if turn == 2:
        return (width - x1, height - y1, width - x0, height - y0)
    if turn == 3:
        return (width - y1, x0, width - y0, x1)
    return box
