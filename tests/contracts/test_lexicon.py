"""What every full-text index promises."""

from __future__ import annotations

import contextlib

import pytest

from assistant.knowledge.lexicon.base import Lexicon
from assistant.types import OPERATOR, Language, Readable
from tests.contracts.lexicons import entry, found

HOSTILE_QUERIES = [
    "",
    " \t\n",
    "?!… «»",
    '"',
    "'",
    "’’’",
    "l'",
    "congés AND OR NOT",
    "NOT congés",
    'title:"x" AND (body:y OR *',
    "chunk_id:a:0",
    "a* OR ~2 ^8 [a TO z] \\",
    "congés " * 2857,
    " ".join(str(n) for n in range(4000)),
    "x" * 20_000,
    "-".join("ab" * 7000),
    "l'" * 10_000,
    "😀🏳️‍🌈",
    "con\0gés\0",
    "\ud83d",
    "\u0301\u0301",
]


def test_added_text_is_searchable_at_once_and_ranked(lexicon: Lexicon) -> None:
    lexicon.add([entry("a:0", "le loyer du bureau"), entry("b:0", "loyer, loyer et encore loyer")])
    hits = lexicon.search("loyer", k=5, readable=OPERATOR, language="fr")
    assert [hit.id for hit in hits] == ["b:0", "a:0"]
    assert hits[0].score > hits[1].score > 0
    assert found(lexicon, "locataire") == []
    assert found(lexicon, "loyer", k=1) == ["b:0"]
    assert found(lexicon, "loyer", k=0) == []


def test_only_chunks_of_the_readers_groups_and_collection_are_found(lexicon: Lexicon) -> None:
    lexicon.add(
        [
            entry("open:0", "budget"),
            entry("hr:0", "budget", groups=("hr",)),
            entry("both:0", "budget", groups=("hr", "board"), collection="law"),
            entry("nobody:0", "budget", groups=()),
        ]
    )
    cases = {
        Readable(): {"open:0"},
        Readable(frozenset({"hr"})): {"hr:0", "both:0"},
        Readable(frozenset({"hr"}), collection="law"): {"both:0"},
        Readable(frozenset({"everyone", "board"})): {"open:0", "both:0"},
        Readable(frozenset({"h"})): set(),
        Readable(frozenset()): set(),
        Readable(everything=True, collection="law"): {"both:0"},
        OPERATOR: {"open:0", "hr:0", "both:0", "nobody:0"},
    }
    for readable, expected in cases.items():
        assert set(found(lexicon, "budget", readable=readable)) == expected


def test_a_score_does_not_depend_on_the_readers_groups(lexicon: Lexicon) -> None:
    lexicon.add([entry("a:0", "budget", groups=("everyone", "hr")), entry("b:0", "autre")])
    scores = {
        lexicon.search("budget", k=1, readable=readable, language="fr")[0].score
        for readable in (OPERATOR, Readable(), Readable(frozenset({"hr", "everyone"})))
    }
    assert len(scores) == 1


def test_adding_again_replaces(lexicon: Lexicon) -> None:
    lexicon.add([entry("a:0", "ancien texte", groups=("hr",))])
    lexicon.add([entry("a:0", "nouveau contenu")])
    assert found(lexicon, "ancien") == []
    assert found(lexicon, "nouveau", readable=Readable(frozenset({"hr"}))) == []
    assert found(lexicon, "nouveau", readable=Readable()) == ["a:0"]


def test_removed_chunks_are_not_found_and_unknown_ones_are_passed_over(lexicon: Lexicon) -> None:
    lexicon.add([entry("a:0", "budget"), entry("b:0", "budget")])
    lexicon.remove(["a:0", "never:0"])
    lexicon.remove([])
    assert found(lexicon, "budget") == ["b:0"]
    assert lexicon.ids() == {"b:0"}


def test_cleared_index_is_empty_and_can_be_filled_again(lexicon: Lexicon) -> None:
    lexicon.add([entry("a:0", "budget")])
    lexicon.clear()
    assert lexicon.ids() == set()
    assert found(lexicon, "budget") == []
    lexicon.add([entry("b:0", "budget")])
    assert found(lexicon, "budget") == ["b:0"]


def test_a_renewed_index_finds_what_it_was_given_and_goes_on(lexicon: Lexicon) -> None:
    entries = [entry(f"{name}:0", "budget") for name in "abc"]
    lexicon.add(entries[:2])
    lexicon.remove(["a:0"])
    lexicon.renew(lambda add: add(entries[1:2]), contextlib.nullcontext)
    assert lexicon.ids() == {"b:0"}
    lexicon.add(entries[2:])
    assert sorted(found(lexicon, "budget")) == ["b:0", "c:0"]


@pytest.mark.parametrize("query", HOSTILE_QUERIES, ids=lambda query: repr(query[:20]))
def test_no_query_is_refused_or_taken_for_syntax(lexicon: Lexicon, query: str) -> None:
    lexicon.add([entry("a:0", "congés payés"), entry("b:0", "hors sujet", groups=("hr",))])
    languages: tuple[Language, ...] = ("fr", "en")
    for language in languages:
        assert "b:0" not in found(lexicon, query, language, readable=Readable())


def test_words_of_a_query_are_never_operators(lexicon: Lexicon) -> None:
    lexicon.add([entry("a:0", "congés payés"), entry("b:0", "télétravail")])
    assert found(lexicon, "NOT congés") == ["a:0"]
    assert set(found(lexicon, 'congés AND "télétravail"')) == {"a:0", "b:0"}


@pytest.mark.parametrize("text", ["con\0gés", "\ud83d congés", "", "x" * 100_000, "😀 " * 5000])
def test_any_text_can_be_added(lexicon: Lexicon, text: str) -> None:
    lexicon.add([entry("a:0", text, title=text[:50])])
    assert lexicon.ids() == {"a:0"}
