"""Whatever dies, and when: the old version or the new one, whole, and nothing left over."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.errors import PhiloError
from assistant.knowledge.library import ReconcileReport
from assistant.types import OPERATOR, Readable

OLD = {"ancien loyer", "ancienne cantine", "ancien parking"}
NEW = {"nouveau loyer", "nouvelle cantine"}
HR = Readable(frozenset({"hr"}))

STEPS = {
    "publish": [
        "staged",
        "vectors written",
        "lexicon written",
        "shown",
        "vectors purged",
        "lexicon purged",
        "purged",
    ],
    "add": ["staged", "vectors written", "lexicon written", "shown"],
    "retire": ["hidden", "vectors purged", "lexicon purged", "purged"],
    "regroup": ["groups set", "vectors regrouped", "lexicon regrouped"],
}
CASES = [(change, step) for change, steps in STEPS.items() for step in steps]


class CrashError(Exception):
    """Raised by a failpoint."""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds CHANGE/STEP for each case: a data directory whose owner was killed there."""
    root = tmp_path_factory.mktemp("killed")
    cases = ["/".join(case) for case in CASES]
    script = [sys.executable, "-m", "tests.knowledge.dying_writer", str(root), *cases]
    subprocess.run(script, check=True, cwd=Path(__file__).parents[2])
    return root


@pytest.mark.parametrize(("change", "step"), CASES)
def test_after_a_kill_all_or_nothing_of_the_change_is_visible(
    change: str,
    step: str,
    killed: Path,
    open_shelf: Callable[..., Any],
) -> None:
    shelf = open_shelf(killed / change / step)
    assert_all_or_nothing(shelf, change, step)
    shelf.library.reconcile()
    assert_all_or_nothing(shelf, change, step)
    assert shelf.is_in_step()
    if change == "regroup":
        assert set(shelf.near("loyer", HR)) == set(shelf.matching("ancien cantine", HR)) == OLD
    assert shelf.library.reconcile() == ReconcileReport()


@pytest.mark.parametrize(("change", "step"), CASES)
def test_after_an_error_all_or_nothing_of_the_change_is_visible_at_once(
    change: str, step: str, open_shelf: Callable[..., Any], tmp_path: Path
) -> None:
    armed = False

    def failpoint(reached: str) -> None:
        if armed and reached == step:
            raise CrashError(step)

    shelf = open_shelf(tmp_path, failpoint=failpoint)
    document_id = shelf.put("file:///a", "ancien loyer", "ancienne cantine", "ancien parking")
    shelf.put("file:///z", "un troisième document")
    armed = True
    changes = {
        "publish": lambda: shelf.put("file:///a", *sorted(NEW)),
        "add": lambda: shelf.put("file:///b", "nouveau loyer"),
        "retire": lambda: shelf.library.retire(document_id),
        "regroup": lambda: shelf.library.set_groups(document_id, frozenset({"hr"})),
    }
    with pytest.raises(CrashError):
        changes[change]()
    armed = False
    assert_all_or_nothing(shelf, change, step)
    shelf.library.reconcile()
    assert_all_or_nothing(shelf, change, step)
    assert shelf.is_in_step()


@pytest.mark.parametrize("step", STEPS["publish"])
def test_a_publication_that_failed_can_be_tried_again(
    step: str, open_shelf: Callable[..., Any], tmp_path: Path
) -> None:
    failures = [step]

    def failpoint(reached: str) -> None:
        if reached in failures:
            failures.remove(reached)
            raise CrashError(reached)

    shelf = open_shelf(tmp_path, failpoint=lambda _step: None)
    shelf.put("file:///a", *sorted(OLD))
    shelf.close()
    shelf = open_shelf(tmp_path, failpoint=failpoint)
    with pytest.raises(CrashError):
        shelf.put("file:///a", *sorted(NEW))
    shelf.put("file:///a", *sorted(NEW))
    assert set(shelf.near("loyer")) == NEW
    shelf.library.reconcile()
    assert shelf.is_in_step()


