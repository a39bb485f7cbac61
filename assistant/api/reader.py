"""Who is asking, and so what may be read."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from assistant.access.people import People
from assistant.access.types import Principal
from assistant.api.caller import caller
from assistant.audit import OPERATOR_NAME
from assistant.scope import DocumentType, Scope
from assistant.types import OPERATOR, Language, Readable
from assistant.while_readable import ReadableNow

Caller = Annotated[Principal | None, Depends(caller)]
"""None: the operator."""


def readable_of(principal: Principal | None, collection: str | None = None) -> Readable:
    """The operator may read all there is, others what is shared with their groups."""
    if principal is None:
        return Readable(everything=OPERATOR.everything, collection=collection)
    return principal.readable(collection)


def rights_of(
    people: People, principal: Principal | None, collection: str | None = None
) -> ReadableNow:
    """What may be read at each moment while an answer is on its way."""
    if principal is None:
        return lambda: readable_of(None, collection)
    return lambda: people.refresh(principal).readable(collection)


def name_of(principal: Principal | None) -> str:
    """For the audit log."""
    return OPERATOR_NAME if principal is None else principal.name


def asker_of(request: Request, principal: Principal | None) -> str:
    """Among whom turns are shared out: people, and addresses where nobody is known."""
    if principal is not None:
        return f"user {principal.name}"
    return request.client.host if request.client else ""


def readable_by_caller(
    principal: Caller, collection: Annotated[str | None, Query(max_length=200)] = None
) -> Readable:
    return readable_of(principal, collection)


Reader = Annotated[Readable, Depends(readable_by_caller)]


def scope_of_query(
    type_: Annotated[list[DocumentType], Query(alias="type")] = [],  # noqa: B006 - FastAPI copies it
    language: Annotated[list[Language], Query()] = [],  # noqa: B006
    document: Annotated[list[str], Query(description="ids")] = [],  # noqa: B006
    author: str = "",
    after: date | None = None,
    before: date | None = None,
    source: str = "",
) -> Scope:
    """What `Scope` holds, as parameters of an address; `collection` is the reader's."""
    try:
        return Scope(
            types=tuple(type_),
            languages=tuple(language),
            documents=tuple(document),
            author=author,
            after=after,
            before=before,
            source=source,
        )
    except ValidationError as exc:
        raise RequestValidationError(exc.errors()) from exc


Scoped = Annotated[Scope, Depends(scope_of_query)]
