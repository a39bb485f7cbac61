"""Model cards: what is known of a row of the catalogue, after Mitchell et al. (FAT* 2019,
doi:10.1145/3287560.3287596)."""

from __future__ import annotations

from assistant.errors import ModelDamagedError, ModelMissingError
from assistant.models.catalog import ModelEntry
from assistant.models.depot import Depot

_USES = {
    "generator": "writes sentences of answers and summaries from passages that are shown to it; "
    "each sentence is checked against its source before anybody sees it",
    "embedder": "turns questions and passages into vectors, by which passages are found",
    "reader": "finds the words of a passage that answer a question, and how sure that is",
}
_LIMITS = {
    "generator": "It may write what no source says, follow orders that stand in documents, and "
    "prefer stereotypes. It is not meant to answer without documents, to decide about people, or "
    "to be the only source of a decision.",
    "embedder": "It finds by likeness of meaning: numbers, names and negation count little, which "
    "is why full-text search stands beside it.",
    "reader": "It knows questions for facts best, in French and English. It was not taught to "
    "compute or to join two passages.",
}


def write_card(entry: ModelEntry, depot: Depot) -> str:
    """Markdown. Nothing is claimed that the catalogue and the files do not say."""
    size = f"{entry.size_bytes / 1e9:.2f} GB" if entry.size_bytes else "not known"
    rows = [
        ("id", entry.id),
        ("kind", entry.kind),
        ("licence", entry.licence),
        ("languages", ", ".join(entry.languages) or "as its makers say"),
        ("source", entry.source.identity if isinstance(entry.source.identity, str) else
         " ".join(map(str, entry.source.identity))),
        ("conversion", f"{entry.recipe or 'none'}, version {entry.recipe_version}"),
        ("precision", entry.precision),
        ("runs on", str(entry.runs_on)),
        ("longest text", f"{entry.limit_tokens} tokens"),
        ("size", size),
    ]  # fmt: skip
    if entry.prompt_format:
        rows.append(("prompt format", entry.prompt_format))
    lines = [f"# Model card: {entry.title}", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows]
    lines += ["", "## Files", "", *_files(entry, depot)]
    lines += ["", "## What Philo uses it for", "", f"It {_USES[entry.kind]}."]
    lines += ["", "## Limits", "", _LIMITS[entry.kind]]
    if entry.note:
        lines += ["", entry.note]
    lines += ["", "## Measured", "", *_measured(entry)]
    return "\n".join(lines) + "\n"


def _files(entry: ModelEntry, depot: Depot) -> list[str]:
    if entry.runs_on == "remote":
        return ["They are on another machine; what is put before it leaves this one."]
    try:
        manifest = depot.manifest(entry)
    except (ModelMissingError, ModelDamagedError) as exc:
        return [f"Not on this machine: {exc}"]
    lines = [f"Fingerprint (SHA-256 of all): `{manifest.fingerprint}`", ""]
    lines += ["| file | bytes | SHA-256 |", "|---|---|---|"]
    lines += [
        f"| {name} | {record.bytes} | `{record.sha256}` |"
        for name, record in sorted(manifest.files.items())
    ]
    return lines


def _measured(entry: ModelEntry) -> list[str]:
    if entry.kind != "generator":
        return ["Finding and refusing: docs/quality.md, or `philo eval SET` on your own questions."]
    return [
        "Stereotypes, swapped identities, refusals and leakage of this very model on this very "
        "installation: `philo safety report` (with models.generator set to it). Speed and "
        "agreement with its source: docs/speed.md, docs/model-parity.md.",
    ]
