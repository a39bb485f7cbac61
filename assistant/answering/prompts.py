"""What the generator is told. Retrieved text is data: it stands in the user's turn, marked
off, and never in the system's."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.retrieval.query import Query
from assistant.safety.injection_quoting import quote_line, quote_text
from assistant.types import Language, Passage

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


INSTRUCTIONS: dict[Language, str] = {
    "en": (
        "Answer the question with what the passages say and nothing else. Use the words of the "
        "passages. Answer in one to three short sentences. If the passages do not hold the "
        'answer, write exactly: "Not in the documents."'
    ),
    "fr": (
        "Réponds à la question avec ce que disent les passages et rien d'autre. Reprends les "
        "mots des passages. Réponds en une à trois phrases courtes, en français. Si les passages "
        "ne contiennent pas la réponse, écris exactement : « Absent des documents. »"
    ),
}
NOT_FOUND = re.compile(r"not in the documents|absent des documents", re.IGNORECASE)
_LABELS: dict[Language, tuple[str, str]] = {
    "en": ("Passages", "Question"),
    "fr": ("Passages", "Question"),
}

REFUSALS: dict[Language, str] = {
    "en": "I did not find the answer in your documents.",
    "fr": "Je n'ai pas trouvé la réponse dans vos documents.",
}


def build_prompt(query: Query, passages: Sequence[Passage]) -> list[BaseMessage]:
    """One user turn: some templates (Phi-3 medium) drop a system turn without a word."""
    from langchain_core.messages import HumanMessage  # here: slow to import

    passages_label, question_label = _LABELS[query.language]
    shown = "\n\n".join(
        f"[{number}] {_place(passage)}\n{quote_text(passage.text)}"
        for number, passage in enumerate(passages, start=1)
    )
    text = (
        f"{INSTRUCTIONS[query.language]}\n\n"
        f"{passages_label}:\n<passages>\n{shown}\n</passages>\n\n"
        f"{question_label}: {query.asked}"
    )
    return [HumanMessage(text)]


def _place(passage: Passage) -> str:
    path = dict.fromkeys([passage.title, *passage.heading])
    return " > ".join(quote_line(part) for part in path)


_PLACEHOLDERS = [INSTRUCTIONS, _LABELS, "<passages>"]
PROMPT_SHA256 = hashlib.sha256(json.dumps(_PLACEHOLDERS, sort_keys=True).encode()).hexdigest()
"""Of the instructions, for the audit log: another one, another prompt."""
