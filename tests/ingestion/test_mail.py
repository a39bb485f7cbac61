"""EML and MSG: the mail is a document, what is attached becomes one."""

import email
import struct

import pytest

from assistant.errors import ParseError
from ingestion.parsers import mail
from ingestion.parsers.base import parse_file
from ingestion.parsers.rtf_packed import unpack_rtf
from tests.ingestion.compound_file import (
    attached_file,
    attached_message,
    message_tree,
    write_compound,
)
from tests.ingestion.small_files import MAIL


@pytest.fixture
def read(tmp_path):
    def parse(content, name="x.eml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return parse_file(path, max_pages=50, max_file_bytes=10**8)

    return parse


def texts(parsed):
    return [block.text for block in parsed.blocks]


def part(content_type, body, *headers):
    return "\n".join([f"Content-Type: {content_type}", *headers, "", body])


def multipart(kind, *parts, boundary="b", subject="Leave"):
    inner = "".join(f"--{boundary}\n{one}\n" for one in parts)
    return (
        f"From: Ada <ada@example.org>\nSubject: {subject}\n"
        f"Content-Type: multipart/{kind}; boundary={boundary}\n\n{inner}--{boundary}--\n"
    )


def test_mail_is_read_with_its_head_body_and_attachment(read):
    parsed = read(MAIL)
    assert texts(parsed) == [
        "Congés",
        "From: Ada <ada@example.org>\nTo: bob@example.org\n"
        "Date: Fri, 1 Mar 2024 10:00:00 +0100\nAttachments: rates.csv",
        "Vingt-cinq jours.",
        "Ada",
    ]
    assert (parsed.title, parsed.author, parsed.date) == ("Congés", "Ada", "2024-03-01")
    assert [(one.name, one.content) for one in parsed.attachments] == [("rates.csv", b"a,b\n1,2\n")]


def test_richer_form_of_a_mail_is_read_once(read):
    parsed = read(
        multipart(
            "alternative",
            part("text/plain", "City Lyon, rate 12"),
            part("text/html", "<table><tr><td>City<td>Rate<tr><td>Lyon<td>12</table>"),
        )
    )
    assert texts(parsed)[2:] == ["| City | Rate |\n|---|---|\n| Lyon | 12 |"]


def test_plain_form_is_read_where_the_richer_one_holds_less(read):
    parsed = read(
        multipart(
            "alternative",
            part("text/plain", "All staff have twenty-five days of paid leave a year."),
            part("text/html", "<p>See the plain form.</p>"),
        )
    )
    assert "twenty-five days" in texts(parsed)[-1]


def test_mail_in_a_mail_is_an_attachment_named_by_its_subject(read):
    inner = "From: Bob <bob@example.org>\nSubject: Badge / key\n\nLost.\n"
    parsed = read(
        multipart("mixed", part("text/plain", "See below."), part("message/rfc822", inner))
    )
    (attached,) = parsed.attachments
    assert attached.name == "Badge key.eml"
    assert texts(read(attached.content))[-1] == "Lost."


def test_logo_of_a_page_is_no_attachment(read):
    logo = part(
        "image/png; name=logo.png", "AAAA", "Content-ID: <l>", "Content-Disposition: inline"
    )
    parsed = read(multipart("related", part("text/html", "<p>Hello.<img src=cid:l>"), logo))
    assert parsed.attachments == ()


def test_attachments_of_the_same_name_are_told_apart_and_lose_their_folder(read):
    disposition = 'Content-Disposition: attachment; filename="../../etc/a.txt"'
    parsed = read(multipart("mixed", *[part("text/plain", "x", disposition)] * 2))
    assert [one.name for one in parsed.attachments] == ["a.txt", "a (2).txt"]


@pytest.mark.parametrize("body", ["Congés à Nîmes".encode("cp1252"), "Congés à Nîmes".encode()])
def test_mail_in_an_undeclared_encoding_is_read(read, body):
    parsed = read(b"From: ada@example.org\nSubject: x\n\n" + body)
    assert texts(parsed)[-1] == "Congés à Nîmes"


def test_header_in_a_broken_encoded_word_is_shown_as_it_stands(read):
    parsed = read(b"From: ada@example.org\nSubject: =?u\xf4f-8?q?Cong?=\n\nx")
    assert "Cong" in parsed.title


def test_header_in_raw_bytes_is_read(read):
    parsed = read("From: ada@example.org\nSubject: Congés\n\nx".encode())
    assert parsed.title == "Congés"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("just words, no mail", "not a mail"),
        (multipart("encrypted", part("text/plain", "x")), "encrypted: save it decrypted"),
        (
            "From: a@b.c\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx",
            "encrypted: save it decrypted",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(read, content, reason):
    with pytest.raises(ParseError, match=reason):
        read(content)


@pytest.mark.parametrize("depth", [60, 1500])
def test_parts_nested_too_deeply_are_refused(read, depth):
    content = part("text/plain", "deep")
    for level in range(depth):
        content = part(
            f"multipart/mixed; boundary=b{level}", f"--b{level}\n{content}\n--b{level}--"
        )
    with pytest.raises(ParseError, match="nested too deeply"):
        read("From: a@b.c\n" + content)


def test_more_attachments_than_are_taken_along_refuse_the_mail(read, monkeypatch):
    monkeypatch.setattr(mail, "MOST_ATTACHMENT_BYTES", 2**20)
    big = part("application/pdf; name=a.pdf", "x" * 2**21, "Content-Disposition: attachment")
    with pytest.raises(ParseError, match="more than 1 MiB are attached: save the attachments"):
        read(multipart("mixed", part("text/plain", "hello"), big))


def test_outlook_message_is_read_like_a_mail(read):
    tree = message_tree(
        "Congés",
        "Vingt-cinq jours.\r\n\r\nAda",
        attachments=(attached_file("grille é.csv", b"a;b" * 2000, "text/csv"),),
    )
    parsed = read(write_compound(tree), "x.msg")
    assert texts(parsed) == [
        "Congés",
        "From: Ada Lovelace <ada@example.org>\nTo: Bob\n"
        "Date: Fri, 01 Mar 2024 00:00:00 +0000\nAttachments: grille é.csv",
        "Vingt-cinq jours.",
        "Ada",
    ]
    assert parsed.date == "2024-03-01"
    assert parsed.attachments[0].content == b"a;b" * 2000


def test_message_in_an_outlook_message_is_an_attachment(read):
    inner = message_tree("Badge", "Perdu.")
    inner["__properties_version1.0"] = inner["__properties_version1.0"][8:]
    tree = message_tree("Suite", "Voir.", attachments=(attached_message(inner),))
    (attached,) = read(write_compound(tree), "x.msg").attachments
    assert attached.name == "Badge.eml"
    assert texts(read(attached.content))[-1] == "Perdu."
    assert email.message_from_bytes(attached.content)["Date"].startswith("Fri, 01 Mar 2024")


def test_outlook_message_with_nothing_but_packed_rich_text_is_read(read):
    rich = rb"{\rtf1\ansi Vingt-cinq jours.\par}"
    packed = struct.pack("<II4sI", len(rich) + 12, len(rich), b"MELA", 0) + rich
    tree = message_tree("Leave") | {"__substg1.0_10090102": packed}
    assert texts(read(write_compound(tree), "x.msg"))[-1] == "Vingt-cinq jours."


def test_packed_rich_text_is_unpacked():
    # The example of [MS-OXRTFCP], section 3.1.1.
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af3"
        "2068656c090020627705b06c647d0a800fa0"
    )
    unpacked = unpack_rtf(packed)
    assert unpacked == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_old_office_file_is_no_outlook_message(read):
    with pytest.raises(ParseError, match="not an Outlook message: it is an old Office file"):
        read(write_compound({"WordDocument": b"x"}), "x.msg")
