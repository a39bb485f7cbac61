"""Files of a full-text index: what is left of them, and who writes them."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from assistant.errors import DataDirectoryBusyError
from assistant.knowledge.lexicon.segments import SUFFIXES
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from tests.contracts.lexicons import entry, found


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
