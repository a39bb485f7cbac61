"""The settings over the API: for the operator and administrators."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI
from pydantic import Field, JsonValue

from assistant.api.administrator import administrators_only
from assistant.api.reader import Caller, name_of
from assistant.assistant import Assistant
from assistant.settings_file import Setting, SettingsFile
from assistant.types import PublicModel


class SettingList(PublicModel):
    settings: list[Setting]


class SettingChanges(PublicModel):
    """By dotted name; null takes a setting back to its default."""

    changes: dict[str, JsonValue] = Field(min_length=1, max_length=100)


def add_settings(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may see and change the settings.
    """
    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])
    file = SettingsFile(assistant.stated_settings)

    @router.get("/settings")
    def settings() -> SettingList:
        """Each setting, where its value comes from, and whether it waits for a restart."""
        return SettingList(settings=file.all())

    @router.patch("/settings")
    def change_settings(wanted: SettingChanges, principal: Caller) -> SettingList:
        """All of the changes, or none where one is wrong. They hold from the next start on."""
        changed = file.change(wanted.changes)
        assistant.audit.record(
            name_of(principal), "settings.change", {"names": sorted(wanted.changes)}
        )
        return SettingList(settings=changed)

    api.include_router(router)
