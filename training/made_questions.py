"""Questions made by rule out of plain passages, French and English.

A sentence gives up a date, a number, a name or a definition, and the rest of it is turned into
a question around a question word: cloze translation (Lewis et al., ACL 2019,
doi:10.18653/v1/P19-1484), with words dropped so that matching words is not enough. Where the
answer stands in another passage of the document too, that one may be read instead, so that
question and answer have the matter in common and not the wording (recurring spans: Ram et al.,
ACL 2021, doi:10.18653/v1/2021.acl-long.239).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pairs import Pair, find_spans

from assistant.sentences import split_sentences
from assistant.types import Language
from assistant.words import STOP_WORDS, content_stems, fold

Span = tuple[int, int]
SHARED_STEMS = 2
"""Words that the sentence asked about and the one that answers have to share beside the answer."""

SHORTEST_REPEATED = 5
"""Characters of an answer that is looked for elsewhere: "deux" stands everywhere."""


class Rule(NamedTuple):
    """What is asked for, where it stands in a sentence, and how one asks for it."""

    kind: str
    pattern: re.Pattern[str]
    words: tuple[str, ...]


def _rules(*rows: tuple[str, str, tuple[str, ...]]) -> tuple[Rule, ...]:
    return tuple(Rule(kind, re.compile(pattern), words) for kind, pattern, words in rows)


_UPPER = "A-ZÀÂÉÈÊËÎÏÔÙÛÇŒ"
_EN_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_EN_NAME = r"[A-Z][\w.'-]+(?: (?:of |the |de |van |von )?[A-Z][\w.'-]+)*"
_FR_MONTH = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_FR_WORD = rf"(?!Code\b|Art)[{_UPPER}][\w-]+\w"
_FR_NAME = rf"{_FR_WORD}(?: (?:de |du |des |la |le |d['’])*{_FR_WORD})*"
_FR_NUMBER = r"\d[\d.,\s\u202f\u00a0]*(?<=\d)"
_FR_SMALL = "deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|quinze|vingt|trente"
_RULES: dict[Language, tuple[Rule, ...]] = {
    "en": _rules(
        (
            "date",
            rf"(?:\d{{1,2}} )?(?:{_EN_MONTH})(?: \d{{1,2}})?(?: ?, \d{{4}}| \d{{4}})?|"
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
        ("place", rf"(?<=\b[Ii]n ){_EN_NAME}|(?<=\bat ){_EN_NAME}", ("where", "in which place")),
        ("person", rf"(?<=\bby ){_EN_NAME}", ("who", "by whom", "who")),
        ("name", rf"(?<=[a-z,] ){_EN_NAME}", ("who", "what", "which", "what")),
    ),
    "fr": _rules(
        (
            "date",
            rf"(?:(?:1er|\d{{1,2}}) )?(?:{_FR_MONTH})(?: \d{{4}})?\b|"
            r"(?<=\b[Ee]n )(?:1\d|20)\d\d\b|(?<=\bdepuis )(?:1\d|20)\d\d\b",
            ("quand", "à quelle date", "en quelle année", "à partir de quand"),
        ),
        (
            "amount",
            rf"{_FR_NUMBER}\s?(?:millions? |milliards? )?(?:d['’])?(?:€|euros?|dollars|francs)",
            ("combien", "quel est le montant", "quelle somme", "combien coûte"),
        ),
        (
            "duration",
            rf"\b(?:\d+|un|une|{_FR_SMALL})\s(?:ans?|années?|mois|jours?|semaines?|heures?|minutes?)"
            r"(?: (?:ouvrables|ouvrés|calendaires|consécutifs))?\b",
            (
                "combien de temps",
                "quelle est la durée",
                "quel est le délai",
                "pendant combien de temps",
            ),
        ),
        (
            "share",
            rf"{_FR_NUMBER}\s?(?:%|pour cent)",
            ("quel pourcentage", "quelle part", "quel est le taux"),
        ),
        (
            "measure",
            rf"{_FR_NUMBER}\s(?:km²?|m²?|cm|mm|kg|tonnes|habitants|mètres|kilomètres|hectares)(?!\w)",
            ("combien", "quelle est la taille", "quelle distance"),
        ),
        ("count", rf"\b(?:\d+|{_FR_SMALL})(?=\s[a-zéèêàâîôûç]{{3,}}s\b)", ("combien de",)),
        (
            "place",
            rf"(?<=\b[ÀàEe][nu] ){_FR_NAME}|(?<=\b[Àà] ){_FR_NAME}|(?<=\baux ){_FR_NAME}",
            ("où", "dans quel pays", "dans quelle ville", "où"),
        ),
        ("person", rf"(?<=\bpar ){_FR_NAME}", ("qui", "par qui", "qui")),
        ("doer", r"(?<=\bpar )(?:le |la |l['’]|les )[\w-]{4,}", ("qui", "par qui")),
        ("name", rf"(?<=[a-zé,] ){_FR_NAME}", ("qui", "quel", "quelle", "comment s'appelle")),
    ),
}
_DEFINITIONS: dict[Language, tuple[re.Pattern[str], tuple[str, ...]]] = {
    "en": (
        re.compile(
            r"^(?:The |A |An )?(?P<term>[\w' -]{3,50}?)(?: \([^)]*\))? (?:is|are|was) "
            r"(?P<answer>(?:an?|the) [^.;]{10,120}?)(?= (?:that|which|who|and|in which)\b|[.;,]|$)"
        ),
        ("what is", "what is meant by", "define", "what kind of thing is"),
    ),
    "fr": (
        re.compile(
            r"^(?P<term>(?:Le |La |L['’]|Les |Une? )?[\w'’ -]{3,50}?)(?: \([^)]*\))?,? "
            r"(?:est|sont|était|désigne|correspond à) "
            r"(?P<answer>(?:une?|le|la|l['’]|les|des) ?[^.;]{10,120}?)"
            r"(?= (?:qui|que|dont|et|où)\b|[.;,]|$)"
        ),
        ("qu'est-ce que", "que désigne", "quelle est la définition de", "c'est quoi"),
    ),
}
_LOOSE_ENDS: dict[Language, frozenset[str]] = {
    "en": frozenset({"in", "by", "at", "on", "of", "the"}),
    "fr": frozenset("en par à au aux de du des le la les l d et un une".split()),
}


def make_questions(
    title: str,
    text: str,
    *,
    seed: int,
    most: int = 4,
    language: Language = "en",
    others: Sequence[str] = (),
) -> Iterator[Pair]:
    """At most `most` pairs of a passage, each asking about another of its sentences.

    Args:
        others: further passages of the document. One of them that holds the answer beside words
            of the question is read in the passage's stead.
    """
    chooser = random.Random(f"{seed}:{title}:{text[:80]}")  # noqa: S311 - reproducible
    sentences = split_sentences(text, language)
    chooser.shuffle(sentences)
    made = 0
    for start, end in sentences:
        sentence = text[start:end]
        if not 6 <= len(sentence.split()) <= 45 or "?" in sentence or "\n" in sentence:
            continue
        options = list(_options(sentence, language, chooser))
        if not options:
            continue
        question, (begin, stop) = chooser.choice(options)
        answer = sentence[begin:stop]
        pair = _elsewhere(question, title, answer, others, language)
        if pair is None:
            span = (start + begin, start + stop)
            pair = Pair(question, title, text, (span,), ((start, end),))
        yield pair
        made += 1
        if made == most:
            return


def _elsewhere(
    question: str, title: str, answer: str, others: Sequence[str], language: Language
) -> Pair | None:
    """The question with the first other passage in which a sentence holds the answer and enough
    of the question's words."""
    if len(answer) < SHORTEST_REPEATED:
        return None
    asked = set(content_stems(question, language)) - set(content_stems(title, language))
    for text in others:
        spans = find_spans(text, answer)
        if not spans:
            continue
        holding = [
            (start, end)
            for start, end in split_sentences(text, language)
            if any(start <= begin and stop <= end for begin, stop in spans)
            and len(asked & set(content_stems(text[start:end], language))) >= SHARED_STEMS
        ]
        kept = [s for s in spans if any(b <= s[0] and s[1] <= e for b, e in holding)]
        if kept:
            return Pair(question, title, text, tuple(kept), tuple(holding))
    return None


