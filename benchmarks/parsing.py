"""What the figures of docs/parsing.md come from.

    python benchmarks/parsing.py DATA [--only text,tables,ocr,hostile]

DATA holds folders of files (papers/, business/, tex/, scans/, hostile/). `tex/X.tex` is the truth
of `tex/X.pdf`, `scans/X.txt` that of `scans/X.png` and, if it is there, of `scans/skew.pdf`. The
rows that tables are to give are in parsing_tables.json, hashed, as they were read from rendered
pages.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import resource
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.errors import ParseError
from assistant.types import BlockKind, ParsedDocument
from ingestion.parsers.base import format_of, parse_file
from ingestion.sandbox import SandboxLimits, parse_in_sandbox

PROBE_WORDS = 12
ROWS = Path(__file__).with_name("parsing_tables.json")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path)
    options.add_argument("--only", default="text,tables,ocr,hostile")
    given = options.parse_args()
    measures: dict[str, Callable[[Path], dict[str, object]]] = {
        "text": measure_text,
        "tables": measure_tables,
        "ocr": measure_recognition,
        "hostile": measure_hostile,
    }
    for name in given.only.split(","):
        print(json.dumps({name: measures[name](given.data)}, indent=1, ensure_ascii=False))


def measure_text(data: Path) -> dict[str, object]:
    """Pages with a text layer: speed, peak memory, and 12-word probes of the LaTeX source."""
    files = [
        path
        for folder in ("papers", "business", "tex")
        for path in sorted((data / folder).glob("*.pdf"))
    ]
    times: list[float] = []
    pages = 0
    for path in files:
        began = time.perf_counter()
        parsed = _parse(path)
        if not parsed.recognised:
            pages += parsed.pages
            times.append(time.perf_counter() - began)
    found: dict[str, object] = {
        "files": len(times),
        "pages": pages,
        "pages/s": round(pages / sum(times), 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    }
    for source in sorted((data / "tex").glob("*.tex")):
        probes = read_probes(source.read_text(encoding="utf-8", errors="replace"))
        text = " ".join(_words(_text_of(_parse(source.with_suffix(".pdf")))))
        share = sum(probe in text for probe in probes) / len(probes)
        found[f"strict recall of {source.name}"] = round(share, 3)
    return found


def read_probes(source: str) -> list[str]:
    """Runs of 12 words between the commands and formulas of a LaTeX file's body."""
    body = re.sub(r"(?<!\\)%.*", "", source)
    body = body[max(0, body.find(r"\begin{abstract}")) :]
    command = (
        r"~?\\(?:cite|ref|eqref|label|footnote|url|href|includegraphics|bibitem)\b[^}]*\}"
        r"|\$[^$]*\$|\\\w+\*?(?:\[[^\]]*\])?|[{}&\\\[\]]|\n\s*\n"
    )
    probes = []
    for run in re.split(command, body):
        words = _words(run)
        probes += [
            " ".join(words[start : start + PROBE_WORDS])
            for start in range(0, len(words) - PROBE_WORDS + 1, PROBE_WORDS)
        ]
    return probes


def measure_tables(data: Path) -> dict[str, object]:
    """Rows whose cells are all right, white space aside, and tables found in all."""
    right, wanted, missed = 0, 0, []
    for name, rows in json.loads(ROWS.read_text(encoding="utf-8")).items():
        if not (data / name).exists():
            continue
        found = {
            _row_key(_cells(line))
            for block in _parse(data / name).blocks
            if block.kind is BlockKind.TABLE
            for line in block.text.split("\n")
        }
        wanted += len(rows)
        right += sum(row in found for row in rows)
        missed += [f"{name}: {row}" for row in rows if row not in found]
    return {"rows": wanted, "right": right, "missed": missed}


def measure_recognition(data: Path) -> dict[str, object]:
    """Word F1 against the text beside an image: as it is, and turned, blurred and noisy."""
    found: dict[str, object] = {}
    for truth in sorted((data / "scans").glob("*.txt")):
        wanted = Counter(_words(truth.read_text(encoding="utf-8")))
        with tempfile.TemporaryDirectory() as folder:
            noisy = Path(folder) / "noisy.png"
            _spoil(truth.with_suffix(".png"), noisy)
            for path in (truth.with_suffix(".png"), noisy, truth.with_name("skew.pdf")):
                if path.exists():
                    began = time.perf_counter()
                    parsed = _parse(path)
                    seconds = time.perf_counter() - began
                    read = Counter(_words(_text_of(parsed)))
                    score = 2 * (read & wanted).total() / (read.total() + wanted.total())
                    found[path.name] = {
                        "word_f1": round(score, 3),
                        "confidence": round(parsed.recognised[0][1], 3),
                        "seconds": round(seconds, 1),
                    }
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    return found


def _spoil(image: Path, target: Path) -> None:
    from PIL import Image, ImageFilter

    with Image.open(image) as opened:
        grey = opened.convert("L").rotate(0.6, Image.Resampling.BICUBIC, fillcolor=255)
        grey = grey.filter(ImageFilter.GaussianBlur(1.2))
        noise = Image.effect_noise(grey.size, 60)
        Image.blend(grey, noise, 0.25).save(target)


def measure_hostile(data: Path) -> dict[str, object]:
    """Every PDF and image, also the sound ones: how it ended, in how many seconds."""
    ends: dict[str, str] = {}
    slowest, refused = 0.0, 0
    for path in sorted(data.rglob("*")):
        fmt = format_of(path.name)
        if fmt is None or not fmt.paced:
            continue
        began = time.perf_counter()
        try:
            parsed = _parse(path)
            ends[str(path.relative_to(data))] = f"read, {len(parsed.empty_pages)} pages empty"
        except ParseError as exc:
            refused += 1
            ends[str(path.relative_to(data))] = f"refused: {exc}"
        slowest = max(slowest, time.perf_counter() - began)
    return {
        "files": len(ends),
        "refused": refused,
        "slowest_s": round(slowest, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10,
        "ends": {name: end for name, end in ends.items() if not end.startswith("read, 0")},
    }


def _parse(path: Path) -> ParsedDocument:
    """In the sandbox where characters may have to be recognised, else in this process, whose
    memory is then the parser's."""
    limits = SandboxLimits()
    if path.parent.name in ("papers", "business", "tex") and path.name != "TAMReview.pdf":
        return parse_file(path, max_pages=limits.max_pages, max_file_bytes=limits.max_file_bytes)
    return parse_in_sandbox(path, limits)


def _text_of(parsed: ParsedDocument) -> str:
    return " ".join(block.text for block in parsed.blocks)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", unicodedata.normalize("NFKD", text.lower()))


def _row_key(cells: Sequence[str]) -> str:
    """The words of the documents stay out of the project: a row is known by its hash."""
    joined = "\x1f".join(map(_squeeze, cells))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _cells(row: str) -> list[str]:
    return [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


if __name__ == "__main__":
    main()
