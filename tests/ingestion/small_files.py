"""One small valid file of each format, made here."""

from __future__ import annotations

import io
import zipfile

import docx
import openpyxl
import pptx

from tests.ingestion.compound_file import attached_file, message_tree, write_compound

ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("style", "style"),
        ("presentation", "presentation"),
        ("meta", "meta"),
    )
)


def pack(entries: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def open_document(kind: str, body: str, *, styles: str = "", extra: dict | None = None) -> bytes:
    """An ODF file; `kind` is text, spreadsheet or presentation."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {ODF}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    )
    media_type = f"application/vnd.oasis.opendocument.{kind}"
    return pack({"mimetype": media_type, "content.xml": content, **(extra or {})})


def book(chapters: dict[str, str], *, extra: dict | None = None, manifest: str = "") -> bytes:
    """An EPUB whose chapters are XHTML bodies, in reading order."""
    items = "".join(
        f'<item id="i{number}" href="{name}" media-type="application/xhtml+xml"/>'
        for number, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="i{number}"/>' for number in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Guide</dc:title>'
        "<dc:creator>Ada</dc:creator><dc:date>2024-03-01</dc:date></metadata>"
        f"<manifest>{items}{manifest}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="in/book.opf"/></rootfiles></container>'
    )
    pages = {
        f"in/{name}": f'<?xml version="1.0"?><!DOCTYPE html><html><head><title/></head>'
        f"<body>{body}</body></html>"
        for name, body in chapters.items()
    }
    return pack(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "in/book.opf": package,
            **pages,
            **(extra or {}),
        }
    )


MAIL = (
    "From: Ada <ada@example.org>\r\nTo: bob@example.org\r\nSubject: =?utf-8?q?Cong=C3=A9s?=\r\n"
    "Date: Fri, 1 Mar 2024 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b1\r\n\r\n"
    "--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nVingt-cinq jours.\r\n\r\nAda\r\n"
    "--b1\r\nContent-Type: text/csv; name=rates.csv\r\nContent-Disposition: attachment;"
    " filename=rates.csv\r\nContent-Transfer-Encoding: base64\r\n\r\nYSxiCjEsMgo=\r\n--b1--\r\n"
)


def _saved(document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _word() -> bytes:
    document = docx.Document()
    document.add_heading("Leave", 1)
    document.add_paragraph("All staff have 25 days.")
    document.add_paragraph("badge", style="List Number")
    document.add_table(2, 2).cell(0, 0).text = "City"
    return _saved(document)


def _slides() -> bytes:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Quarter"
    slide.placeholders[1].text = "Sales rose"
    return _saved(presentation)


def _sheets() -> bytes:
    workbook = openpyxl.Workbook()
    workbook.active.append(["City", "Rate"])
    workbook.active.append(["Lyon", 12])
    return _saved(workbook)


def small_files() -> dict[str, bytes]:
    """Bytes by file name extension, all with text in them."""
    rows = (
        '<table:table table:name="S"><table:table-row><table:table-cell><text:p>City</text:p>'
        "</table:table-cell></table:table-row></table:table>"
    )
    slide = (
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Quarter'
        "</text:p></draw:text-box></draw:frame></draw:page>"
    )
    return {
        "docx": _word(),
        "pptx": _slides(),
        "xlsx": _sheets(),
        "odt": open_document("text", "<text:h>Leave</text:h><text:p>All staff.</text:p>"),
        "ods": open_document("spreadsheet", rows),
        "odp": open_document("presentation", slide),
        "epub": book({"one.xhtml": "<h1>Leave</h1><p>All staff.</p>"}),
        "rtf": rb"{\rtf1\ansi{\fonttbl{\f0\fcharset0 A;}}{\*\x y}\pard Cong\'e9s\par \u233 ?}",
        "csv": b"City;Rate\nLyon;12,5\nParis;13\n",
        "tsv": b"City\tRate\nLyon\t12\n",
        "eml": MAIL.encode("ascii"),
        "msg": write_compound(
            message_tree("Leave", "All staff.", attachments=(attached_file("a.txt", b"x"),))
        ),
        "tex": (
            rb"\newcommand{\x}[1]{#1!}\begin{document}\section{Leave} All \x{staff}\footnote{No}"
            rb"\begin{tabular}{ll}City & Rate\\ Lyon & 12\end{tabular} $\frac{a}{b}$\end{document}"
        ),
        "html": b"<h1>Leave</h1><table><tr><td>City<td>Rate</table><ul><li>badge</ul><p>All.",
        "md": b"# Leave\n\nAll *staff*.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "txt": "Congés\n\nVingt-cinq jours.".encode("cp1252"),
    }
