"""Where generators run, and why not on a GPU."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import shutil
import sys
from dataclasses import dataclass

from assistant.errors import GenerationError

CUDA_LIBRARIES = ("libcudart.so.13", "libcublas.so.13", "libcufft.so.12", "libcudnn.so.9")
GPU_WHEELS = ("onnxruntime-gpu", "onnxruntime-genai-cuda")
CPU_WHEELS = ("onnxruntime", "onnxruntime-genai")


@dataclass(frozen=True, slots=True)
class Device:
    """What was found. `obstacle` and `advice` are empty where a GPU is used."""

    name: str
    obstacle: str = ""
    advice: str = ""
    conflict: bool = False


def choose_device(model_id: str, built_for: str, wanted: str) -> str:
    """`cpu` or `cuda`.

    Args:
        built_for: of these, what the model's files are for.
        wanted: one of these, or `auto`: what they are for.
    Raises:
        GenerationError: it is the GPU, and that cannot be used; says why and what to do.
    """
    device = built_for if wanted == "auto" else wanted
    if device == "cuda":
        found = look_for_gpu()
        if found.name != "cuda":
            advice = f"; {found.advice}" if found.advice else ""
            raise GenerationError(
                f"'{model_id}' is to run on an NVIDIA GPU, and {found.obstacle}{advice}; or choose "
                "a model for the CPU: philo models list"
            )
    return device


def look_for_gpu() -> Device:
    """The first thing that keeps generators from an NVIDIA GPU, in the order of remedy."""
    both = [cpu for cpu, gpu in zip(CPU_WHEELS, GPU_WHEELS, strict=True) if _has(cpu) and _has(gpu)]
    if both:
        gpu = [GPU_WHEELS[CPU_WHEELS.index(name)] for name in both]
        return Device(
            "cpu",
            f"{' and '.join(both)} and {' and '.join(gpu)} are installed together, and overwrite "
            "each other's files",
            f"run: pip uninstall -y {' '.join(CPU_WHEELS)}, then: pip install --force-reinstall "
            f"--no-deps {' '.join(gpu)}",
            conflict=True,
        )
    driver = shutil.which("nvidia-smi") is not None or _loads("libcuda.so.1")
    if not driver:
        return Device("cpu", "no NVIDIA driver found")
    absent = [name for name in GPU_WHEELS if not _has(name)]
    if absent:
        return Device(
            "cpu",
            f"an NVIDIA driver is here, but {' and '.join(absent)} is not installed",
            "run: pip install 'philo[gpu]', then philo doctor again",
        )
    import onnxruntime

    if hasattr(onnxruntime, "preload_dlls"):
        with contextlib.redirect_stdout(sys.stderr):  # it prints what it does not find
            onnxruntime.preload_dlls()  # looks into the nvidia-* wheels
    missing = [name for name in CUDA_LIBRARIES if not _loads(name)]
    if missing:
        return Device(
            "cpu",
            f"CUDA 13's libraries cannot be loaded: {', '.join(missing)}",
            "install CUDA 13 and cuDNN 9, or: pip install 'onnxruntime-gpu[cuda,cudnn]'",
        )
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return Device(
            "cpu",
            "the installed onnxruntime was built without CUDA",
            f"run: pip install --force-reinstall --no-deps {' '.join(GPU_WHEELS)}",
        )
    return Device("cuda")


def _has(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
