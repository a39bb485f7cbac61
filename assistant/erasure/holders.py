"""Who holds content: what one has to say to be reached by an erasure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.conversations.store import Conversations
from assistant.knowledge.library import Library

if TYPE_CHECKING:
    from assistant.erasure.traces import Traces


def _nothing_of_document(_document_id: str) -> int:
    return 0


def _nothing_of_user(_name: str) -> int:
    return 0


def _no_data(_name: str) -> Sequence[dict[str, Any]]:
    return ()


def _no_residue(_traces: Traces) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Holder:
    """Something that holds content of documents or of people; `name` is said on receipts.

    `forget_document(id)` and `forget_user(name)` delete what is held and return how many pieces;
    a second call does no harm. `of_user(name)` is what is held of a person, for their own export.
    `residue(traces)` counts what is left where neither the search of all tables nor that of
    all files under the data directory would see it.
    """

    name: str
    forget_document: Callable[[str], int] = _nothing_of_document
    forget_user: Callable[[str], int] = _nothing_of_user
    of_user: Callable[[str], Sequence[dict[str, Any]]] = _no_data
    residue: Callable[[Traces], int] = _no_residue


def content_holders(library: Library) -> list[Holder]:
    """All of them, but for what the erasure itself does. One line each."""
    from assistant.erasure.question_sets import CollectedSets

    sets = CollectedSets(library)
    ratings, conversations = library.ratings, Conversations(library.database)
    return [
        Holder(
            "pseudonyms",
            forget_document=lambda document_id: library.pseudonyms.forget_unused(
                besides=document_id
            ),
        ),
        Holder(
            "conversations",
            forget_document=conversations.forget_document,
            forget_user=conversations.forget_user,
            of_user=lambda name: [
                one.model_dump(mode="json") for one in conversations.export_user(name)
            ],
        ),
        Holder(
            "question sets",
            forget_document=sets.forget_document,
            forget_user=sets.forget_user,  # before the ratings, which say whose questions they are
            residue=sets.residue,
        ),
        Holder(
            "ratings",
            forget_user=ratings.forget_user,
            of_user=lambda name: [one.model_dump(mode="json") for one in ratings.of_user(name)],
        ),
    ]
