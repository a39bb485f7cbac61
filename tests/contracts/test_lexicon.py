"""What every full-text index promises, and what it understands of French and English."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import DataDirectoryBusyError
from assistant.knowledge.lexicon.base import Lexicon, LexiconEntry
from assistant.knowledge.lexicon.segments import SUFFIXES
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.types import OPERATOR, Language, Readable

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


def entry(
    chunk_id: str,
    text: str,
    *,
    groups: tuple[str, ...] = ("everyone",),
    title: str = "",
    heading: str = "",
    collection: str = "default",
) -> LexiconEntry:
    return LexiconEntry(
        chunk_id=chunk_id,
        title=title,
        heading=heading,
        text=text,
        document_id=chunk_id.partition(":")[0],
        collection=collection,
        groups=frozenset(groups),
    )


def found(
    lexicon: Lexicon,
    query: str,
    language: Language = "fr",
    *,
    readable: Readable = OPERATOR,
    k: int = 10,
) -> list[str]:
    hits = lexicon.search(query, k=k, readable=readable, language=language)
    return [hit.id for hit in hits]


@pytest.fixture(params=["on disk", "in memory"])
def lexicon(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lexicon]:
    opened: Lexicon = TantivyLexicon(tmp_path / "lexicon" if request.param == "on disk" else None)
    yield opened
    opened.close()


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


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("les droits de l'employé", "employé"),
        ("les droits de l’employé", "employé"),
        ("employé", "qu'est-ce que l'employé"),
        ("jusqu'à lorsqu'elle puisqu'elle", "elle"),
        ("Vous aurez d'abord un entretien", "abord"),
        ("congés payés", "CONGES PAYES"),
        ("CONGES PAYES", "congés payés"),
        ("un congé", "des congés"),
        ("les employées", "un employé"),
        ("les employés", "employees"),
        ("l'employée", "EMPLOYE"),
        ("remboursement des frais", "comment être remboursé ?"),
        ("la durée du télétravail", "teletravail"),
        ("ancienneté", "anciennete"),
        ("travaux d'été", "Travaux d’ete"),
        ("les mutuelles", "mutuelle"),
        ("œuvres sociales", "oeuvre"),
        ("oeuvres sociales", "œuvre"),
        ("e\u0301tude", "étude"),
        ("\ufb01nances", "finances"),
        ("télé\u00adtravail", "télétravail"),
        ("un rendez-vous", "rendezvous"),
        ("aujourd’hui", "aujourd'hui"),
    ],
)
def test_french_is_found_whatever_its_form(lexicon: Lexicon, text: str, query: str) -> None:
    lexicon.add([entry("a:0", text), entry("b:0", "tout autre chose")])
    assert found(lexicon, query, "fr")[:1] == ["a:0"]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("our policies", "policy"),
        ("employees are reimbursed", "employee reimbursement"),
        ("the employee's badge", "employees"),
        ("running a server", "how do I run it?"),
        ("a naïve café owner", "naive cafe"),
        ("self-employed", "selfemployed"),
        ("send an e-mail", "email"),
        ("don\u2019t smoke", "don't"),
    ],
)
def test_english_is_found_whatever_its_form(lexicon: Lexicon, text: str, query: str) -> None:
    lexicon.add([entry("a:0", text), entry("b:0", "anything else")])
    assert found(lexicon, query, "en")[:1] == ["a:0"]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("norme ISO-27001", "ISO-27001"),
        ("norme ISO-27001", "iso 27001"),
        ("norme ISO-27001", "27001"),
        ("norme ISO-27001", "ISO27001"),
        ("norme ISO27001", "iso-27001"),
        ("REF 2024/118", "2024/118"),
        ("REF 2024/118", "118"),
        ("taux de 3,5 %", "3,5"),
        ("taux de 3,5 %", "3.5"),
        ("ouvert à 12:30", "12:30"),
        ("écrire à rh@exemple.fr", "rh@exemple.fr"),
        ("le fichier philo.toml", "philo.toml"),
        ("pièce LM-240/B", "LM-240"),
        ("un taux de 3,8\u00a0%", "3.8%"),
        ("un taux de 3.8%", "3,8 %"),
        ("la somme de 3\u202f500\u00a0€", "3500"),
        ("la somme de 3\u00a0500 €", "3 500 euros"),
        ("a sum of 3,500 euros", "3500"),
        ("la somme de 1 234 567,89 €", "1234567,89"),
        ("signé le 12\u00a0mars 2024", "12/03/2024"),
        ("signed on March 12, 2024", "12.03.2024"),
        ("signé le 1er août 2024", "2024-08-01"),
        ("depuis le 01/08/2024", "August 1, 2024"),
    ],
)
def test_codes_are_found_whole_and_in_parts(
    lexicon: Lexicon, text: str, query: str, language: Language
) -> None:
    lexicon.add([entry("a:0", text), entry("b:0", "norme REF taux de ouvert à écrire le fichier")])
    assert found(lexicon, query, language)[:1] == ["a:0"]


def test_a_date_or_an_amount_ranks_above_its_scattered_parts(lexicon: Lexicon) -> None:
    lexicon.add(
        [
            entry("date:0", "fait le 12/03/2024 à Lyon"),
            entry("parts:0", "fait le 3 mars 2024 à Lyon"),
            entry("amount:0", "un loyer de 3 500 € par mois"),
            entry("numbers:0", "3 salles, 500 chaises et 3 tables de 500"),
        ]
    )
    assert found(lexicon, "12 mars 2024")[0] == "date:0"
    assert found(lexicon, "3500 €") == ["amount:0"]
    assert found(lexicon, "3 500 €")[0] == "amount:0"


def test_years_beside_numbers_are_no_amount(lexicon: Lexicon) -> None:
    lexicon.add([entry("a:0", "en 2003 500 personnes"), entry("b:0", "2003500 pièces")])
    assert found(lexicon, "2003500") == ["b:0"]
    assert found(lexicon, "500 personnes") == ["a:0"]


def test_a_whole_code_ranks_above_its_scattered_parts(lexicon: Lexicon) -> None:
    lexicon.add([entry("a:0", "118 pages en 2024"), entry("b:0", "dossier 2024/118 ouvert ici")])
    assert found(lexicon, "2024/118") == ["b:0", "a:0"]


def test_stop_words_are_passed_over_unless_there_is_nothing_else(lexicon: Lexicon) -> None:
    lexicon.add([entry("a:0", "le la les de du des"), entry("b:0", "être ou ne pas être")])
    assert found(lexicon, "quel est le budget de la ville", "fr") == []
    assert found(lexicon, "être ou ne pas être", "fr") == ["b:0"]
    lexicon.add([entry("c:0", "to be or not to be")])
    assert found(lexicon, "To be, or not to be?", "en") == ["c:0"]


def test_a_word_in_title_or_heading_counts_beside_the_text(lexicon: Lexicon) -> None:
    same = "une phrase au sujet de la cantine de la ville"
    lexicon.add(
        [
            entry("text:0", same, title="Autre", heading="Divers"),
            entry("title:0", same, title="Cantine", heading="Divers"),
            entry("heading:0", same, title="Autre", heading="Cantine"),
        ]
    )
    assert found(lexicon, "cantines")[2] == "text:0"


def test_text_survives_closing_and_opening(tmp_path: Path) -> None:
    lexicon = TantivyLexicon(tmp_path)
    lexicon.add([entry("a:0", "budget")])
    lexicon.close()
    lexicon = TantivyLexicon(tmp_path)
    assert found(lexicon, "budget") == ["a:0"]
    lexicon.close()


def test_an_index_of_another_revision_or_a_damaged_one_is_begun_anew(tmp_path: Path) -> None:
    for damaged in ("revision", "meta.json"):
        lexicon = TantivyLexicon(tmp_path)
        lexicon.add([entry("a:0", "budget")])
        lexicon.close()
        (tmp_path / damaged).write_text("0")
        lexicon = TantivyLexicon(tmp_path)
        assert lexicon.ids() == set()
        lexicon.add([entry("b:0", "budget")])
        assert found(lexicon, "budget") == ["b:0"]
        lexicon.close()


@pytest.mark.parametrize("suffix", sorted(SUFFIXES - {".del"}))
def test_a_flipped_byte_or_a_lost_file_begins_the_index_anew(tmp_path: Path, suffix: str) -> None:
    for damage in ("flip", "lose"):
        directory = tmp_path / damage
        lexicon = TantivyLexicon(directory)
        lexicon.add(
            [entry(f"a:{number}", f"budget {number} rapport annuel") for number in range(50)]
        )
        lexicon.close()
        (file, *_) = directory.glob(f"*{suffix}")
        content = bytearray(file.read_bytes())
        content[len(content) // 3] ^= 0xFF
        file.write_bytes(content) if damage == "flip" else file.unlink()
        lexicon = TantivyLexicon(directory)
        assert lexicon.ids() == set()
        lexicon.add([entry("b:0", "budget")])
        assert found(lexicon, "budget") == ["b:0"]
        lexicon.close()


def test_what_a_killed_commit_left_is_in_nobodys_way(tmp_path: Path) -> None:
    lexicon = TantivyLexicon(tmp_path)
    lexicon.add([entry("a:0", "budget"), entry("b:0", "rapport"), entry("c:0", "notes")])
    lexicon.close()
    before = set(tmp_path.iterdir())
    lexicon = TantivyLexicon(tmp_path)
    lexicon.remove(["a:0"])
    lexicon.close()
    (deletions,) = (path for path in set(tmp_path.iterdir()) - before if path.suffix == ".del")
    segment, opstamp, _ = deletions.name.split(".")
    for stray in range(1, 40):  # as if later removals had been cut off before their commit
        (tmp_path / f"{segment}.{int(opstamp) + stray}.del").write_bytes(b"half")
    (tmp_path / f"{'0' * 32}.idx").write_bytes(b"half")
    lexicon = TantivyLexicon(tmp_path)
    lexicon.remove(["b:0"])
    assert lexicon.ids() == {"c:0"}
    lexicon.close()


def test_a_second_writer_is_told_that_the_index_is_in_use(tmp_path: Path) -> None:
    first = TantivyLexicon(tmp_path)
    first.add([entry("a:0", "budget")])
    second = TantivyLexicon(tmp_path)
    with pytest.raises(DataDirectoryBusyError, match="another process"):
        second.add([entry("b:0", "budget")])
    first.close()
    second.add([entry("b:0", "budget")])
    assert second.ids() == {"a:0", "b:0"}
    second.close()


def _write_and_die(directory: Path) -> None:
    lexicon = TantivyLexicon(directory)
    lexicon.add([entry("a:0", "budget")])
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_lock_of_a_dead_writer_does_not_block_the_next(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    lexicon = TantivyLexicon(tmp_path)
    lexicon.add([entry("b:0", "budget")])
    assert lexicon.ids() == {"a:0", "b:0"}
    lexicon.close()
