"""French and English say the same things, and nothing is said in the code itself."""

import json
import re
from pathlib import Path
from string import Formatter

import pytest

from ui.language import LANGUAGES, load_texts, preferred_language

UI = Path(__file__).parents[2] / "ui"
CODE = {path: path.read_text(encoding="utf-8") for path in UI.rglob("*.py")}
FRENCH = (
    *sorted((UI / "locales").glob("*fr.json")),
    UI.parent / "assistant" / "api" / "account" / "locales" / "fr.json",
)
USED = {
    key for code in CODE.values() for key in re.findall(r'(?:texts|self)\(\s*"([a-z_.]+)"', code)
} | {
    f"{key}.{form}"
    for code in CODE.values()
    for key in re.findall(r'texts\.count[(,]\s*"([a-z_.]+)"', code)
    for form in ("one", "many")
}


def placeholders(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def all_texts(content):
    for text in content.values():
        yield from all_texts(text) if isinstance(text, dict) else [text]


def test_both_languages_have_the_same_keys():
    french, english = (load_texts(language).entries for language in ("fr", "en"))
    assert french.keys() == english.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_written_twice(language):
    pairs = json.loads(
        (UI / "locales" / f"{language}.json").read_text(encoding="utf-8"),
        object_pairs_hook=lambda pairs: [key for key, _ in pairs],
    )
    assert len(pairs) == len(set(pairs))


def test_placeholders_agree_between_the_languages():
    french, english = (load_texts(language).entries for language in ("fr", "en"))
    assert {key: placeholders(text) for key, text in french.items()} == {
        key: placeholders(text) for key, text in english.items()
    }


def test_every_key_in_the_code_exists_and_every_key_is_used():
    assert set(load_texts("en").entries) == USED


@pytest.mark.parametrize("path", FRENCH, ids=lambda path: str(path.relative_to(UI.parent)))
def test_no_french_line_begins_with_a_sign(path):
    """Before : » and units stands a no-break space, before ; ? ! % a narrow one."""
    loose = re.compile(r" [:;?!»]| %(?![a-zA-Z])|« |[\d}] (?:Mo|Mio|Go|Gio|s)\b")
    texts = all_texts(json.loads(path.read_text(encoding="utf-8")))
    assert [text for text in texts if loose.search(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language):
    assert all(
        text.strip() or key == "format.thousands"
        for key, text in load_texts(language).entries.items()
    )


def test_what_the_page_shows_comes_from_the_locales():
    """Labels of widgets and notices are never literals (the language switch speaks both)."""
    shown = re.compile(
        r"st\.(?:title|button|caption|selectbox|text_input|file_uploader|form_submit_button|"
        r"chat_input|toast|markdown|write|info|error|warning|success)\(\s*[\"'f]"
    )
    assert [path.name for path, code in CODE.items() if shown.search(code)] == []


def test_numbers_follow_the_language():
    assert load_texts("en").count("documents.total", 1) == "1 document"
    assert load_texts("en").count("documents.total", 0) == "0 documents"
    assert load_texts("fr").count("documents.total", 0) == "0 document"
    assert load_texts("fr").number(1234567) == "1\u202f234\u202f567"
    assert load_texts("fr").decimal(2.34) == "2,3"


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("fr-FR", "fr"),
        ("fr", "fr"),
        ("FR-ca", "fr"),
        ("en-GB", "en"),
        ("de-DE", "en"),
        (None, "en"),
    ],
)
def test_the_browser_s_locale_chooses_the_language(locale, language):
    assert preferred_language(locale) == language
    assert preferred_language(locale, chosen="fr") == "fr"
    assert preferred_language(locale, chosen="xx") == language
