"""The OpenAPI of the API: what FastAPI cannot know of it by itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from assistant.api.administrator import ADMINISTRATOR_SCHEME
from assistant.api.operator import OPERATOR_SCHEME

TOKEN_SCHEME = "token"  # noqa: S105 - the name of the scheme

SCHEMES: dict[str, dict[str, str]] = {
    TOKEN_SCHEME: {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `philo tokens create`: its owner's rights hold. Without one the "
        "service trusts its own machine, unless it demands a login.",
    },
    OPERATOR_SCHEME: {
        "type": "http",
        "scheme": "bearer",
        "description": "What the operator's own commands show; it stands in `service.json` in the "
        "data directory while the service runs.",
    },
}

TAGS: dict[str, tuple[str, str]] = {
    "ask": ("questions", "Cited answers and passages."),
    "search": ("questions", ""),
    "health": ("questions", ""),
    "summaries": ("summaries", "Cited summaries of documents, and their export."),
    "documents": ("documents", "What is known, and bringing files in."),
    "jobs": ("documents", ""),
    "ratings": ("ratings", "What people say of answers."),
    "conversations": ("conversations", "One's own conversations, and those shared with one."),
    "collections": ("documents", ""),
    "erasures": ("erasure", "Erasing documents and people, and receipts of it."),
    "exports": ("erasure", ""),
    "usage": ("operation", ""),
    "settings": ("operation", ""),
    "models": ("operation", ""),
    "evaluations": ("operation", ""),
    "v1": ("openai", "For clients of OpenAI; their base URL ends with /v1."),
    "me": ("people", ""),
    "users": ("people", "Users, groups and tokens; for administrators."),
    "groups": ("people", ""),
    "tokens": ("people", ""),
    "audit": ("audit", "The audit log; for administrators."),
    "sources": (
        "operation",
        "Sources, indexes, models, settings; for administrators.",
    ),
    "indexes": ("operation", ""),
    "ingest": ("operation", ""),
}
"""First part of a path -> tag, and what it says."""

OTHERS = ("more", "What belongs to none of these.")


EVENTS = "Server-sent events"
"""How descriptions begin that list a stream's events and are no summary."""


def operation_id(route: APIRoute) -> str:
    """Short, for the clients that are generated from it."""
    return route.name


def complete_description(api: FastAPI, *, trusts_own_machine: bool = True) -> None:
    """Let the OpenAPI say who may call what, in groups, with a summary each.

    Args:
        trusts_own_machine: most routes want no token then.
    """
    own: list[dict[str, list[str]]] = (
        [{TOKEN_SCHEME: []}, {}] if trusts_own_machine else [{TOKEN_SCHEME: []}]
    )
    generate = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is not None:
            return api.openapi_schema
        schema = generate()
        schema["tags"] = [
            {"name": tag, "description": text} for tag, text in (*TAGS.values(), OTHERS) if text
        ]
        schema.setdefault("components", {})["securitySchemes"] = SCHEMES
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                operation["tags"] = [TAGS.get(path.split("/")[1], OTHERS)[0]]
                _summarise(operation)
                _type_contents(operation["responses"])
                asked = operation.get("security", [])
                if {OPERATOR_SCHEME: []} in asked:
                    operation["security"] = [{OPERATOR_SCHEME: []}]
                elif {ADMINISTRATOR_SCHEME: []} in asked:
                    operation["security"] = [{OPERATOR_SCHEME: []}, {TOKEN_SCHEME: []}]
                else:
                    operation["security"] = own
        return schema

    api.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it


def _type_contents(responses: dict[str, Any]) -> None:
    """Errors are JSON on every route, and a stream is of events, not one JSON string."""
    for status, response in responses.items():
        content = response.get("content", {})
        if status >= "400" and "application/json" not in content:
            [kind] = content.values()
            response["content"] = {"application/json": kind}
        elif "text/event-stream" in content:
            content["text/event-stream"] = {}


def _summarise(operation: dict[str, Any]) -> None:
    """The first sentence of the description, where there is one."""
    first = operation.get("description", "").replace("\n", " ").partition(". ")[0]
    if first and not first.startswith(EVENTS):
        operation["summary"] = first.rstrip(".").split("; ")[0]
