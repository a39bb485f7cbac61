"""A file inside of a file becomes a document of its own, and goes with its parent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.types import OPERATOR, Attachment, ParsedDocument

MAIL = "upload://default/mail.md"


@pytest.fixture
def mailed(bench: Any) -> Any:
    """Attaches to whatever is parsed the files in `bench.enclosed`, by the parsed file's title."""
    bench.enclosed = {"Mail": [Attachment("Plan été.txt", b"The plan says: eleven bicycles.")]}

    def change(_path: Path, parsed: ParsedDocument) -> ParsedDocument:
        return replace(parsed, attachments=tuple(bench.enclosed.get(parsed.title, ())))

    bench.change = change
    return bench


def test_it_comes_in_below_its_parent_with_its_groups(mailed: Any) -> None:
    report = mailed.upload("mail.md", "# Mail\n\nSee the plan.", groups=["hr"])
    assert (report.added, report.failed) == (2, [])
    attached = f"{MAIL}#attachment=Plan%20%C3%A9t%C3%A9.txt"
    assert mailed.groups() == {MAIL: ["hr"], attached: ["hr"]}
    info = mailed.library.documents(OPERATOR, query="attachment=Plan")[0]
    assert info.parent_id == mailed.library.known([MAIL], "default")[MAIL].document_id
    assert len(mailed.library.originals.names()) == 2


def test_it_goes_with_its_parent(mailed: Any) -> None:
    mailed.upload("mail.md", "# Mail\n\nSee the plan.")
    parent = mailed.library.find(MAIL, "default")
    mailed.library.retire(parent.document_id)
    assert mailed.uris() == []
    assert mailed.library.originals.names() == []


def test_it_is_shared_with_its_parent(mailed: Any) -> None:
    mailed.upload("mail.md", "# Mail\n\nSee the plan.")
    mailed.library.set_groups(mailed.library.find(MAIL, "default").document_id, frozenset({"x"}))
    assert set(map(tuple, mailed.groups().values())) == {("x",)}


def test_what_a_new_version_no_longer_encloses_goes(mailed: Any) -> None:
    mailed.upload("mail.md", "# Mail\n\nSee the plan.")
    mailed.enclosed["Mail"] = [Attachment("b.txt", b"Only this is left.")]
    report = mailed.upload("mail.md", "# Mail\n\nSee the other plan.")
    assert (report.added, report.updated) == (1, 1)
    assert mailed.uris() == [MAIL, f"{MAIL}#attachment=b.txt"]


def test_those_of_one_name_are_numbered(mailed: Any) -> None:
    mailed.enclosed["Mail"] = [
        Attachment(name, f"Text of {name}, number {number}.".encode())
        for number, name in enumerate(["a.txt", "a.txt", "../../a.txt", "C:\\x\\b.txt"])
    ]
    mailed.upload("mail.md", "# Mail\n\nSee the plans.")
    names = [uri.partition("=")[2] for uri in mailed.uris() if "#" in uri]
    assert names == ["a%20%282%29.txt", "a%20%283%29.txt", "a.txt", "b.txt"]


def test_those_that_cannot_be_read_are_told_or_left_out(mailed: Any) -> None:
    mailed.enclosed["Mail"] = [
        Attachment("logo.exe", b"MZ"),
        Attachment("empty.txt", b""),
        Attachment("noise.txt", bytes(range(256)) * 8),
    ]
    report = mailed.upload("mail.md", "# Mail\n\nSee the plan.")
    assert report.added == 1
    assert [failure.uri for failure in report.failed] == [f"{MAIL}#attachment=noise.txt"]


def test_they_nest_only_so_deep(mailed: Any) -> None:
    mailed.enclosed = {
        f"Mail{depth}": [Attachment("in.md", f"# Mail{depth + 1}\n\nText {depth}.".encode())]
        for depth in range(9)
    }
    mailed.upload("mail.md", "# Mail0\n\nThe outermost.")
    assert len(mailed.uris()) == 1 + 3
    assert max(uri.count("#") for uri in mailed.uris()) == 3


def test_a_folder_keeps_what_is_attached_to_its_files(mailed: Any, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "mail.md").write_text("# Mail\n\nSee the plan.")
    (folder / "other.md").write_text("# Other\n\nText.")
    assert mailed.ingestor.ingest([str(folder)]).added == 3
    report = mailed.ingestor.ingest([str(folder)])
    assert (report.removed, report.unchanged) == (0, 2)
    assert len(mailed.uris()) == 3
    (folder / "mail.md").unlink()
    assert mailed.ingestor.ingest([str(folder)]).removed == 1
    assert mailed.uris() == [(folder / "other.md").as_uri()]
