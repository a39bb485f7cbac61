"""Errors as HTTP: one status and one body for each branch of the error tree."""

from __future__ import annotations

import logging
import math

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from assistant.api.schemas import ErrorBody, ErrorResponse
from assistant.errors import (
    AccessDeniedError,
    ContextTooLongError,
    DocumentNotFoundError,
    GenerationStoppedError,
    GeneratorBusyError,
    IndexExistsError,
    IngestError,
    JobNotFoundError,
    ModelError,
    NothingToSummariseError,
    PeopleError,
    PhiloError,
    QuestionError,
    RatingNotFoundError,
    SourceBusyError,
    StorageFullError,
    UnknownIndexError,
    UnknownSourceError,
    UnknownTokenError,
    UnknownUserError,
)

logger = logging.getLogger(__name__)

STATUSES: tuple[tuple[type[PhiloError], int], ...] = (
    (GenerationStoppedError, 503),
    (DocumentNotFoundError, 404),
    (JobNotFoundError, 404),
    (UnknownUserError, 404),
    (UnknownTokenError, 404),
    (AccessDeniedError, 403),
    (PeopleError, 422),
    (QuestionError, 422),
    (NothingToSummariseError, 422),
    (ContextTooLongError, 422),
    (UnknownSourceError, 404),
    (UnknownIndexError, 404),
    (IndexExistsError, 409),
    (RatingNotFoundError, 404),
    (SourceBusyError, 409),
    (IngestError, 422),
    (GeneratorBusyError, 429),
    (ModelError, 503),
    (StorageFullError, 507),
    (PhiloError, 500),
)


def describe(exc: Exception) -> ErrorResponse:
    """What a client is told. Our own messages are meant for people; others may leak content."""
    if isinstance(exc, PhiloError):
        return ErrorResponse(error=ErrorBody(type=type(exc).__name__, message=str(exc)))
    message = "The service failed unexpectedly; its log says why."
    return ErrorResponse(error=ErrorBody(type="InternalError", message=message))


def add_handlers(app: FastAPI) -> None:
    """Answer every error with an `ErrorResponse`."""

    @app.exception_handler(PhiloError)
    async def philo_error(_: Request, exc: PhiloError) -> JSONResponse:
        status = next(code for kind, code in STATUSES if isinstance(exc, kind))
        response = _response(status, describe(exc))
        if isinstance(exc, GeneratorBusyError):
            response.headers["Retry-After"] = str(math.ceil(exc.retry_after_s))
        return response

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, exc: HTTPException) -> JSONResponse:
        body = ErrorBody(type="HttpError", message=str(exc.detail))
        return _response(exc.status_code, ErrorResponse(error=body))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, exc: RequestValidationError) -> JSONResponse:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in exc.errors()
        )
        body = ErrorBody(type="InvalidRequest", message=problems)
        return _response(422, ErrorResponse(error=body))

    @app.exception_handler(Exception)
    async def unexpected(_: Request, exc: Exception) -> JSONResponse:
        logger.exception("a request failed", exc_info=exc)
        return _response(500, describe(exc))


def _response(status: int, body: ErrorResponse) -> JSONResponse:
    return JSONResponse(jsonable_encoder(body), status_code=status)
