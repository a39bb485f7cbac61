"""What stands on a web page beside its content."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

LEAST_MENU = 8
"""Shorter lists of links may be a part of the text."""
MOST_NOISE_CHARS = 400
"""A part that calls itself a sidebar and has more text than this is only noise where most of
it is links."""

_DROPPED = frozenset(
    "script style noscript template nav footer svg iframe object button select input textarea "
    "annotation head".split()
)
_ROLES = frozenset("navigation search menu menubar contentinfo alertdialog dialog".split())
_NOISE = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|rgpd|breadcrumbs?|ariane|navbox|navbar|sidebar|toc|"
    r"share-?(?:bar|buttons?|links?)|sharing|social-?(?:bar|buttons?|icons?|links?|media|share)|"
    r"newsletter|skip-?link|jump-link|pagination|catlinks|printfooter|sitesub|noprint|"
    r"editsection|site-(?:header|footer))(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_NOTE_MARK = re.compile(r"\s*\[?(?:\d{1,4}|[a-z]|note \d+)\]?\s*", re.IGNORECASE)


def is_unseen(node: LexborNode) -> bool:
    """Scripts, forms, navigation, and what the page hides."""
    if node.tag in _DROPPED:
        return True
    attributes = node.attributes
    return bool(attributes) and (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") in _ROLES
        or bool(_HIDDEN.search(attributes.get("style") or ""))
    )


def is_note_mark(node: LexborNode) -> bool:
    """'[12]' that leads to a note: it would stand between two sentences."""
    if node.tag == "a":
        named = f"{node.attributes.get('epub:type') or ''} {node.attributes.get('role') or ''}"
        marks = "noteref" in named
    else:
        parent = node.parent
        within = parent is not None and parent.tag == "a"
        marks = node.tag == "sup" and (within or node.css_first("a") is not None)
    return marks and bool(_NOTE_MARK.fullmatch(node.text()))


def is_noise(node: LexborNode) -> bool:
    """Cookie banners, breadcrumbs, sidebars, sharing: by the name that the page gives them, if
    there is something to press in them and little else."""
    attributes = node.attributes
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    if names == " " or not _NOISE.search(names):
        return False
    whole = len(node.text().strip())
    if whole < MOST_NOISE_CHARS and node.css_first("a, button, input, form") is not None:
        return True
    return _linked_chars(node) > 0.5 * whole


def is_menu(node: LexborNode) -> bool:
    """A long list of nothing but short links."""
    items = [child for child in node.iter() if child.tag == "li"]
    if len(items) < LEAST_MENU:
        return False
    whole = sum(len(item.text().strip()) for item in items)
    return _linked_chars(node) > 0.9 * whole and whole < 40 * len(items)


def _linked_chars(node: LexborNode) -> int:
    links = {link.mem_id: len(link.text().strip()) for link in node.css("a")}
    return sum(links.values())