def _options(
    sentence: str, language: Language, chooser: random.Random
) -> Iterator[tuple[str, Span]]:
    definition, words = _DEFINITIONS[language]
    match = definition.match(sentence)
    if match and content_stems(match["term"], language):
        term = match["term"].strip()
        yield f"{chooser.choice(words)} {term[:1].lower()}{term[1:]}", match.span("answer")
    for rule in _RULES[language]:
        matches = list(rule.pattern.finditer(sentence))
        if not matches:
            continue
        match = chooser.choice(matches)
        word = chooser.choice(rule.words)
        before, after = sentence[: match.start()], sentence[match.end() :]
        if rule.kind == "count":
            noun, _, after = after.strip().partition(" ")
            word = f"{word} {noun}"
        rest = _thin(_clause(before, after), language, chooser)
        if len(rest) >= 3:
            yield _ask(word, rest, language, chooser), match.span()


def _ask(word: str, rest: Sequence[str], language: Language, chooser: random.Random) -> str:
    """French asks with the word in front or at the end, and mostly with a question mark."""
    if language == "en":
        return f"{word} {' '.join(rest)}"
    said = " ".join((*rest, word) if chooser.random() < 0.25 else (word, *rest))
    said = said.replace("' ", "'").replace("’ ", "’")
    return said[:1].upper() + said[1:] + chooser.choice((" ?", " ?", "?", ""))


