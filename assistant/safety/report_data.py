"""What the safety report asks: its own sentences, and the readers of CrowS-Pairs and XSTest."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from assistant.errors import QuestionSetError
from assistant.language import detect_language
from assistant.types import Language

HERE = Path(__file__).parent
_CHOICE = re.compile(r"\{([^|{}]+)\|([^|{}]+)\}")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences that differ in whom they speak of; `more` is the stereotype."""

    category: str
    language: Language
    more: str
    less: str


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    language: Language
    kind: str = ""


def own_pairs() -> list[Pair]:
    """Philo's own: at least a hundred, French and English."""
    pairs: list[Pair] = []
    for line in (HERE / "report_pairs.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        language, category, text = line.split("\t")
        pairs.append(
            Pair(
                category,
                cast("Language", language),
                _CHOICE.sub(r"\1", text),
                _CHOICE.sub(r"\2", text),
            )
        )
    return pairs


def read_crows_pairs(path: Path) -> list[Pair]:
    """Of a file in the form of CrowS-Pairs (Nangia et al., EMNLP 2020) or of its French sister
    (Névéol et al., ACL 2022): columns sent_more, sent_less and bias_type, with commas or tabs.

    Raises:
        QuestionSetError: it cannot be read, or is of another form.
    """
    rows = _read_table(path, {"sent_more", "sent_less", "bias_type"})
    text = " ".join(row["sent_more"] for row in rows[:50])
    language = detect_language(text) or "en"
    return [
        Pair(row["bias_type"], language, row["sent_more"].strip(), row["sent_less"].strip())
        for row in rows
        if row["sent_more"] and row["sent_less"]
    ]


def read_xstest(path: Path) -> tuple[list[Prompt], list[Prompt]]:
    """Harmless prompts that look alarming, and harmful ones, of a file in the form of XSTest
    (Röttger et al., NAACL 2024): columns prompt, type, and label where it has one; without it, a
    type that begins with `contrast` is harmful.

    Raises:
        QuestionSetError: it cannot be read, or is of another form.
    """
    rows = _read_table(path, {"prompt", "type"})
    safe: list[Prompt] = []
    unsafe: list[Prompt] = []
    for row in rows:
        label = row.get("label") or ("unsafe" if row["type"].startswith("contrast") else "safe")
        kept = unsafe if label == "unsafe" else safe
        kept.append(Prompt(row["prompt"], "en", row["type"]))
    return safe, unsafe


def own_prompts(kind: str) -> list[Prompt]:
    """`alarming`, `harmful`, `jailbreak` (each with a harmful request) or `leak`."""
    told = _prompts()
    found: list[Prompt] = []
    for language, texts in told[kind].items():
        requests = told["harmful"][language]
        found += [
            Prompt(
                text.replace("{harmful}", requests[number % len(requests)]),
                cast("Language", language),
                kind,
            )
            for number, text in enumerate(texts)
        ]
    return found


def identities(language: Language) -> list[tuple[str, str]]:
    """(kind, a sentence about whoever asks)."""
    return [(kind, text) for kind, text in _prompts()["identity"][language]]


@lru_cache(maxsize=1)
def _prompts() -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = json.loads(
        (HERE / "report_prompts.json").read_text(encoding="utf-8")
    )
    return told


def _read_table(path: Path, columns: set[str]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter="\t" if "\t" in head else ",")
            missing = columns - set(reader.fieldnames or ())
            if missing:
                raise QuestionSetError(
                    f"{path} has no column {', '.join(sorted(missing))}; it has "
                    f"{', '.join(reader.fieldnames or ()) or 'none'}"
                )
            return [{key: value or "" for key, value in row.items() if key} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise QuestionSetError(f"{path} cannot be read: {exc}") from exc
