"""The settings as administrators change them: `philo.toml`, checked before it is written."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import tomlkit
from pydantic import BaseModel, JsonValue, SecretStr
from pydantic.fields import FieldInfo
from tomlkit.exceptions import TOMLKitError

from assistant.errors import SettingsError
from assistant.settings import (
    ENVIRONMENT_PREFIX,
    OFFLINE_VARIABLE,
    Settings,
    load_settings,
    read_surroundings,
)
from assistant.types import PublicModel

FILE = "philo.toml"
KEPT_OUT = ("data", "access", "models.directory", "models.pins", "models.trusted_keys")
"""What decides who gets in and which bytes are trusted is changed on the machine itself."""


class SettingOrigin(StrEnum):
    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


class SettingKind(StrEnum):
    TRUTH = "truth"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"
    LIST = "list"


class Setting(PublicModel):
    """One setting by its dotted name. Of a secret, `value` only tells whether there is one.
    `waits`: the running service has another value, until it is started again."""

    name: str
    description: str
    kind: SettingKind
    choices: list[str]
    may_be_empty: bool
    secret: bool
    default: JsonValue
    value: JsonValue
    origin: SettingOrigin
    waits: bool


class SettingsFile:
    """The file of a data directory beside what the service was started with."""

    def __init__(self, running: Settings, environ: Mapping[str, str] | None = None) -> None:
        self._running = running
        self._environ = dict(os.environ if environ is None else environ)
        self._outside = read_surroundings(self._environ)
        self._path = running.data / FILE
        self._lock = threading.Lock()

    def all(self) -> list[Setting]:
        """In the order of the tree.

        Raises:
            SettingsError: the file was broken by hand; says where.
        """
        stated = load_settings(self._running.data, environ=self._environ)
        return list(self._list(stated))

    def change(self, changes: Mapping[str, JsonValue]) -> list[Setting]:
        """Write the changes, all or none; None takes a setting back to its default. Comments and
        order of the file stay.

        Raises:
            SettingsError: a name is unknown or not to be changed here, a value is wrong, or the
                environment decides.
        """
        with self._lock:
            known = {one.name: one for one in self.all()}
            document = self._read()
            for name, value in changes.items():
                if name not in known:
                    raise SettingsError(
                        f"'{name}' cannot be changed here; see docs/configuration.md"
                    )
                if known[name].origin is SettingOrigin.ENVIRONMENT:
                    raise SettingsError(
                        f"'{name}' is set by {_variable(name)} in the environment, or by a file of "
                        "PHILO_SECRETS; change it there"
                    )
                _put(document, name.split("."), value)
            self._write(tomlkit.dumps(document))
            return self.all()

    def _list(self, stated: Settings) -> Iterator[Setting]:
        file = self._read()
        for name, field in _fields(Settings):
            value, default = _value(stated, name), field.get_default(call_default_factory=True)
            secret = isinstance(value, SecretStr) or SecretStr in _parts(field.annotation)
            running = _value(self._running, name)
            yield Setting(
                name=name,
                description=field.description or "",
                kind=_kind(field.annotation),
                choices=_choices(field.annotation),
                may_be_empty=type(None) in _parts(field.annotation),
                secret=secret,
                default=None if secret else _plain(default),
                value=value is not None if secret else _plain(value),
                origin=self._origin(file, name),
                waits=running != value,
            )

    def _origin(self, file: Mapping[str, Any], name: str) -> SettingOrigin:
        if name in self._outside:
            return SettingOrigin.ENVIRONMENT
        place: Any = file
        for part in name.split("."):
            if not isinstance(place, Mapping) or part not in place:
                return SettingOrigin.DEFAULT
            place = place[part]
        return SettingOrigin.FILE

    def _read(self) -> tomlkit.TOMLDocument:
        try:
            return tomlkit.parse(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return tomlkit.document()
        except (OSError, UnicodeDecodeError, TOMLKitError) as exc:
            raise SettingsError(f"{self._path} cannot be read: {exc}") from exc

    def _write(self, text: str) -> None:
        """In place only once a reader would accept it."""
        fresh = self._path.with_suffix(".new")
        try:
            _write_private(fresh, text)
            load_settings(self._running.data, environ=self._environ, path=fresh)
            fresh.replace(self._path)
        except SettingsError as exc:
            told = str(exc).replace(f"{fresh} or the {ENVIRONMENT_PREFIX} variables", "the value")
            raise SettingsError(told) from exc
        except OSError as exc:
            raise SettingsError(f"{self._path} cannot be written ({exc.strerror})") from exc
        finally:
            fresh.unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    """It may hold keys: readable by its owner alone."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        dotted = f"{prefix}{name}"
        if dotted in KEPT_OUT:
            continue
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _fields(inner, f"{dotted}.")
        elif get_origin(inner) is not dict:
            yield dotted, field


def _value(settings: Settings, name: str) -> Any:
    place: Any = settings
    for part in name.split("."):
        place = getattr(place, part)
    return place


def _plain(value: Any) -> JsonValue:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _parts(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _kind(annotation: Any) -> SettingKind:
    kinds = {bool: SettingKind.TRUTH, int: SettingKind.NUMBER, float: SettingKind.NUMBER}
    for part in _parts(annotation):
        if get_origin(part) is Literal:
            return SettingKind.CHOICE
        if get_origin(part) is tuple:
            return SettingKind.LIST
        if part in kinds:
            return kinds[part]
    return SettingKind.TEXT


def _choices(annotation: Any) -> list[str]:
    for part in _parts(annotation):
        if get_origin(part) is Literal:
            return [str(one) for one in get_args(part)]
    return []


def _variable(name: str) -> str:
    return (
        OFFLINE_VARIABLE
        if name == "offline"
        else ENVIRONMENT_PREFIX + "__".join(name.upper().split("."))
    )


def _put(document: Any, path: list[str], value: JsonValue) -> None:
    place = document
    for part in path[:-1]:
        if part not in place:
            if value is None:
                return
            place[part] = tomlkit.table()
        place = place[part]
    if value is None:
        place.pop(path[-1], None)
    else:
        place[path[-1]] = value
