"""How much memory a generator takes, and whether there is so much: asked before it is loaded."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from assistant.errors import NotEnoughMemoryError
from assistant.models.catalog import ENTRIES, ModelEntry, RemoteSource
from assistant.models.genai_folder import read_genai_folder

OVERHEAD_BYTES = 100 * 2**20
"""Libraries, tokenizer and the arrays of one step: 63 to 101 MiB with the built-in generator at
256 to 3,000 tokens, of which 40 are the interpreter's."""

CACHE_VALUE_BYTES = {"cpu": 4, "cuda": 2}
"""On a CPU the cache is in fp32, on a GPU in fp16."""

CGROUPS = Path("/sys/fs/cgroup")
NVIDIA_SMI_TIMEOUT_S = 10.0


def estimate_memory(
    entry: ModelEntry, folder: Path, context_tokens: int | None = None, *, requests: int = 1
) -> int:
    """Bytes that a generator takes once it is loaded and its caches are full.

    Args:
        folder: of ONNX Runtime GenAI.
        context_tokens: prompt and answer together; else the model's whole context.
        requests: how many are answered at once, each with a cache of its own.
    Raises:
        ModelFolderError: the folder cannot be read.
    """
    genai = read_genai_folder(folder)
    weights = sum(
        path.stat().st_size
        for path in folder.iterdir()
        if path.name in genai.model_files or path.suffix == ".data"
    )
    tokens = min(context_tokens or genai.context_tokens, genai.context_tokens)
    device = "cuda" if entry.runs_on == "cuda" else "cpu"
    cache = genai.cache_values * CACHE_VALUE_BYTES[device] * tokens * requests
    return weights + cache + OVERHEAD_BYTES


def require_memory(
    entry: ModelEntry,
    folder: Path,
    context_tokens: int | None = None,
    *,
    requests: int = 1,
    available_bytes: int | None = None,
) -> None:
    """Refuse to load what would not fit.

    Args:
        available_bytes: instead of what the machine has now. Where that cannot be told,
            nothing is refused.
    Raises:
        NotEnoughMemoryError: says need and have, and a smaller model that may fit.
        ModelFolderError: the folder cannot be read.
    """
    if available_bytes is None:
        on_gpu = entry.runs_on == "cuda"
        available_bytes = free_gpu_bytes() if on_gpu else free_memory_bytes()
    if available_bytes is None:
        return
    needed = estimate_memory(entry, folder, context_tokens, requests=requests)
    if needed <= available_bytes:
        return
    where = "on the GPU" if entry.runs_on == "cuda" else "of memory"
    asked = context_tokens or entry.limit_tokens
    raise NotEnoughMemoryError(
        f"'{entry.id}' needs about {needed / 1e9:.1f} GB {where} for {asked} tokens of context, "
        f"and {available_bytes / 1e9:.1f} GB are free; {_advise(entry, available_bytes)}"
    )


def free_memory_bytes(cgroups: Path = CGROUPS) -> int | None:
    """What this process could still take: of the machine and of its control groups.

    None where the system does not tell.
    """
    known = [_meminfo_bytes(), *_cgroup_bytes(cgroups)]
    return min((value for value in known if value is not None), default=None)


def free_gpu_bytes() -> int | None:
    """Of the GPU with the most free memory; None where no driver tells."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    command = [program, "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(  # noqa: S603 - the command is made of constants
            command, capture_output=True, text=True, timeout=NVIDIA_SMI_TIMEOUT_S, check=True
        ).stdout
        return max((int(line) * 2**20 for line in said.split()), default=None)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _meminfo_bytes() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return None


def _cgroup_bytes(root: Path) -> list[int]:
    """What each control group above this process leaves, in both versions of their files."""
    try:
        memberships = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    left = []
    for line in memberships:
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            base, limit, used = root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        elif controllers == "":
            base, limit, used = root, "memory.max", "memory.current"
        else:
            continue
        group = base / path.lstrip("/")
        for folder in (group, *group.parents):
            if folder == root.parent:
                break
            value = _group_left(folder, limit, used)
            if value is not None:
                left.append(value)
    return left


def _group_left(folder: Path, limit: str, used: str) -> int | None:
    try:
        most = int((folder / limit).read_text(encoding="ascii"))
        taken = int((folder / used).read_text(encoding="ascii"))
        stat = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):  # no such group here, or "max": it sets no limit
        return None
    reclaimable = sum(
        int(line.split()[1]) for line in stat if line.split()[0] in {"inactive_file", "active_file"}
    )
    return max(0, most - taken + reclaimable)


def _advise(entry: ModelEntry, available_bytes: int) -> str:
    """The largest generator for the same device whose files leave room for its cache."""
    smaller = [
        other
        for other in ENTRIES
        if other.kind == "generator"
        and other.runs_on == entry.runs_on
        and not isinstance(other.source, RemoteSource)
        and other.size_bytes * 1.4 < available_bytes
        and other.size_bytes < entry.size_bytes
    ]
    shorten = "ask for a shorter context, or end what else takes memory"
    if not smaller:
        return shorten
    best = max(smaller, key=lambda other: other.size_bytes)
    return f"take models.generator = '{best.id}' ({best.size_bytes / 1e9:.1f} GB), {shorten}"
