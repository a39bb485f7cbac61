"""Why something was not done, in the reader's language.

The service gives its reasons in English. `locales/reasons.fr.json` holds them as patterns, `{}`
for what changes; what stands there may be a pattern of its own.
"""

from __future__ import annotations

import json
import re
from functools import cache

from ui.language import LOCALES, Language


def tell_reason(reason: str, language: Language) -> str:
    """A reason of the service in a language; as it is where no pattern fits."""
    if language == "en":
        return reason
    for pattern, translated in _patterns(language):
        if found := pattern.fullmatch(reason):
            return translated.format(*(tell_reason(part, language) for part in found.groups()))
    return reason


@cache
def _patterns(language: Language) -> list[tuple[re.Pattern[str], str]]:
    """Those with the most words of their own first."""
    content = (LOCALES / f"reasons.{language}.json").read_text(encoding="utf-8")
    entries: dict[str, str] = json.loads(content)
    ordered = sorted(entries, key=lambda reason: -len(reason.replace("{}", "")))
    return [
        (re.compile("(.+?)".join(map(re.escape, reason.split("{}"))), re.DOTALL), entries[reason])
        for reason in ordered
    ]
