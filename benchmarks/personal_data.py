"""How much personal data and how many secrets are found, and what is taken for some.

    python benchmarks/personal_data.py                     # the generated set
    python benchmarks/personal_data.py --spans FILE.json   # sets of others, with marked spans
    python benchmarks/personal_data.py --texts FILE...     # how often real texts raise an alarm

The generated set is made anew from a seed by personal_sentences.py: real check digits in many
spellings, the same with one digit changed, and figures that look alike.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from personal_sentences import Case, make_cases

from assistant.safety.finding import Finding, Kind, without_overlaps
from assistant.safety.personal import find_personal
from assistant.safety.secrets import find_secrets

SEED = 12
COVERED = 0.8
"""A span is found when a finding of its kind covers at least this share of it, and reaches at
most 12 characters beyond it on either side."""
BEYOND = 12
LABELS = {
    "PERSON": Kind.PERSON,
    "PHONE_NUMBER": Kind.PHONE,
    "IBAN_CODE": Kind.IBAN,
    "CREDIT_CARD": Kind.CARD,
    "FR_SIREN": Kind.SIREN,
    "FR_SIRET": Kind.SIRET,
    "FR_NIR": Kind.NIR,
    "ADDRESS": Kind.ADDRESS,
    "STREET_ADDRESS": Kind.ADDRESS,
    "EMAIL_ADDRESS": Kind.EMAIL,
    "IP_ADDRESS": Kind.IP,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--spans", type=Path, nargs="*", default=[])
    parser.add_argument("--texts", type=Path, nargs="*", default=[])
    parser.add_argument("--missed", type=int, default=0, help="show so many misses of each kind")
    parser.add_argument("--sample", type=int, default=0, help="show so many alarms of each kind")
    asked = parser.parse_args()
    if asked.texts:
        count_alarms(asked.texts, asked.sample)
        return
    sets: dict[str, list[Case]] = {path.name: [*read_spans(path)] for path in asked.spans}
    for name, cases in (sets or {"generated": make_cases(random.Random(SEED))}).items():  # noqa: S311
        print(f"\n{name}: {len(cases)} texts")
        measure(cases, asked.missed)


def find(text: str) -> list[Finding]:
    return without_overlaps([*find_personal(text), *find_secrets(text)])


def measure(cases: Sequence[Case], shown: int) -> None:
    """Recall per kind, and how many findings of a kind lie on nothing that is marked."""
    wanted: Counter[Kind] = Counter()
    hit: Counter[Kind] = Counter()
    given: Counter[Kind] = Counter()
    wrong: Counter[Kind] = Counter()
    missed: dict[Kind, list[str]] = defaultdict(list)
    alarms: dict[Kind, list[str]] = defaultdict(list)
    for case in cases:
        found = find(case.text)
        for start, end, kind in case.spans:
            wanted[kind] += 1
            if any(_covers(one, start, end, kind) for one in found):
                hit[kind] += 1
            else:
                missed[kind].append(case.text)
        for one in found:
            given[one.kind] += 1
            # Another label for the same thing is no false alarm of finding personal data.
            if not any(one.start < end and one.end > start for start, end, _ in case.spans):
                wrong[one.kind] += 1
                alarms[one.kind].append(case.text[one.start : one.end] + "  in  " + case.text)
    print(
        f"{'kind':10} {'marked':>7} {'recall':>7} {'95%':>15} {'found':>6} {'prec.':>6} {'95%':>15}"
    )
    for kind in Kind:
        if not wanted[kind] and not given[kind]:
            continue
        right = given[kind] - wrong[kind]
        print(
            f"{kind:10} {wanted[kind]:7} {_share(hit[kind], wanted[kind])} "
            f"{given[kind]:6} {_share(right, given[kind])}"
        )
        for text in missed[kind][:shown]:
            print(f"    missed: {text[:150]!r}")
        for text in alarms[kind][:shown]:
            print(f"    alarm:  {text[:150]!r}")


def _covers(one: Finding, start: int, end: int, kind: Kind) -> bool:
    shared = min(one.end, end) - max(one.start, start)
    beyond = max(start - one.start, one.end - end)
    return one.kind == kind and shared >= COVERED * (end - start) and beyond <= BEYOND


def _share(part: int, whole: int) -> str:
    """A share with Wilson's 95% interval (JASA 22, 1927, doi:10.1080/01621459.1927.10502953)."""
    if not whole:
        return f"{'-':>7} {'':15}"
    z, share = 1.96, part / whole
    middle = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * (share * (1 - share) / whole + z * z / (4 * whole * whole)) ** 0.5
    half /= 1 + z * z / whole
    return f"{share:7.3f} [{max(0, middle - half):.3f}, {min(1, middle + half):.3f}]"


def read_spans(path: Path) -> Iterator[Case]:
    """JSON: [{"text", "spans": [[start, end, label]]}], or the form of presidio-research. Spans
    of labels that Philo does not look for count as marked, so that they are no false alarms."""
    for row in json.loads(path.read_text(encoding="utf-8")):
        if "text" in row:
            spans = [(start, end, label) for start, end, label in row["spans"]]
            text = row["text"]
        else:
            text = row["full_text"]
            spans = [
                (one["start_position"], one["end_position"], one["entity_type"])
                for one in row["spans"]
            ]
        yield Case(text, tuple((a, b, LABELS[kind]) for a, b, kind in spans if kind in LABELS))


def count_alarms(paths: Iterable[Path], sample: int) -> None:
    """How many findings of each kind there are in real texts, and how fast they are read.

    A file is a corpus.jsonl, of which the first 2,000 texts are read, or plain text.
    """
    for path in paths:
        if path.suffix == ".jsonl":
            with path.open(encoding="utf-8") as lines:
                rows = [json.loads(line) for _, line in zip(range(2000), lines, strict=False)]
            texts = [row["text"] for row in rows]
        else:
            texts = [path.read_text(encoding="utf-8", errors="replace")]
        find("")
        counts: Counter[Kind] = Counter()
        shown: dict[Kind, list[str]] = defaultdict(list)
        began = time.process_time()
        for text in texts:
            for one in find(text):
                counts[one.kind] += 1
                around = text[max(0, one.start - 40) : one.end + 30].replace("\n", " ")
                shown[one.kind].append(f"{text[one.start : one.end]!r}  {one.rule}  ...{around}...")
        seconds = time.process_time() - began
        size = sum(len(text.encode()) for text in texts) / 1e6
        print(f"\n{path}: {len(texts)} texts, {size:.2f} MB, {size / max(seconds, 1e-9):.2f} MB/s")
        print("  " + ", ".join(f"{kind} {count}" for kind, count in counts.most_common()))
        rng = random.Random(SEED)  # noqa: S311 - a sample
        for kind in shown if sample else ():
            for line in rng.sample(shown[kind], min(sample, len(shown[kind]))):
                print(f"    {kind}: {line}")


if __name__ == "__main__":
    sys.exit(main())
