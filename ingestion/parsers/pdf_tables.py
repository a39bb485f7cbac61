"""Where on a page tables stand: between ruling lines, or where words stand in columns."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from ingestion.parsers.pdf_captions import FIGURE_CAPTION, is_figure, is_table
from ingestion.parsers.pdf_cells import REACH, Table, build_table
from ingestion.parsers.pdf_characters import Box, Word
from ingestion.parsers.pdf_columns import MOST_WORDS_A_PIECE, aligned_boxes, read_across
from ingestion.parsers.pdf_pieces import Piece, find_baselines, split_pieces
from ingestion.parsers.pdf_rulings import Rule, Rulings
from ingestion.parsers.pdf_text import PageText, PrintedLine

SMALLEST_FONT = 4.0


def take_tables(page: PageText) -> None:
    """Replace the lines of each table by one that stands for it, in place."""
    if any(FIGURE_CAPTION.match(line.text) for line in page.sideways):
        return  # what seems to be the page's text are the turned labels of a figure
    for box in _ruled_boxes(page):
        _take(page, box, page.rulings)
    for box in aligned_boxes(page):
        _take(page, box, Rulings())


def _take(page: PageText, box: Box, rulings: Rulings) -> None:
    inside: list[Piece] = []
    rest: list[PrintedLine] = []
    sideways = [line for line in page.sideways if _holds(box, line)]
    first: int | None = None
    for line in page.lines:
        words = [word for word in line.words if line.table is None and _holds(box, word)]
        if words:
            first = len(rest) if first is None else first
            inside.extend(split_pieces(words))
            words = [word for word in line.words if not _holds(box, word)]
            if words:
                rest.append(PrintedLine(words, line.page))
        else:
            rest.append(line)
    if first is None or statistics.median(piece.size for piece in inside) < SMALLEST_FONT:
        return
    if _overlap(inside) or (
        _is_typed(inside) and not is_table(page, box)  # a listing
    ):
        return
    turned = [_upright(line) for line in sideways]
    table = build_table([*inside, *turned], box, rulings)
    if table is None or not _is_table(table):
        return
    whole = PrintedLine([word for piece in inside for word in piece.words], page.number)
    whole.table = table
    whole.x0, whole.y0, whole.x1, whole.y1 = box
    rest.insert(first, whole)
    page.lines = rest
    page.sideways = [line for line in page.sideways if not any(line is one for one in sideways)]


def _overlap(pieces: Sequence[Piece]) -> bool:
    """Whether texts are printed on each other, as in drawings."""
    pairs = [pair for baseline in find_baselines(pieces) for pair in itertools.pairwise(baseline)]
    return sum(left.x1 > right.x0 + 2 for left, right in pairs) > 0.1 * len(pairs)


def _is_typed(pieces: Sequence[Piece]) -> bool:
    words = [word for piece in pieces for word in piece.words]
    return sum(word.typed for word in words) > 0.5 * len(words)


def _upright(line: PrintedLine) -> Piece:
    """A sideways line as one word of a cell."""
    box = (line.x0, line.y0, line.x1, line.y1)
    return Piece([Word(line.text, *box, line.size, line.font, line.bold, False)])


def _holds(box: Box, thing: Word | PrintedLine) -> bool:
    x, y = (thing.x0 + thing.x1) / 2, (thing.y0 + thing.y1) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _is_table(table: Table) -> bool:
    """Most rows fill several columns, and most cells are no prose: else it is a drawing, a frame
    around text, or text in columns."""
    filled = [sum(1 for cell in row.cells if cell) for row in table.rows]
    if sum(count > 1 for count in filled) < max(2, 0.5 * len(filled)):
        return False
    if sum(filled) < 0.3 * table.width * len(filled):
        return False
    signs = Counter(cell[0] for row in table.rows for cell in row.cells if len("".join(cell)) == 1)
    if table.width == 2 and signs and max(signs.values()) > 0.4 * len(filled):
        return False  # a list with its bullets
    texts = [" ".join(cell) for row in table.rows for cell in row.cells if cell]
    return statistics.mean(map(len, texts)) < 150 and any(
        letter.isalnum() for text in texts for letter in text
    )


def _ruled_boxes(page: PageText) -> list[Box]:
    """Boxes framed by lines that cross, and between lines of equal length below each other."""
    boxes = _lattices(page.rulings)
    stacked = [
        rule
        for rule in page.rulings.horizontal
        if rule.length > 40 and not any(_crosses(rule, box) for box in boxes)
    ]
    for stack in _stacks(stacked):
        boxes.extend(_tabular_runs(stack, page))
    return sorted((box for box in boxes if not is_figure(page, box)), key=lambda box: box[1])


def _crosses(rule: Rule, box: Box) -> bool:
    inside = box[1] - 1 <= rule.at <= box[3] + 1
    return inside and rule.start < box[2] and rule.end > box[0]


def _lattices(rulings: Rulings) -> list[Box]:
    """Around each group of lines that touch, where two or more cross one that stands upright."""
    groups: list[tuple[list[Rule], list[Rule]]] = []
    for down in rulings.vertical:
        touched = [across for across in rulings.horizontal if _touch(across, down)]
        near = [group for group in groups if any(rule in group[0] for rule in touched)]
        merged = (touched, [down])
        for group in near:
            merged[0].extend(rule for rule in group[0] if rule not in touched)
            merged[1].extend(group[1])
            groups.remove(group)
        groups.append(merged)
    return [
        (
            min(rule.start for rule in across) - 1,
            min(*(rule.at for rule in across), *(rule.start for rule in upright)) - 1,
            max(rule.end for rule in across) + 1,
            max(*(rule.at for rule in across), *(rule.end for rule in upright)) + 1,
        )
        for across, upright in groups
        if len(across) > 1
    ]


def _touch(across: Rule, down: Rule) -> bool:
    return (
        across.start - REACH <= down.at <= across.end + REACH
        and down.start - REACH <= across.at <= down.end + REACH
    )


def _stacks(rules: Iterable[Rule]) -> list[list[Rule]]:
    """Lines that begin and end at the same x, top down, two or more."""
    stacks: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule.at):
        for stack in stacks:
            first = stack[0]
            if abs(first.start - rule.start) < REACH and abs(first.end - rule.end) < REACH:
                stack.append(rule)
                break
        else:
            stacks.append([rule])
    return [stack for stack in stacks if len(stack) > 1]


def _tabular_runs(stack: Sequence[Rule], page: PageText) -> list[Box]:
    """Around runs of three or more of these lines with columns between all of them; around two
    where a caption says that it is a table."""
    x0, x1 = stack[0].start - 2, stack[0].end + 2
    boxes = []
    run: list[Rule] = []
    for rule, following in itertools.zip_longest(stack, stack[1:]):
        run.append(rule)
        if following is None or not _has_columns(page, (x0, rule.at, x1, following.at)):
            box = (x0, run[0].at - 1, x1, run[-1].at + 1)
            if len(run) > 2 or (len(run) == 2 and is_table(page, box)):
                boxes.append(box)
            run = []
    return boxes


def _has_columns(page: PageText, box: Box) -> bool:
    """Whether what stands in the box is parted into short pieces; true where it is empty."""
    words = [word for line in page.lines for word in line.words if _holds(box, word)]
    baselines = read_across(words)
    if not baselines:
        return box[3] - box[1] < 30
    pieces = [piece for baseline in baselines for piece in baseline]
    parted = sum(len(baseline) > 1 for baseline in baselines)
    words_a_piece = statistics.mean(len(piece.words) for piece in pieces)
    if len(baselines) <= 4:  # a header of several lines, a row that spans all columns
        return (parted > 0 and words_a_piece < 5) or (len(pieces) == 1 and words_a_piece < 10)
    return parted >= 0.5 * len(baselines) and words_a_piece <= MOST_WORDS_A_PIECE
