"""French pages on work and employment, with the questions that are their headings.

Source: travail-emploi.gouv.fr (Ministère du travail), Licence Ouverte 2.0, as JSON in the npm
package @socialgouv/fiches-travail-data 4.1174.0 (Apache-2.0), `data/fiches-travail.json`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pairs import Pair
from selectolax.lexbor import LexborHTMLParser

from assistant.sentences import split_sentences
from assistant.words import content_stems

PASSAGE_CHARS = 900
LEAST_CHARS = 120
BLOCKS = "p, li, h2, h3, h4, h5, td"
SKIPPED = ("services en ligne", "pour aller plus loin", "à lire aussi", "articles associés")


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    sections: tuple[Section, ...]

    @property
    def passages(self) -> list[str]:
        return [text for section in self.sections for text in section.passages]


def load_pages(path: Path) -> list[Page]:
    """The pages, each text once."""
    seen: set[str] = set()
    pages = []
    for row in json.loads(path.read_text(encoding="utf-8")):
        sections = []
        for part in row["sections"]:
            heading = " ".join(part["title"].split())
            passages = [one for one in _passages(part["html"]) if one not in seen]
            seen.update(passages)
            if passages and heading.lower() not in SKIPPED:
                sections.append(Section(heading, tuple(passages)))
        if sections:
            pages.append(Page(" ".join(row["title"].split()), tuple(sections)))
    return pages


def _passages(html: str) -> Iterator[str]:
    """Blocks of text, joined up to PASSAGE_CHARS."""
    tree = LexborHTMLParser(html)
    blocks = []
    for node in tree.css(BLOCKS):
        inner = [one for one in node.css(BLOCKS) if one.mem_id != node.mem_id]
        if not inner and (text := " ".join(node.text().split())):
            blocks.append(f"- {text}" if node.tag == "li" else text)
    held = ""
    for block in blocks:
        if held and len(held) + len(block) > PASSAGE_CHARS:
            if len(held) >= LEAST_CHARS:
                yield held
            held = ""
        held = f"{held}\n{block}".strip()
    if len(held) >= LEAST_CHARS:
        yield held


def heading_questions(pages: list[Page], *, seed: int) -> Iterator[Pair]:
    """A heading that asks, with the beginning of its section, and for every second one with
    another section of the page, which does not answer it. Of the section the first sentence
    counts as the one that answers."""
    chooser = random.Random(seed)  # noqa: S311 - a seed that is written down
    asked: set[str] = set()
    for page in pages:
        for section in page.sections:
            question = section.heading
            if "?" not in question or question in asked or len(content_stems(question, "fr")) < 2:
                continue
            asked.add(question)
            text = section.passages[0]
            yield Pair(question, page.title, text, (), (split_sentences(text, "fr")[0],))
            rest = [other.passages[0] for other in page.sections if other is not section]
            if rest and chooser.random() < 0.5:
                yield Pair(question, page.title, chooser.choice(rest))
