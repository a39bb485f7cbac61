"""Write what a training changed as the file that ships.

    python training/write_delta.py --state FOLDER/state.pt --source FOLDER

Matrices are stored in int8 with one scale a row: the changes are small beside the weights that
they are added to. Prints the SHA-256 that assistant/models/recipes/e5_reader.py has to name.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file

from assistant.models.recipes.e5_reader import DELTA, STEP_SIZES, STEPS, make_reader


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=DELTA)
    arguments = parser.parse_args()
    trained = torch.load(arguments.state, weights_only=True)["trained"]
    torch.manual_seed(0)
    base = dict(make_reader(arguments.source).named_parameters())
    stored = {}
    for name, weight in sorted(trained.items()):
        if name.startswith("head."):
            stored[name] = weight.clone()
            continue
        change = weight - base[name].detach()
        if change.dim() < 2:
            stored[name] = change.half()
            continue
        size = change.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
        stored[name + STEPS] = torch.round(change / size).to(torch.int8)
        stored[name + STEP_SIZES] = size
    save_file(stored, arguments.to)
    data = arguments.to.read_bytes()
    print(f"{arguments.to}: {len(data):,} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
