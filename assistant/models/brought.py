"""What lies at a path that is to be imported: which kind of model, and whether it is whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from assistant.errors import ImportRefusedError, ModelFolderError
from assistant.models.catalog.sources import CHECKPOINT_FILES, READY_FILES
from assistant.models.genai_folder import CONFIG, read_genai_folder
from assistant.models.manifests import OWN_FILES, file_sha256, fingerprint

LARGEST_HEADER_BYTES = 100 * 2**20
LFS_POINTER = b"version https://git-lfs"


@dataclass(frozen=True, slots=True)
class Brought:
    """`files` are those that make the model, at the places where they lie."""

    kind: Literal["ready", "checkpoint", "gguf"]
    path: Path
    files: tuple[Path, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.stat().st_size for file in self.files)

    def fingerprint(self) -> str:
        return fingerprint({file.name: file_sha256(file) for file in self.files})


def inspect_path(path: Path) -> Brought:
    """What lies there.

    Raises:
        ImportRefusedError: no model, an incomplete one, or one in a format that can hold code.
    """
    try:
        if path.is_file() and path.suffix.lower() == ".gguf":
            return _gguf(path)
        if not path.is_dir():
            what = "is no folder and no .gguf file" if path.exists() else "does not exist"
            raise ImportRefusedError(f"{path} {what}; give a checkpoint's folder or a .gguf file")
        if (path / CONFIG).is_file():
            return _ready(path)
        if (path / "config.json").is_file():
            return _checkpoint(path)
        ggufs = sorted(path.glob("*.gguf"))
        if len(ggufs) == 1:
            return _gguf(ggufs[0])
    except OSError as exc:
        raise ImportRefusedError(f"{path} cannot be read: {exc}") from exc
    if ggufs:
        raise ImportRefusedError(f"{path} holds {len(ggufs)} .gguf files; name one of them")
    raise ImportRefusedError(
        f"{path} holds no model: expected config.json with *.safetensors, one .gguf file, or "
        f"{CONFIG} with its ONNX files"
    )


def _ready(path: Path) -> Brought:
    try:
        read_genai_folder(path)
    except ModelFolderError as exc:
        raise ImportRefusedError(str(exc)) from exc
    return Brought("ready", path, _matching(path, (*READY_FILES, "LICENSE*", "NOTICE*")))


def _checkpoint(path: Path) -> Brought:
    weights = sorted(path.glob("*.safetensors"))
    if not weights:
        pickled = next((file.name for file in path.iterdir() if file.suffix in {".bin", ".pt"}), "")
        why = f" ({pickled} may hold code and is not read)" if pickled else ""
        raise ImportRefusedError(
            f"{path} has no *.safetensors{why}; save the checkpoint with save_pretrained"
        )
    index = path / "model.safetensors.index.json"
    if index.is_file():
        try:
            named = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, AttributeError, TypeError) as exc:
            raise ImportRefusedError(f"{index} cannot be read: {exc}") from exc
        absent = sorted(str(name) for name in named if not (path / str(name)).is_file())
        if absent:
            raise ImportRefusedError(f"{path} lacks {', '.join(absent)}, which {index.name} names")
    for file in weights:
        _require_whole(file)
    return Brought("checkpoint", path, _matching(path, CHECKPOINT_FILES))


def _gguf(path: Path) -> Brought:
    with path.open("rb") as stream:
        head = stream.read(len(LFS_POINTER))
    if not head.startswith(b"GGUF"):
        raise ImportRefusedError(f"{path} {_explain_head(head, 'a GGUF file')}")
    return Brought("gguf", path, (path,))


def _matching(path: Path, patterns: Sequence[str]) -> tuple[Path, ...]:
    return tuple(
        file
        for file in sorted(path.iterdir())
        if file.is_file()
        and file.name not in OWN_FILES
        and any(fnmatchcase(file.name, pattern) for pattern in patterns)
    )


def _require_whole(file: Path) -> None:
    """See that a safetensors file is as long as its header says."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(8)
        length = int.from_bytes(head, "little")
        if head.startswith(LFS_POINTER[:8]) or not 0 < length <= min(LARGEST_HEADER_BYTES, size):
            raise ImportRefusedError(f"{file} {_explain_head(head, 'a safetensors file')}")
        try:
            header = json.loads(stream.read(length))
            ends = [t["data_offsets"][1] for name, t in header.items() if name != "__metadata__"]
            expected = 8 + length + max(ends, default=0)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as exc:
            raise ImportRefusedError(f"{file} is no safetensors file: {exc}") from exc
    if size != expected:
        raise ImportRefusedError(
            f"{file} has {size} bytes, expected {expected}: it was not copied whole"
        )


def _explain_head(head: bytes, expected: str) -> str:
    if LFS_POINTER.startswith(head[:8]) and head:
        return f"is only a pointer of Git LFS, expected {expected}; run: git lfs pull"
    return f"is not {expected}"
