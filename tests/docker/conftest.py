"""Fixtures of the tests of docker/. There is no engine here: files are parsed and linted, and what
they do is done with the same commands."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
UID = 10_001
"""Of the images' user."""
HIDDEN = ("/root", "/tmp")  # noqa: S108 - which other users may not enter, or all may write


@pytest.fixture(scope="session")
def tools() -> Path:
    """Where the linters are: packages to import, and bin/."""
    if not (TOOLS / "bin" / "hadolint").is_file():
        pytest.fail(f"{TOOLS} holds no tools; run: tests/install_tools.sh")
    return TOOLS


@pytest.fixture(scope="session")
def with_tools(tools: Path) -> Callable[[str, str], str]:
    """Run Python that imports the tools, given its standard input; what it prints."""

    def run(code: str, stdin: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=stdin,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tools), "HOME": "/nonexistent"},
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def build_wheel(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """The wheel as the Dockerfile builds it: of what it copies, with its SOURCE_DATE_EPOCH. Each
    call builds afresh, elsewhere."""

    def build() -> Path:
        source = tmp_path_factory.mktemp("source")
        names = ["pyproject.toml", "README.md", "LICENSE", "assistant", "ingestion", "ui"]
        listed = subprocess.run(
            ["git", "ls-files", "-z", *names], cwd=ROOT, capture_output=True, check=True
        ).stdout.decode()
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).exists():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                (source / name).write_bytes((ROOT / name).read_bytes())
        out = source / "out"
        done = subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out],
            cwd=source,
            capture_output=True,
            text=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": _epoch()},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (wheel,) = out.glob("*.whl")
        return wheel

    return build


def _epoch() -> str:
    text = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "SOURCE_DATE_EPOCH=" in line]
    return line.partition("=")[2]


@pytest.fixture(scope="session")
def wheel(build_wheel: Callable[[], Path]) -> Path:
    return build_wheel()


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, which sees the packages that are here already, but for
    those that the image leaves out. The folder of its programs."""
    folder = tmp_path_factory.mktemp("image") / "philo"
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    install = ["-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([sys.executable, *install, wheel], check=True, capture_output=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "packages.pth").write_text(f"{Path(np.__file__).parents[1]}\n")
    names = [line.split(" ;")[0] for line in left_out()]
    forbid = f"import sys; sys.modules.update(dict.fromkeys({[_module(name) for name in names]}))"
    (site / "left_out.pth").write_text(f"{forbid}\n")
    return folder / "bin"


def left_out() -> list[str]:
    lines = (ROOT / "docker/left_out.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _module(package: str) -> str:
    return package.replace("-", "_")


def confine(
    command: Sequence[str | Path], needed: Sequence[Path], writable: Sequence[Path]
) -> list[str]:
    """The command as a container runs it: another user, no capabilities, every file of the machine
    read-only but for those folders, and of what others may not enter only what is needed."""
    steps = ["set -e", "mount --make-rprivate /", "mount -t tmpfs tmpfs /mnt"]
    inside = [(path, path in writable) for path in (*needed, *writable)]
    for number, (path, _) in enumerate(inside):
        steps += [f"mkdir /mnt/{number}", f"mount --bind '{path}' /mnt/{number}"]
    steps += [f"mount -t tmpfs -o mode=755 tmpfs {top}" for top in HIDDEN]
    for number, (path, keep) in enumerate(inside):
        steps += [f"mkdir -p '{path}'", f"mount --bind /mnt/{number} '{path}'"]
        if not keep:
            steps.append(f"mount -o remount,ro,bind '{path}'")
    steps += [f"mount -o remount,ro {top}" for top in HIDDEN]
    steps += ["umount --lazy /mnt", "mount -o remount,ro,bind /"]
    drop = "--clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all"
    steps.append(f'exec setpriv --reuid {UID} --regid {UID} {drop} "$@"')
    return ["unshare", "--mount", "sh", "-c", "; ".join(steps), "sh", *map(str, command)]


def give_to_user(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, UID, UID)
    folder.chmod(0o700)
    return folder
