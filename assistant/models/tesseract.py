"""Tesseract, which recognises printed characters, through its C library.

The library comes with the program (Debian's tesseract-ocr). It is called inside of the parsing
child instead of the program, so that the child may go on refusing all programs, and the language
models are loaded once a document. `OMP_THREAD_LIMIT=1` has to be set before it is loaded: its
threads gain nothing on a page, and a parsing child may start none.
"""

from __future__ import annotations

import ctypes
import statistics
from dataclasses import dataclass
from typing import Any

from assistant.errors import ModelMissingError

LANGUAGES = ("fra", "eng")
ADVICE = (
    "install Tesseract with its languages, on Debian and Ubuntu by: "
    "sudo apt-get install tesseract-ocr tesseract-ocr-fra"
)
MOST_PIXELS_A_SIDE = 32_000
"""The library takes 32,767."""

_LIBRARIES = (
    "libtesseract.so.5",
    "libtesseract.5.dylib",
    "/opt/homebrew/lib/libtesseract.5.dylib",
    "/usr/local/lib/libtesseract.5.dylib",
)
_AUTOMATIC_PAGE, _ORIENTATION_ONLY = 3, 0
_WORD_LEVEL = "5"


@dataclass(frozen=True, slots=True)
class RecognisedWord:
    """Edges in pixels from the image's top left, `confidence` in [0, 1]. `line` counts the
    page's lines in reading order, `height` is the usual one of the words of its paragraph."""

    text: str
    x0: int
    y0: int
    x1: int
    y1: int
    confidence: float
    line: int
    height: float


class Tesseract:
    """One recogniser with its language models, for one thread. Close it after use.

    Raises:
        ModelMissingError: the library or all of its languages are missing; says what to do.
    """

    def __init__(self) -> None:
        self._library = _load()
        self._reader = ctypes.c_void_p(self._library.TessBaseAPICreate())
        if self._library.TessBaseAPIInit3(self._reader, None, "+".join(LANGUAGES).encode()):
            self.close()
            raise ModelMissingError(f"Tesseract finds none of its languages; {ADVICE}")
        self._library.TessBaseAPISetPageSegMode(self._reader, _AUTOMATIC_PAGE)

    @property
    def version(self) -> str:
        return str(self._library.TessVersion().decode("ascii", "replace"))

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of `LANGUAGES` that were loaded."""
        names = self._library.TessBaseAPIGetLoadedLanguagesAsVector(self._reader)
        try:
            loaded: list[str] = []
            while names[len(loaded)]:
                loaded.append(names[len(loaded)].decode("ascii", "replace"))
            return tuple(name for name in LANGUAGES if name in loaded)
        finally:
            self._library.TessDeleteTextArray(names)

    def read(
        self, pixels: bytes, width: int, height: int, *, dpi: int, timeout_s: float
    ) -> list[RecognisedWord] | None:
        """The words of a page in reading order, columns one after the other.

        Args:
            pixels: one byte of grey a pixel, row by row.
        Returns:
            None where it did not end within `timeout_s`.
        """
        library = self._library
        library.TessBaseAPISetImage(self._reader, pixels, width, height, 1, width)
        library.TessBaseAPISetSourceResolution(self._reader, dpi)
        monitor = ctypes.c_void_p(library.TessMonitorCreate())
        library.TessMonitorSetDeadlineMSecs(monitor, max(1, round(1000 * timeout_s)))
        try:
            if library.TessBaseAPIRecognize(self._reader, monitor):
                return None
            table = library.TessBaseAPIGetTsvText(self._reader, 0)
            try:
                text = ctypes.string_at(table).decode("utf-8", "replace")
            finally:
                library.TessDeleteText(ctypes.c_void_p(table))
        finally:
            library.TessMonitorDelete(monitor)
            library.TessBaseAPIClear(self._reader)
        return _read_table(text)

    def close(self) -> None:
        self._library.TessBaseAPIDelete(self._reader)


def find_turn(pixels: bytes, width: int, height: int, *, dpi: int) -> int:
    """Quarter turns, counter-clockwise, that most of the text on an image stands turned by.

    0 also where the image says too little, or the model for it (osd) is not installed.

    Raises:
        ModelMissingError: the library is missing.
    """
    library = _load()
    reader = ctypes.c_void_p(library.TessBaseAPICreate())
    degrees, script = ctypes.c_int(), ctypes.c_char_p()
    sure, script_sure = ctypes.c_float(), ctypes.c_float()
    try:
        if library.TessBaseAPIInit3(reader, None, b"osd"):
            return 0
        library.TessBaseAPISetPageSegMode(reader, _ORIENTATION_ONLY)
        library.TessBaseAPISetImage(reader, pixels, width, height, 1, width)
        library.TessBaseAPISetSourceResolution(reader, dpi)
        found = library.TessBaseAPIDetectOrientationScript(
            reader,
            ctypes.byref(degrees),
            ctypes.byref(sure),
            ctypes.byref(script),
            ctypes.byref(script_sure),
        )
        return (4 - degrees.value // 90) % 4 if found else 0
    finally:
        library.TessBaseAPIDelete(reader)


def _load() -> Any:
    """The library with the types of its functions.

    Raises:
        ModelMissingError: it is not installed.
        MemoryError: it is, but there is no room for it.
    """
    for name in _LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError as exc:
            if "cannot map" in str(exc) or "failed to map" in str(exc) or "memory" in str(exc):
                raise MemoryError(f"Tesseract could not be loaded: {exc}") from exc
            continue
        library.TessVersion.restype = ctypes.c_char_p
        library.TessBaseAPIGetLoadedLanguagesAsVector.restype = ctypes.POINTER(ctypes.c_char_p)
        for function in ("TessBaseAPICreate", "TessMonitorCreate", "TessBaseAPIGetTsvText"):
            getattr(library, function).restype = ctypes.c_void_p
        return library
    raise ModelMissingError(f"Tesseract is not installed; {ADVICE}")


def _read_table(table: str) -> list[RecognisedWord]:
    """Tesseract's tab-separated columns: level, page, block, paragraph, line, word, left, top,
    width, height, confidence (0 to 100), text."""
    rows = [row.split("\t") for row in table.splitlines()]
    rows = [row for row in rows if len(row) == 12 and row[0] == _WORD_LEVEL and row[11].strip()]
    lines: dict[tuple[str, ...], list[list[str]]] = {}
    heights: dict[tuple[str, ...], list[int]] = {}
    for row in rows:
        lines.setdefault(tuple(row[2:5]), []).append(row)
        heights.setdefault(tuple(row[2:4]), []).append(int(row[9]))
    return [
        RecognisedWord(
            text=word[11].strip(),
            x0=int(word[6]),
            y0=int(word[7]),
            x1=int(word[6]) + int(word[8]),
            y1=int(word[7]) + int(word[9]),
            confidence=min(1.0, max(0.0, float(word[10]) / 100)),
            line=number,
            height=statistics.median(heights[key[:2]]),
        )
        for number, (key, words) in enumerate(lines.items())
        for word in words
    ]
