"""Files from a model hub, by its official client in a process of its own."""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from assistant.errors import ModelFetchError
from assistant.models.catalog import HubSource
from assistant.models.settings import ModelSettings
from assistant.offline import SWITCHES

DEFAULT_ENDPOINT = "https://huggingface.co"
ENDPOINT_VARIABLE = "HF_ENDPOINT"
TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105 - the name of a variable

Meter = Callable[[int, int], None]
"""Told bytes so far and bytes in all."""

_SWITCHES = {
    **SWITCHES,
    "HF_HUB_OFFLINE": "0",  # this one process was asked to connect
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_XET": "1",  # plain HTTP passes mirrors and proxies, and can be resumed
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_VERBOSITY": "error",
}
_UNWANTED = ("HF_DEBUG", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE")


@dataclass(frozen=True, slots=True)
class HubAccess:
    """Where the hub is, and as whom it is asked. The token is shown by nothing."""

    endpoint: str = DEFAULT_ENDPOINT
    token: str | None = field(default=None, repr=False)


def hub_access(settings: ModelSettings, environ: Mapping[str, str] | None = None) -> HubAccess:
    """The setting `hub_endpoint`, else HF_ENDPOINT, else the public hub; HF_TOKEN as token.

    Raises:
        ModelFetchError: it is no web address, holds a password, or would send the token over
            the network in the clear.
    """
    variables = os.environ if environ is None else environ
    stated = settings.hub_endpoint or variables.get(ENDPOINT_VARIABLE) or DEFAULT_ENDPOINT
    token = variables.get(TOKEN_VARIABLE) or None
    parts = urlsplit(stated)
    if parts.username or parts.password:
        raise ModelFetchError(
            "the address of the model hub holds a name or a password; leave them out and put "
            f"the token into the environment as {TOKEN_VARIABLE}"
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ModelFetchError(
            f"'{stated}' is no address of a model hub; expected one like {DEFAULT_ENDPOINT} in "
            f"models.hub_endpoint or {ENDPOINT_VARIABLE}"
        )
    if token and parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise ModelFetchError(
            f"{stated} has no encryption and the token in {TOKEN_VARIABLE} would cross the "
            "network in the clear; use https, or unset the token"
        )
    return HubAccess(stated.rstrip("/"), token)


def fetch_from_hub(
    source: HubSource,
    folder: Path,
    access: HubAccess,
    *,
    tell: Callable[[str], None],
    meter: Meter | None = None,
) -> tuple[str, list[str]]:
    """Bring a repository's files into `folder`, checked against what the hub states of them.

    What an earlier call left there is used: whole files, and the begun ones from where they
    stopped.

    Returns:
        The commit, and the paths of the files in `folder`.
    Raises:
        ModelFetchError: says why, and what to do.
    """
    order = {
        "endpoint": access.endpoint,
        "repository": source.repository,
        "revision": source.revision,
        "folder": source.folder,
        "patterns": list(source.patterns),
        "sha256": dict(source.sha256),
        "target": str(folder),
    }
    command = [sys.executable, "-m", "assistant.models.hub_worker"]
    commit, total, files = "", 0, None
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as log:
        environment = {k: v for k, v in os.environ.items() if k not in _UNWANTED}
        environment |= _SWITCHES | {"HF_HOME": home, ENDPOINT_VARIABLE: access.endpoint}
        environment[TOKEN_VARIABLE] = access.token or ""
        with subprocess.Popen(  # noqa: S603 - the command is made of constants
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
        ) as child:
            assert child.stdin is not None  # noqa: S101 - pipes were asked for
            assert child.stdout is not None  # noqa: S101
            try:
                child.stdin.write(json.dumps(order) + "\n")
                child.stdin.flush()
                for line in child.stdout:
                    said = json.loads(line)
                    if "commit" in said:
                        commit, total = said["commit"], said["total"]
                        tell(f"{total / 1e9:.2f} GB, commit {commit[:12]}")
                    elif "files" in said:
                        files = said["files"]
                    elif meter is not None:
                        meter(said["done"], total)
                child.wait()
            finally:
                child.kill()
        log.seek(0)
        errors = log.read().decode("utf-8", "replace").strip()
    if child.returncode != 0 or files is None:
        reason = errors.rpartition("\n")[2] or f"the download ended (exit {child.returncode})"
        raise ModelFetchError(f"{source.repository} could not be fetched: {reason}")
    return commit, files


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
