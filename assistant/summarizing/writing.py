"""Notes of a section by the generator, checked against the section's sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.answering.grounding import Grounds
from assistant.errors import ContextTooLongError
from assistant.models.embedders.base import Embedder
from assistant.safety.injection_quoting import quote_line, quote_text
from assistant.sentences import split_sentences
from assistant.summarizing.reading import Section, Unit
from assistant.types import Language

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from assistant.models.generators.base import Generator


NOTE_TOKENS = 160
MOST_NOTES = 4
SHOWN_SENTENCES = 24

_INSTRUCTIONS: dict[Language, str] = {
    "en": (
        "Write in one to three short sentences the most important things that this part of a "
        "document says. Use its words, keep every number as it is, and add nothing. Write in "
        "English, complete sentences, no list."
    ),
    "fr": (
        "Écris en une à trois phrases courtes les choses les plus importantes que dit cette "
        "partie d'un document. Reprends ses mots, garde chaque nombre tel quel et n'ajoute rien. "
        "Écris en français, des phrases complètes, sans liste."
    ),
}
_MARKS = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+|\s*\[\d{1,2}\]")


def write_notes(
    generator: Generator,
    title: str,
    section: Section,
    units: Sequence[Unit],
    *,
    language: Language,
    embedder: Embedder,
) -> list[Unit]:
    """What the generator writes of a section and its sentences bear out, with these as sources.

    Args:
        units: the section's sentences that are shown to it, in order.
    Raises:
        ModelError: the generator failed.
    """
    shown = list(units)[:SHOWN_SENTENCES]
    while shown:
        prompt = _prompt(title, section, shown, language)
        try:
            generator.require_room(generator.count_tokens(prompt), NOTE_TOKENS)
            break
        except ContextTooLongError:
            shown = shown[: len(shown) * 3 // 4]
    if not shown:
        return []
    text = "".join(generator.stream_text(prompt, max_new_tokens=NOTE_TOKENS))
    candidates = [source for unit in section.units for source in unit.sources]
    grounds = Grounds(candidates, language, embedder=embedder)
    notes: list[Unit] = []
    for start, end in split_sentences(text, language)[:MOST_NOTES]:
        sentence = _MARKS.sub("", " ".join(text[start:end].split()))
        support = grounds.check(sentence)
        if support.supported and sentence.endswith((".", "!", "…")):
            first = min(support.sources, key=lambda one: one.start)
            near = min(section.units, key=lambda unit: abs(unit.sources[0].start - first.start))
            notes.append(
                Unit(
                    sentence,
                    support.sources,
                    section.role,
                    near.section,
                    near.position,
                    near.order,
                    is_quote=False,
                )
            )
    return notes


def _prompt(
    title: str, section: Section, units: Sequence[Unit], language: Language
) -> list[BaseMessage]:
    from langchain_core.messages import HumanMessage  # here: slow to import

    path = " > ".join(quote_line(part) for part in dict.fromkeys([title, *section.heading]))
    text = " ".join(quote_text(unit.text) for unit in units)
    return [HumanMessage(f"{_INSTRUCTIONS[language]}\n\n<part>\n{path}\n{text}\n</part>")]
