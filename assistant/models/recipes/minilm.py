"""all-MiniLM-L6-v2 out of its sentence-transformers folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from transformers import BertModel

from assistant.models.recipes.encoder import SentenceEncoder, export_encoder


def main(source: Path, target: Path) -> None:
    bert = BertModel.from_pretrained(
        source, add_pooling_layer=False, use_safetensors=True, attn_implementation="eager"
    )
    shutil.copyfile(source / "tokenizer.json", target / "tokenizer.json")
    print("writing the ONNX model", flush=True)
    export_encoder(SentenceEncoder(bert, bert.embeddings.word_embeddings), target / "model.onnx")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
