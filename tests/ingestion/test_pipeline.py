"""From files to published documents: the whole way, over real indexes."""

import errno
import os
import time

import docx
import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from assistant.errors import NothingToIngestError, SourceNotFoundError, StorageFullError
from assistant.ingest_settings import IngestSettings
from assistant.knowledge.database import open_database
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.library import Library
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.positions import LineMap
from assistant.settings import Settings
from assistant.types import OPERATOR
from ingestion.pipeline import open_ingestor


class CountingEmbedder(HashingEmbedder):
    """Counts the texts, and fails when it is told to."""

    embedded = 0
    failure = None

    def encode_passages(self, texts):
        if self.failure is not None:
            raise self.failure
        self.embedded += len(texts)
        return super().encode_passages(texts)


@pytest.fixture
def embedder():
    return CountingEmbedder()


@pytest.fixture
def library(tmp_path, embedder):
    (tmp_path / "data").mkdir()
    opened = Library(
        open_database(tmp_path / "data" / "philo.db"),
        MemoryVectors(embedder.dimension),
        TantivyLexicon(),
        embedder_id=embedder.id,
    )
    yield opened
    opened.close()


@pytest.fixture
def ingestor(library, embedder, tmp_path):
    return open_ingestor(library, embedder, make_settings(tmp_path))


def make_settings(tmp_path, **options):
    return Settings(data=tmp_path / "data", ingest=IngestSettings(workers=2, **options))


@pytest.fixture
def folder(tmp_path):
    """Three formats, a folder in the folder, and files that are passed over."""
    root = tmp_path / "docs"
    (root / "sub").mkdir(parents=True)
    (root / "leave.md").write_text("# Congés\n\nVingt-cinq jours de congé par an.")
    (root / "sub" / "pay.txt").write_text("Salaries are paid on the 28th of each month.")
    document = docx.Document()
    document.add_paragraph("Remote work is allowed two days a week.")
    document.save(root / "remote.docx")
    (root / "~$remote.docx").write_bytes(b"lock")
    (root / ".hidden.md").write_text("hidden")
    (root / "program.exe").write_bytes(b"MZ")
    (root / "nowhere.md").symlink_to(root / "gone.md")
    (root / "sub" / "loop").symlink_to(root)
    return root


def titles(library):
    return sorted(info.title for info in library.documents(OPERATOR))


def counts(report):
    return (report.added, report.updated, report.unchanged, report.removed, len(report.failed))


def touch_later(path):
    """Some file systems do not tell two writes of one moment apart."""
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns + 10**9))


def test_folder_is_brought_in(ingestor, library, folder):
    report = ingestor.ingest([str(folder)])
    assert counts(report) == (3, 0, 0, 0, 0)
    assert (report.pages, report.chunks) == (3, 3)
    assert report.seconds > 0
    by_title = {info.title: info for info in library.documents(OPERATOR)}
    assert sorted(by_title) == ["Congés", "pay", "remote"]
    assert by_title["Congés"].language == "fr"
    assert by_title["pay"].language == "en"
    assert by_title["pay"].uri == (folder / "sub" / "pay.txt").as_uri()
    assert by_title["remote"].media_type.endswith("wordprocessingml.document")


def test_unchanged_files_are_not_embedded_again(ingestor, embedder, folder):
    ingestor.ingest([str(folder)])
    before = embedder.embedded
    assert counts(ingestor.ingest([str(folder)])) == (0, 0, 3, 0, 0)
    assert embedder.embedded == before


def test_folder_is_kept_in_step(ingestor, library, folder):
    ingestor.ingest([str(folder)])
    (folder / "leave.md").write_text("# Congés payés\n\nTrente jours.")
    (folder / "sub" / "pay.txt").unlink()
    (folder / "new.txt").write_text("A new rule about bicycles.")
    assert counts(ingestor.ingest([str(folder)])) == (1, 1, 1, 1, 0)
    assert titles(library) == ["Congés payés", "new", "remote"]


