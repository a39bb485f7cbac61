"""Write the locks: every package of an image or of an environment, with the SHA-256 of its files.

make lock        (or: python docker/make_locks.py [--upgrade])

Versions are those of constraints.txt, and for what it does not name those of the old lock, unless
--upgrade is given. Each lock is for one platform: pip refuses what it does not hold.

torch is its build for CPUs: the one on PyPI would bring 2 GB of libraries under NVIDIA's own
licence. It comes from PyTorch's index, or from the folder that PIP_FIND_LINKS names.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
LOCKS = HERE / "locks"
HEAD = """\
# Made by docker/make_locks.py for {what}; do not edit. Install with:
#   pip install --no-deps --require-hashes -r {file}
"""


@dataclass(frozen=True, slots=True)
class Lock:
    """`source`: pyproject.toml or a file of requirements; `left_out`: files of overrides."""

    name: str
    what: str
    python: str
    extras: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    source: str = "pyproject.toml"


SERVED = ("postgres", "s3", "sharepoint", "openai", "anthropic")
"""Extras of the images: what a company's settings may name."""

ALL = (
    Lock("build", "building the wheel", "3.11", source="docker/build.in"),
    Lock("service", "docker/Dockerfile", "3.11", SERVED, ("left_out.txt",)),
    Lock("workshop", "docker/Dockerfile, target workshop", "3.11", SERVED),
    Lock(
        "service-gpu",
        "docker/Dockerfile.gpu",
        "3.12",
        (*SERVED, "gpu"),
        ("left_out.txt", "left_out_gpu.txt"),
    ),
    Lock("checks", "tests/docker", "3.11", source="tests/docker/tools.in"),
    Lock("development", "make check and make test", "3.11", ("dev", "training")),
)
CPU_TORCH = "https://download.pytorch.org/whl/cpu"
PLATFORM = "x86_64-manylinux_2_28"


def make(lock: Lock, *, upgrade: bool) -> None:
    """
    Raises:
        subprocess.CalledProcessError: uv found no set of versions; it has said why.
    """
    file = LOCKS / f"{lock.name}.txt"
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-config"]
    command += ["--generate-hashes", "--no-header", "--no-annotate"]
    command += ["--python-version", lock.python, "--python-platform", PLATFORM]
    command += ["--constraints", "constraints.txt"]
    command += [part for extra in lock.extras for part in ("--extra", extra)]
    for overrides in lock.left_out:
        command += ["--overrides", f"docker/{overrides}"]
    if not lock.left_out:
        folder = os.environ.get("PIP_FIND_LINKS")
        command += ["--find-links", folder] if folder else ["--extra-index-url", CPU_TORCH]
        command += ["--index-strategy", "unsafe-best-match"]  # names are pinned, files hashed
        command += ["--constraints", "docker/cpu_torch.txt"]
    if upgrade:
        command.append("--upgrade")
    command += ["--output-file", str(file.relative_to(ROOT)), lock.source]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - made of the lines above
    head = HEAD.format(what=lock.what, file=file.relative_to(ROOT))
    file.write_text(head + file.read_text(encoding="utf-8"), encoding="utf-8")


def main() -> None:
    LOCKS.mkdir(exist_ok=True)
    for lock in ALL:
        print(f"{lock.name} ({lock.what}) ...", file=sys.stderr)
        make(lock, upgrade="--upgrade" in sys.argv[1:])


if __name__ == "__main__":
    main()
