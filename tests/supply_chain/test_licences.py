"""Licences: permissive ones only, exceptions with their reasons."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

from tests.supply_chain.locks import LOCKS, read_lock

HERE = Path(__file__).parent
RULES = tomllib.loads((HERE / "licences.toml").read_text(encoding="utf-8"))
EXCEPTIONS = {one["package"]: one for one in RULES["exception"]}
IMAGES = ("service", "service-gpu", "workshop")
PACKAGES = sorted(
    {name for lock in LOCKS if lock != "checks" for name in read_lock(lock)} | {"philo"}
)


def stated(package: str) -> str:
    """As its own files say, in SPDX where they are in our list of spellings."""
    if package in RULES["elsewhere"]:
        return str(RULES["elsewhere"][package])
    told = importlib.metadata.metadata(package)
    expression = told["License-Expression"]
    if expression:
        return expression
    classifiers = [one for one in told.get_all("Classifier") or [] if one.startswith("License ::")]
    names = [one.split(" :: ")[-1] for one in classifiers]
    names = [one for one in names if one not in {"OSI Approved", "DFSG approved"}]
    if names:
        return " AND ".join(RULES["spelled"].get(name, name) for name in names)
    text = (told["License"] or "").strip().partition("\n")[0]
    return str(RULES["spelled"].get(text, text))


def is_allowed(expression: str) -> bool:
    """Of an SPDX expression: a part of each OR, all parts of an AND."""
    text = expression.strip()
    while text.startswith("(") and text.endswith(")") and "(" not in text[1:-1]:
        text = text[1:-1]
    for word, enough in ((" AND ", all), (" OR ", any)):
        parts = re.split(rf"{word}(?![^(]*\))", text)
        if len(parts) > 1:
            return enough(is_allowed(part) for part in parts)
    return text in RULES["allowed"]


@pytest.mark.parametrize("package", PACKAGES)
def test_its_licence_is_permissive_or_an_exception_with_a_reason(package):
    licence = stated(package)
    if package in EXCEPTIONS:
        assert licence == EXCEPTIONS[package]["licence"]
        assert EXCEPTIONS[package]["reason"]
    else:
        assert is_allowed(licence), f"{package} is under {licence!r}: see licences.toml"


def test_nothing_under_a_copyleft_of_libraries_or_a_licence_without_commerce_is_in_an_image():
    for lock in IMAGES:
        for package in read_lock(lock):
            licence = stated(package)
            assert not re.search(r"GPL|General Public|NonCommercial|-NC|SSPL|BUSL", licence), (
                package
            )
            assert EXCEPTIONS.get(package, {"images": True})["images"], package


def test_no_exception_outlives_its_package():
    assert set(EXCEPTIONS) <= set(PACKAGES)
    assert set(RULES["elsewhere"]) <= set(PACKAGES)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("AGPL-3.0-or-later", False),
        ("LGPL-2.1-only", False),
        ("CC-BY-NC-4.0", False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", False),
        ("BSD-3-Clause AND (Apache-2.0 OR GPL-2.0-only)", True),
        ("", False),
        ("UNKNOWN", False),
    ],
)
def test_the_check_itself(expression, allowed):
    assert is_allowed(expression) is allowed