def test_other_recipe_makes_documents_anew(ingestor, library, embedder, folder, tmp_path):
    ingestor.ingest([str(folder)])
    other = open_ingestor(library, embedder, make_settings(tmp_path, chunk_tokens=60))
    assert counts(other.ingest([str(folder)])) == (0, 3, 0, 0, 0)


def test_changed_groups_do_not_need_the_files_read_again(ingestor, library, embedder, folder):
    ingestor.ingest([str(folder)])
    before = embedder.embedded
    assert counts(ingestor.ingest([str(folder)], groups=["hr"])) == (0, 0, 3, 0, 0)
    assert embedder.embedded == before
    assert {tuple(info.groups) for info in library.documents(OPERATOR)} == {("hr",)}


def test_file_named_alone_retires_nothing_and_joins_its_folder_later(ingestor, library, folder):
    ingestor.ingest([str(folder / "leave.md")])
    assert titles(library) == ["Congés"]
    assert counts(ingestor.ingest([str(folder)])) == (2, 0, 1, 0, 0)
    (folder / "leave.md").unlink()
    assert counts(ingestor.ingest([str(folder)])) == (0, 0, 2, 1, 0)


def test_documents_stay_as_private_as_they_were(ingestor, library, folder):
    ingestor.ingest([str(folder)], groups=["hr"])
    file = folder / "leave.md"
    file.write_text(file.read_text() + "\n\nOne more paragraph.\n")
    report = ingestor.ingest([str(folder)])
    assert report.updated == 1
    assert {group for doc in library.documents(OPERATOR) for group in doc.groups} == {"hr"}


def test_what_leaves_a_folder_inside_is_noticed_from_outside(ingestor, library, folder):
    inside = folder / "inside"
    inside.mkdir()
    for name in ("stays.md", "leaves.md"):
        (inside / name).write_text(f"# {name}\n\nSome words about {name}.\n")
    ingestor.ingest([str(folder)])
    ingestor.ingest([str(inside)])
    (inside / "leaves.md").unlink()
    assert ingestor.ingest([str(folder)]).removed == 1
    assert not any(doc.uri.endswith("leaves.md") for doc in library.documents(OPERATOR))


def test_collections_are_apart(ingestor, library, folder):
    ingestor.ingest([str(folder)])
    assert counts(ingestor.ingest([str(folder)], collection="second")) == (3, 0, 0, 0, 0)


def test_bad_files_do_not_stop_the_good_ones(ingestor, library, folder):
    (folder / "a.pdf").write_bytes(b"%PDF-1.4 cut short")
    (folder / "b.docx").write_bytes(b"")
    (folder / "c.txt").write_bytes(bytes(range(256)) * 9)
    canvas = Canvas(str(folder / "d.pdf"))
    canvas.rect(10, 10, 50, 50)
    canvas.save()
    report = ingestor.ingest([str(folder)])
    assert counts(report) == (3, 0, 0, 0, 4)
    reasons = {failure.uri.rsplit("/", 1)[-1]: failure.reason for failure in report.failed}
    assert "damaged or cut short" in reasons["a.pdf"]
    assert "the file is empty" in reasons["b.docx"]
    assert "binary data" in reasons["c.txt"]
    assert "none was recognised on its picture" in reasons["d.pdf"]


def test_failed_new_version_leaves_the_old_one(ingestor, library, folder):
    ingestor.ingest([str(folder)])
    (folder / "remote.docx").write_bytes(b"PK\x03\x04 broken")
    assert counts(ingestor.ingest([str(folder)])) == (0, 0, 2, 0, 1)
    assert "remote" in titles(library)


def test_too_large_file_is_refused_unread(library, embedder, folder, tmp_path):
    (folder / "big.txt").write_text("word " * 1000)
    ingestor = open_ingestor(library, embedder, make_settings(tmp_path, max_file_bytes=1024))
    report = ingestor.ingest([str(folder / "leave.md"), str(folder / "big.txt")])
    assert counts(report) == (1, 0, 0, 0, 1)
    assert "ingest.max_file_bytes" in report.failed[0].reason


