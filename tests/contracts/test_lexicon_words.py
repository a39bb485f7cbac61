"""What every full-text index understands of French and English."""

from __future__ import annotations

import pytest

from assistant.knowledge.lexicon.base import Lexicon
from assistant.types import Language
from tests.contracts.lexicons import entry, found


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
