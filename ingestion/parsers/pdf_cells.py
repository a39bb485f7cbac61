"""The words inside of a table's borders become rows of cells."""

from __future__ import annotations

import itertools
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.parsers.pdf_characters import Box, Word
from ingestion.parsers.pdf_pieces import Baseline, Piece, box_around, find_baselines, find_gutters
from ingestion.parsers.pdf_rulings import Rule, Rulings

REACH = 4.0
"""Points by which a line may end before a table's border and still reach it."""


@dataclass(slots=True)
class Row:
    """`cells` holds for each column the texts below each other in it."""

    cells: list[list[str]]
    box: Box


@dataclass(slots=True)
class Table:
    """The first row is the header, "" where a column has none."""

    rows: list[Row]
    box: Box
    columns: list[float]
    """x of the borders between columns."""

    @property
    def width(self) -> int:
        return len(self.rows[0].cells)


def build_table(pieces: Sequence[Piece], box: Box, rulings: Rulings) -> Table | None:
    """Put pieces that lie inside of `box` into rows and columns; None where they make no table
    of two rows and two columns."""
    if not pieces:
        return None
    across = _borders(rulings.horizontal, box)
    bands = _find_bands(find_baselines(pieces), across)
    header, body = _part_header(bands)
    down = _column_rules(rulings.vertical, box)
    framed = len(down) > 2 and down[0] < box[0] + REACH and down[-1] > box[2] - REACH
    inner = [x for x in down if box[0] + REACH < x < box[2] - REACH]
    if not framed:
        inner = _add_gutters(inner, [*header[-1:], *(line for band in body for line in band)])
    edges = [box[0], *inner, box[2]]
    if len(edges) < 3:
        return None
    rows = []
    if header:
        rows.append(_write_header(header, edges, box, rulings))
    # Lines between (nearly) all rows: then what stands below each other is one cell's text.
    ruled = (framed and len(body) > 1) or (
        bool(down) and len(body) > 2 and statistics.median(map(len, body)) <= 2
    )
    for band in body:
        rows.extend(_write_rows(band, edges, ruled=ruled))
    rows = [row for row in rows if any(row.cells)]
    return Table(rows, box, inner) if len(rows) > 1 else None


def _borders(rules: Sequence[Rule], box: Box) -> list[float]:
    """Where lines reach from one side of the box to the other, each once."""
    found: list[float] = []
    for rule in sorted(rules, key=lambda rule: rule.at):
        inside = box[1] - REACH <= rule.at <= box[3] + REACH
        if inside and rule.start <= box[0] + REACH and rule.end >= box[2] - REACH:
            if found and rule.at - found[-1] < REACH:
                continue
            found.append(rule.at)
    return found


def _column_rules(rules: Sequence[Rule], box: Box) -> list[float]:
    """Vertical lines over a good part of the box, also where they are interrupted."""
    height = box[3] - box[1]
    lengths: dict[float, float] = defaultdict(float)
    for rule in sorted(rules, key=lambda rule: rule.at):
        if box[0] - REACH <= rule.at <= box[2] + REACH:
            near = next((at for at in lengths if abs(at - rule.at) < REACH), rule.at)
            lengths[near] += max(0.0, min(rule.end, box[3]) - max(rule.start, box[1]))
    return sorted(at for at, length in lengths.items() if length >= 0.35 * height)


def _find_bands(baselines: Sequence[Baseline], across: Sequence[float]) -> list[list[Baseline]]:
    """Baselines between the same two lines."""
    bands: dict[int, list[Baseline]] = defaultdict(list)
    for baseline in baselines:
        middle = statistics.median(piece.middle for piece in baseline)
        bands[sum(at < middle for at in across)].append(baseline)
    return [bands[number] for number in sorted(bands)]


def _part_header(
    bands: list[list[Baseline]],
) -> tuple[list[Baseline], list[list[Baseline]]]:
    """What stands above the first line between rows; without lines, the first baseline."""
    if len(bands) > 1:
        return bands[0], bands[1:]
    return bands[0][:1], [bands[0][1:]] if bands[0][1:] else []


def _add_gutters(inner: Sequence[float], baselines: Sequence[Baseline]) -> list[float]:
    """`inner` and the white gaps that run down through the baselines, where text stands between
    the two."""
    found = list(inner)
    for x in find_gutters(baselines):
        if not any(_is_free(baselines, min(x, other), max(x, other)) for other in inner):
            found.append(x)
    return sorted(found)


def _is_free(baselines: Sequence[Baseline], x0: float, x1: float) -> bool:
    return not any(
        x0 < (piece.x0 + piece.x1) / 2 < x1 for baseline in baselines for piece in baseline
    )


def _column_of(thing: Piece | Word, edges: Sequence[float]) -> int:
    """The column in which most of it stands."""
    shares = [min(end, thing.x1) - max(start, thing.x0) for start, end in itertools.pairwise(edges)]
    return shares.index(max(shares))


def _cut(piece: Piece, edges: Sequence[float], *, freely: bool) -> list[tuple[int, Piece]]:
    """(column, part): the piece, cut between words of different columns; unless `freely`, only
    where the gap is wider than others in it."""
    gaps = [right.x0 - left.x1 for left, right in itertools.pairwise(piece.words)]
    least = 0.0 if freely or not gaps else max(0.35 * piece.size, 1.5 * statistics.median(gaps))
    groups = [(_column_of(piece.words[0], edges), [piece.words[0]])]
    for word, gap in zip(piece.words[1:], gaps, strict=True):
        column = _column_of(word, edges)
        if column == groups[-1][0] or gap < least:
            groups[-1][1].append(word)
        else:
            groups.append((column, [word]))
    parts = [Piece(words) for _, words in groups]
    return [(_column_of(part, edges), part) for part in parts]


