"""Errors as HTTP: one status and one body for each branch of the error tree."""

from __future__ import annotations

import logging
import math

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from assistant.api.openai_failures import in_openai_form, openai_status, speaks_openai
from assistant.api.schemas import ErrorBody, ErrorResponse
from assistant.errors import (
    AccessDeniedError,
    AccessWithdrawnError,
    BackupError,
    ChatModelError,
    ChatRequestError,
    ContextTooLongError,
    ConversationNotFoundError,
    CursorError,
    DataDirectoryBusyError,
    DocumentNotFoundError,
    GenerationStoppedError,
    GeneratorBusyError,
    HoldError,
    IndexExistsError,
    IngestError,
    JobNotFoundError,
    LegalHoldError,
    ModelError,
    MoveError,
    NoPageError,
    NothingToSummariseError,
    OriginalGoneError,
    PeopleError,
    PhiloError,
    QuestionError,
    RatingNotFoundError,
    ReceiptError,
    SettingsError,
    SourceBusyError,
    StorageFullError,
    StoreUnavailableError,
    UnknownErasureError,
    UnknownIndexError,
    UnknownModelError,
    UnknownSourceError,
    UnknownTokenError,
    UnknownUserError,
)

logger = logging.getLogger(__name__)

AWAY_RETRY_S = 5
"""When to ask again while a server that holds a part of what is known is away, or a database that
another process has locked."""

STATUSES: tuple[tuple[type[PhiloError], int], ...] = (
    (AccessWithdrawnError, 409),
    (GenerationStoppedError, 503),
    (DocumentNotFoundError, 404),
    (JobNotFoundError, 404),
    (UnknownUserError, 404),
    (UnknownTokenError, 404),
    (UnknownErasureError, 404),
    (AccessDeniedError, 403),
    (LegalHoldError, 409),
    (HoldError, 422),
    (ReceiptError, 422),
    (PeopleError, 422),
    (QuestionError, 422),
    (ChatModelError, 404),
    (ChatRequestError, 422),
    (NothingToSummariseError, 422),
    (ContextTooLongError, 422),
    (UnknownSourceError, 404),
    (UnknownIndexError, 404),
    (IndexExistsError, 409),
    (RatingNotFoundError, 404),
    (ConversationNotFoundError, 404),
    (NoPageError, 404),
    (OriginalGoneError, 410),
    (CursorError, 422),
    (MoveError, 409),
    (SourceBusyError, 409),
    (IngestError, 422),
    (BackupError, 422),
    (SettingsError, 422),
    (GeneratorBusyError, 429),
    (UnknownModelError, 404),
    (ModelError, 503),
    (StorageFullError, 507),
    (StoreUnavailableError, 503),
    (DataDirectoryBusyError, 503),
    (PhiloError, 500),
)


def describe(exc: Exception) -> ErrorResponse:
    """What a client is told. Our own messages are meant for people; others may leak content."""
    if isinstance(exc, PhiloError):
        return ErrorResponse(error=ErrorBody(type=type(exc).__name__, message=str(exc)))
    message = "The service failed unexpectedly; its log says why."
    return ErrorResponse(error=ErrorBody(type="InternalError", message=message))


def add_handlers(app: FastAPI) -> None:
    """Answer every error with an `ErrorResponse`, or in OpenAI's form where that is expected."""

    @app.exception_handler(PhiloError)
    async def philo_error(request: Request, exc: PhiloError) -> JSONResponse:
        status = next(code for kind, code in STATUSES if isinstance(exc, kind))
        response = _response(request, status, describe(exc), exc)
        if isinstance(exc, GeneratorBusyError):
            response.headers["Retry-After"] = str(math.ceil(exc.retry_after_s))
        elif isinstance(exc, (StoreUnavailableError, DataDirectoryBusyError)):
            response.headers["Retry-After"] = str(AWAY_RETRY_S)
        return response

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, exc: HTTPException) -> JSONResponse:
        body = ErrorBody(type="HttpError", message=str(exc.detail))
        response = _response(request, exc.status_code, ErrorResponse(error=body), exc)
        response.headers.update(exc.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
        places = [".".join(str(part) for part in error["loc"]) for error in exc.errors()]
        problems = "; ".join(
            f"{place}: {error['msg']}" for place, error in zip(places, exc.errors(), strict=True)
        )
        body = ErrorBody(type="InvalidRequest", message=problems)
        param = places[0].removeprefix("body.") if places else None
        return _response(request, 422, ErrorResponse(error=body), exc, param=param)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, exc: Exception) -> JSONResponse:
        logger.exception("a request failed", exc_info=exc)
        return _response(request, 500, describe(exc), exc)


def _response(
    request: Request, status: int, body: ErrorResponse, exc: Exception, *, param: str | None = None
) -> JSONResponse:
    if not speaks_openai(request):
        return JSONResponse(jsonable_encoder(body), status_code=status)
    status = openai_status(status)
    told = in_openai_form(status, body, exc, param=param)
    return JSONResponse(jsonable_encoder(told), status_code=status)
