"""The arrows of the design: ui -> (HTTP) -> assistant <- ingestion."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WRAPPED = {
    "chromadb": {
        "assistant/knowledge/vectors/chroma.py",
        "assistant/knowledge/vectors/chroma_collection.py",
        "assistant/knowledge/vectors/chroma_server.py",
    },
    "tantivy": {"assistant/knowledge/lexicon/tantivy_index.py"},
    "streamlit": {"assistant/page_serving.py", "assistant/serving.py"},
    "prometheus_client": {"assistant/api/observed.py", "assistant/observing/metrics.py"},
    "opentelemetry": {"assistant/observing/tracing.py", "assistant/observing/trail.py"},
    "mcp": {"assistant/api/mcp_server.py"},
    "langchain_openai": {"assistant/models/generators/providers.py"},
    "langchain_anthropic": {"assistant/models/generators/providers.py"},
    "ray": {
        "assistant/models/cluster.py",
        "assistant/models/generators/replica_pool.py",
        "assistant/models/generators/replicas.py",
        "ingestion/cluster.py",
    },
}
NEURAL = ("torch", "transformers", "onnxruntime", "onnxruntime_genai", "sentence_transformers")
INGESTION_MAY_USE = {
    "types",
    "errors",
    "ingestor",
    "settings",
    "ingest_settings",
    "knowledge",
    "models",
    "language",
    "sentences",
    "observing",
    "offline",
    "safety",
    "words",
}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def files_of(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found
    return found


def tops(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports_of(path)}


def test_assistant_imports_neither_ingestion_nor_ui():
    for path in files_of("assistant"):
        assert not tops(path) & {"ingestion", "ui"}, path


def test_ui_imports_neither_assistant_nor_ingestion():
    for path in files_of("ui"):
        assert not tops(path) & {"assistant", "ingestion"}, path


def test_ingestion_uses_only_the_leaves_knowledge_and_models_of_the_assistant():
    for path in files_of("ingestion"):
        used = {name.split(".")[1] for name in imports_of(path) if name.startswith("assistant.")}
        assert used <= INGESTION_MAY_USE, (path, used - INGESTION_MAY_USE)
        assert "ui" not in tops(path), path


def test_leaves_import_nothing_of_philo_but_their_own():
    for path in [*files_of("assistant/types"), ROOT / "assistant/errors.py"]:
        used = {name for name in imports_of(path) if name.startswith("assistant")}
        assert all(name.startswith("assistant.types.") for name in used), path


def test_types_are_imported_from_their_package_and_not_from_its_parts():
    for package in ("assistant", "ingestion"):
        for path in files_of(package):
            if path.parent != ROOT / "assistant/types":
                parts = {name for name in imports_of(path) if name.startswith("assistant.types.")}
                assert not parts, (path, parts)


@pytest.mark.parametrize("library", sorted(WRAPPED))
def test_a_wrapped_library_appears_only_in_its_adapter(library):
    users = {
        str(path.relative_to(ROOT))
        for path in [*files_of("assistant"), *files_of("ingestion")]
        if library in tops(path)
    }
    assert users == WRAPPED[library]


def test_neural_libraries_stay_among_the_models():
    for path in [*files_of("assistant"), *files_of("ingestion")]:
        place = str(path.relative_to(ROOT))
        if place.startswith("assistant/models/") or place == "assistant/doctor.py":
            continue
        assert not tops(path) & set(NEURAL), path


def test_nothing_unpickles():
    for package in ("assistant", "ingestion", "ui"):
        for path in files_of(package):
            assert not tops(path) & {"pickle", "joblib", "shelve", "dill", "cloudpickle"}, path
