"""Where sentences begin and end, in French and English, by rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.types import Language

Span = tuple[int, int]


def split_sentences(text: str, language: Language | None = None) -> list[Span]:
    """Find the sentences of a text.

    A border is the end of a sentence, a blank line, and a newline beside a list item, a
    Markdown heading or a row of a Markdown table (each row is one sentence).

    Args:
        language: whose abbreviations and sentence openers count; both where None.
    Returns:
        Half-open (start, end) spans, ascending, disjoint, without white space at their
        ends. Together they hold every letter and digit of the text.
    """
    words = _WORDS[language]
    return [
        span
        for start, end in _segments(text)
        for span in _split_segment(text, start, end, words)
        if any(character.isalnum() for character in text[span[0] : span[1]])
    ]


_BULLET = r"(?:[-*+•‣◦▪●○·–—]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)])[ \t\u00a0]+\S"
_OWN_LINE = r"(?:#{1,6}[ ]\S|\|)"
_BORDER = re.compile(
    rf"\n[ \t\r]*(?:\n\s*)"  # a blank line
    rf"|\n(?=[ \t]*(?:{_BULLET}|{_OWN_LINE}))"  # before an item, a heading, a row
    rf"|(?:(?<=\n)|^)(?P<own>[ \t]*{_OWN_LINE}[^\n]*)\n"  # after a heading, a row
)
_RULE_ROW = re.compile(r"[\s|:\-+]*")


def _segments(text: str) -> Iterator[Span]:
    """Parts between hard borders."""
    start = 0
    position = 0
    while match := _BORDER.search(text, position):
        end = match.end("own") if match.group("own") is not None else match.start()
        if end > start:
            yield start, end
        start = match.end()
        # A border may follow at once: the newline that ends one row begins the next.
        position = max(start, match.start() + 1)
        if match.group("own") is not None:
            start = end + 1
    if start < len(text):
        yield start, len(text)


_END = re.compile(
    r"(?P<mark>\.{2,}|…|[.!?]+…?)"
    r"(?P<close>(?:[\"”’'*_)\]]|[\s\u00a0\u202f]?»)*)"
    r"(?P<cited>(?:[ \u00a0]?\[\d{1,3}(?:[ ]?[,;–-][ ]?\d{1,3})*\])*)"
    r"(?=(?P<gap>\s+)(?P<open>[«“\"‘'(\[*_—–\-\s\u00a0\u202f]*)(?P<next>[^\s]))"
)
_LAST_TOKEN = re.compile(r"[^\s«“\"‘'(\[,;:/’]+$")
_ITEM_MARK = re.compile(r"\s*(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})|(?:\d{1,2}\.)+\d{1,2})")
_FIRST_WORD = re.compile(r"[^\W\d_]+(?:['’](?=\w))?")
_NUMBER = re.compile(r"\d|[(\[°§]|[IVXLCDM]+\b|[A-Z]{1,2}[.-]?\s?\d|[A-Z]\.")
_DOTTED = re.compile(r"(?:[^\W\d_]\.-?)+[^\W\d_]")


def _split_segment(text: str, start: int, end: int, words: _Words) -> Iterator[Span]:
    if text[start:end].lstrip().startswith("|"):
        if not _RULE_ROW.fullmatch(text, start, end):
            yield _trim(text, start, end)
        return
    opened = start
    for match in _END.finditer(text, start, end):
        stop = match.end()
        if match.group("cited") and match.group("next").islower():
            # "... was shown. [12] proposes ...": the marker opens the next sentence.
            stop = match.end("close")
        elif not _ends_sentence(text, opened, match, words):
            continue
        yield _trim(text, opened, stop)
        opened = stop
    if text[opened:end].strip():
        yield _trim(text, opened, end)


def _trim(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _ends_sentence(text: str, opened: int, match: re.Match[str], words: _Words) -> bool:
    following = match.group("next")
    if following.islower():
        return False
    if match.group("mark") != "." or match.group("close"):
        return True
    found = _LAST_TOKEN.search(text, max(opened, match.start() - 40), match.start())
    if found is None:
        return True
    if _ITEM_MARK.fullmatch(text, opened, match.start()):
        return False
    token = found.group().lower()
    if token in words.before_number:
        return _NUMBER.match(text, match.start("next")) is None
    if token in words.never_last or (token in words.titles and found.group()[0].isupper()):
        return False
    first = _FIRST_WORD.match(text, match.start("next"))
    opens = first is not None and first.group().lower().rstrip("'’") in words.openers
    if token in words.rarely_last or _DOTTED.fullmatch(token):
        return opens
    if len(token) == 1 and token.isalpha() and found.group().isupper():
        return opens  # an initial: "J. Dupont", but "vitamin C. The ..."
    if re.fullmatch(r"[^\W\d_]-[^\W\d_]", token):
        return opens  # "J-P. Martin"
    return True


class _Words:
    """Abbreviations in lower case without their last dot, and frequent first words.

    `titles` count when they are written with a capital; `rarely_last` and initials end a
    sentence when one of `openers` follows; `before_number` unless a number does.
    """

    def __init__(
        self, *, titles: str, never_last: str, rarely_last: str, before_number: str, openers: str
    ) -> None:
        self.titles = frozenset(titles.split())
        self.never_last = frozenset(never_last.split())
        self.rarely_last = frozenset(rarely_last.split())
        self.before_number = frozenset(before_number.split())
        self.openers = frozenset(openers.split())

    def __or__(self, other: _Words) -> _Words:
        return _Words(
            **{name: " ".join(vars(self)[name] | vars(other)[name]) for name in vars(self)}
        )


_NUMBERED = (
    "fig figs eq eqs tab sec sect no nos n° nº p pp vol ch chap ref refs thm alg app def prop "
    "lem cor sept oct nov dec"
)
_FRENCH = _Words(
    titles="m mm mme mmes mlle mlles dr drs pr prof mgr me ste st",
    never_last="cf c.-à-d c.à.d p.ex vs approx i.e e.g",
    rarely_last="etc al j.-c jr cie sté inc ltd s.a s.a.r.l ex env resp av bd boul tél tel réf "
    "hab éd éds coll dir ibid op cit",
    before_number=f"{_NUMBERED} art § janv févr fév avr juil juill déc annexe rép éq sous-sect par",
    openers="le la les l un une des du de d ce cet cette ces c il elle ils elles on nous vous je "
    "j tu son sa ses leur leurs notre nos votre vos mon ma mes en dans par pour sur sous avec "
    "sans à au aux si mais et ou où donc or ni car que qui quand quel quelle quels quelles "
    "comment pourquoi combien lorsque depuis selon ainsi enfin puis alors cependant toutefois "
    "après avant chaque tout toute tous toutes plusieurs certains certaines voir ici là cela "
    "ceci afin entre chez contre dès malgré parmi pendant n s y aucun aucune",
)
_ENGLISH = _Words(
    titles="mr mrs ms dr drs prof st mt rev hon gov sen rep gen col lt sgt capt maj messrs",
    never_last="e.g i.e cf vs viz approx esp incl",
    rarely_last="etc al v inc ltd co corp llc plc jr sr u.s u.k u.n e.u a.m p.m ph.d m.d b.a m.a "
    "resp ca ed eds dept",
    before_number=f"{_NUMBERED} art par jan feb apr aug sep clause lect ex",
    openers="the a an this that these those it its he she they we you i his her their our my your "
    "in on at by for from with without to of as if but and or so yet when where while what who "
    "why how which there here however moreover furthermore thus therefore hence finally then "
    "although because since after before during each every all some many most both no not only "
    "one two another such see let note please also among between under over",
)
_WORDS: dict[Language | None, _Words] = {"fr": _FRENCH, "en": _ENGLISH, None: _FRENCH | _ENGLISH}
