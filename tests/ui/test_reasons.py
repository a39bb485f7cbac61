"""Whatever is given as a reason, by the ingestion or by the register of people, is told in French
on the French page."""

import ast
import json
import re
from pathlib import Path

import pytest

from ui.language import LOCALES
from ui.reasons import tell_reason

ROOT = Path(__file__).parents[2]
FILES = [
    *(ROOT / "ingestion" / "parsers").glob("*.py"),
    *(ROOT / "ingestion" / f"{name}.py" for name in ("drafting", "fetching", "zip_guard")),
    *(ROOT / "assistant" / "access" / f"{name}.py" for name in ("names", "passwords", "people")),
]
ERRORS = ("LastAdminError", "ParseError", "PeopleError", "WeakPasswordError")


def spelled(node):
    """A message as it may come out; None where it is not written at that place."""
    match node:
        case ast.Constant(str(value)):
            return value
        case ast.JoinedStr(parts):
            return "".join(spelled(part) or "7" for part in parts)
        case ast.FormattedValue(ast.Call(ast.Name("with_article"))):
            return "a 7"
        case ast.FormattedValue(ast.IfExp(body=body)):
            return spelled(body)
    return None


def reasons():
    found = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
                found.add(spelled(node.args[0]))
    return sorted(found - {None})


REASONS = reasons()


def test_the_reasons_are_found_in_the_code():
    assert len(REASONS) > 50


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_is_told_in_french(reason):
    assert tell_reason(reason, "fr") != reason
    assert tell_reason(reason, "en") == reason


@pytest.mark.parametrize(
    ("reason", "french"),
    [
        (
            "not a PDF file: it is binary data; it may be damaged: take it from its source again",
            "ce n’est pas un fichier PDF\u00a0: c’est un fichier binaire\u202f; "
            "il est peut-être endommagé\u00a0: reprenez-le à sa source",
        ),
        (
            "no text on any of its 3 pages, and none was recognised on its picture",
            "aucun texte sur ses 3 pages, et rien n’a été reconnu sur son image",
        ),
        (
            "cannot be read (Permission denied); it will be tried again",
            "lecture impossible (Permission denied)\u202f; un nouvel essai aura lieu",
        ),
        ("a reason that nobody has foreseen", "a reason that nobody has foreseen"),
    ],
)
def test_reasons_are_told_with_what_they_name(reason, french):
    assert tell_reason(reason, "fr") == french


def test_every_translation_names_what_the_reason_names():
    entries = json.loads((LOCALES / "reasons.fr.json").read_text(encoding="utf-8"))
    for reason, french in entries.items():
        named = {int(number) for number in re.findall(r"\{(\d)\}", french)}
        assert named == set(range(reason.count("{}"))), reason
