"""What is stated about a source: checked options, and secrets that are only named."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from assistant.errors import SourceUnavailableError
from assistant.ingest_settings import SourceSettings

MAX_SECRET_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a source may use besides its own options.

    `cache` is a folder that only this source uses and that outlives a run; it need not exist.
    """

    settings: SourceSettings
    max_file_bytes: int
    cache: Path


class Options(BaseModel):
    """Base of every kind's options. They are stored and shown, so no secret is among them."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @property
    def is_private(self) -> bool:
        """Not everyone may read it, and it does not say who may: somebody has to."""
        return False


class PasswordOptions(Options):
    """Where a user's name and password are found."""

    user: str = Field("", max_length=500)
    password_env: str = Field("", description="environment variable that holds the password")
    password_file: str = Field("", description="file that holds the password, and nothing else")

    @model_validator(mode="after")
    def _check_password(self) -> Self:
        if self.password_env and self.password_file:
            raise ValueError("give password_env or password_file, not both")
        return self

    @property
    def has_password(self) -> bool:
        return bool(self.password_env or self.password_file)

    def read_password(self) -> str:
        """Raises SourceUnavailableError: see `read_secret`."""
        return read_secret(self.password_env, self.password_file, option="password")


def read_secret(variable: str, file: str, *, option: str) -> str:
    """The secret itself, read anew for each run so that it can be changed.

    Args:
        option: the options' common beginning ("password" of password_env), for messages.
    Raises:
        SourceUnavailableError: it is not there.
    """
    if variable:
        secret = os.environ.get(variable, "")
        if not secret:
            raise SourceUnavailableError(
                f"The environment variable {variable}, named by {option}_env, is not set where "
                f"Philo runs; set it there, or name a file with {option}_file."
            )
        return secret
    if not file:
        raise SourceUnavailableError(
            f"No {option} is named; give {option}_env (an environment variable) or {option}_file."
        )
    try:
        with Path(file).expanduser().open("rb") as stream:
            content = stream.read(MAX_SECRET_BYTES + 1)
        secret = content.decode().strip("\r\n")
    except (OSError, RuntimeError) as exc:
        raise SourceUnavailableError(
            f"{file}, named by {option}_file, cannot be read "
            f"({getattr(exc, 'strerror', None) or exc})."
        ) from exc
    except UnicodeDecodeError as exc:
        raise SourceUnavailableError(f"{file}, named by {option}_file, is no text.") from exc
    if not secret or len(content) > MAX_SECRET_BYTES:
        raise SourceUnavailableError(f"{file}, named by {option}_file, holds no {option}.")
    return secret


def _check_service_address(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address like https://host/path")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must hold no user and no password; name them in options of their own")
    if parts.query or parts.fragment:
        raise ValueError("must have no ? and no #")
    return address.rstrip("/")


ServiceAddress = Annotated[str, Field(max_length=2000), AfterValidator(_check_service_address)]
"""http(s) address of a service, without a slash at its end."""