def _clause(before: str, after: str) -> list[str]:
    """The words around the gap, up to the nearest borders of clauses where enough are left."""
    left = re.split(r"[;:()]| , ", before)[-1].split()
    right = re.split(r"[;:()]| , ", after)[0].split()
    words = [*left, *right]
    return words if len(words) >= 5 else [*before.split(), *after.split()]


def _thin(words: Sequence[str], language: Language, chooser: random.Random) -> list[str]:
    kept = []
    for word in words:
        bare = word.strip('.,;:()"`«»' if language == "fr" else ".,;:()\"'`")
        if language == "en":
            bare = bare.lower()
        if not any(character.isalnum() for character in bare):
            continue
        drop = 0.35 if fold(bare) in STOP_WORDS[language] else 0.15
        if chooser.random() >= drop:
            kept.append(bare)
    if kept and kept[-1].lower() in _LOOSE_ENDS[language]:
        kept.pop()
    if language == "en" and chooser.random() < 0.25 and len(kept) > 6:
        cut = chooser.randrange(3, len(kept) - 2)
        kept = [*kept[cut:], *kept[:cut]]
    return kept


def draw_made(
    documents: Sequence[tuple[str, Sequence[str]]], *, language: Language, seed: int, most: int
) -> list[Pair]:
    """Up to `most` questions on `documents`, which are titles with their passages; half of
    those that another passage of the document answers too are asked of that one."""
    chooser = random.Random(seed)  # noqa: S311 - a seed that is written down
    made: list[Pair] = []
    for title, passages in documents:
        for at, text in enumerate(passages):
            others: list[Any] = [*passages[:at], *passages[at + 1 :]]
            chooser.shuffle(others)
            made += make_questions(
                title,
                text,
                seed=seed,
                language=language,
                others=others[:20] if chooser.random() < 0.5 else (),
            )
    chooser.shuffle(made)
    return made[:most]