def test_listener_hears_of_each_file_with_rate_and_time_left(ingestor, folder):
    (folder / "a.pdf").write_bytes(b"no pdf")
    heard = []
    ingestor.ingest([str(folder)], listener=heard.append)
    assert [progress.done for progress in heard] == [1, 2, 3, 4]
    assert {progress.total for progress in heard} == {4}
    assert sorted(progress.outcome for progress in heard) == ["added"] * 3 + ["failed"]
    assert heard[-1].seconds_left == 0
    assert heard[-1].chunks_per_s > 0


def test_path_that_does_not_exist_is_told(ingestor, tmp_path):
    with pytest.raises(SourceNotFoundError, match="no-such-folder"):
        ingestor.ingest([str(tmp_path / "no-such-folder")])


def test_folder_without_known_files_is_told_with_what_is_known(ingestor, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "x.exe").write_bytes(b"MZ")
    for path in ("empty", "empty/x.exe"):
        with pytest.raises(NothingToIngestError, match=r"\.docx.*\.pdf"):
            ingestor.ingest([str(tmp_path / path)])


def test_emptied_folder_does_not_retire_everything(ingestor, library, folder, tmp_path):
    ingestor.ingest([str(folder)])
    folder.rename(tmp_path / "moved")
    folder.mkdir()
    with pytest.raises(NothingToIngestError):
        ingestor.ingest([str(folder)])
    assert len(titles(library)) == 3


