"""Messages to the reader: what happened and what to do."""

from __future__ import annotations

from typing import Literal

from ui.client import ServiceError
from ui.components.markup import Markup, element, show
from ui.language import Texts
from ui.reasons import tell_reason

Tone = Literal["info", "success", "warning", "error"]


def notice(tone: Tone, title: str, *details: str) -> Markup:
    """A message. Errors are read out at once by screen readers."""
    parts = [element("strong", title), *(element("span", detail) for detail in details if detail)]
    role = "alert" if tone == "error" else "status"
    return element("div", *parts, class_=f"philo-notice philo-{tone}", role=role)


def show_problem(texts: Texts, error: ServiceError, *, max_question_chars: int = 0) -> None:
    """What went wrong in the reader's language, and what the service itself said."""
    said = str(error)
    match error.kind:
        case "Unreachable":
            title, said = texts("error.unreachable"), ""
        case "QuestionError":
            title, said = texts("error.question", limit=texts.number(max_question_chars)), ""
        case "ContextTooLongError":
            title = texts("error.context")
        case "ModelMissingError" | "ModelDamagedError":
            title = texts("error.model_missing")
        case "GenerationStoppedError":
            title = texts("ask.stopped")
        case "GenerationError":
            title = texts("error.generation")
        case "StorageFullError":
            title = texts("error.storage_full")
        case "NothingToSummariseError":
            title = texts("error.nothing_to_summarise")
        case "DocumentNotFoundError":
            title, said = texts("error.document_gone"), ""
        case _:
            title = texts("error.other")
    show(notice("error", title, tell_reason(said, texts.language)))
