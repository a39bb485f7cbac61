"""Which document is meant by an id, an address or a title."""

from __future__ import annotations

from assistant.errors import DocumentNotFoundError, QuestionError
from assistant.knowledge.library import Library
from assistant.types import Readable
from assistant.words import fold

SHOWN = 5


def find_document(library: Library, name: str, readable: Readable) -> str:
    """The id of the document that is called so.

    Args:
        name: an id, an address, a title, or a part of a title or an address that no other has.
    Raises:
        DocumentNotFoundError: there is none that the reader may see.
        QuestionError: several have it; the message lists some of them with their ids.
    """
    if name.isalnum():
        try:
            return library.document(name, readable).id
        except DocumentNotFoundError:
            pass
    found = library.documents(readable, query=name, limit=50)
    exact = [one for one in found if name == one.uri or fold(name) == fold(one.title)]
    chosen = exact or found
    if not chosen:
        raise DocumentNotFoundError(
            f"no document '{name}' that you may read; list them: philo documents list"
        )
    if len(chosen) > 1:
        listed = "; ".join(f"{one.id} {one.title}" for one in chosen[:SHOWN])
        raise QuestionError(f"several documents are called '{name}', name one by its id: {listed}")
    return chosen[0].id