@pytest.mark.parametrize("step", ["hidden", "vectors purged", "purged"])
def test_a_document_that_comes_in_again_while_it_is_removed_stays(
    step: str, open_shelf: Callable[..., Any], tmp_path: Path
) -> None:
    """As from another process: it was acknowledged after the removal had begun."""
    waiting = [step]

    def failpoint(reached: str) -> None:
        if reached in waiting:
            waiting.remove(reached)
            shelf.put("file:///a", *sorted(NEW))

    shelf = open_shelf(tmp_path, failpoint=failpoint)
    shelf.library.retire(shelf.put("file:///a", *sorted(OLD)))
    assert not waiting
    assert set(shelf.near("loyer")) == NEW
    assert set(shelf.matching("loyer")) <= NEW
    shelf.library.reconcile()
    assert shelf.is_in_step()
    assert set(shelf.near("loyer")) == NEW


def test_a_refused_vector_leaves_the_version_before(shelf: Any) -> None:
    shelf.put("file:///a", *sorted(OLD))
    before = shelf.library.find("file:///a", "default")
    with pytest.raises(PhiloError, match="8-d"):
        shelf.library.publish(
            shelf.draft("file:///a", *sorted(NEW)),
            np.ones((2, 3), dtype=np.float32),
            collection="default",
            groups=frozenset({"everyone"}),
        )
    assert shelf.library.find("file:///a", "default") == before
    assert set(shelf.near("loyer")) == OLD
    assert shelf.is_in_step()


def test_lost_indexes_are_made_again_from_sql(
    open_shelf: Callable[..., Any], tmp_path: Path
) -> None:
    shelf = open_shelf(tmp_path)
    shelf.put("file:///a", *sorted(OLD), groups=("hr",), collection="law", title="Bail")
    shelf.close()
    for lost in ("vectors", "lexicon"):
        shutil.rmtree(tmp_path / lost)
        shelf = open_shelf(tmp_path)
        report = shelf.library.reconcile()
        assert (report.vectors_restored, report.texts_restored) == (
            (3, 0) if lost == "vectors" else (0, 3)
        )
        readable = Readable(frozenset({"hr"}), collection="law")
        assert shelf.near("ancien parking", readable)[0] == "ancien parking"
        assert shelf.matching("parkings du bail", readable)[0] == "ancien parking"
        assert shelf.near("ancien parking", Readable()) == []
        assert shelf.is_in_step()
        shelf.close()


def test_rebuilding_changes_no_result(shelf: Any) -> None:
    for number in range(10):
        shelf.put(f"file:///{number}", f"dossier numéro {number}", "annexe", groups=("hr",))
    shelf.library.retire(shelf.library.find("file:///3", "default").document_id)
    questions = ("dossier 7", "annexe", "numéro")
    before = [(shelf.near(q), shelf.matching(q)) for q in questions]
    shelf.library.rebuild()
    after = [(shelf.near(q), shelf.matching(q)) for q in questions]
    assert [(near, sorted(texts)) for near, texts in after] == [
        (near, sorted(texts)) for near, texts in before
    ]
    assert shelf.is_in_step()


def assert_all_or_nothing(shelf: Any, change: str, step: str) -> None:
    """What each step of each change must show, by search and by list alike."""
    steps = STEPS[change]
    shown = {"publish": "shown", "add": "shown", "retire": "hidden", "regroup": "groups set"}
    done = steps.index(step) >= steps.index(shown[change])
    expected = {
        "publish": NEW if done else OLD,
        "add": OLD | {"nouveau loyer"} if done else OLD,
        "retire": set() if done else OLD,
        "regroup": OLD,
    }[change] | {"un troisième document"}
    assert set(shelf.near("loyer")) == expected
    words = "loyer cantine parking troisième"
    assert set(shelf.matching(words)) == expected
    assert shelf.library.count(OPERATOR)[1] == len(expected)
    if change == "regroup":
        assert OLD.isdisjoint(shelf.near("loyer", Readable()))
        assert OLD.isdisjoint(shelf.matching(words, Readable()))
