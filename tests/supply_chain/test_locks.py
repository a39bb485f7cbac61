"""The locks: every package with its hashes, in the versions that the tests run with, and none below
the version that closed a hole."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

from tests.supply_chain.locks import LOCKS, read_lock

ROOT = Path(__file__).parents[2]
FLOORS = tomllib.loads((Path(__file__).parent / "floors.toml").read_text(encoding="utf-8"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.partition("==") for line in lines if "==" in line and not line.startswith("#")]
    return {normal(name): version for name, _, version in pins}


def public(version: str) -> str:
    return version.partition("+")[0]


def test_every_line_of_every_lock_is_a_pin_with_hashes():
    assert {"build", "checks", "development", "service", "service-gpu", "workshop"} == set(LOCKS)
    for name in LOCKS:
        assert read_lock(name)


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_has_the_versions_that_the_tests_run_with(name):
    pinned = constraints()
    for package, version in read_lock(name).items():
        assert public(version) == pinned.get(package, public(version)), package


@pytest.mark.parametrize("name", ["service", "workshop", "development"])
def test_the_lock_holds_what_pyproject_asks_for(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {normal(re.split(r"[\[<>=! ]", line)[0]) for line in project["dependencies"]}
    left_out = (ROOT / "docker/left_out.txt").read_text(encoding="utf-8")
    if name == "service":
        asked -= {line.split(" ;")[0] for line in left_out.splitlines()}
    assert asked <= set(read_lock(name)), "run: make lock"


@pytest.mark.parametrize("package", sorted(FLOORS))
def test_no_pin_is_below_the_version_that_closed_a_hole(package):
    floor, advisories = FLOORS[package]
    assert re.search(r"CVE-\d{4}-\d+|GHSA-", advisories)
    found = [pins[package] for pins in (*map(read_lock, LOCKS), constraints()) if package in pins]
    asked = re.search(rf'"{package}>=([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    if asked:
        found.append(asked[1])
    assert found, f"{package} is used no more; take it out of floors.toml"
    for version in found:
        assert Version(public(version)) >= Version(floor), f"{package} {version}: {advisories}"