def test_documents_of_a_folder_that_cannot_be_read_are_kept(ingestor, library, folder, monkeypatch):
    ingestor.ingest([str(folder)])
    scan = os.scandir

    def scandir(path):
        if str(path).endswith("sub"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = ingestor.ingest([str(folder)])
    assert counts(report) == (0, 0, 2, 0, 1)
    assert "Permission denied" in report.failed[0].reason
    assert len(titles(library)) == 3


def test_interrupt_leaves_whole_documents_and_no_child(ingestor, library, embedder, folder):
    ingestor.ingest([str(folder / "leave.md")])
    embedder.failure = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        ingestor.ingest([str(folder)])
    assert titles(library) == ["Congés"]
    embedder.failure = None
    assert counts(ingestor.ingest([str(folder)])) == (2, 0, 1, 0, 0)


def test_full_disk_stops_and_keeps_what_is_published(ingestor, library, embedder, folder):
    ingestor.ingest([str(folder / "leave.md")])
    embedder.failure = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(StorageFullError, match="what was published stays"):
        ingestor.ingest([str(folder)])
    assert titles(library) == ["Congés"]


def test_upload_is_known_by_its_name(ingestor, library, tmp_path):
    temporary = tmp_path / "upload-8f3a"
    temporary.write_text("# Règlement\n\nTexte du règlement.")
    report = ingestor.ingest_upload(str(temporary), name="règlement 2024.md", groups=["hr"])
    assert counts(report) == (1, 0, 0, 0, 0)
    (info,) = library.documents(OPERATOR)
    assert info.uri == "upload://default/r%C3%A8glement%202024.md"
    assert info.groups == ["hr"]
    temporary.write_text("# Règlement\n\nNouveau texte.")
    touch_later(temporary)
    assert counts(ingestor.ingest_upload(str(temporary), name="règlement 2024.md")) == (
        0,
        1,
        0,
        0,
        0,
    )


@pytest.mark.parametrize("name", ["../../etc/evil.txt", "C:\\x\\evil.txt", "\x00evil.txt"])
def test_upload_cannot_name_a_place(ingestor, library, tmp_path, name):
    temporary = tmp_path / "upload"
    temporary.write_text("Some text of it.")
    ingestor.ingest_upload(str(temporary), name=name)
    assert [info.uri for info in library.documents(OPERATOR)] == ["upload://default/evil.txt"]


def test_namesakes_of_two_folders_stay_apart(ingestor, library, tmp_path):
    temporary = tmp_path / "upload"
    temporary.write_text("Some text of it.")
    deep = "/".join(f"{year} " + "minutes of the board " * 8 for year in (2024, 2025))
    folders = ("", "a - b", "a/b", "../a//b/c", "~bob", deep, deep.replace("2025", "2026"))
    for folder in folders:
        report = ingestor.ingest_upload(str(temporary), name="note.md", folder=folder)
        assert counts(report) == (1, 0, 0, 0, 0)
    uris = {info.uri for info in library.documents(OPERATOR)}
    assert len(uris) == len(folders)
    assert {"upload://default/a/b/note.md", "upload://default/a/b/c/note.md"} <= uris
    assert "upload://default/%7Ebob/note.md" in uris
    ingestor.ingest_upload(str(temporary), name="note.md", owner="bob")
    assert "upload://default/~bob/note.md" in {one.uri for one in library.documents(OPERATOR)}


def test_long_names_with_one_beginning_stay_apart(ingestor, library, tmp_path):
    temporary = tmp_path / "upload"
    temporary.write_text("Some text of it.")
    for month in ("01", "02"):
        name = "minutes of the board of directors " * 5 + f"2024-{month}.md"
        assert counts(ingestor.ingest_upload(str(temporary), name=name)) == (1, 0, 0, 0, 0)
    assert len(library.documents(OPERATOR)) == 2


def test_upload_of_an_unknown_format_is_a_failure_in_the_report(ingestor, tmp_path):
    temporary = tmp_path / "upload"
    temporary.write_bytes(b"x")
    report = ingestor.ingest_upload(str(temporary), name="photo.heic")
    assert "Philo reads" in report.failed[0].reason


def test_positions_of_stored_chunks_are_those_of_the_page(ingestor, library, tmp_path):
    canvas = Canvas(str(tmp_path / "two.pdf"), pagesize=(595, 842))
    for page in (1, 2):
        for row in range(20):
            canvas.drawString(60, 700 - 14 * row, f"Page {page} row {row} says something new.")
        canvas.showPage()
    canvas.save()
    ingestor.ingest([str(tmp_path / "two.pdf")])
    (info,) = library.documents(OPERATOR)
    chunks = library.document_chunks(info.id, OPERATOR)
    assert [chunk.page for chunk in chunks] == sorted(chunk.page for chunk in chunks)
    sentence = "Page 2 row 7 says something new."
    (chunk,) = [chunk for chunk in chunks if sentence in chunk.text]
    start = chunk.start + chunk.text.index(sentence)
    found = LineMap(chunk.lines, chunk.end, chunk.text)
    assert found.page(start) == 2
    boxes = found.boxes(start, start + len(sentence))
    assert boxes[0].page == 2
    assert boxes[0].y0 == pytest.approx(842 - (700 - 14 * 7) - 9, abs=3)


def test_a_mark_within_a_line_ends_where_its_letters_end(ingestor, library, tmp_path):
    narrow, wide = "Il fallait l'utilité, ici.", "MAMMOUTH WWW."
    canvas = Canvas(str(tmp_path / "widths.pdf"), pagesize=(595, 842))
    canvas.setFont("Times-Roman", 12)
    canvas.drawString(60, 700, f"{narrow} {wide}")
    canvas.drawString(60, 640, "Une autre phrase dit encore autre chose.")
    canvas.save()
    ingestor.ingest([str(tmp_path / "widths.pdf")])
    (info,) = library.documents(OPERATOR)
    (chunk,) = library.document_chunks(info.id, OPERATOR)
    start = chunk.start + chunk.text.index(narrow)
    found = LineMap(chunk.lines, chunk.end, chunk.text)
    (mark,) = found.boxes(start, start + len(narrow))
    assert mark.x1 == pytest.approx(60 + stringWidth(narrow, "Times-Roman", 12), abs=4)
    (last,) = found.boxes(start + len(narrow) + 1, start + len(narrow) + 1 + len(wide))
    before = stringWidth(f"{narrow} ", "Times-Roman", 12)
    assert last.x0 == pytest.approx(60 + before, abs=4)
    assert last.x0 > mark.x1 + 1  # the space between them
    (whole,) = found.boxes(start, start + len(narrow) + 1 + len(wide))
    assert whole.x1 == pytest.approx(60 + stringWidth(f"{narrow} {wide}", "Times-Roman", 12), abs=2)
