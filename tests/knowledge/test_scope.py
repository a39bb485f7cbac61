"""A question is asked of some of the readable documents only."""

from datetime import date

import pytest
from pydantic import ValidationError

from assistant.errors import DocumentNotFoundError
from assistant.scope import MEDIA_TYPES, DocumentType, Scope
from assistant.types import OPERATOR, Readable
from ingestion.parsers.base import FORMATS


@pytest.fixture
def library(shelf):
    """Six documents that all speak of wages; only what is known about them differs."""
    for uri, options in {
        "file:///hr/policy.pdf": {"author": "Émile Zola", "date": "2024-03-12"},
        "file:///hr/minutes.docx": {"author": "Ada Lovelace", "date": "2024-03"},
        "file:///it/old.pdf": {"author": "Ada Byron", "date": "2019"},
        "mail://inbox/1": {"language": "en"},
        "file:///hr/secret.pdf": {"author": "Émile Zola", "date": "2024-03-12"},
        "file:///it/kept.md": {"collection": "archive", "source": "file:///it", "language": "en"},
    }.items():
        group = "board" if "secret" in uri else "everyone"
        shelf.put(uri, f"Les salaires de {uri}", groups=(group,), **options)
    return shelf


def found(shelf, readable=Readable(), **fields):  # noqa: B008 - frozen
    """Addresses found by either index, which must agree."""
    scope = Scope(**fields)
    dense = shelf.library.search_dense(
        shelf.embed("wages")[0], k=50, readable=readable, scope=scope
    )
    text = shelf.library.search_text(
        "salaires", k=50, readable=readable, language="fr", scope=scope
    )
    assert {hit.id for hit in dense} == {hit.id for hit in text}
    chunks = shelf.library.chunks([hit.id for hit in dense], OPERATOR)
    return {chunk.uri.rpartition("/")[2] for chunk in chunks.values()}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"author": "emile"}, {"policy.pdf"}),
        ({"author": "ADA"}, {"minutes.docx", "old.pdf"}),
        ({"author": "100%"}, set()),
        ({"after": date(2024, 3, 15)}, {"minutes.docx"}),
        ({"before": date(2024, 3, 1)}, {"minutes.docx", "old.pdf"}),
        ({"after": date(2024, 3, 12), "before": date(2024, 3, 12)}, {"policy.pdf", "minutes.docx"}),
        ({"languages": ("en",)}, {"1", "kept.md"}),
        ({"collections": ("archive", "nowhere")}, {"kept.md"}),
        ({"source": "file:///hr/"}, {"policy.pdf", "minutes.docx"}),
        ({"source": "file:///it"}, {"old.pdf", "kept.md"}),
        ({"documents": ("no such id",)}, set()),
        ({"author": "ada", "before": date(2020, 1, 1)}, {"old.pdf"}),
        ({}, {"policy.pdf", "minutes.docx", "old.pdf", "1", "kept.md"}),
    ],
    ids=lambda one: str(sorted(one) if isinstance(one, set) else one),
)
def test_only_documents_in_scope_are_found(library, fields, expected):
    assert found(library, **fields) == expected


def test_a_scope_opens_no_document_to_who_may_not_read_it(library):
    secret = library.id_of("file:///hr/secret.pdf", "default")
    assert found(library, documents=(secret,)) == set()
    board = Readable(groups=frozenset({"board"}))
    assert found(library, board, documents=(secret,)) == {"secret.pdf"}
    with pytest.raises(DocumentNotFoundError):
        library.library.document(secret, Readable())


def test_what_is_in_scope_is_found_although_a_thousand_others_are_nearer(shelf):
    words = [f"salaires {number}" for number in range(300)]
    shelf.put("file:///near.txt", *words)
    wanted = shelf.put("file:///far.txt", "un autre sujet, et les salaires", author="Ada")
    vector = shelf.embed(words[0])[0]
    hits = shelf.library.search_dense(vector, k=1, readable=OPERATOR, scope=Scope(author="ada"))
    assert len(hits) == 1
    assert shelf.library.chunks([hits[0].id], OPERATOR)[hits[0].id].document_id == wanted


def test_documents_say_author_and_date_and_where_the_date_is_from(shelf):
    identity = shelf.put("file:///a.txt", "texte", author="Ada", date="2024-03", date_basis="file")
    document = shelf.library.document(identity, OPERATOR)
    assert (document.author, document.date, document.date_basis) == ("Ada", "2024-03", "file")


def test_days_that_exclude_each_other_are_refused():
    with pytest.raises(ValidationError, match="no day is both after 2024-02-01"):
        Scope(after=date(2024, 2, 1), before=date(2024, 1, 1))


def test_every_format_is_of_one_kind():
    kinds = [name for names in MEDIA_TYPES.values() for name in names]
    assert sorted(kinds) == sorted({one.media_type for one in FORMATS if one.module})
    assert set(MEDIA_TYPES) == set(DocumentType)
