"""English questions made by rule out of plain passages.

A sentence gives up a date, a number, a name or a definition, and the rest of it is turned into
a question around a question word: cloze translation (Lewis et al., ACL 2019,
doi:10.18653/v1/P19-1484), with words dropped so that matching words is not enough.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from pairs import Pair

from assistant.sentences import split_sentences
from assistant.words import STOP_WORDS

_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_NAME = r"[A-Z][\w.'-]+(?: (?:of |the |de |van |von )?[A-Z][\w.'-]+)*"
_RULES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "date",
        rf"(?:\d{{1,2}} )?(?:{_MONTH})(?: \d{{1,2}})?(?: ?, \d{{4}}| \d{{4}})?|"
        r"(?<=\b[Ii]n )(?:1\d|20)\d\d\b|(?<=since )(?:1\d|20)\d\d\b",
        ("when", "when", "in what year", "on what date"),
    ),
    ("amount", r"[$£€] ?\d[\d,.]*(?: (?:million|billion|thousand))?", ("how much",)),
    (
        "share",
        r"\d[\d.,]* ?(?:%|percent|per cent)|\d[\d.,]*(?: to \d[\d.,]*)? "
        r"(?:km|m|cm|mm|miles|feet|inches|kg|pounds|years|months|days|hours|minutes|weeks)\b",
        ("how much", "how long", "what"),
    ),
    (
        "count",
        r"\b(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)"
        r"(?= [a-z]{3,}s\b)",
        ("how many",),
    ),
    ("place", rf"(?<=\b[Ii]n ){_NAME}|(?<=\bat ){_NAME}", ("where", "in which place", "where")),
    ("person", rf"(?<=\bby ){_NAME}", ("who", "by whom", "who")),
    ("name", rf"(?<=[a-z,] ){_NAME}", ("who", "what", "which", "what")),
)
_DEFINITION = re.compile(
    r"^(?:The |A |An )?(?P<term>[\w' -]{3,50}?)(?: \([^)]*\))? (?:is|are|was) "
    r"(?P<answer>(?:an?|the) [^.;]{10,120}?)(?= (?:that|which|who|and|in which)\b|[.;,]|$)"
)


def make_questions(title: str, text: str, *, seed: int, most: int = 4) -> Iterator[Pair]:
    """At most `most` pairs of a passage, each of another sentence."""
    chooser = random.Random(f"{seed}:{title}:{text[:80]}")  # noqa: S311 - reproducible
    sentences = split_sentences(text, "en")
    chooser.shuffle(sentences)
    made = 0
    for start, end in sentences:
        sentence = text[start:end]
        if not 6 <= len(sentence.split()) <= 45:
            continue
        options = list(_options(sentence, chooser))
        if not options:
            continue
        question, (begin, stop) = chooser.choice(options)
        yield Pair(question, title, text, ((start + begin, start + stop),), ((start, end),))
        made += 1
        if made == most:
            return


def _options(sentence: str, chooser: random.Random) -> Iterator[tuple[str, tuple[int, int]]]:
    if match := _DEFINITION.match(sentence):
        word = chooser.choice(("what is", "what is meant by", "define", "what kind of thing is"))
        yield f"{word} {match['term'].strip().lower()}", match.span("answer")
    for kind, pattern, words in _RULES:
        matches = list(re.finditer(pattern, sentence))
        if not matches:
            continue
        match = chooser.choice(matches)
        word = chooser.choice(words)
        before, after = sentence[: match.start()], sentence[match.end() :]
        if kind == "count":
            noun, _, after = after.strip().partition(" ")
            word = f"{word} {noun}"
        rest = _thin(_clause(before, after), chooser)
        if len(rest) >= 3:
            yield f"{word} {' '.join(rest)}", match.span()


def _clause(before: str, after: str) -> list[str]:
    """The words around the gap, up to the nearest borders of clauses where enough are left."""
    left = re.split(r"[;:()]| , ", before)[-1].split()
    right = re.split(r"[;:()]| , ", after)[0].split()
    words = [*left, *right]
    return words if len(words) >= 5 else [*before.split(), *after.split()]


def _thin(words: Sequence[str], chooser: random.Random) -> list[str]:
    kept = []
    for word in words:
        bare = word.strip(".,;:()\"'`").lower()
        if not bare:
            continue
        drop = 0.35 if bare in STOP_WORDS["en"] else 0.15
        if chooser.random() >= drop:
            kept.append(bare)
    if kept and kept[-1] in {"in", "by", "at", "on", "of", "the"}:
        kept.pop()
    if chooser.random() < 0.25 and len(kept) > 6:
        cut = chooser.randrange(3, len(kept) - 2)
        kept = [*kept[cut:], *kept[:cut]]
    return kept
