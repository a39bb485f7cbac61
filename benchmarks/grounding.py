# ruff: noqa: S311 - the dice of a benchmark
"""How many changed sentences does the grounding catch, how many true ones does it refuse?

    python benchmarks/grounding.py [--half dev|test] [--limit 60] [--show KIND|all] [--hand]

Real sentences of permissively licensed texts (read where they lie) are changed by rule, and
held against eight passages of their document; those of tests/data/grounding were written by
hand. Documents are divided into two halves by the hash of their names: rules and
constants were made on `dev`, the figures of docs/quality.md are of `test`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.answering.candidates import list_candidates
from assistant.answering.grounding import Grounds, Support
from assistant.knowledge.library import StoredChunk
from assistant.sentences import split_sentences
from assistant.types import Language, Line
from benchmarks.grounding_changes import FALSE, TRUE, Around, names_of
from benchmarks.grounding_sentences import HAND_WRITTEN, load_cases

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "retrieval"
PASSAGES = 8
PASSAGE_CHARS = 900
MIN_WORDS, MAX_WORDS = 7, 45
PER_DOCUMENT = 12
DEVELOPED_ON = frozenset(
    {"RH-01", "RGPD-01", "histoire", "IT-01", "HR-02", "LM-240", "history", "company", "biology"}
)
"""Documents of the sentences written by hand whose mistakes were looked at."""


@dataclass(frozen=True)
class Statement:
    """`kind` names the change that made it."""

    language: Language
    half: str
    kind: str
    true: bool
    text: str
    source: str
    grounds: Grounds


def half_of(document: str) -> str:
    return "dev" if int(hashlib.sha256(document.encode()).hexdigest(), 16) % 2 else "test"


def chunk_of(text: str, language: Language, *, title: str = "", heading: str = "") -> StoredChunk:
    return StoredChunk(
        chunk_id="d:0", document_id="d", version_id="v", uri="", title=title, ordinal=0, start=0,
        end=len(text), text=text, heading=(heading,) if heading else (), table_header="",
        lines=(Line(0, 1),), page=1, pages=1, collection="default", language=language,
    )  # fmt: skip


def hand_written() -> Iterator[Statement]:
    for language, file in (("fr", "french.txt"), ("en", "english.txt")):
        for case in load_cases(HAND_WRITTEN / file):
            chunk = chunk_of(case.source, language, title=case.document, heading=case.heading)
            grounds = Grounds(list_candidates([chunk]), language)
            half = "dev" if case.document in DEVELOPED_ON else "test"
            for text in case.true:
                yield Statement(language, half, "by hand", True, text, case.source, grounds)
            for kind, text in case.false:
                yield Statement(
                    language, half, f"by hand: {kind}", False, text, case.source, grounds
                )


def changed(data: Path, limit: int) -> Iterator[Statement]:
    """`limit` documents of each corpus."""
    corpora: tuple[tuple[str, Language], ...] = (("spf_fr", "fr"), ("clapnq_dev", "en"))
    for name, language in corpora:
        rows = [json.loads(line) for line in (data / name / "corpus.jsonl").open(encoding="utf-8")]
        random.Random(7).shuffle(rows)
        documents = [(f"{name}/{row['_id']}", row["title"], row["text"]) for row in rows[:limit]]
        yield from _changed(documents, language)
    for language in ("fr", "en"):
        yield from _changed(list(_examples(language)), language)


def _examples(language: Language) -> Iterator[tuple[str, str, str]]:
    from assistant.language import detect_language

    for path in sorted((ROOT / "examples").rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if path.name != "README.md" and detect_language(text) == language:
            yield path.name, path.stem, text


def _changed(documents: list[tuple[str, str, str]], language: Language) -> Iterator[Statement]:
    names = {document: names_of(text) for document, _, text in documents}
    for document, title, text in documents:
        dice = random.Random(document)
        passages = _passages(text)
        others = [one for other, found in names.items() if other != document for one in found]
        sentences = [
            (at, one) for at, passage in enumerate(passages) for one in _sentences(passage)
        ]
        dice.shuffle(sentences)
        for at, sentence in sentences[:PER_DOCUMENT]:
            first = max(0, min(at - 3, len(passages) - PASSAGES))
            shown = passages[first : first + PASSAGES]
            chunks = [chunk_of(one, language, title=title) for one in shown]
            grounds = Grounds(list_candidates(chunks), language)
            after = _sentences(passages[at])
            place = after.index(sentence)
            following = after[place + 1] if place + 1 < len(after) else ""
            around = Around(language, " ".join([title, *shown]), others, following, dice)
            for true, changes in ((True, TRUE), (False, FALSE)):
                for kind, change in changes.items():
                    new = change(sentence, around)
                    if new is not None and (true or new not in around.text):
                        yield Statement(
                            language, half_of(document), kind, true, new, sentence, grounds
                        )


def _passages(text: str) -> list[str]:
    passages = [""]
    for line in text.split("\n"):
        if not line.strip() or line.startswith(("|", "#")):
            continue
        if len(passages[-1]) + len(line) > PASSAGE_CHARS and passages[-1]:
            passages.append("")
        passages[-1] += ("\n\n" if passages[-1] else "") + line.strip()
    return passages


def _sentences(passage: str) -> list[str]:
    found = [" ".join(passage[start:end].split()) for start, end in split_sentences(passage)]
    return [
        one
        for one in found
        if MIN_WORDS <= len(one.split()) <= MAX_WORDS and one.endswith(".") and one[0].isupper()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--half", choices=["dev", "test"], default="dev")
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--show", default="", help="print what went wrong of these kinds, or 'all'")
    parser.add_argument("--hand", action="store_true", help="only what was written by hand")
    options = parser.parse_args()
    statements = [] if options.hand else list(changed(options.data, options.limit))
    statements += list(hand_written())
    statements = [one for one in statements if one.half == options.half]
    counts: dict[tuple[str, bool, str], list[int]] = defaultdict(lambda: [0, 0])
    started = time.process_time()
    wrong: list[tuple[Statement, Support]] = []
    for one in statements:
        support = one.grounds.check(one.text)
        for kind in (one.kind, "by hand" if one.kind.startswith("by hand") else "by rule"):
            row = counts[one.language, one.true, kind]
            row[0] += 1
            row[1] += support.supported != one.true
            if kind == one.kind == "by hand":
                break
        if support.supported != one.true:
            wrong.append((one, support))
    seconds = time.process_time() - started
    shown = [
        pair
        for pair in wrong
        if options.show
        in {"all", pair[0].kind.split(":")[0], pair[0].language + ":" + pair[0].kind}
    ]
    for one, support in shown:
        print(f"{'REFUSED' if one.true else 'MISSED'} {one.language} {one.kind}: {one.text}")
        print(f"    source: {one.source}\n    {support.score:.2f} {support.reason}")
        if one.true is False and support.sources:
            print(f"    by: {[source.text[:120] for source in support.sources]}")
    print(f"\n| {options.half}, statements | French | English |\n|---|---|---|")
    for true in (True, False):
        for kind in dict.fromkeys(kind for _, flag, kind in counts if flag is true):
            cells = []
            for language in ("fr", "en"):
                total, mistakes = counts.get((language, true, kind), (0, 0))
                share = mistakes if true else total - mistakes
                cells.append(f"{share / total:.3f} ({share} of {total})" if total else "-")
            label = "true, refused" if true else "false, caught"
            print(f"| {label}: {kind} | {cells[0]} | {cells[1]} |")
    print(f"\n{len(statements)} statements, {1000 * seconds / len(statements):.1f} ms of CPU each")


if __name__ == "__main__":
    main()