def _write_header(
    band: Sequence[Baseline], edges: Sequence[float], box: Box, rulings: Rulings
) -> Row:
    """One row; a cell above several columns is repeated in each of them."""
    cells: list[list[str]] = [[] for _ in edges[1:]]
    placed = [[_cut(piece, edges, freely=True) for piece in baseline] for baseline in band]
    for index, baseline in enumerate(band):
        below = {column for later in placed[index + 1 :] for parts in later for column, _ in parts}
        for piece, parts in zip(baseline, placed[index], strict=True):
            columns = _span(piece, edges, box, rulings) & below
            if len(columns) > 1:
                for column in sorted(columns):
                    cells[column].append(piece.text)
            else:
                for column, part in parts:
                    cells[column].append(part.text)
    return Row(cells, box_around(piece for baseline in band for piece in baseline))


def _span(piece: Piece, edges: Sequence[float], box: Box, rulings: Rulings) -> set[int]:
    """Columns that a header's cell reaches over: by the line below it, between the vertical lines
    beside it, and by its own width."""
    start, end = piece.x0, piece.x1
    for rule in rulings.horizontal:
        below = -2 < rule.at - piece.y1 < 1.2 * piece.size
        if below and rule.start - 2 < (start + end) / 2 < rule.end + 2:
            if rule.length < 0.95 * (box[2] - box[0]):
                start, end = min(start, rule.start), max(end, rule.end)
            break
    for rule in rulings.vertical:
        if rule.start < piece.middle < rule.end:
            if rule.at <= piece.x0 + 1:
                start = max(start, rule.at)
            elif rule.at >= piece.x1 - 1:
                end = min(end, rule.at)
    return {
        column
        for column, (left, right) in enumerate(itertools.pairwise(edges))
        if min(end, right) - max(start, left) > min(0.5 * (right - left), 0.9 * (end - start))
    }


def _write_rows(band: Sequence[Baseline], edges: Sequence[float], *, ruled: bool) -> list[Row]:
    """The rows between two lines.

    A baseline with several cells begins a row, others go on in the cells above; where all rows
    are ruled off, the band is one row unless its baselines are full. A cell beside several rows
    counts for each of them.
    """
    placed = [
        [entry for piece in baseline for entry in _cut(piece, edges, freely=False)]
        for baseline in band
    ]
    filled = [len({column for column, _ in baseline}) for baseline in placed]
    most = max(filled)
    least = max(2, (most + 1) // 2) if not ruled else max(3, (most + 1) // 2)
    strong = [index for index, count in enumerate(filled) if count >= least]
    if ruled and len(strong) < 2:
        return [_merge(placed, len(edges) - 1)]
    rows: list[list[list[tuple[int, Piece]]]] = []
    beside: list[tuple[int, Piece]] = []
    pitch = _pitch(band)
    for index, baseline in enumerate(placed):
        columns = {column for column, _ in baseline}
        if index not in strong and len(strong) > 1 and _is_centred(baseline, band, index):
            beside.extend(baseline)
        elif index in strong or not rows or columns == {0} or not strong:
            rows.append([baseline])
        elif baseline[0][1].middle - rows[-1][-1][0][1].middle < 1.6 * pitch:
            rows[-1].append(baseline)
        else:
            rows.append([baseline])
    written = [_merge(row, len(edges) - 1) for row in rows]
    for column, piece in [*beside, *_labels(rows, band)]:
        for row in written:
            if not row.cells[column]:
                row.cells[column].append(piece.text)
    return written


def _labels(
    rows: Sequence[Sequence[Sequence[tuple[int, Piece]]]], band: Sequence[Baseline]
) -> list[tuple[int, Piece]]:
    """The only entry of the first column, where it stands in the middle of three rows or more."""
    first = [piece for row in rows for line in row for column, piece in line if column == 0]
    if len(first) != 1 or len(rows) < 3:
        return []
    top, bottom = band[0][0].middle, band[-1][0].middle
    centred = abs(first[0].middle - (top + bottom) / 2) < 0.6 * _pitch(band)
    return [(0, first[0])] if centred else []


def _pitch(band: Sequence[Baseline]) -> float:
    """The usual distance of baselines, in points."""
    steps = [after[0].middle - before[0].middle for before, after in itertools.pairwise(band)]
    return max(statistics.median(steps), band[0][0].size) if steps else band[0][0].size


def _is_centred(
    baseline: Sequence[tuple[int, Piece]], band: Sequence[Baseline], index: int
) -> bool:
    """Whether it stands between two baselines that are no wider apart than usual."""
    if not 0 < index < len(band) - 1 or len(baseline) > 2:
        return False
    middle = baseline[0][1].middle
    above, below = band[index - 1][0].middle, band[index + 1][0].middle
    size = baseline[0][1].size
    return below - above < 1.9 * size and middle - above < size and below - middle < size


def _merge(baselines: Sequence[Sequence[tuple[int, Piece]]], width: int) -> Row:
    cells: list[list[str]] = [[] for _ in range(width)]
    for baseline in baselines:
        for column, piece in baseline:
            cells[column].append(piece.text)
    return Row(cells, box_around(piece for baseline in baselines for _, piece in baseline))
