"""The manifest beside a model's files: what each was when the model was made."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelDamagedError
from assistant.models.catalog import ModelEntry

MANIFEST = "manifest.json"
DESCRIPTION = "model.json"
OWN_FILES = frozenset({MANIFEST, DESCRIPTION})
"""What Philo writes into a model's folder, and takes from nobody else."""

LARGEST_MANIFEST_BYTES = 16 * 2**20
SHA256 = re.compile(r"[0-9a-f]{64}")
PLAIN_NAME = re.compile(r"[A-Za-z0-9_.+()@,= /-]{1,240}")


@dataclass(frozen=True, slots=True)
class FileRecord:
    """`sha256` in lower-case hexadecimal."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`files` by their path in the model's folder, with forward slashes. `origin` says where
    they came from: `source`, and `source_sha256` or `commit`."""

    id: str
    revision: str
    licence: str
    origin: Mapping[str, str]
    files: Mapping[str, FileRecord]

    @property
    def size_bytes(self) -> int:
        return sum(record.bytes for record in self.files.values())

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the names and SHA-256s of all files: equal where the models are."""
        return fingerprint({name: record.sha256 for name, record in self.files.items()})

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "revision": self.revision,
            "licence": self.licence,
            **self.origin,
            "files": {
                name: {"bytes": record.bytes, "sha256": record.sha256}
                for name, record in self.files.items()
            },
        }


def fingerprint(sha256s: Mapping[str, str]) -> str:
    """SHA-256 over `name NUL sha256 NEWLINE` of all files, in the order of their names."""
    lines = (f"{name}\0{sha256s[name]}\n" for name in sorted(sha256s))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def record_files(folder: Path) -> dict[str, FileRecord]:
    """Hash what lies in a folder."""
    return {
        name: FileRecord(path.stat().st_size, file_sha256(path))
        for name, path in sorted(list_files(folder))
    }


def list_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder but its manifest, by its path in it.

    Raises:
        OSError: it cannot be read.
    """
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name != MANIFEST and (path.is_symlink() or not path.is_dir()):
            yield name, path


def write_manifest(folder: Path, manifest: Manifest) -> None:
    text = json.dumps(manifest.to_json(), indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def parse_manifest(content: object) -> Manifest:
    """Raises: ValueError: it is none; says why."""
    if not isinstance(content, dict):
        raise ValueError("not a model's manifest")
    rest = dict(content)
    try:
        listed = rest.pop("files").items()
        files = {
            str(name): FileRecord(record["bytes"], record["sha256"]) for name, record in listed
        }
        model_id, revision, licence = (str(rest.pop(key)) for key in ("id", "revision", "licence"))
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"not a model's manifest ({type(exc).__name__}: {exc})") from exc
    for name, record in files.items():
        require_plain_name(name)
        if not isinstance(record.bytes, int) or record.bytes < 0:
            raise ValueError(f"{name} has a size of {record.bytes!r}")
        if not isinstance(record.sha256, str) or not SHA256.fullmatch(record.sha256):
            raise ValueError(f"{name} has a SHA-256 of {record.sha256!r}")
    origin = {str(name): str(value) for name, value in rest.items()}
    return Manifest(model_id, revision, licence, origin, files)


def require_plain_name(name: str) -> None:
    """Refuse a path that could lead out of its folder, or mean another thing elsewhere.

    Raises:
        ValueError: it is one; says which.
    """
    parts = name.split("/")
    if not PLAIN_NAME.fullmatch(name) or any(part in {"", ".", ".."} for part in parts):
        raise ValueError(f"{name!r} is no plain file name")


def read_manifest(folder: Path, entry: ModelEntry, remedy: str) -> Manifest:
    """The manifest of a model's folder.

    Raises:
        ModelDamagedError: it cannot be read, is of another model, or lacks a file that the
            model must have.
    """
    path = folder / MANIFEST
    try:
        if path.stat().st_size > LARGEST_MANIFEST_BYTES:
            raise ValueError(f"more than {LARGEST_MANIFEST_BYTES} bytes")
        manifest = parse_manifest(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as exc:
        raise ModelDamagedError(f"{path} cannot be read ({exc}); {remedy}") from exc
    if (manifest.id, manifest.revision) != (entry.id, entry.revision):
        raise ModelDamagedError(
            f"{path} is of '{manifest.id}' revision {manifest.revision}, expected '{entry.id}' "
            f"revision {entry.revision}; {remedy}"
        )
    absent = ", ".join(name for name in entry.files if name not in manifest.files)
    if absent:
        raise ModelDamagedError(f"{path} does not list {absent}; {remedy}")
    return manifest
