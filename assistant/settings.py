"""All settings, as one frozen tree.

Read once per entry point, from lowest to highest: the defaults below, `philo.toml` in the
data directory, the files of the folder that PHILO_SECRETS names (`models__remote__api_key`),
environment variables (`PHILO_DATA`, `PHILO_OFFLINE`, `PHILO_RETRIEVAL__PASSAGES=8`,
`PHILO_MODELS__REMOTE__API_KEY=...`).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, ValidationError

from assistant.access.settings import AccessSettings
from assistant.answering.settings import AnsweringSettings
from assistant.audit.settings import AuditSettings
from assistant.errors import SettingsError
from assistant.evaluation.settings import EvaluationSettings
from assistant.ingest_settings import IngestSettings, SourceSettings
from assistant.models.settings import NO_GENERATOR, ModelSettings, ServingSettings
from assistant.observing.settings import ObservabilitySettings
from assistant.retrieval.settings import RetrievalSettings
from assistant.safety.settings import SafetySettings
from assistant.setting_section import Section
from assistant.storage_settings import StorageSettings
from assistant.summarizing.settings import SummarySettings

ENVIRONMENT_PREFIX = "PHILO_"
OFFLINE_VARIABLE = "PHILO_OFFLINE"
SECRETS_VARIABLE = "PHILO_SECRETS"


class Settings(Section):
    """The whole tree. `data` is absolute."""

    data: Path
    offline: bool = Field(True, description="refuse generators on other machines")
    storage: StorageSettings = StorageSettings()
    observability: ObservabilitySettings = ObservabilitySettings()
    models: ModelSettings = ModelSettings()
    serving: ServingSettings = ServingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answering: AnsweringSettings = AnsweringSettings()
    summaries: SummarySettings = SummarySettings()
    audit: AuditSettings = AuditSettings()
    access: AccessSettings = AccessSettings()
    safety: SafetySettings = SafetySettings()
    ingest: IngestSettings = IngestSettings()
    sources: SourceSettings = SourceSettings()
    evaluation: EvaluationSettings = EvaluationSettings()

    def without_generator(self) -> Settings:
        """The same for work that writes no text: what the generator needs is not asked for."""
        models = self.models.model_copy(update={"generator": NO_GENERATOR})
        return self.model_copy(update={"models": models})


def find_data_directory(data: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Absolute: `data`, else PHILO_DATA, else the user's data folder."""
    chosen = data or environ.get(f"{ENVIRONMENT_PREFIX}DATA")
    root = Path(chosen or platformdirs.user_data_dir("philo", appauthor=False))
    return root.expanduser().resolve()


def load_settings(
    data: Path | None = None,
    environ: dict[str, str] | None = None,
    *,
    path: Path | None = None,
) -> Settings:
    """Read the settings of a data directory.

    Args:
        data: the data directory; else PHILO_DATA, else the user's data folder.
        environ: instead of the process environment.
        path: instead of its philo.toml.
    Raises:
        SettingsError: a value or a name is wrong; says which, and where it was read.
    """
    variables = dict(os.environ) if environ is None else environ
    root = find_data_directory(data, variables)
    tree: dict[str, Any] = {}
    path = path or root / "philo.toml"
    if path.is_file():
        try:
            tree = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
            raise SettingsError(f"{path} cannot be read: {exc}") from exc
    for name, value in read_surroundings(variables).items():
        *sections, key = name.split(".")
        place = tree
        for depth, section in enumerate(sections, start=1):
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                named = ".".join(sections[:depth])
                raise SettingsError(f"{path}: [{named}] must be a section, not a value")
        place[key] = value
    tree["data"] = root
    return _validate(tree, f"{path} or the {ENVIRONMENT_PREFIX} variables")


def read_surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    """What is set outside of philo.toml, by dotted name: in files of the folder that PHILO_SECRETS
    names, as containers are given passwords and keys, and before them in variables.

    A file counts when its name has two underscores in a row (`access__secret_key`); a line break
    at its end does not belong to the value.

    Raises:
        SettingsError: the folder or a file cannot be read.
    """
    found: dict[str, str] = {}
    folder = environ.get(SECRETS_VARIABLE)
    if folder:
        try:
            for file in sorted(Path(folder).iterdir()):
                if "__" in file.name and not file.name.startswith(".") and file.is_file():
                    text = file.read_text(encoding="utf-8").rstrip("\r\n")
                    found[file.name.lower().replace("__", ".")] = text
        except (OSError, UnicodeDecodeError) as exc:
            raise SettingsError(
                f"{SECRETS_VARIABLE}={folder} cannot be read ({exc}); name a folder with one "
                "readable file for each setting, such as models__remote__api_key"
            ) from exc
    for name, value in environ.items():
        if name.startswith(ENVIRONMENT_PREFIX) and ("__" in name or name == OFFLINE_VARIABLE):
            found[name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".")] = value
    return found


def load_variant(settings: Settings, path: Path) -> Settings:
    """`settings` with what a TOML file of the same form says otherwise.

    Raises:
        SettingsError: the file cannot be read, or a value or a name in it is wrong.
    """
    try:
        other = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        raise SettingsError(f"{path} cannot be read: {exc}") from exc
    if "data" in other:
        raise SettingsError(f"{path} names a data directory; take `data` out of it")
    return _validate(_merge(settings.model_dump(), other), str(path))


def load_storage(path: Path) -> StorageSettings:
    """The [storage] section of a TOML file, and nothing of the environment.

    Raises:
        SettingsError: the file cannot be read, has no such section, or something in it is wrong.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        raise SettingsError(f"{path} cannot be read: {exc}") from exc
    if not isinstance(tree.get("storage"), dict):
        raise SettingsError(
            f"{path} has no [storage] section; write one, and leave it empty where everything is "
            "to lie in the data directory"
        )
    return _validate({"data": Path(), "storage": tree["storage"]}, str(path)).storage


def _merge(tree: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    merged = dict(tree)
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _validate(tree: dict[str, Any], where: str) -> Settings:
    try:
        return Settings.model_validate(tree)
    except ValidationError as exc:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in exc.errors()
        )
        raise SettingsError(f"settings are wrong ({problems}); correct {where}") from exc
